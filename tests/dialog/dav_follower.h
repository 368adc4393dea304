/*
 * dav_follower.h - a client that keeps a copy of a collection and asks what has
 * changed since (RFC 6578): whatever others did, its copy must then be what is
 * there, and each member must be served with the ETag that it was told.
 * Stops the program when it is not.
 */
#ifndef TESTS_DAV_FOLLOWER_H
#define TESTS_DAV_FOLLOWER_H

#include "mailcore/format/xml_in.h"
#include "tests/unit/dav_talk.h"

enum { DAV_FOLLOWED = 64 };

struct dav_copy {
	char token[256];
	bool lost; /* more than are kept */
	size_t count;
	struct dav_member {
		char href[256], etag[128];
	} list[DAV_FOLLOWED];
};

static inline void
dav_must(bool holds, const char *what, const struct reply *r)
{
	if (holds)
		return;
	(void)fprintf(stderr, "the client is misled: %s: %u\n%.*s\n", what,
	    r->status, (int)r->body.n, r->body.n > 0 ? r->body.p : "");
	abort();
}

static inline struct dav_member *
dav_member_of(struct dav_copy *c, const char *href)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->list[i].href, href) == 0)
			return &c->list[i];
	return NULL;
}

static inline view
dav_text(const struct xml_element *e, const char *name)
{
	const struct xml_element *child
	    = xml_child(e, VIEW("DAV:"), view_of(name));

	return child == NULL ? VIEW("") : view_trim(child->text);
}

/* One response: gone, or there with an ETag; the collection has none. */
static inline void
dav_learn(struct dav_copy *c, const struct xml_element *response)
{
	const struct xml_element *found
	    = xml_child(response, VIEW("DAV:"), VIEW("propstat"));
	struct dav_member now, *known;

	if (found != NULL)
		found = xml_child(found, VIEW("DAV:"), VIEW("prop"));
	c->lost |= !view_copy(dav_text(response, "href"), now.href,
	    sizeof now.href);
	known = dav_member_of(c, now.href);
	if (found == NULL) {
		view status = dav_text(response, "status");

		c->lost |= view_find(status, VIEW(" 507")) != SIZE_MAX;
		if (known != NULL
		    && view_find(status, VIEW(" 404")) != SIZE_MAX)
			*known = c->list[--c->count];
		return;
	}
	c->lost |= !view_copy(dav_text(found, "getetag"), now.etag,
	    sizeof now.etag);
	if (now.etag[0] == '\0')
		return;
	if (known == NULL && c->count < DAV_FOLLOWED)
		known = &c->list[c->count++];
	c->lost |= known == NULL;
	if (known != NULL)
		*known = now;
}

/* false: the collection cannot be asked. */
static inline bool
dav_ask(struct talk *t, const char *method, const char *target,
    const char *body, struct dav_copy *c)
{
	struct reply r = talk(t, method, target, "Depth: 1\n", body);
	struct arena *arena = arena_new(1 << 24);
	struct xml_element *root = NULL;
	bool answered = r.status == 207;

	if (answered) {
		dav_must(xml_parse(buf_view(&r.body), arena, &root).is == OK,
		    "no XML", &r);
		(void)view_copy(dav_text(root, "sync-token"), c->token,
		    sizeof c->token);
		for (root = root->first; root != NULL; root = root->next)
			if (xml_is(root, VIEW("DAV:"), VIEW("response")))
				dav_learn(c, root);
	}
	arena_free(&arena);
	reply_free(&r);
	return answered;
}

/* With the token of the copy, empty for the first time. */
static inline bool
dav_sync(struct talk *t, const char *target, struct dav_copy *c)
{
	char body[512];

	(void)snprintf(body, sizeof body,
	    "<sync-collection xmlns=\"DAV:\"><sync-token>%s</sync-token>"
	    "<sync-level>1</sync-level><prop><getetag/></prop>"
	    "</sync-collection>",
	    c->token);
	return dav_ask(t, "REPORT", target, body, c);
}

static inline bool
dav_list(struct talk *t, const char *target, struct dav_copy *c)
{
	c->count = 0;
	c->lost = false;
	return dav_ask(t, "PROPFIND", target,
	    "<propfind xmlns=\"DAV:\"><prop><getetag/></prop></propfind>", c);
}

static inline void
dav_check_member(struct talk *t, const struct dav_member *m)
{
	struct reply r = talk(t, "GET", m->href, "", "");
	char field[160];

	(void)snprintf(field, sizeof field, "ETag: %s", m->etag);
	dav_must(r.status == 200 && reply_header(&r, field), m->href, &r);
	reply_free(&r);
}

/* `before` is what it knew. */
static inline void
dav_check_copy(struct talk *t, const char *target,
    const struct dav_copy *before)
{
	enum { MEMBERS = 4 };
	static struct dav_copy copy, now;
	struct reply none = { .status = 0 };

	copy = *before;
	if (!dav_sync(t, target, &copy) || !dav_list(t, target, &now)
	    || copy.lost || now.lost)
		return;
	dav_must(copy.count == now.count, "how many there are", &none);
	for (size_t i = 0; i < now.count; i++) {
		const struct dav_member *m
		    = dav_member_of(&copy, now.list[i].href);

		dav_must(m != NULL && strcmp(m->etag, now.list[i].etag) == 0,
		    now.list[i].href, &none);
		if (i < MEMBERS)
			dav_check_member(t, &now.list[i]);
	}
}

#endif
