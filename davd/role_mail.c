/* IMAP, POP3 and SMTP. */
#include "davd/bearer.h"
#include "davd/role.h"

#include "mailcore/imap/box_cache.h"
#include "mailcore/imap/imap.h"
#include "mailcore/managesieve/managesieve.h"
#include "mailcore/pop3/pop3.h"
#include "mailcore/smtp/smtp.h"
#include "mailcore/store/search.h"
#include "mailcore/sys/conn.h"
#include "mailcore/sys/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { MAIL_GRACE_MS = 5000 };

/* What a setting has been; sessions may still read it. */
struct words {
	struct words *next;
	char text[];
};

/* What looked at mail before; jobs may still be under way. */
struct former {
	struct former *next;
	struct verify *verify;
};

struct mail {
	struct words *words;
	struct role *role;
	struct net *net;
	struct imap_services imap;
	struct pop3_services pop3;
	struct managesieve_services sieve;
	struct smtp_services reception, submission, lmtp;
	struct verify *verify; /* newest; NULL: off */
	const char *verify_by[2]; /* resolver and rspamd, of m->words */
	int verify_whose;
	struct former *former;
	struct searcher *searcher;
	struct bearer *bearer;
};

/* Kept as long as this runs: there are as many as there were settings. */
static const char *
keep_words(struct mail *m, const char *text)
{
	struct words *w = m->words;

	if (text == NULL)
		return NULL;
	while (w != NULL && strcmp(w->text, text) != 0)
		w = w->next;
	if (w != NULL)
		return w->text;
	w = malloc(sizeof *w + strlen(text) + 1);
	if (w == NULL)
		abort();
	memcpy(w->text, text, strlen(text) + 1);
	w->next = m->words;
	m->words = w;
	return w->text;
}

/* What looks at mail from outside. */
static result
start_verify(struct mail *m, const struct conf *c)
{
	struct verify_options o;

	m->verify_by[0] = keep_words(m, c->resolver);
	m->verify_by[1] = keep_words(m, c->rspamd);
	m->verify_whose = c->check_mail;
	o = (struct verify_options){ .resolver = m->verify_by[0],
		.rspamd = m->verify_by[1],
		.everybody = c->check_mail == CONF_CHECK_ALL };
	return c->check_mail == CONF_CHECK_OFF ? done()
	                                       : verify_new(&m->verify, &o);
}

/* Words that are the same are one. */
static void
reload_verify(struct mail *m, const struct conf *c)
{
	struct former *old;

	if (m->verify_by[0] == keep_words(m, c->resolver)
	    && m->verify_by[1] == keep_words(m, c->rspamd)
	    && m->verify_whose == c->check_mail)
		return;
	old = malloc(sizeof *old);
	if (old == NULL)
		abort();
	*old = (struct former){ m->former, m->verify };
	m->former = old;
	m->verify = NULL;
	if (start_verify(m, c).is != OK)
		log_line(LOG_ERROR, "reload.check-mail", "mail=unchecked");
	__atomic_store_n(&m->reception.verify, m->verify, __ATOMIC_RELEASE);
}

static void
free_verify(struct mail *m)
{
	verify_free(&m->verify);
	while (m->former != NULL) {
		struct former *f = m->former;

		m->former = f->next;
		verify_free(&f->verify);
		free(f);
	}
}

static void
fill_services(struct mail *m)
{
	const struct role *r = m->role;
	const struct conf *c = &r->conf;

	m->imap = (struct imap_services){ .store = r->store, .auth = r->auth,
		.hostname = c->hostname, .message_limit = c->message_limit,
		.starttls = true, .without = c->imap_without,
		.cache = box_cache_new(BOX_CACHE_WORTH),
		.searcher = m->searcher };
	m->pop3 = (struct pop3_services){ .store = r->store, .auth = r->auth,
		.hostname = c->hostname, .starttls = true };
	m->sieve = (struct managesieve_services){ .store = r->store,
		.auth = r->auth, .hostname = c->hostname, .starttls = true };
	m->reception = (struct smtp_services){ .store = r->store,
		.auth = r->auth, .hostname = c->hostname,
		.message_limit = c->message_limit, .starttls = true,
		.post = r->post };
	m->reception.signer = r->signer;
	m->reception.greylist_seconds = c->greylist_delay;
	m->reception.dmarc = (enum judge_dmarc)c->dmarc;
	m->submission = m->reception;
	m->lmtp = m->reception;
	m->lmtp.lmtp = true;
	m->lmtp.starttls = false;
	m->reception.verify = m->verify;
	m->submission.submission = true;
	m->submission.send_per_hour = c->send_per_hour;
	m->submission.send_per_day = c->send_per_day;
}

static result
listen_on(struct mail *m, const struct role_socket *s)
{
	const struct {
		enum net_tls tls;
		const struct protocol *protocol;
		void *services;
	} rows[SERVICE_COUNT] = {
		[SERVICE_IMAP] = { NET_CLEAR, &imap_protocol, &m->imap },
		[SERVICE_IMAPS] = { NET_TLS, &imap_protocol, &m->imap },
		[SERVICE_POP3] = { NET_CLEAR, &pop3_protocol, &m->pop3 },
		[SERVICE_POP3S] = { NET_TLS, &pop3_protocol, &m->pop3 },
		[SERVICE_SMTP] = { NET_CLEAR, &smtp_protocol,
		    &m->reception },
		[SERVICE_SUBMISSION] = { NET_CLEAR, &smtp_protocol,
		    &m->submission },
		[SERVICE_LMTP] = { NET_CLEAR, &smtp_protocol, &m->lmtp },
		[SERVICE_SIEVE] = { NET_CLEAR, &managesieve_protocol,
		    &m->sieve },
		[SERVICE_SUBMISSIONS] = { NET_TLS, &smtp_protocol,
		    &m->submission },
	};

	if (rows[s->service].protocol == NULL)
		return fail(FAILED, "a socket of another role");
	return net_listen(m->net, s->fd, rows[s->service].tls,
	    rows[s->service].protocol, rows[s->service].services);
}

/* A session of ours has changed the account. */
static void
on_change(void *mail, int64_t account)
{
	struct mail *m = mail;

	net_wake(m->net, account);
	searcher_note(m->searcher, account);
	post_send_changed(m->role->post, account);
}

/* Somebody has logged in to it: the pages may show that. */
static void
on_login(void *mail, int64_t account)
{
	struct mail *m = mail;

	post_send(m->role->post, (struct msg){ MSG_LOGIN, account });
}

static void
forget_words(struct mail *m)
{
	while (m->words != NULL) {
		struct words *w = m->words;

		m->words = w->next;
		free(w);
	}
}

static void
reload_hostname(struct mail *m, const struct conf *fresh)
{
	const char *name = keep_words(m, fresh->hostname);
	const char **const places[] = { &m->imap.hostname, &m->pop3.hostname,
		&m->sieve.hostname, &m->reception.hostname,
		&m->submission.hostname, &m->lmtp.hostname };

	for (size_t i = 0; i < COUNT(places); i++)
		__atomic_store_n(places[i], name, __ATOMIC_RELEASE);
}

static void
reload_smtp(struct smtp_services *s, const struct conf *fresh)
{
	__atomic_store_n(&s->dmarc, (enum judge_dmarc)fresh->dmarc,
	    __ATOMIC_RELAXED);
	__atomic_store_n(&s->greylist_seconds, fresh->greylist_delay,
	    __ATOMIC_RELAXED);
	__atomic_store_n(&s->message_limit, fresh->message_limit,
	    __ATOMIC_RELAXED);
	if (!s->submission)
		return;
	__atomic_store_n(&s->send_per_hour, fresh->send_per_hour,
	    __ATOMIC_RELAXED);
	__atomic_store_n(&s->send_per_day, fresh->send_per_day,
	    __ATOMIC_RELAXED);
}

/* All changes at once; sessions read theirs at any time, one word. */
static void
reload(struct mail *m)
{
	struct conf fresh;
	struct arena *arena = role_reload(m->role, &fresh);

	if (arena == NULL)
		return;
	__atomic_store_n(&m->imap.without, keep_words(m, fresh.imap_without),
	    __ATOMIC_RELEASE);
	__atomic_store_n(&m->imap.message_limit, fresh.message_limit,
	    __ATOMIC_RELAXED);
	bearer_reload(m->bearer, &fresh);
	reload_hostname(m, &fresh);
	reload_verify(m, &fresh);
	reload_smtp(&m->reception, &fresh);
	reload_smtp(&m->submission, &fresh);
	reload_smtp(&m->lmtp, &fresh);
	net_limit(m->net, fresh.connections, fresh.connections_per_peer);
	arena_free(&arena);
}

static void
on_post(void *mail)
{
	struct mail *m = mail;
	bool reloads = false;
	struct msg msg;

	while (post_receive(m->role->post, &msg)) {
		if (msg.kind == MSG_ACCOUNT) {
			net_wake(m->net, msg.number);
			searcher_note(m->searcher, msg.number);
		}
		if (msg.kind == MSG_STANDING) {
			auth_changed(m->role->auth);
			net_wake(m->net, msg.number);
			net_wake(m->net, -msg.number);
		}
		reloads = reloads || msg.kind == MSG_RELOAD;
	}
	if (reloads)
		reload(m);
}

static void
on_signal(void *mail)
{
	struct mail *m = mail;

	switch (role_signal(m->role)) {
	case SIGTERM:
	case SIGINT:
		net_stop(m->net);
		break;
	case SIGHUP:
		reload(m);
		break;
	default:
		break;
	}
}

static result
serve(struct mail *m)
{
	const struct role *r = m->role;

	for (size_t i = 0; i < r->start->socket_count; i++)
		TRY(listen_on(m, &r->start->sockets[i]));
	TRY(net_watch_fd(m->net, post_fd(r->post), on_post, m));
	TRY(net_watch_fd(m->net, r->signals, on_signal, m));
	store_listen(r->store, on_change, m);
	auth_listen(r->auth, on_login, m);
	role_ready(r);
	return net_run(m->net, MAIL_GRACE_MS);
}

result
role_mail(struct role *r)
{
	const struct net_options o = {
		.connections = r->conf.connections,
		.connections_per_peer = r->conf.connections_per_peer,
		.tls = r->tls,
	};
	struct mail m = { .role = r };
	result done;

	TRY(net_new(&m.net, &o));
	done = start_verify(&m, &r->conf);
	if (done.is == OK)
		done = bearer_new(&m.bearer, r);
	if (done.is == OK)
		done = searcher_new(&m.searcher, r->store);
	fill_services(&m);
	if (done.is == OK)
		done = serve(&m);
	net_free(&m.net);
	bearer_free(&m.bearer);
	searcher_free(&m.searcher);
	free_verify(&m);
	box_cache_free(&m.imap.cache);
	forget_words(&m);
	return done;
}
