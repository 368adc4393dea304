/* posthaste profile, qr: what sets up one person's devices. */
#include "davd/cli_command.h"

#include "autoconfig/service_set.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/random.h"
#include "profiles/apple.h"
#include "profiles/device.h"
#include "profiles/qr.h"
#include "profiles/sign.h"

#include <stdio.h>
#include <string.h>

/* What is asked for, and how it is shown. */
struct job {
	struct cli *cli;
	struct device_order order;
	struct device device;
	size_t app;
	size_t image;
};

typedef result make_device(struct job *, struct buf *out);

static make_device write_code;

/* One word of a list of them; says when it is none. */
static bool
choose(const char *option, const char *given, const char *const words[],
    size_t count, size_t *out)
{
	for (size_t i = 0; i < count; i++)
		if (given == NULL || strcmp(given, words[i]) == 0) {
			*out = i;
			return true;
		}
	(void)cli_fail("unknown --%s \"%s\"; see -h", option, given);
	return false;
}

static bool
choose_kind(const char *given, enum profile_kind *out)
{
	size_t kind;
	bool good = choose("kind", given, device_kind_names,
	    COUNT(device_kind_names), &kind);

	if (good)
		*out = (enum profile_kind)kind;
	return good;
}

static result
find_person(struct job *j)
{
	struct cli *cli = j->cli;
	struct account_info account;

	TRY(account_find(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &account));
	j->order.store = cli->store;
	j->order.conf = &cli->conf;
	j->order.account = account.id;
	j->order.language = profile_language_of(view_of(cli->language));
	j->order.app_password = cli->app_password != NULL;
	j->order.label = view_of(cli->label);
	j->order.signer = cli->is_unsigned == NULL ? cli->signer : NULL;
	j->order.now = clock_now();
	return done();
}

/* Somebody of another mail system: there is no account here, and the device
 * asks for the password. */
static result
write_foreign(struct job *j, struct buf *out)
{
	struct cli *cli = j->cli;
	view address = view_of(cli->arguments[0]), domain = address, house;
	struct profile_order order = { .address = address,
		.name = VIEW(""), .password = VIEW(""),
		.kind = j->order.kind,
		.language = profile_language_of(view_of(cli->language)) };
	struct buf document = buf_new(LIMIT_PROFILE);
	unsigned char fresh[PROFILE_HOUSE];
	struct service_set set;
	result r;

	if (cli->app_password != NULL || cli->link != NULL)
		return fail(MALFORMED, "its passwords are not made here");
	(void)view_cut_last(&domain, '@');
	TRY(service_set_make(&cli->conf, domain, VIEW(""), cli->arena, &set));
	random_bytes(fresh, sizeof fresh);
	TRY(setting_keep(cli->store, cli->arena, VIEW("server-uuid"),
	    (view){ (const char *)fresh, sizeof fresh }, &house));
	if (house.n != PROFILE_HOUSE)
		return fail(FAILED, "the setting server-uuid is damaged");
	order.services = &set;
	order.house = (const unsigned char *)house.p;
	r = profile_apple(&order, &document);
	if (r.is == OK && cli->is_unsigned == NULL)
		r = profile_sign(cli->signer, view_of(cli->conf.hostname),
		    buf_view(&document), out);
	else
		buf_add(out, buf_view(&document));
	buf_free(&document);
	return r.is == OK ? buf_result(out) : r;
}

static bool
is_foreign(struct cli *cli)
{
	struct account_info account;
	view domain = view_of(cli->arguments[0]);
	view local = view_cut_last(&domain, '@');

	return local.n > 0 && gateway_names(&cli->conf.gateway, domain)
	    && account_find(cli->store, cli->arena,
	        view_of(cli->arguments[0]), &account).is == NOT_FOUND;
}

static bool
write_out(const struct buf *out)
{
	return fwrite(out->p, 1, out->n, stdout) == out->n
	    && fflush(stdout) == 0;
}

/* Find the person, make it, write it; a password that nobody was told does
 * not stay. */
static int
run_job(struct job *j, make_device *make)
{
	struct buf out = buf_new(LIMIT_QR_IMAGE);
	result r;

	if (cli_open(j->cli).is != OK)
		return CLI_FAILED;
	j->device = device_new();
	if (make != write_code && is_foreign(j->cli)) {
		r = write_foreign(j, &out);
	} else {
		r = find_person(j);
		if (r.is == OK)
			r = make(j, &out);
	}
	if (r.is == OK && !write_out(&out))
		r = fail(FAILED, "it could not be written");
	if (r.is != OK)
		device_undo(&j->order, &j->device);
	secret_wipe(out.p, out.n);
	buf_free(&out);
	device_free(&j->device);
	return r.is == OK ? CLI_OK : cli_failed(j->cli->arguments[0], r);
}

static result
write_document(struct job *j, struct buf *out)
{
	TRY(device_profile(&j->order, &j->device));
	buf_add(out, buf_view(&j->device.out));
	return buf_result(out);
}

static result
write_link(struct job *j, struct buf *out)
{
	TRY(device_link(&j->order, &j->device));
	buf_add(out, buf_view(&j->device.out));
	buf_add_byte(out, '\n');
	return buf_result(out);
}

int
cli_profile(struct cli *cli)
{
	struct job j = { .cli = cli };

	if (!choose_kind(cli->kind, &j.order.kind))
		return CLI_USAGE;
	if (cli->link != NULL && cli->is_unsigned != NULL) {
		(void)cli_fail("what a link gives out is signed when it is"
		    " fetched: not with --unsigned");
		return CLI_USAGE;
	}
	return run_job(&j, cli->link != NULL ? write_link : write_document);
}

static result
write_code(struct job *j, struct buf *out)
{
	TRY(device_text(&j->order, (enum device_app)j->app, &j->device));
	return qr_write(buf_view(&j->device.out), (enum qr_form)j->image,
	    out);
}

int
cli_qr(struct cli *cli)
{
	static const char *const images[] = { [QR_SVG] = "svg",
		[QR_PNG] = "png", [QR_TERMINAL] = "text" };
	struct job j = { .cli = cli };

	if (!choose_kind(cli->kind != NULL ? cli->kind : "full",
	        &j.order.kind)
	    || !choose("for", cli->app, device_app_names, DEVICE_APPS, &j.app)
	    || !choose("image", cli->image, images, COUNT(images), &j.image))
		return CLI_USAGE;
	return run_job(&j, write_code);
}
