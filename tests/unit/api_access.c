/*
 * Every operation of the API by every kind of visitor, and every path by every
 * method: who is let in, and what the others are told.  What is asked for here
 * cannot be carried out (a parameter that no operation has, no body), so one
 * who is let in changes nothing.
 */
#include "tests/unit/api_talk.h"

#include "davd/api/routes.h"
#include "mailcore/admin/domain_admin.h"
#include "mailcore/auth/app.h"
#include "mailcore/base/encode.h"

/* What a visitor is told: anything but 401 and 403 is "come in". */
enum { COME_IN = 0, WHO = 401, NO = 403 };

/* The answers to what is for everybody, in GET and in others; then those of a
 * person, by any way; then those of a browser's session. */
struct told {
	int anybody, anybody_change, person, person_change, session,
	    session_change;
};

struct visitor {
	const char *name;
	const char *fields; /* signs for struct scene's; see write_fields */
	struct told told;
};

#define ALL(x) x, x, x, x, x, x
#define OF_A_PERSON(x) COME_IN, COME_IN, x, x, x, x
#define CHANGES(x) COME_IN, COME_IN, COME_IN, x, COME_IN, x
#define BUT_READING(x) COME_IN, x, x, x, x, x
#define BASIC(x) COME_IN, COME_IN, COME_IN, COME_IN, x, x

static const struct visitor visitors[] = {
	{ "nobody", "", { OF_A_PERSON(WHO) } },
	{ "the owner's browser", "@#", { ALL(COME_IN) } },
	{ "his cookie alone", "@", { CHANGES(NO) } },
	{ "his cookie, half a token", "@X-Form-Token: AAAA\n",
	    { CHANGES(NO) } },
	{ "his cookie, another's token", "@%", { CHANGES(NO) } },
	{ "the token alone", "#", { OF_A_PERSON(WHO) } },
	{ "his browser, led by another site",
	    "@#Origin: https://evil.example\n", { BUT_READING(NO) } },
	{ "his browser, from a place without name", "@#Origin: null\n",
	    { BUT_READING(NO) } },
	{ "his browser, cross-site", "@#Sec-Fetch-Site: cross-site\n",
	    { BUT_READING(NO) } },
	{ "his browser, from a sister site", "@#Sec-Fetch-Site: same-site\n",
	    { BUT_READING(NO) } },
	{ "his browser, from here", "@#Sec-Fetch-Site: same-origin\n",
	    { ALL(COME_IN) } },
	{ "two cookies of that name", "^#", { OF_A_PERSON(WHO) } },
	{ "a cookie that nobody has",
	    "Cookie: " VISIT_COOKIE
	    "=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n#",
	    { OF_A_PERSON(WHO) } },
	{ "a script with the password",
	    "Authorization: Basic dXNlckBleGFtcGxlLm9yZzpzZWNyZXQ=\n",
	    { BASIC(NO) } },
	{ "a script of who administers the domain",
	    "Authorization: Basic Ym9zc0BleGFtcGxlLm9yZzpzZWNyZXQ=\n",
	    { BASIC(NO) } },
	{ "a script of who administers another domain",
	    "Authorization: Basic cml2YWxAb3RoZXIuZXhhbXBsZTpzZWNyZXQ=\n",
	    { BASIC(NO) } },
	{ "a script with an app password", "!", { OF_A_PERSON(WHO) } },
	{ "a script with a token", "Authorization: Bearer secret\n",
	    { OF_A_PERSON(WHO) } },
	{ "a disabled person's browser", "&", { OF_A_PERSON(WHO) } },
	{ "one who signed out", "~", { OF_A_PERSON(WHO) } },
};

struct scene {
	struct talk talk;
	char app[256];      /* "Authorization: ...\n" with an app password */
	char other[256];    /* the form token of somebody else */
	char disabled[512]; /* cookie and token of one who is disabled */
	char ended[512];    /* the same, of a session that has ended */
	char twice[512];    /* the owner's cookie, two times in one field */
};

static void
sign_in(struct scene *s, const char *user, struct auth_session *out,
    char *cookie, size_t room)
{
	const struct auth_session_rules rules = visit_rules(&s->talk.conf);
	const struct auth_attempt attempt = { .user = view_of(user),
		.password = VIEW("secret"), .peer = VIEW("127.0.0.1") };
	struct buf token = buf_new(AUTH_SESSION_TOKEN);
	unsigned delay;

	must(auth_session_begin(s->talk.auth, &attempt, VIEW("Test"), &rules,
		 out, &token, &delay),
	    user);
	(void)snprintf(cookie, room,
	    "Cookie: " VISIT_COOKIE "=%.*s\n" VISIT_FORM_HEADER ": %s\n",
	    (int)token.n, token.p, out->form);
	buf_free(&token);
}

static void
add_person(struct scene *s, const char *address, int64_t *id)
{
	struct buf hash = buf_new(512);

	must(auth_hash(VIEW("secret"), &hash), "auth_hash");
	must(account_add(s->talk.home.store, view_of(address), VIEW(""),
		 buf_view(&hash), id),
	    address);
	buf_free(&hash);
}

static void
appoint(struct scene *s, const char *domain, const char *address)
{
	int64_t id;

	add_person(s, address, &id);
	must(domain_admin_add(s->talk.home.store, view_of(domain),
		 view_of(address)),
	    address);
}

static void
add_administrators(struct scene *s)
{
	int64_t id;

	must(domain_add(s->talk.home.store, VIEW("other.example"), VIEW(""),
		 &id),
	    "domain_add");
	appoint(s, "example.org", "boss@example.org");
	appoint(s, "other.example", "rival@other.example");
}

/* A new one, as there is a limit on what one session may ask. */
static void
sign_in_owner(struct scene *s)
{
	talk_sign_in(&s->talk);
	(void)snprintf(s->twice, sizeof s->twice, "%.*s; %s",
	    (int)strcspn(s->talk.cookie, "\n"), s->talk.cookie,
	    strstr(s->talk.cookie, VISIT_COOKIE));
}

static void
open_scene(struct scene *s)
{
	struct app_password app = { .label = VIEW("x"), .rights = ~0U };
	struct auth_session who;
	struct buf text = buf_new(256), basic = buf_new(256);
	int64_t id;

	memset(s, 0, sizeof *s);
	talk_open(&s->talk);
	add_administrators(s);
	add_person(s, "other@example.org", &id);
	sign_in(s, "other@example.org", &who, s->other, sizeof s->other);
	(void)snprintf(s->other, sizeof s->other, VISIT_FORM_HEADER ": %s\n",
	    who.form);
	add_person(s, "gone@example.org", &id);
	sign_in(s, "gone@example.org", &who, s->disabled,
	    sizeof s->disabled);
	must(account_set_enabled(s->talk.home.store, id, false), "disable");
	add_person(s, "ended@example.org", &id);
	sign_in(s, "ended@example.org", &who, s->ended, sizeof s->ended);
	must(session_end_all(s->talk.home.store, id), "session_end_all");
	app.account = s->talk.account;
	must(auth_app_add(s->talk.home.store, &app, clock_now(), &text),
	    "auth_app_add");
	buf_add_text(&basic, "user@example.org:");
	buf_add(&basic, buf_view(&text));
	buf_reset(&text);
	encode_base64(&text, buf_view(&basic));
	(void)snprintf(s->app, sizeof s->app, "Authorization: Basic %s\n",
	    buf_text(&text));
	buf_free(&text);
	buf_free(&basic);
}

static void
write_fields(const struct scene *s, const char *pattern, struct buf *out)
{
	for (; *pattern != '\0'; pattern++) {
		const char *text = *pattern == '@' ? s->talk.cookie
		    : *pattern == '#'		   ? s->talk.token
		    : *pattern == '%'		   ? s->other
		    : *pattern == '!'		   ? s->app
		    : *pattern == '&'		   ? s->disabled
		    : *pattern == '~'		   ? s->ended
		    : *pattern == '^'		   ? s->twice
						   : NULL;

		if (text != NULL)
			buf_add_text(out, text);
		else
			buf_add_byte(out, *pattern);
	}
}

/* The path with a number in it, and a parameter that nothing takes. */
static void
write_target(const char *path, struct buf *out)
{
	view rest = view_of(path), part;

	buf_add_text(out, "/api/v1");
	(void)view_cut(&rest, '/');
	while (rest.n > 0) {
		part = view_cut(&rest, '/');
		buf_add_byte(out, '/');
		buf_add(out, view_eq(part, VIEW("{id}")) ? VIEW("1") : part);
	}
	buf_add_text(out, "?nothing-takes-this=1");
}

static unsigned
ask(struct scene *s, const char *method, const char *path,
    const char *fields, bool *allow)
{
	struct buf head = buf_new(4096), target = buf_new(1024);
	struct exchange *x;
	unsigned status;

	write_fields(s, fields, &head);
	write_target(path, &target);
	x = talk_ask(&s->talk, method, buf_view(&target), buf_view(&head),
	    VIEW(""));
	status = x->answer.status;
	if (allow != NULL)
		*allow = view_find(buf_view(&x->answer.headers),
			     VIEW("Allow"))
		    != SIZE_MAX;
	exchange_free(&x);
	buf_free(&target);
	buf_free(&head);
	return status;
}

static int
expected(const struct told *t, const struct api_route *route)
{
	bool change = strcmp(route->method, "GET") != 0;

	switch (route->access) {
	case API_ANYBODY:
		return change ? t->anybody_change : t->anybody;
	case API_PERSON:
		return change ? t->person_change : t->person;
	case API_SESSION:
		return change ? t->session_change : t->session;
	}
	return -1;
}

static void
visit(struct scene *s, const struct visitor *v, const struct api_route *route)
{
	int wanted = expected(&v->told, route);
	unsigned got = ask(s, route->method, route->path, v->fields, NULL);
	bool right = wanted == COME_IN ? got == 400 || got == 415
				       : got == (unsigned)wanted;

	if (!right)
		ok(false, "%s: %s %s: %u", v->name, route->method,
		    route->path, got);
}

static void
test_visitors(struct scene *s)
{
	size_t cells = 0;

	for (size_t i = 0; i < COUNT(visitors); i++) {
		sign_in_owner(s);
		for (size_t k = 0; k < api_route_count; k++, cells++)
			visit(s, &visitors[i], &api_routes[k]);
		ok(true, "%s", visitors[i].name);
	}
	ok(cells == COUNT(visitors) * api_route_count, "%zu cells", cells);
}

static bool
is_there(const char *method, const char *path)
{
	for (size_t i = 0; i < api_route_count; i++) {
		const struct api_route *r = &api_routes[i];

		if (strcmp(r->path, path) == 0
		    && (strcmp(r->method, method) == 0
		        || (strcmp(method, "HEAD") == 0 && r->media == NULL
		            && strcmp(r->method, "GET") == 0)))
			return true;
	}
	return false;
}

/* By a method that a path has not: 405 and what it has, whoever asks. */
static void
test_methods(struct scene *s)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT",
		"PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE" };
	size_t cells = 0;

	for (size_t i = 0; i < api_route_count; i++)
		for (size_t k = 0; k < COUNT(methods); k++) {
			const char *path = api_routes[i].path;
			bool allow;
			unsigned got;

			if (is_there(methods[k], path))
				continue;
			got = ask(s, methods[k], path, "@#", &allow);
			cells++;
			if (got != 405 || !allow)
				ok(false, "%s %s: %u", methods[k], path, got);
		}
	ok(cells > 100, "%zu methods are refused, with those that there are",
	    cells);
}

int
main(void)
{
	struct scene s;

	open_scene(&s);
	test_visitors(&s);
	test_methods(&s);
	talk_close(&s.talk);
	return tap_done();
}
