#include "mailcore/auth/signer_desk.h"

#include "mailcore/auth/signer_cms.h"
#include "mailcore/auth/signer_key.h"
#include "mailcore/auth/signer_push.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Keys and lists that are kept; each name has one place. */
	KEPT = 1024,
	LIST_MEMORY = 1 << 20,
	LIST_TEXT = LIMIT_SIGNER_MESSAGE / 2,
	/* A folder may change twice within one tick of its clock. */
	SETTLED_SECONDS = 2,
	HASH_START = 5381
};

struct kept_key {
	char path[SIGNER_PATH];
	struct signer_private private;
};

struct kept_list {
	char domain[LIMIT_DOMAIN + 1];
	struct buf text; /* by signer_key_write */
};

struct signer_desk {
	char folder[SIGNER_PATH];
	char certificates[SIGNER_PATH];
	struct certs *certs;          /* NULL: not needed yet */
	struct kept_key *keys[KEPT];  /* NULL: an empty place */
	struct kept_list *lists[KEPT];
	struct stat listed; /* the folder, as the lists saw it */
	EVP_PKEY *push;     /* NULL: not needed yet */
};

static size_t
place_of(view name)
{
	uint32_t hash = HASH_START;

	for (size_t i = 0; i < name.n; i++)
		hash = hash * 33 ^ (unsigned char)name.p[i];
	return hash % KEPT;
}

static void
forget_key(struct signer_desk *d, size_t place)
{
	if (d->keys[place] == NULL)
		return;
	signer_key_free(&d->keys[place]->private);
	free(d->keys[place]);
	d->keys[place] = NULL;
}

static void
forget_lists(struct signer_desk *d)
{
	for (size_t i = 0; i < KEPT; i++) {
		if (d->lists[i] == NULL)
			continue;
		buf_free(&d->lists[i]->text);
		free(d->lists[i]);
		d->lists[i] = NULL;
	}
}

result
signer_desk_new(struct signer_desk **out, const char *keys,
    const char *certificates)
{
	struct signer_desk *d;

	if (strlen(keys) >= SIGNER_PATH || strlen(certificates) >= SIGNER_PATH)
		return fail(OVER_LIMIT, "a folder's path is too long");
	d = calloc(1, sizeof *d);
	if (d == NULL)
		abort();
	(void)view_copy(view_of(keys), d->folder, sizeof d->folder);
	(void)view_copy(view_of(certificates), d->certificates,
	    sizeof d->certificates);
	*out = d;
	return done();
}

void
signer_desk_free(struct signer_desk **dd)
{
	struct signer_desk *d = *dd;

	*dd = NULL;
	if (d == NULL)
		return;
	for (size_t i = 0; i < KEPT; i++)
		forget_key(d, i);
	forget_lists(d);
	EVP_PKEY_free(d->push);
	certs_close(&d->certs);
	free(d);
}

void
signer_desk_reload(struct signer_desk *d)
{
	for (size_t i = 0; i < KEPT; i++)
		forget_key(d, i);
	forget_lists(d);
	if (d->certs != NULL && certs_reload(d->certs).is != OK)
		log_line(LOG_ERROR, "reload.certificates", "kept=old");
}

static result
find_key(struct signer_desk *d, view domain, view selector,
    const struct signer_private **out)
{
	char path[SIGNER_PATH];
	struct kept_key *k;
	size_t place;

	TRY(signer_key_path(path, d->folder, domain, selector));
	place = place_of(view_of(path));
	k = d->keys[place];
	if (k != NULL && (strcmp(k->path, path) != 0
	        || !signer_key_current(&k->private, path)))
		forget_key(d, place);
	if (d->keys[place] == NULL) {
		struct signer_private fresh;

		TRY(signer_key_load(path, &fresh));
		k = calloc(1, sizeof *k);
		if (k == NULL)
			abort();
		memcpy(k->path, path, sizeof path);
		k->private = fresh;
		d->keys[place] = k;
	}
	*out = &d->keys[place]->private;
	return done();
}

static result
answer_dkim(struct signer_desk *d, const struct signer_request *q,
    struct signer_answer *a, struct buf *bytes)
{
	const struct signer_private *key;

	if (q->selector.n == 0 || q->bytes.n != SIGNER_HASH)
		return fail(MALFORMED, "a selector and a SHA-256, please");
	TRY(find_key(d, q->name, q->selector, &key));
	a->algorithm = key->algorithm;
	return signer_key_sign(key, q->bytes, bytes);
}

static result
answer_make(struct signer_desk *d, const struct signer_request *q)
{
	struct arena *arena = arena_new(LIST_MEMORY);
	char path[SIGNER_PATH];
	size_t count, files;
	result r = q->selector.n > 0 ? done()
	                             : fail(MALFORMED, "a selector, please");

	if (r.is == OK)
		r = signer_key_path(path, d->folder, q->name, q->selector);
	if (r.is == OK)
		r = signer_key_list(d->folder, q->name, arena, NULL, 0,
		    &count, &files);
	if (r.is == OK && files >= LIMIT_SIGNER_FILES)
		r = fail(OVER_LIMIT, "there are too many keys");
	if (r.is == OK)
		r = signer_key_make(d->folder, path, q->algorithm);
	arena_free(&arena);
	return r;
}

static result
write_list(struct signer_desk *d, view domain, struct buf *to)
{
	struct arena *arena = arena_new(LIST_MEMORY);
	view selectors[LIMIT_SIGNER_KEYS];
	size_t count, files;
	result r = signer_key_list(d->folder, domain, arena, selectors,
	    COUNT(selectors), &count, &files);

	for (size_t i = 0; r.is == OK && i < count; i++) {
		struct buf text = buf_new(LIST_TEXT);
		const struct signer_private *key;

		/* One that is damaged, or has just gone, is not offered. */
		if (find_key(d, domain, selectors[i], &key).is == OK
		    && signer_key_public(key, &text).is == OK) {
			const struct signer_key k = { selectors[i],
				key->algorithm, buf_view(&text) };

			signer_key_write(&k, to);
		}
		buf_free(&text);
	}
	arena_free(&arena);
	return r.is == OK ? buf_result(to) : r;
}

/* Drops what is kept when the folder is another than at the last look.  false:
 * it is so fresh that nothing shall be kept. */
static bool
look_at_folder(struct signer_desk *d)
{
	struct stat now;

	if (stat(d->folder, &now) != 0)
		memset(&now, 0, sizeof now);
	if (now.st_ino != d->listed.st_ino
	    || now.st_mtim.tv_sec != d->listed.st_mtim.tv_sec
	    || now.st_mtim.tv_nsec != d->listed.st_mtim.tv_nsec) {
		forget_lists(d);
		d->listed = now;
	}
	return now.st_ino != 0
	    && clock_now() > now.st_mtim.tv_sec + SETTLED_SECONDS;
}

static void
keep_list(struct signer_desk *d, size_t place, view domain, view text)
{
	struct kept_list *l = d->lists[place];

	if (l == NULL) {
		l = calloc(1, sizeof *l);
		if (l == NULL)
			abort();
		l->text = buf_new(LIST_TEXT);
		d->lists[place] = l;
	}
	buf_reset(&l->text);
	(void)view_copy(domain, l->domain, sizeof l->domain);
	buf_add(&l->text, text);
}

static result
answer_keys(struct signer_desk *d, const struct signer_request *q,
    struct buf *bytes)
{
	size_t place = place_of(q->name);
	bool keeps = look_at_folder(d);
	const struct kept_list *l = d->lists[place];

	if (keeps && l != NULL && view_eq(view_of(l->domain), q->name)) {
		buf_add(bytes, buf_view(&l->text));
		return buf_result(bytes);
	}
	TRY(write_list(d, q->name, bytes));
	if (keeps)
		keep_list(d, place, q->name, buf_view(bytes));
	return done();
}

static result
answer_cms(struct signer_desk *d, const struct signer_request *q,
    struct buf *bytes)
{
	char host[LIMIT_DOMAIN + 1];
	const char *why_not = "";
	struct cert *cert;
	result r;

	if (!view_copy(q->name, host, sizeof host))
		return fail(MALFORMED, "not a host name");
	if (d->certs == NULL)
		TRY(certs_open(&d->certs, d->certificates));
	/* Profiles are rare, and a new certificate may have come since. */
	else if (certs_reload(d->certs).is != OK)
		log_line(LOG_ERROR, "reload.certificates", "kept=old");
	cert = certs_find(d->certs, q->name);
	r = signer_cms_trust(cert, host, &why_not);
	if (r.is == OK)
		r = signer_cms_sign(cert, q->bytes, bytes);
	else
		log_line(LOG_WARNING, "signer.untrusted",
		    "host=%s why=\"%s: %s\"", host, r.why, why_not);
	cert_release(&cert);
	return r;
}

static result
answer_push(struct signer_desk *d, const struct signer_request *q,
    struct buf *bytes)
{
	if (d->push == NULL)
		TRY(signer_push_load(d->folder, &d->push));
	return q->op == SIGNER_OP_PUSH_KEY
	    ? signer_push_public(d->push, bytes)
	    : signer_push_sign(d->push, q->bytes, bytes);
}

static result
work(struct signer_desk *d, unsigned may, const struct signer_request *q,
    struct signer_answer *a, struct buf *bytes)
{
	if ((may & 1u << q->op) == 0) {
		log_line(LOG_WARNING, "signer.refused", "op=%d", (int)q->op);
		return fail(DENIED, "not for this role");
	}
	switch (q->op) {
	case SIGNER_OP_KEYS:
		return answer_keys(d, q, bytes);
	case SIGNER_OP_MAKE:
		return answer_make(d, q);
	case SIGNER_OP_DKIM:
		return answer_dkim(d, q, a, bytes);
	case SIGNER_OP_CMS:
		return answer_cms(d, q, bytes);
	case SIGNER_OP_PUSH_KEY:
	case SIGNER_OP_PUSH_SIGN:
		return answer_push(d, q, bytes);
	case SIGNER_OPS:
	default:
		return fail(MALFORMED, "not a request");
	}
}

result
signer_desk_answer(struct signer_desk *d, unsigned may, view packet,
    struct buf *answer)
{
	struct buf bytes = buf_new(LIMIT_SIGNER_MESSAGE);
	struct signer_request q;
	struct signer_answer a;
	result r;

	TRY(signer_request_read(packet, &q));
	a = (struct signer_answer){ .id = q.id, .algorithm = q.algorithm };
	r = work(d, may, &q, &a, &bytes);
	a.is = r.is;
	if (r.is == OK)
		a.bytes = buf_view(&bytes);
	signer_answer_write(&a, answer);
	if (buf_result(answer).is != OK) {
		a.is = OVER_LIMIT;
		a.bytes = VIEW("");
		buf_reset(answer);
		signer_answer_write(&a, answer);
	}
	buf_free(&bytes);
	return buf_result(answer);
}
