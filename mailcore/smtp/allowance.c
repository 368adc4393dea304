/* To how many people somebody may send, and what they are told when it is
 * too much: most often somebody else has their password. */
#include "mailcore/base/date.h"
#include "mailcore/smtp/deliver.h"
#include "mailcore/smtp/session.h"
#include "mailcore/store/sending.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

enum { WARNING = 4096 };

const struct smtp_code smtp_allowance_codes[FAILED + 1] = {
	[BUSY] = { 451, "4.7.1" },
	[OVER_LIMIT] = { 550, "5.7.1" },
};

static void
warn(const struct smtp *s, int64_t now)
{
	struct buf text = buf_new(WARNING);
	result r;

	buf_print(&text, "Date: ");
	date_add_rfc5322(&text, now);
	buf_print(&text,
	    "\r\nFrom: Mail server <postmaster@%s>\r\nTo: <%s>\r\n"
	    "Subject: You have sent to very many people\r\n"
	    "Message-ID: <%s.limit@%s>\r\nAuto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "\r\n"
	    "From your address more mail was to be sent than is allowed here,"
	    "\r\nand some of it was refused.  The last came from %s.\r\n"
	    "\r\n"
	    "If that was not you, somebody knows your password: set a new one."
	    "\r\nIf it was, try again later, or ask for a higher limit.\r\n",
	    s->services->hostname, s->identity.address, s->mail.id,
	    s->services->hostname, s->peer->address);
	r = buf_result(&text);
	if (r.is == OK)
		r = deliver_append(s->services->store, s->identity.account,
		    VIEW("INBOX"), buf_view(&text), now, 0);
	log_line(LOG_WARNING, "smtp.limit", "account=%lld peer=%s told=%s",
	    (long long)s->identity.account, s->peer->address,
	    r.is == OK ? "yes" : r.why);
	buf_free(&text);
}

result
smtp_allowance(struct smtp *s)
{
	const struct smtp_services *sv = s->services;
	struct sending x = {
		.account = s->identity.account,
		.recipients = (int64_t)(s->mail.recipients
		    + s->mail.asked_count),
		.now = clock_now(),
		.usual = { sv->send_per_hour > 0 ? sv->send_per_hour
		                                 : SENDING_ANY,
		    sv->send_per_day > 0 ? sv->send_per_day : SENDING_ANY },
	};
	result r;

	if (!sv->submission)
		return done();
	r = sending_take(sv->store, &x);
	if (x.warn)
		warn(s, x.now);
	return r;
}
