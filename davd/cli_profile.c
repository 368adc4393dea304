/* posthaste profile, qr: what sets up one person's devices. */
#include "davd/cli_command.h"

#include "autoconfig/service_set.h"
#include "mailcore/auth/app.h"
#include "mailcore/auth/one_time.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/random.h"
#include "profiles/apple.h"
#include "profiles/link.h"
#include "profiles/qr.h"
#include "profiles/sign.h"

#include <stdio.h>
#include <string.h>

/* One person, and what is made for them. */
struct job {
	struct cli *cli;
	struct account_info account;
	struct service_set services;
	view house;
	enum profile_kind kind;
	bool by_link;
	struct app_password app; /* id 0: none was made */
	struct buf password;
	struct buf out;
};

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

static result
find_person(struct job *j)
{
	unsigned char fresh[PROFILE_HOUSE];
	struct cli *cli = j->cli;
	struct domain domain;
	view rest;

	TRY(account_find(cli->store, cli->arena, view_of(cli->arguments[0]),
	    &j->account));
	rest = j->account.address;
	(void)view_cut_last(&rest, '@');
	TRY(domain_find(cli->store, cli->arena, rest, &domain));
	TRY(service_set_make(&cli->conf, domain.name, domain.display_name,
	    cli->arena, &j->services));
	random_bytes(fresh, sizeof fresh);
	TRY(setting_keep(cli->store, cli->arena, VIEW("server-uuid"),
	    (view){ (const char *)fresh, sizeof fresh }, &j->house));
	return j->house.n == PROFILE_HOUSE
	    ? done()
	    : fail(FAILED, "the setting server-uuid is damaged");
}

static result
make_password(struct job *j, const char *label, unsigned rights)
{
	const char *given = j->cli->label;

	if (j->cli->app_password == NULL)
		return done();
	j->app = (struct app_password){ .account = j->account.id,
		.label = view_of(given != NULL ? given : label),
		.rights = rights };
	(void)buf_reserve(&j->password, AUTH_APP_TEXT);
	return auth_app_add(j->cli->store, &j->app, clock_now(),
	    &j->password);
}

static result
sign_document(struct job *j, view document, struct buf *out)
{
	/* A link's is signed when it is fetched. */
	if (j->cli->is_unsigned != NULL || j->by_link) {
		buf_add(out, document);
		return buf_result(out);
	}
	return profile_sign(j->cli->signer, view_of(j->cli->conf.hostname),
	    document, out);
}

static result
make_document(struct job *j, struct buf *out)
{
	struct buf plain = buf_new(LIMIT_PROFILE);
	const char *language = j->cli->language;
	struct profile_order order = {
		.services = &j->services,
		.house = (const unsigned char *)j->house.p,
		.address = j->account.address,
		.name = j->account.name,
		.kind = j->kind,
		.language = profile_language_of(view_of(language)),
	};
	unsigned rights = APP_IMAP | APP_POP3 | APP_SMTP;
	result r = make_password(j, "iPhone, iPad, Mac",
	    j->kind == PROFILE_FULL ? rights | APP_DAV : rights);

	order.password = buf_view(&j->password);
	if (r.is == OK)
		r = profile_apple(&order, &plain);
	if (r.is == OK)
		r = sign_document(j, buf_view(&plain), out);
	secret_wipe(plain.p, plain.n);
	buf_free(&plain);
	return r;
}

static result
make_link(struct job *j, struct buf *out)
{
	struct buf document = buf_new(LIMIT_PROFILE);
	view name = arena_print(j->cli->arena, "%.*s-%s.mobileconfig",
	    (int)j->account.address.n, j->account.address.p,
	    j->kind == PROFILE_FULL ? "full" : "mail");
	result r = fail(NOT_FOUND, "the web service is switched off");

	j->by_link = true;
	if (j->services.web.n > 0)
		r = make_document(j, &document);
	buf_add(out, j->services.web);
	buf_add(out, VIEW("p/"));
	if (r.is == OK)
		r = one_time_make(j->cli->store, name, buf_view(&document),
		    clock_now(), out);
	secret_wipe(document.p, document.n);
	buf_free(&document);
	return r;
}

/* Find the person, make it, write it; a password that nobody was told does
 * not stay. */
static int
run_job(struct cli *cli, result (*make)(struct job *, struct buf *out),
    enum profile_kind kind)
{
	struct job j = { .cli = cli, .kind = kind,
		.password = buf_new(AUTH_APP_TEXT),
		.out = buf_new(LIMIT_QR_IMAGE) };
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = find_person(&j);
	if (r.is == OK)
		r = make(&j, &j.out);
	if (r.is == OK && (fwrite(j.out.p, 1, j.out.n, stdout) != j.out.n
	        || fflush(stdout) != 0))
		r = fail(FAILED, "it could not be written");
	if (r.is != OK && j.app.id != 0
	    && app_password_remove(cli->store, j.account.id, j.app.id).is
	        != OK)
		(void)cli_fail("app password %lld was made all the same",
		    (long long)j.app.id);
	secret_wipe(j.out.p, j.out.n);
	secret_wipe(j.password.p, j.password.n);
	buf_free(&j.out);
	buf_free(&j.password);
	return r.is == OK ? CLI_OK : cli_failed(cli->arguments[0], r);
}

static result
write_link(struct job *j, struct buf *out)
{
	TRY(make_link(j, out));
	buf_add_byte(out, '\n');
	return buf_result(out);
}

static const char *const kinds[] = { [PROFILE_MAIL] = "mail",
	[PROFILE_FULL] = "full" };

int
cli_profile(struct cli *cli)
{
	size_t kind;

	if (!choose("kind", cli->kind, kinds, COUNT(kinds), &kind))
		return CLI_USAGE;
	if (cli->link != NULL && cli->is_unsigned != NULL) {
		(void)cli_fail("what a link gives out is signed when it is"
		    " fetched: not with --unsigned");
		return CLI_USAGE;
	}
	return run_job(cli, cli->link != NULL ? write_link : make_document,
	    (enum profile_kind)kind);
}

static result
iphone_text(struct job *j, struct buf *out)
{
	return make_link(j, out);
}

static result
thunderbird_text(struct job *j, struct buf *out)
{
	TRY(make_password(j, "Thunderbird for Android",
	    APP_IMAP | APP_POP3 | APP_SMTP));
	return link_thunderbird(&j->services, j->account.address,
	    j->account.name, buf_view(&j->password), out);
}

static result
davx5_text(struct job *j, struct buf *out)
{
	TRY(make_password(j, "DAVx5", APP_DAV));
	return link_davx5(&j->services, j->account.address,
	    buf_view(&j->password), out);
}

static const char *const apps[] = { "iphone", "thunderbird-android",
	"davx5" };
static result (*const app_texts[])(struct job *, struct buf *) = {
	iphone_text, thunderbird_text, davx5_text
};
static const char *const images[] = { [QR_SVG] = "svg", [QR_PNG] = "png",
	[QR_TERMINAL] = "text" };

static result
write_code(struct job *j, struct buf *out)
{
	struct buf text = buf_new(2 * LIMIT_QR_TEXT);
	size_t app, image;
	result r = fail(MALFORMED, "not how it is called");

	if (choose("for", j->cli->app, apps, COUNT(apps), &app)
	    && choose("image", j->cli->image, images, COUNT(images), &image))
		r = app_texts[app](j, &text);
	if (r.is == OK)
		r = qr_write(buf_view(&text), (enum qr_form)image, out);
	secret_wipe(text.p, text.n);
	buf_free(&text);
	return r;
}

int
cli_qr(struct cli *cli)
{
	size_t kind, ignored;

	if (!choose("kind", cli->kind != NULL ? cli->kind : "full", kinds,
	        COUNT(kinds), &kind)
	    || !choose("for", cli->app, apps, COUNT(apps), &ignored)
	    || !choose("image", cli->image, images, COUNT(images), &ignored))
		return CLI_USAGE;
	return run_job(cli, write_code, (enum profile_kind)kind);
}
