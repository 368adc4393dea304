/*
 * house.h - a store with somebody in it, made once, for fuzzing sessions.
 * The first byte of an input chooses how they start; the rest is what the
 * peer sends, cut at each byte 0xff.  The books of the account are looked at
 * afterwards: whatever was sent, they must be right.
 */
#ifndef TESTS_HOUSE_H
#define TESTS_HOUSE_H

#include "mailcore/auth/inside.h"
#include "mailcore/store/item.h"
#include "mailcore/store/verify.h"
#include "mailcore/sys/conn.h"
#include "mailcore/sys/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of "secret", as cheap as can be: inputs are full of wrong passwords. */
#define HOUSE_HASH \
	"{ARGON2ID}$argon2id$v=19$m=8,t=1,p=1$" \
	"c2FsdHNhbHQ$+RsCrdHrAKGEJIDLM0Esow"

struct house {
	struct store *store;
	struct auth *auth;
	int64_t account;
	char folder[32];
};

static inline void
house_check(result r)
{
	if (r.is != OK) {
		(void)fprintf(stderr, "house: %s\n", r.why);
		abort();
	}
}

/* For programs with so much to reach that libFuzzer would spend most of its
 * time on keeping count of it.  Folders are made where nothing waits for a
 * disk. */
static inline void
house_begin(int *count, char ***words)
{
	static char no_entropic[] = "-entropic=0";
	char **more = calloc((size_t)*count + 2, sizeof *more);

	if (more == NULL)
		abort();
	memcpy(more, *words, (size_t)*count * sizeof *more);
	more[(*count)++] = no_entropic;
	*words = more;
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	log_open("fuzz", LOG_ERROR);
}

static inline result
house_add(struct account *account, void *bytes)
{
	const struct item_summary summary = { .envelope = VIEW("NIL") };
	const struct item_new item = { .bytes = bytes, .summary = &summary };
	struct arena *arena = arena_new(65536);
	struct collection inbox;
	struct item out;
	result r = collection_find(account, arena, COLLECTION_MAILBOX,
	    VIEW("INBOX"), &inbox);

	if (r.is == OK)
		r = item_add(account, inbox.id, &item, &out);
	arena_free(&arena);
	return r;
}

/* A message more in the INBOX, with just these bytes. */
static inline void
house_mail(struct store *store, int64_t id, view text)
{
	struct spool *spool = spool_new(store, text.n);
	struct account *account = NULL;

	spool_add(spool, text);
	house_check(account_open(store, id, &account));
	house_check(item_prepare(account, spool));
	house_check(account_write(account, house_add, spool, DURABLE));
	account_close(&account);
	spool_free(&spool);
}

/* It takes as little time to find that somebody is not there. */
static inline void
house_hasten(struct auth *a)
{
	buf_reset(&a->dummy);
	buf_add(&a->dummy, VIEW(HOUSE_HASH));
}

/* Once by PLAIN, as people do, so that there are keys for SCRAM. */
static inline void
house_log_in(struct house *h)
{
	const struct auth_attempt attempt = { .user = VIEW("a@example.test"),
		.password = VIEW("secret"), .protocol = VIEW("imap"),
		.peer = VIEW("127.0.0.1") };
	struct identity who;
	unsigned delay;

	house_check(auth_password(h->auth, &attempt, &who, &delay));
}

static inline void
house_open(struct house *h)
{
	struct store_options options = { .data = h->folder,
		.journal = "mail" };
	/* Where nothing waits for a disk. */
	bool memory = access("/dev/shm", W_OK) == 0;
	int64_t id;

	log_open("fuzz", LOG_ERROR);
	(void)snprintf(h->folder, sizeof h->folder, "%s/house.XXXXXX",
	    memory ? "/dev/shm" : "/tmp");
	if (mkdtemp(h->folder) == NULL)
		abort();
	house_check(store_recover(h->folder));
	house_check(store_open(&h->store, &options));
	house_check(auth_new(&h->auth, h->store));
	house_hasten(h->auth);
	house_check(domain_add(h->store, VIEW("example.test"), VIEW(""),
	    &id));
	house_check(account_add(h->store, VIEW("a@example.test"), VIEW(""),
	    VIEW(HOUSE_HASH), &h->account));
	house_log_in(h);
}

static inline void
house_close(struct house *h)
{
	char command[64];

	auth_free(&h->auth);
	store_close(&h->store);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", h->folder);
	if (system(command) != 0)
		(void)fprintf(stderr, "left behind: %s\n", h->folder);
}

static inline void
house_fault(void *context, const struct verify_finding *f)
{
	(void)context;
	(void)fprintf(stderr, "the books: %s (collection %lld, %lld)\n",
	    f->what, (long long)f->collection, (long long)f->number);
}

/* Stops at books that are wrong. */
static inline void
house_verify(struct store *store, int64_t id)
{
	struct account *account;
	size_t faults;

	house_check(account_open(store, id, &account));
	house_check(account_verify(account, false, house_fault, NULL,
	    &faults));
	account_close(&account);
	if (faults > 0)
		abort();
}

/* Runs what is ready; false: the session is over. */
static inline bool
house_drive(const struct protocol *p, void *session, struct peer *peer,
    struct buf *in, struct buf *out)
{
	size_t n;

	while ((n = p->ready(session, buf_view(in))) > 0) {
		struct step step;

		if (n > in->n)
			abort();
		step = p->run(session, view_first(buf_view(in), n), out);
		while (step.next == STEP_CONTINUE)
			step = p->run(session, VIEW(""), out);
		buf_drop(in, n);
		if (step.next == STEP_CLOSE)
			return false;
		if (step.next == STEP_START_TLS) {
			buf_reset(in);
			peer->tls = true;
			p->secured(session);
			if (p->greets_again)
				(void)p->run(session, VIEW(""), out);
		}
	}
	return true;
}

static inline void
house_play(const struct protocol *p, void *services, bool tls, view first,
    view input)
{
	struct peer peer = { .address = "192.0.2.7", .tls = tls };
	struct buf in = buf_new(1 << 21), out = buf_new(1 << 26);
	void *session = p->open(services, &peer, &out);
	bool going = true;

	buf_add(&in, first);
	while (going) {
		going = house_drive(p, session, &peer, &in, &out)
		    && input.n > 0;
		buf_add(&in, view_cut(&input, (char)0xff));
	}
	p->close(session);
	buf_free(&in);
	buf_free(&out);
}

#endif
