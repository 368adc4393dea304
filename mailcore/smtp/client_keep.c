/* A connection that serves more than one mail. */
#include "mailcore/smtp/client_inside.h"

#include "mailcore/sys/log.h"

#include <stdlib.h>

enum { KEY_MOST = 65536 };

struct client_kept {
	struct client client; /* link NULL: none is open */
	struct buf key;       /* the server, and by which rules */
	unsigned mails;
};

struct client_kept *
client_kept_new(void)
{
	struct client_kept *k = calloc(1, sizeof *k);

	if (k == NULL)
		abort();
	k->key = buf_new(KEY_MOST);
	return k;
}

bool
client_kept_is_open(const struct client_kept *k)
{
	return k->client.link != NULL;
}

static void
drop(struct client *c)
{
	link_close(&c->link);
	buf_free(&c->text);
}

void
client_kept_end(struct client_kept *k)
{
	const struct client_options none = { .hostname = "" };
	struct client *c = &k->client;

	k->mails = 0;
	if (c->link == NULL)
		return;
	c->options = &none;
	(void)client_ask_text(c, "QUIT\r\n", CLIENT_WAIT_QUIT);
	drop(c);
	*c = (struct client){ .link = NULL };
}

void
client_kept_free(struct client_kept **kept)
{
	struct client_kept *k = *kept;

	if (k == NULL)
		return;
	client_kept_end(k);
	buf_free(&k->key);
	free(k);
	*kept = NULL;
}

/* All that what was proven about the server depends on. */
static void
add_key(struct buf *out, const struct client_options *o, view host,
    view address, unsigned port)
{
	const struct client_security *s = o->security;

	buf_print(out, "%.*s %.*s %u %d%d%d %p %p", LOG_VIEW(host),
	    LOG_VIEW(address), port, o->lmtp, o->tls_first, o->tls != NULL,
	    (const void *)o->user, (const void *)o->password);
	if (s == NULL)
		return;
	buf_print(out, " %d %s", (int)s->trust,
	    s->rule != NULL ? s->rule : "");
	if (s->trust != CLIENT_DANE)
		return;
	buf_print(out, " %.*s %.*s %.*s", LOG_VIEW(s->base),
	    LOG_VIEW(s->names[0]), LOG_VIEW(s->names[1]));
	for (size_t i = 0; i < s->count; i++) {
		const struct tls_tlsa *t = &s->records[i];

		buf_print(out, " %u %u %u %zu:", t->usage, t->selector,
		    t->matching, t->data.n);
		buf_add(out, t->data);
	}
}

static bool
is_for(const struct client_kept *k, const struct client_options *o, view host,
    view address, unsigned port)
{
	struct buf key = buf_new(KEY_MOST);
	bool same;

	add_key(&key, o, host, address, port);
	same = buf_result(&key).is == OK
	    && view_eq(buf_view(&key), buf_view(&k->key));
	buf_free(&key);
	return same;
}

/* The connection of `from` for the mail of `to`. */
static void
take_over(struct client *to, struct client *from)
{
	struct client both = *from;

	both.options = to->options;
	both.mail = to->mail;
	both.arena = to->arena;
	both.reports = to->reports;
	*to = both;
	*from = (struct client){ .link = NULL };
}

bool
client_send_kept(struct client *c, view host, view address, unsigned port)
{
	struct client_kept *k = c->options->kept;

	if (k == NULL || k->client.link == NULL)
		return false;
	if (!is_for(k, c->options, host, address, port)) {
		client_kept_end(k);
		return false;
	}
	take_over(c, &k->client);
	link_extend(c->link, c->options->deadline_ms);
	client_report_none(c);
	if (client_cannot(c) || client_transact(c)) {
		if (client_keep(c, host, address, port))
			return true;
		(void)client_ask_text(c, "QUIT\r\n", CLIENT_WAIT_QUIT);
		drop(c);
		return true;
	}
	/* It may have been idle for too long, or had mails enough. */
	drop(c);
	k->mails = 0;
	return false;
}

bool
client_keep(struct client *c, view host, view address, unsigned port)
{
	struct client_kept *k = c->options->kept;
	struct client nobody = { .options = NULL };

	if (k == NULL)
		return false;
	k->mails++;
	buf_reset(&k->key);
	add_key(&k->key, c->options, host, address, port);
	/* A refusal is over with RSET; anything else may not be. */
	if (k->mails < CLIENT_MAILS && buf_result(&k->key).is == OK
	    && (c->code / 100 == 2 || (c->code >= 500
		&& client_ask_text(c, "RSET\r\n", CLIENT_WAIT_QUIT) == 250))
	    && link_is_quiet(c->link)) {
		take_over(&nobody, c);
		k->client = nobody;
		return true;
	}
	k->mails = 0;
	return false;
}
