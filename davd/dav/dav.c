#include "davd/dav/acl.h"
#include "davd/dav/attach.h"
#include "davd/dav/directory.h"
#include "davd/dav/files.h"
#include "davd/dav/push.h"
#include "davd/dav/schedule.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#define COMPLIANCE \
	"1, 3, access-control, calendar-access, addressbook, extended-mkcol, " \
	"calendar-proxy, calendarserver-sharing, calendar-auto-schedule, " \
	"calendar-availability, calendar-no-timezone, " \
	"calendar-managed-attachments"

static const struct method {
	view name;
	void (*run)(struct dav *);
	bool anonymous; /* on the root */
} methods[] = {
	{ VIEW_INIT("OPTIONS"), dav_options, true },
	{ VIEW_INIT("GET"), dav_get, false },
	{ VIEW_INIT("HEAD"), dav_get, false },
	{ VIEW_INIT("PUT"), dav_put, false },
	{ VIEW_INIT("POST"), dav_post, false },
	{ VIEW_INIT("DELETE"), dav_delete, false },
	{ VIEW_INIT("PROPFIND"), dav_propfind, false },
	{ VIEW_INIT("PROPPATCH"), dav_proppatch, false },
	{ VIEW_INIT("MKCOL"), dav_mkcol, false },
	{ VIEW_INIT("MKCALENDAR"), dav_mkcalendar, false },
	{ VIEW_INIT("REPORT"), dav_report, false },
	{ VIEW_INIT("COPY"), dav_copy, false },
	{ VIEW_INIT("MOVE"), dav_move, false },
	{ VIEW_INIT("ACL"), dav_acl, false },
};

static const struct method *
method_find(view name)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (view_eq(name, methods[i].name))
			return &methods[i];
	return NULL;
}

static void
challenge(struct dav *d)
{
	answer_header(d->answer, "WWW-Authenticate",
	    VIEW("Basic realm=\"Posthaste\", charset=\"UTF-8\""));
	answer_text(d->answer, 401, "An address and its password, please.");
}

/* An app password may be for calendars alone, or for contacts. */
static view
protocol_of(const struct dav_path *path)
{
	if (path->busy
	    || (path->what & (DAV_CALENDARS | DAV_CALENDAR | DAV_EVENT
			      | DAV_SCHEDULING))
		!= 0)
		return VIEW("caldav");
	if ((path->what & (DAV_BOOKS | DAV_BOOK | DAV_CARD)) != 0)
		return VIEW("carddav");
	/* Of no app password: they are for calendars and contacts. */
	if ((path->what & DAV_FILES) != 0)
		return VIEW("files");
	return VIEW("dav");
}

static result
check_password(struct dav *d, view user, view password)
{
	const struct auth_attempt attempt = { .user = user,
		.password = password,
		.protocol = protocol_of(&d->path),
		.peer = d->request->peer };

	return auth_password(
	    d->services->auth, &attempt, &d->who, &d->answer->delay_ms);
}

/* iOS from 18.4 on encodes the '@' of the user name as well. */
static view
without_escapes(struct dav *d, view user)
{
	struct buf b = buf_new(LIMIT_HTTP_HEADER);
	view out = user;

	if (view_find_byte(user, '@') == SIZE_MAX
	    && view_find(user, VIEW("%40")) != SIZE_MAX
	    && decode_percent(&b, user).is == OK)
		out = arena_copy(d->arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static bool
authenticate(struct dav *d)
{
	view user, password;
	result r;

	if (!request_basic(d->request, &user, &password)) {
		challenge(d);
		return false;
	}
	r = check_password(d, without_escapes(d, user), password);
	if (r.is == OK)
		return true;
	if (r.is == DENIED)
		challenge(d);
	else
		dav_fail(d, r);
	return false;
}

static void
read_preferences(struct dav *d)
{
	view value;

	if (request_header(d->request, VIEW("Brief"), &value))
		d->minimal = view_same(view_trim(value), VIEW("t"));
	if (!request_header(d->request, VIEW("Prefer"), &value))
		return;
	if (view_find_same(value, VIEW("return=minimal")) != SIZE_MAX
	    || view_find_same(value, VIEW("return-minimal")) != SIZE_MAX)
		d->minimal = true;
	d->representation = view_find_same(value, VIEW("return=representation"))
	    != SIZE_MAX;
	d->no_root = view_find_same(value, VIEW("depth-noroot")) != SIZE_MAX;
}

static struct dav *
dav_new(void *services, const struct request *q, struct answer *a)
{
	struct dav *d = arena_alloc(q->arena, sizeof *d);

	if (d == NULL) {
		answer_text(a, 413, "More memory than one request may use.");
		return NULL;
	}
	d->services = services;
	d->request = q;
	d->answer = a;
	d->arena = q->arena;
	answer_header(a, "DAV", d->services->push == NULL
	    ? VIEW(COMPLIANCE) : VIEW(COMPLIANCE ", webdav-push"));
	read_preferences(d);
	return d;
}

/* Methods that change nothing. */
static bool
is_read_only(view method)
{
	static const view reading[] = { VIEW_INIT("OPTIONS"), VIEW_INIT("GET"),
		VIEW_INIT("HEAD"), VIEW_INIT("PROPFIND"),
		VIEW_INIT("REPORT") };

	for (size_t i = 0; i < COUNT(reading); i++)
		if (view_eq(method, reading[i]))
			return true;
	return false;
}

struct turn {
	struct dav *d;
	const struct method *method;
};

static result
run_reading(struct account *a, void *context)
{
	struct turn *t = context;

	(void)a; /* d->account */
	t->method->run(t->d);
	return done();
}

/* All that a method reads it reads of one state, and locks once. */
static void
run_method(struct dav *d, const struct method *m)
{
	struct turn t = { d, m };
	result r;

	if (!is_read_only(m->name)) {
		m->run(d);
		return;
	}
	r = account_read(d->account, run_reading, &t);
	if (r.is != OK)
		dav_fail(d, r);
}

/* Run with the owner's account open.  A stream opens it again for each
 * piece. */
static void
run(struct dav *d, const struct method *m)
{
	result r = acl_resolve(d);

	if (r.is == OK && d->rights.all)
		r = scheduling_ready(d);
	if (r.is == OK && (d->path.what & DAV_FILES) != 0)
		r = files_resolve(d);
	if (r.is != OK) {
		dav_fail(d, r);
	} else if (m == NULL) {
		dav_not_allowed(d);
	} else {
		if (d->self.n == 0)
			d->self = dav_href(d, d->arena, d->path.what,
			    d->path.collection, d->path.object);
		if (!d->path.slash && (d->path.what & DAV_OBJECTS) == 0
		    && d->path.what != DAV_NOTHING)
			answer_header(
			    d->answer, "Content-Location", d->self);
		if (directory_is_meant(d))
			directory_handle(d);
		else if (acl_gate(d, m->name)) {
			push_hush(d);
			if (!files_handle(d))
				run_method(d, m);
			push_hush_end(d);
		}
	}
	account_close(&d->account);
}

/* Below public/ nobody logs in, and nothing can be changed. */
static void
handle_open(struct dav *d, const struct method *m)
{
	if (!d->services->publish) {
		answer_text(d->answer, 404, "There is nothing here.");
		return;
	}
	if (is_read_only(d->request->method)) {
		run(d, m);
		return;
	}
	answer_header(d->answer, "Allow",
	    VIEW("OPTIONS, GET, HEAD, PROPFIND, REPORT"));
	answer_text(d->answer, 405, "This cannot be done here.");
}

void
dav_handle(void *services, const struct request *q, struct answer *a)
{
	const struct method *m = method_find(q->method);
	struct dav *d = dav_new(services, q, a);
	bool file;

	if (d == NULL)
		return;
	d->path = dav_path_parse(q->path, q->arena);
	file = attach_is_file(d);
	if (m != NULL && m->anonymous && d->path.what == DAV_ROOT) {
		m->run(d);
		return;
	}
	if (d->path.open)
		handle_open(d, m);
	else if (!authenticate(d))
		return;
	else if (file)
		attach_get(d);
	else if (push_is_registration(d))
		push_registration(d);
	else
		run(d, m);
}

void
dav_well_known(void *services, const struct request *q, struct answer *a)
{
	bool plain = view_eq(q->method, VIEW("GET"))
	    || view_eq(q->method, VIEW("HEAD"));

	(void)services;
	/* RFC 6764 5.  On the same origin, where alone clients follow it, and
	 * absolute: curl writes the login into a relative one.  After a 301
	 * some send a PROPFIND again without its body; 307 says to keep it
	 * (RFC 9110 15.4.8). */
	answer_redirect(a, plain ? 301 : 307,
	    arena_print(q->arena, "%.*s/SOGo/dav/",
		q->host.n > 0 ? (int)q->origin.n : 0, q->origin.p));
}

/* Some clients look for the principal at the root of the host. */
void
dav_root(void *services, const struct request *q, struct answer *a)
{
	struct dav *d = dav_new(services, q, a);

	if (d == NULL)
		return;
	d->path = (struct dav_path){ .what = DAV_ROOT, .slash = true };
	d->self = view_eq(q->path, VIEW("/")) ? VIEW("/")
					      : VIEW("/principals/");
	if (view_eq(q->method, VIEW("OPTIONS"))) {
		dav_options(d);
		return;
	}
	if (!view_eq(q->method, VIEW("PROPFIND"))) {
		answer_header(a, "Allow", VIEW("OPTIONS, PROPFIND"));
		answer_text(a, 405, "This cannot be done here.");
		return;
	}
	if (authenticate(d))
		run(d, method_find(q->method));
}

/* Evolution looks there whether a calendar can be written to. */
static bool
is_to_read(struct dav *d)
{
	unsigned rights;

	return d->path.what != DAV_ROOT && !d->rights.all
	    && acl_target_rights(d, &rights).is == OK
	    && (rights & (RIGHT_CHANGE | RIGHT_INSERT | RIGHT_DELETE)) == 0;
}

void
dav_options(struct dav *d)
{
	if (d->path.busy || d->path.whole) {
		answer_header(d->answer, "Allow", VIEW("OPTIONS, GET, HEAD"));
		d->answer->status = 200;
		return;
	}
	if (d->path.what == DAV_NOTHING) {
		answer_text(d->answer, 404, "There is nothing here.");
		return;
	}
	answer_header(d->answer, "Allow",
	    is_to_read(d) ? VIEW("OPTIONS, GET, HEAD, PROPFIND, REPORT")
			  : view_of(dav_allow(d->path.what)));
	d->answer->status = 200;
}
