#include "profiles/device.h"

#include "autoconfig/service_set.h"
#include "mailcore/auth/app.h"
#include "mailcore/auth/one_time.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"
#include "profiles/link.h"
#include "profiles/sign.h"

enum { PERSON_ARENA = 131072, MAIL = APP_IMAP | APP_POP3 | APP_SMTP };

const char *const device_app_names[DEVICE_APPS] = {
	[DEVICE_IPHONE] = "iphone",
	[DEVICE_THUNDERBIRD] = "thunderbird-android",
	[DEVICE_DAVX5] = "davx5",
};

const char *const device_kind_names[PROFILE_FULL + 1] = {
	[PROFILE_MAIL] = "mail",
	[PROFILE_FULL] = "full",
};

/* One person, and what is made for them. */
struct job {
	const struct device_order *order;
	struct device *device;
	struct arena *arena;
	struct account_info account;
	struct service_set services;
	view house;
	struct buf password;
};

struct device
device_new(void)
{
	return (struct device){ .out = buf_new(LIMIT_PROFILE) };
}

void
device_free(struct device *d)
{
	secret_wipe(d->out.p, d->out.n);
	buf_free(&d->out);
}

void
device_undo(const struct device_order *order, struct device *d)
{
	result r;

	if (d->app.id == 0)
		return;
	r = app_password_remove(order->store, order->account, d->app.id);
	if (r.is != OK && r.is != NOT_FOUND)
		log_line(LOG_ERROR, "device.undo", "app=%lld why=\"%s\"",
		    (long long)d->app.id, r.why);
	d->app.id = 0;
}

view
device_file_name(struct arena *arena, view address, enum profile_kind kind)
{
	char *p = arena_alloc(arena, address.n + 1);

	for (size_t i = 0; p != NULL && i < address.n; i++)
		p[i] = (char)(!ascii_is_graph(address.p[i])
		        || view_find_byte(VIEW("\"\\/"), address.p[i])
		            != SIZE_MAX ? '_' : address.p[i]);
	return p == NULL ? VIEW("profile")
			 : arena_print(arena, "%.*s-%s.mobileconfig",
			     (int)address.n, p, device_kind_names[kind]);
}

static result
find_person(struct job *j)
{
	unsigned char fresh[PROFILE_HOUSE];
	struct store *store = j->order->store;
	struct domain domain;
	view rest;

	TRY(account_get(store, j->arena, j->order->account, &j->account));
	rest = j->account.address;
	(void)view_cut_last(&rest, '@');
	TRY(domain_find(store, j->arena, rest, &domain));
	TRY(service_set_make(j->order->conf, domain.name, domain.display_name,
	    j->arena, &j->services));
	random_bytes(fresh, sizeof fresh);
	TRY(setting_keep(store, j->arena, VIEW("server-uuid"),
	    (view){ (const char *)fresh, sizeof fresh }, &j->house));
	return j->house.n == PROFILE_HOUSE
	    ? done()
	    : fail(FAILED, "the setting server-uuid is damaged");
}

static result
make_password(struct job *j, view label, unsigned rights)
{
	const struct device_order *o = j->order;

	if (!o->app_password)
		return done();
	j->device->app = (struct app_password){ .account = o->account,
		.label = o->label.n > 0 ? o->label : label,
		.rights = rights };
	/* All room at once: bytes that never move are wiped once. */
	(void)buf_reserve(&j->password, AUTH_APP_TEXT);
	return auth_app_add(o->store, &j->device->app, o->now, &j->password);
}

static result
write_profile(struct job *j, struct buf *out)
{
	enum profile_kind kind = j->order->kind;
	struct profile_order order = {
		.services = &j->services,
		.house = (const unsigned char *)j->house.p,
		.address = j->account.address,
		.name = j->account.name,
		.kind = kind,
		.language = j->order->language,
	};

	TRY(make_password(j, VIEW("iPhone, iPad, Mac"),
	    kind == PROFILE_FULL ? MAIL | APP_DAV : MAIL));
	order.password = buf_view(&j->password);
	return profile_apple(&order, out);
}

static result
make_profile(struct job *j, struct buf *out)
{
	struct buf plain = buf_new(LIMIT_PROFILE);
	result r = write_profile(j, &plain);

	if (r.is == OK && j->order->signer != NULL)
		r = profile_sign(j->order->signer,
		    view_of(j->order->conf->hostname), buf_view(&plain), out);
	else if (r.is == OK)
		buf_add(out, buf_view(&plain));
	secret_wipe(plain.p, plain.n);
	buf_free(&plain);
	return r;
}

/* The document behind it is signed when it is fetched. */
static result
make_link(struct job *j, struct buf *out)
{
	struct buf plain = buf_new(LIMIT_PROFILE);
	view name = device_file_name(j->arena, j->account.address,
	    j->order->kind);
	result r = fail(NOT_FOUND, "the web service is switched off");

	if (j->services.web.n > 0)
		r = write_profile(j, &plain);
	buf_add(out, j->services.web);
	buf_add(out, VIEW("p/"));
	if (r.is == OK)
		r = one_time_make(j->order->store, name, buf_view(&plain),
		    j->order->now, out);
	secret_wipe(plain.p, plain.n);
	buf_free(&plain);
	return r;
}

static result
thunderbird_text(struct job *j, struct buf *out)
{
	TRY(make_password(j, VIEW("Thunderbird for Android"), MAIL));
	return link_thunderbird(&j->services, j->account.address,
	    j->account.name, buf_view(&j->password), out);
}

static result
davx5_text(struct job *j, struct buf *out)
{
	TRY(make_password(j, VIEW("DAVx5"), APP_DAV));
	return link_davx5(&j->services, j->account.address,
	    buf_view(&j->password), out);
}

/* Find the person, make it; a password that nobody was told does not stay. */
static result
run(const struct device_order *order, struct device *device,
    result (*make)(struct job *, struct buf *out))
{
	struct job j = { .order = order, .device = device,
		.arena = arena_new(PERSON_ARENA),
		.password = buf_new(AUTH_APP_TEXT) };
	result r = find_person(&j);

	if (r.is == OK)
		r = make(&j, &device->out);
	if (r.is == OK)
		r = buf_result(&device->out);
	if (r.is != OK)
		device_undo(order, device);
	secret_wipe(j.password.p, j.password.n);
	buf_free(&j.password);
	arena_free(&j.arena);
	return r;
}

result
device_profile(const struct device_order *order, struct device *device)
{
	return run(order, device, make_profile);
}

result
device_link(const struct device_order *order, struct device *device)
{
	return run(order, device, make_link);
}

result
device_text(const struct device_order *order, enum device_app app,
    struct device *device)
{
	static result (*const texts[DEVICE_APPS])(struct job *,
	    struct buf *) = {
		[DEVICE_IPHONE] = make_link,
		[DEVICE_THUNDERBIRD] = thunderbird_text,
		[DEVICE_DAVX5] = davx5_text,
	};

	return run(order, device, texts[app]);
}
