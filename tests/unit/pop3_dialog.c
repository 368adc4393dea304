/* The POP3 engine, spoken to: tests/dialog/pop3. */
#include "mailcore/pop3/pop3.h"
#include "tests/dialog/talk.h"

static struct pop3_services services;

static void
prepare(struct talk *t)
{
	services = (struct pop3_services){
		.store = t->store,
		.auth = t->auth,
		.hostname = "mail.example.test",
		.starttls = true,
	};
	t->services = &services;
}

int
main(void)
{
	struct talk t = { .protocol = &pop3_protocol, .prepare = prepare };

	talk_all(&t, "pop3");
	return tap_done();
}
