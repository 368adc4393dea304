/* EHLO and HELO, and what is offered to whom. */
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/smtp/session.h"
#include "mailcore/sys/clock.h"

static struct step
hello(struct smtp *s, view argument, bool extended, struct buf *out)
{
	view name;
	result r = smtp_parse_hello(argument, &name);

	if (r.is != OK || !view_copy(name, s->hello, sizeof s->hello))
		return smtp_bad_command(s, out, 501, "5.5.4",
		    "RFC 5321 4.1.1.1: a domain or an address literal");
	s->extended = extended;
	s->state = SMTP_READY;
	smtp_reset(s);
	return smtp_next();
}

struct step
smtp_helo(struct smtp *s, view argument, struct buf *out)
{
	struct step step = hello(s, argument, false, out);

	if (s->state == SMTP_READY && !s->extended)
		buf_print(out, "250 %s\r\n", s->services->hostname);
	return step;
}

/* RFC 3461, 8689, 4865: who submits may ask for more than who relays. */
static void
offer_to_submitters(struct buf *out)
{
	buf_print(out, "250-DSN\r\n250-REQUIRETLS\r\n250-FUTURERELEASE %d ",
	    LIMIT_FUTURE_RELEASE);
	date_add_rfc3339(out, clock_now() + LIMIT_FUTURE_RELEASE);
	buf_add(out, VIEW("\r\n"));
}

struct step
smtp_ehlo(struct smtp *s, view argument, struct buf *out)
{
	const struct smtp_services *sv = s->services;
	size_t before = out->n;
	struct step step = hello(s, argument, true, out);

	if (out->n != before)
		return step; /* refused */
	buf_print(out, "250-%s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n",
	    sv->hostname, (unsigned long long)sv->message_limit);
	buf_add(out, VIEW("250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n"));
	if (sv->starttls && !s->peer->tls)
		buf_add(out, VIEW("250-STARTTLS\r\n"));
	if (sv->submission && s->peer->tls) {
		buf_add(out, VIEW("250-AUTH"));
		sasl_login_list(&s->sasl.way, " ", out);
		buf_add(out, VIEW("\r\n"));
		offer_to_submitters(out);
	}
	buf_add(out, VIEW("250 ENHANCEDSTATUSCODES\r\n"));
	return step;
}
