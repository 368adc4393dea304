/*
 * dav_talk.h - requests to the DAV handlers, without a socket: a store in a
 * temporary folder, one mailbox in it, and a way to ask.
 */
#ifndef TESTS_DAV_TALK_H
#define TESTS_DAV_TALK_H

#include "davd/dav/dav.h"
#include "davd/http/exchange.h"
#include "mailcore/base/encode.h"
#include "mailcore/store/domain.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOME "/SOGo/dav/user@example.org/"
#define CALENDAR HOME "Calendar/personal/"
#define BOOK HOME "Contacts/personal/"

struct talk {
	char folder[64];
	struct store *store;
	struct auth *auth;
	struct dav_services services;
	struct front_options options;
	_Atomic uint64_t bodies;
};

static const struct route talk_routes[] = {
	{ "/SOGo/dav/", false, dav_handle },
	{ "/.well-known/caldav", false, dav_well_known },
	{ "/.well-known/carddav", false, dav_well_known },
	{ "/", false, dav_root },
};

static inline void
talk_must(result r, const char *what)
{
	if (r.is == OK)
		return;
	printf("Bail out! %s: %s\n", what, r.why);
	exit(1);
}

static inline void
talk_mailbox(struct talk *t, view address)
{
	struct buf hash = buf_new(1024);
	int64_t id;

	talk_must(auth_hash(VIEW("secret"), &hash), "hash");
	talk_must(
	    account_add(t->store, address, VIEW("User"), buf_view(&hash), &id),
	    "account");
	buf_free(&hash);
}

/* The data folder is there, and nobody has it open. */
static inline void
talk_reopen(struct talk *t)
{
	talk_must(
	    store_open(&t->store,
		&(struct store_options){ .data = t->folder, .journal = "web" }),
	    "store");
	talk_must(auth_new(&t->auth, t->store), "auth");
	t->services = (struct dav_services){
		.store = t->store, .auth = t->auth, .publish = true
	};
	t->options = (struct front_options){ .kind = FRONT_HTTP,
		.routes = talk_routes,
		.route_count = COUNT(talk_routes),
		.services = &t->services,
		.body_limit = 10485760 };
}

static inline void
talk_open(struct talk *t)
{
	const char *parent = getenv("TMPDIR");
	int64_t id;

	memset(t, 0, sizeof *t);
	snprintf(t->folder, sizeof t->folder, "%s/dav.XXXXXX",
	    parent == NULL ? "/tmp" : parent);
	if (mkdtemp(t->folder) == NULL)
		talk_must(fail(FAILED, t->folder), "mkdtemp");
	talk_must(store_recover(t->folder), "recover");
	talk_reopen(t);
	talk_must(
	    domain_add(t->store, VIEW("example.org"), VIEW(""), &id), "domain");
	talk_mailbox(t, VIEW("user@example.org"));
	talk_mailbox(t, VIEW("other@example.org"));
}

static inline void
talk_close(struct talk *t)
{
	char command[128];

	auth_free(&t->auth);
	store_close(&t->store);
	snprintf(command, sizeof command, "rm -rf '%s'", t->folder);
	if (system(command) != 0)
		fprintf(stderr, "%s is left\n", t->folder);
}

struct reply {
	unsigned status;
	struct buf headers; /* "Name: value\n"... */
	struct buf body;
	size_t pieces; /* of a streamed answer */
};

static inline void
reply_free(struct reply *r)
{
	buf_free(&r->headers);
	buf_free(&r->body);
}

static inline void
talk_fields(struct exchange *x, const char *headers)
{
	view rest = view_of(headers), line;
	struct buf basic = buf_new(256), pair = buf_new(256);

	exchange_field_room(x, 32);
	if (view_find(rest, VIEW("Authorization:")) == SIZE_MAX) {
		buf_add(&basic, VIEW("Basic "));
		encode_base64(&basic, VIEW("user@example.org:secret"));
		exchange_field(x, VIEW("Authorization"), buf_view(&basic));
	}
	exchange_field(x, VIEW("Host"), VIEW("dav.example.org"));
	while (view_line(&rest, &line)) {
		view name = view_cut(&line, ':');

		exchange_field(x, name, view_trim(line));
	}
	buf_free(&basic);
	buf_free(&pair);
}

/* Ask; `headers` are lines "Name: value\n".  Without an Authorization line
 * the mailbox's own is sent; "Authorization:" alone sends none. */
static inline struct reply
talk_bytes(struct talk *t, const char *method, const char *target,
    const char *headers, view body)
{
	struct exchange *x = exchange_new(
	    &t->options, &t->bodies, view_of(target));
	struct reply r = { .headers = buf_new(65536),
		.body = buf_new(268435456) };
	const char *name, *value;
	char piece[4096];
	view fields;
	size_t n;

	talk_fields(x, headers);
	if (exchange_begin(x, method, VIEW("192.0.2.1"), false)
	    && exchange_body(x, body))
		exchange_run(x);
	r.status = x->answer.status;
	fields = buf_view(&x->answer.headers);
	while (exchange_header(&fields, &name, &value))
		buf_print(&r.headers, "%s: %s\n", name, value);
	buf_add(&r.body, buf_view(&x->answer.body));
	while (x->answer.stream != NULL
	    && (n = exchange_read(x, piece, sizeof piece)) > 0) {
		buf_add(&r.body, (view){ piece, n });
		r.pieces++;
	}
	exchange_free(&x);
	return r;
}

static inline struct reply
talk(struct talk *t, const char *method, const char *target,
    const char *headers, const char *body)
{
	return talk_bytes(t, method, target, headers, view_of(body));
}

static inline bool
reply_has(const struct reply *r, const char *text)
{
	return view_find(buf_view(&r->body), view_of(text)) != SIZE_MAX;
}

static inline bool
reply_header(const struct reply *r, const char *text)
{
	return view_find_same(buf_view(&r->headers), view_of(text)) != SIZE_MAX;
}

/* How often `text` is in the body. */
static inline int
reply_count(const struct reply *r, const char *text)
{
	view rest = buf_view(&r->body);
	int n = 0;
	size_t at;

	while ((at = view_find(rest, view_of(text))) != SIZE_MAX) {
		rest = view_from(rest, at + 1);
		n++;
	}
	return n;
}

/* One test point: that status, and `has` in the body (NULL: anything). */
static inline void
expect(struct talk *t, const char *method, const char *target,
    const char *headers, const char *body, unsigned status, const char *has,
    const char *what)
{
	struct reply r = talk(t, method, target, headers, body);

	if (!ok(r.status == status && (has == NULL || reply_has(&r, has)), "%s",
		what))
		note("%s %s: %u, %.*s", method, target, r.status,
		    (int)(r.body.n > 700 ? 700 : r.body.n),
		    r.body.n > 0 ? r.body.p : "");
	reply_free(&r);
}

/* An event with that UID on that day of 2026, "0315". */
static inline const char *
event(char to[512], const char *uid, const char *day)
{
	snprintf(to, 512,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
	    "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
	    "DTSTART:2026%sT100000Z\r\nDTEND:2026%sT110000Z\r\n"
	    "SUMMARY:An event & more\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	    uid, day, day);
	return to;
}

static inline const char *
card(char to[512], const char *uid, const char *name)
{
	snprintf(to, 512,
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\n"
	    "N:%s;;;;\r\nEMAIL;TYPE=INTERNET:%s@example.com\r\nEND:VCARD\r\n",
	    uid, name, name, uid);
	return to;
}

#endif
