#include "mailcore/smtp/client_inside.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/log.h"

#include <openssl/ssl.h>

static void
note_feature(struct client *c, view line)
{
	view word = view_cut(&line, ' ');

	if (view_same(word, VIEW("PIPELINING")))
		c->pipelining = true;
	else if (view_same(word, VIEW("8BITMIME")))
		c->eightbit = true;
	else if (view_same(word, VIEW("SMTPUTF8")))
		c->utf8 = true;
	else if (view_same(word, VIEW("STARTTLS")))
		c->starttls = true;
	else if (view_same(word, VIEW("DSN")))
		c->dsn = true;
	else if (view_same(word, VIEW("REQUIRETLS")))
		c->requiretls = true;
	else if (view_same(word, VIEW("SIZE")))
		c->size = view_trim(line).n == 0
		    || view_number(view_trim(line), UINT64_MAX,
			&c->size_most);
	else if (view_same(word, VIEW("AUTH")))
		c->plain = view_find_same(line, VIEW("PLAIN")) != SIZE_MAX;
}

/* EHLO, or HELO where that is all they know.  false: neither. */
static bool
greet(struct client *c)
{
	struct buf line = buf_new(LIMIT_DOMAIN + 16);
	int code;

	c->pipelining = c->size = c->eightbit = c->utf8 = false;
	c->starttls = c->plain = c->dsn = c->requiretls = false;
	c->size_most = 0;
	buf_print(&line, "%s %s\r\n", c->options->lmtp ? "LHLO" : "EHLO",
	    c->options->hostname);
	link_write(c->link, buf_view(&line),
	    client_wait(c, CLIENT_WAIT_REPLY));
	code = client_read(c, CLIENT_WAIT_REPLY, note_feature);
	buf_reset(&line);
	if (code >= 500 && !c->options->lmtp) {
		buf_print(&line, "HELO %s\r\n", c->options->hostname);
		code = client_ask(c, &line, CLIENT_WAIT_REPLY);
	}
	buf_free(&line);
	return code == 250;
}

static enum client_trust
trust(const struct client *c)
{
	return c->options->security == NULL ? CLIENT_ANYBODY
					    : c->options->security->trust;
}

static void
note_fault(struct client *c, const char *type)
{
	if (c->options->seen != NULL && c->options->seen->fault == NULL)
		c->options->seen->fault = type;
}

/* The server is not what the rule asks for. */
static result
untrusted(struct client *c, view host, const char *type, const char *words)
{
	bool stripped = view_eq(view_of(type),
	    VIEW("starttls-not-supported"));
	const char *text = arena_text(c->arena, arena_print(c->arena,
	    "%s asks for TLS: %.*s: %s", c->options->security->rule,
	    LOG_VIEW(host), words));

	note_fault(c, type);
	client_report_ours(c, QUEUE_RETRY, stripped ? VIEW("4.7.4")
	    : VIEW("4.7.5"), text == NULL ? words : text);
	return fail(BUSY, words);
}

static SSL *
new_tls(struct client *c, view host)
{
	const struct client_security *s = c->options->security;
	bool named = c->options->user != NULL || trust(c) == CLIENT_NAMED
	    || trust(c) == CLIENT_TRY_NAME;
	char name[LIMIT_DOMAIN + 1];
	SSL *ssl;

	if (trust(c) == CLIENT_DANE)
		return tls_connect_dane(c->options->tls, s->base, s->names,
		    COUNT(s->names), s->records, s->count);
	if (view_starts(host, VIEW("[")))
		host = view_first(view_from(host, 1), host.n - 2);
	(void)view_copy(host, name, sizeof name);
	ssl = tls_connect(c->options->tls, name, named);
	/* What is found is looked at afterwards. */
	if (ssl != NULL && trust(c) == CLIENT_TRY_NAME)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	return ssl;
}

/* DENIED: no TLS. */
static result
secure(struct client *c, view host)
{
	const char *type, *words;

	link_secure(c->link, new_tls(c, host),
	    client_wait(c, CLIENT_WAIT_REPLY));
	c->secure = link_result(c->link).is == OK;
	words = link_tls_words(c->link, &type);
	/* Nobody asked who it is. */
	if (c->secure && (trust(c) == CLIENT_ANYBODY
	        || trust(c) == CLIENT_ENCRYPTED))
		type = NULL;
	if (type != NULL || !c->secure)
		note_fault(c, type != NULL ? type : "validation-failure");
	if (c->secure && c->options->seen != NULL)
		c->options->seen->tls = type == NULL;
	if (c->secure || link_result(c->link).is != DENIED
	    || trust(c) < CLIENT_ENCRYPTED)
		return link_result(c->link);
	return untrusted(c, host, type, words);
}

/* OK also when it goes on in clear, as it may. */
static result
start_tls(struct client *c, view host)
{
	bool must = trust(c) >= CLIENT_ENCRYPTED;

	if (c->secure || c->options->lmtp)
		return done();
	if (c->options->tls == NULL || !c->starttls) {
		note_fault(c, "starttls-not-supported");
		return !must ? done() : untrusted(c, host,
		    "starttls-not-supported", "it does not offer STARTTLS");
	}
	if (client_ask_text(c, "STARTTLS\r\n", CLIENT_WAIT_REPLY) != 220) {
		TRY(link_result(c->link));
		note_fault(c, "starttls-not-supported");
		return !must ? done() : untrusted(c, host,
		    "starttls-not-supported", "it refuses STARTTLS");
	}
	TRY(secure(c, host));
	return greet(c) ? done() : fail(BUSY, "the server is not ready");
}

static result
log_in(struct client *c)
{
	struct buf secret = buf_new(LIMIT_SMTP_LINE);
	struct buf line = buf_new(LIMIT_SMTP_LINE);
	int code;

	if (c->options->user == NULL)
		return done();
	if (!c->secure || !c->plain)
		return fail(FAILED, "the relay offers no AUTH PLAIN over TLS");
	buf_add_byte(&secret, '\0');
	buf_add_text(&secret, c->options->user);
	buf_add_byte(&secret, '\0');
	buf_add_text(&secret, c->options->password);
	buf_add(&line, VIEW("AUTH PLAIN "));
	encode_base64(&line, buf_view(&secret));
	buf_add(&line, VIEW("\r\n"));
	code = client_ask(c, &line, CLIENT_WAIT_REPLY);
	secret_wipe(secret.p, secret.n);
	secret_wipe(line.p, line.room);
	buf_free(&secret);
	buf_free(&line);
	if (code == 235)
		return done();
	return fail(FAILED, "the relay does not take our password");
}

bool
client_cannot(struct client *c)
{
	if (c->mail->smtputf8 && !c->utf8)
		client_report_ours(c, QUEUE_FAILED, VIEW("5.6.7"),
		    "RFC 6531 3.2: this server takes no international"
		    " addresses");
	else if (c->size_most > 0 && c->mail->data.n > c->size_most)
		client_report_ours(c, QUEUE_FAILED, VIEW("5.3.4"),
		    "RFC 1870 6.1: the message is too big for this server");
	else if (c->mail->requiretls && !c->options->lmtp
	    && !(c->requiretls && c->secure))
		client_report_ours(c, QUEUE_FAILED, VIEW("5.7.30"),
		    "RFC 8689 4.2.1: the sender requires TLS all the way, and"
		    " this server does not promise it");
	else
		return false;
	return true;
}

static result
not_so_far(struct client *c, result r)
{
	result link = link_result(c->link);

	client_report_rest(c, NULL);
	if (r.is == OK)
		r = link.is != OK ? link
				  : fail(BUSY, "the server is not ready");
	return r;
}

/* A connection ready for MAIL.  DENIED: TLS failed. */
static result
prepare(struct client *c, view host)
{
	result r = done();

	if (c->options->tls_first && c->options->tls != NULL)
		r = secure(c, host);
	if (r.is != OK || client_read(c, CLIENT_WAIT_REPLY, NULL) != 220
	    || !greet(c))
		return not_so_far(c, r);
	r = start_tls(c, host);
	if (r.is == OK)
		r = log_in(c);
	/* What we do not trust has its reports. */
	if (r.is != OK && (c->reports[0].text.n == 0
	        || trust(c) < CLIENT_ENCRYPTED))
		return not_so_far(c, r);
	return r;
}

static result
converse(struct client *c, view host, view address, unsigned port)
{
	const struct link_options options = {
		.deadline_ms = c->options->deadline_ms,
		.stop = c->options->stop,
	};
	result r;

	c->secure = false;
	client_report_none(c);
	c->text = buf_new(REPLY_TEXT + 64);
	c->link = link_open(address, port, client_wait(c, CLIENT_WAIT_CONNECT),
	    &options);
	r = prepare(c, host);
	if (r.is == OK) {
		if (!client_cannot(c))
			(void)client_transact(c);
		if (client_keep(c, host, address, port))
			return r;
		(void)client_ask_text(c, "QUIT\r\n", CLIENT_WAIT_QUIT);
	}
	link_close(&c->link);
	buf_free(&c->text);
	return r;
}

result
client_send(const struct client_options *options, view host, view address,
    unsigned port, const struct client_mail *mail, struct arena *arena,
    struct client_report *reports)
{
	struct client_options clear = *options;
	struct client c = {
		.options = options,
		.mail = mail,
		.arena = arena,
		.reports = reports,
	};
	result r;

	if (client_send_kept(&c, host, address, port))
		return arena_result(arena);
	r = converse(&c, host, address, port);
	if (r.is == DENIED && options->user == NULL && !options->tls_first
	    && trust(&c) < CLIENT_ENCRYPTED) {
		/* RFC 7435 3: broken TLS is no worse than none. */
		log_line(LOG_INFO, "smtp.clear", "host=%.*s",
		    LOG_VIEW(host));
		clear.tls = NULL;
		c.options = &clear;
		r = converse(&c, host, address, port);
	}
	if (r.is == DENIED)
		r = fail(FAILED, r.why);
	if (r.is == OK)
		r = arena_result(arena);
	return r;
}
