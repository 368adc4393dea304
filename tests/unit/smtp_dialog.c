/* The SMTP engine, spoken to: tests/dialog/smtp. */
#include "mailcore/smtp/smtp.h"
#include "tests/dialog/talk.h"

static struct smtp_services services;

static void
prepare(struct talk *t)
{
	services = (struct smtp_services){
		.store = t->store,
		.auth = t->auth,
		.hostname = "mail.example.test",
		.message_limit = 100000,
		.starttls = true,
	};
	t->services = &services;
}

static bool
set(struct talk *t, view word)
{
	(void)t;
	if (view_eq(word, VIEW("submission")))
		services.submission = true;
	else if (view_eq(word, VIEW("lmtp")))
		services.lmtp = true;
	else if (view_eq(word, VIEW("per-hour 2")))
		services.send_per_hour = 2;
	else if (view_eq(word, VIEW("no starttls")))
		services.starttls = false;
	else
		return false;
	return true;
}

int
main(void)
{
	struct talk t = {
		.protocol = &smtp_protocol, .prepare = prepare, .set = set
	};

	talk_all(&t, "smtp");
	return tap_done();
}
