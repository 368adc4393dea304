#include "autoconfig/doctor/probe.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"

#include <openssl/err.h>

enum { SOON_DAYS = 14 };

/* The protocols, as far as they are alike. */
static const struct protocol {
	const char *greeting;
	const char *ask, *end; /* capabilities, and how their last line
	                        * begins */
	const char *starttls, *agreed;
	const char *bye;
} protocols[] = {
	[OFFER_IMAP] = { "* OK", "c CAPABILITY\r\n", "c ",
	    "s STARTTLS\r\n", "s OK", "z LOGOUT\r\n" },
	[OFFER_POP3] = { "+OK", "CAPA\r\n", ".", "STLS\r\n", "+OK",
	    "QUIT\r\n" },
	[OFFER_SMTP] = { "220", "EHLO doctor.invalid\r\n", "250 ",
	    "STARTTLS\r\n", "220", "QUIT\r\n" },
};

struct attempt {
	const struct caller *caller;
	const struct offer *o;
	const struct protocol *protocol;
	struct arena *arena;
	struct probe_report *out;
	struct link *link;
	SSL *ssl; /* NULL: in clear */
	view line; /* read last */
	struct buf capabilities;
	bool trusted;
};

static bool
fault(struct attempt *t, const char *rule, const char *fix)
{
	if (t->out->rule == NULL) {
		t->out->rule = rule;
		t->out->fix = fix;
	}
	return false;
}

static bool
read_line(struct attempt *t)
{
	t->line = link_line(t->link, LIMIT_DOCTOR_MS);
	return link_result(t->link).is == OK;
}

static void
send_line(struct attempt *t, view line)
{
	link_write(t->link, line, LIMIT_DOCTOR_MS);
}

static bool
says(struct attempt *t, const char *wanted)
{
	return read_line(t) && view_starts_same(t->line, view_of(wanted));
}

/* The answer to a command whose lines before the last are of no interest:
 * untagged ones of IMAP, "250-" of SMTP. */
static bool
answers(struct attempt *t, view command, const char *tag, const char *good)
{
	send_line(t, command);
	for (int i = 0; i < LIMIT_DOCTOR_LINES && read_line(t); i++)
		if (view_starts(t->line, view_of(tag))
		    && view_at(t->line, 3) != '-')
			return view_starts_same(t->line, view_of(good));
	return false;
}

static bool
open_link(struct attempt *t)
{
	result r = call_open(t->caller, t->arena, t->o->host, t->o->port,
	    &t->link);

	switch ((int)r.is) {
	case OK:
		return true;
	case NOT_FOUND:
		return fault(t, r.why, "publish A and AAAA records for it");
	case DENIED:
		return fault(t, r.why, "publish the public address");
	default:
		return fault(t, "nothing answers at this port", "start the"
		    " service, open the firewall, or do not offer it");
	}
}

static void
judge_certificate(struct attempt *t)
{
	X509 *leaf = SSL_get1_peer_certificate(t->ssl);
	const char *bad = call_fault(t->ssl);
	int days = 0, seconds = 0;

	t->out->tls = arena_copy(t->arena, view_of(SSL_get_version(t->ssl)));
	if (leaf != NULL)
		(void)ASN1_TIME_diff(&days, &seconds, NULL,
		    X509_get0_notAfter(leaf));
	X509_free(leaf);
	t->out->days = days;
	t->trusted = bad == NULL;
	if (!t->trusted)
		(void)fault(t, bad, "install a valid"
		    " certificate for this name, with its intermediates");
	else if (days < SOON_DAYS)
		(void)fault(t, "the certificate ends within two weeks",
		    "renew it; look why it was not renewed by itself");
}

static bool
encrypt(struct attempt *t)
{
	t->ssl = call_secure(t->caller, t->link, t->o->host);
	if (t->ssl == NULL)
		return fault(t, "no TLS of version 1.2 or later comes about",
		    "let the server speak TLS 1.2 and 1.3 at this port");
	judge_certificate(t);
	return true;
}

static bool
greet(struct attempt *t)
{
	if (!says(t, t->protocol->greeting)) {
		bool silent = t->line.n == 0;

		return fault(t, silent ? "no greeting comes"
		    : "the greeting is none of this protocol", silent
		    ? "see whether TLS begins at once or by STARTTLS there"
		    : "see what listens at this port");
	}
	t->out->greeting = arena_copy(t->arena, t->line);
	return true;
}

static bool
ask_capabilities(struct attempt *t)
{
	buf_reset(&t->capabilities);
	send_line(t, view_of(t->protocol->ask));
	for (int i = 0; i < LIMIT_DOCTOR_LINES && read_line(t); i++) {
		buf_add(&t->capabilities, t->line);
		buf_add_byte(&t->capabilities, '\n');
		if (view_starts(t->line, view_of(t->protocol->end)))
			return true;
		if (view_starts(t->line, VIEW("5"))
		    || view_starts(t->line, VIEW("-ERR")))
			break;
	}
	return fault(t, "it does not tell its capabilities", "see the"
	    " server's log");
}

static bool
has(const struct attempt *t, view word)
{
	return view_find_same(buf_view(&t->capabilities), word) != SIZE_MAX;
}

static bool
start_tls(struct attempt *t)
{
	view word = t->o->kind == OFFER_POP3 ? VIEW("STLS")
	    : VIEW("STARTTLS");

	if (!ask_capabilities(t))
		return false;
	if (!has(t, word))
		return fault(t, "STARTTLS is not offered: switched off, or"
		    " stripped on the way", "switch it on; see whether a"
		    " firewall inspects SMTP");
	send_line(t, view_of(t->protocol->starttls));
	if (!says(t, t->protocol->agreed))
		return fault(t, "STARTTLS is refused", "see the server's"
		    " log");
	return encrypt(t);
}

/* A login by password must be possible. */
static bool
judge_logins(struct attempt *t)
{
	if (t->o->kind == OFFER_IMAP && has(t, VIEW("LOGINDISABLED"))
	    && !has(t, VIEW("AUTH=PLAIN")))
		return fault(t, "it allows no login by password",
		    "allow AUTH=PLAIN over TLS");
	if (t->o->kind == OFFER_SMTP
	    && ((!has(t, VIEW("250-AUTH ")) && !has(t, VIEW("250 AUTH ")))
	        || (!has(t, VIEW("PLAIN")) && !has(t, VIEW("LOGIN")))))
		return fault(t, "it offers no login by password (AUTH PLAIN)",
		    "offer AUTH PLAIN LOGIN over TLS at this port");
	return true;
}

static view
plain_word(struct attempt *t)
{
	struct buf raw = buf_new(LIMIT_DOCTOR_LINE);
	struct buf out = buf_new(LIMIT_DOCTOR_LINE);
	view made;

	buf_add_byte(&raw, '\0');
	buf_add(&raw, t->o->login);
	buf_add_byte(&raw, '\0');
	buf_add(&raw, t->caller->person->password);
	encode_base64(&out, buf_view(&raw));
	made = arena_copy(t->arena, buf_view(&out));
	secret_wipe(raw.p, raw.n);
	secret_wipe(out.p, out.n);
	buf_free(&raw);
	buf_free(&out);
	return made;
}

static bool
log_in(struct attempt *t)
{
	view word = plain_word(t);
	view user = t->o->login, password = t->caller->person->password;

	switch (t->o->kind) {
	case OFFER_IMAP:
		send_line(t, VIEW("a AUTHENTICATE PLAIN\r\n"));
		return says(t, "+") && answers(t, arena_print(t->arena,
		    "%.*s\r\n", (int)word.n, word.p), "a ", "a OK");
	case OFFER_POP3:
		return answers(t, arena_print(t->arena, "USER %.*s\r\n",
		    (int)user.n, user.p), "", "+OK")
		    && answers(t, arena_print(t->arena, "PASS %.*s\r\n",
		    (int)password.n, password.p), "", "+OK");
	case OFFER_SMTP:
		return answers(t, arena_print(t->arena,
		    "AUTH PLAIN %.*s\r\n", (int)word.n, word.p), "", "235");
	case OFFER_CALDAV:
	case OFFER_CARDDAV:
		break;
	}
	return false;
}

static bool
envelope(struct attempt *t)
{
	view a = t->caller->person->address;

	if (!answers(t, arena_print(t->arena, "MAIL FROM:<%.*s>\r\n",
	    (int)a.n, a.p), "", "250"))
		return fault(t, "MAIL FROM the own address is refused",
		    "let the login send with this address");
	if (!answers(t, arena_print(t->arena, "RCPT TO:<%.*s>\r\n",
	    (int)a.n, a.p), "", "250"))
		return fault(t, "RCPT TO the own address is refused",
		    "see the server's log");
	return answers(t, VIEW("RSET\r\n"), "", "250");
}

static void
converse(struct attempt *t)
{
	bool tls = t->o->security == SECURITY_TLS;

	if ((tls && !encrypt(t)) || !greet(t))
		return;
	if (t->o->security == SECURITY_STARTTLS && !start_tls(t))
		return;
	if (!ask_capabilities(t) || !judge_logins(t) || !t->trusted
	    || t->caller->person->password.n == 0)
		return;
	t->out->logged_in = log_in(t);
	if (!t->out->logged_in)
		(void)fault(t, "the login is refused", "see whether the"
		    " password is right, and whether the address is the"
		    " login");
	else if (t->o->kind == OFFER_SMTP)
		(void)envelope(t);
	send_line(t, view_of(t->protocol->bye));
}

void
probe_mail(const struct caller *c, struct arena *arena,
    const struct offer *o, struct probe_report *out)
{
	struct attempt t = { .caller = c, .o = o, .arena = arena, .out = out,
		.capabilities = buf_new(LIMIT_HTTP_HEADER) };

	*out = (struct probe_report){ .rule = NULL };
	if (o->kind >= COUNT(protocols))
		return;
	t.protocol = &protocols[o->kind];
	if (open_link(&t))
		converse(&t);
	link_close(&t.link);
	buf_free(&t.capabilities);
	ERR_clear_error();
}
