/*
 * dav_event.h - events in requests, and what several tests ask about them.
 */
#ifndef TESTS_DAV_EVENT_H
#define TESTS_DAV_EVENT_H

#include "mailcore/store/attachment.h"
#include "mailcore/store/collection.h"
#include "tests/unit/dav_talk.h"

#define OTHER_HOME "/SOGo/dav/other@example.org/"
#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define AS_THIRD "Authorization: Basic dGhpcmRAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define EVENT(uid, inside) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" inside \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"
#define NINE "DTSTART:20300301T090000Z\r\nDTEND:20300301T100000Z\r\n"

/* A field of the answer's head; "": it is not there. */
static inline view
header_of(const struct reply *r, const char *name, char to[128])
{
	view rest = buf_view(&r->headers), line;

	to[0] = '\0';
	while (view_line(&rest, &line)) {
		view key = view_cut(&line, ':');

		if (view_same(key, view_of(name)))
			(void)view_copy(view_trim(line), to, 128);
	}
	return view_of(to);
}

/* Lines are not folded in what tests look at. */
static inline void
unfold(struct buf *b)
{
	struct buf out = buf_new(268435456);
	view rest = buf_view(b);
	size_t at;

	while ((at = view_find(rest, VIEW("\r\n "))) != SIZE_MAX) {
		buf_add(&out, view_first(rest, at));
		rest = view_from(rest, at + 3);
	}
	buf_add(&out, rest);
	buf_free(b);
	*b = out;
}

/* The objects of a collection. */
static inline int
count(struct talk *t, const char *collection, const char *as)
{
	char headers[256];
	struct reply r;
	int n;

	snprintf(headers, sizeof headers,
	    "%sDepth: 1\nPrefer: depth-noroot\n", as);
	r = talk(t, "PROPFIND", collection, headers,
	    "<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/></D:prop>"
	    "</D:propfind>");
	n = reply_count(&r, "<D:href>");
	reply_free(&r);
	return n;
}

/* How many files the account keeps. */
static inline int
kept(struct talk *t)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;
	struct collection c = { .items = 0 };
	struct account *a;
	result r;

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &info), "find");
	talk_must(account_open(t->store, info.id, &a), "open");
	r = collection_find(a, arena, COLLECTION_ATTACHMENTS,
	    VIEW(ATTACHMENTS), &c);
	account_close(&a);
	arena_free(&arena);
	return r.is == OK ? (int)c.items : 0;
}

#endif
