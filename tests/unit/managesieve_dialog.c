/* The ManageSieve engine, spoken to: tests/dialog/managesieve. */
#include "mailcore/managesieve/managesieve.h"
#include "tests/dialog/talk.h"

static struct managesieve_services services;

static void
prepare(struct talk *t)
{
	services = (struct managesieve_services){
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
	struct talk t = { .protocol = &managesieve_protocol,
		.prepare = prepare };

	talk_all(&t, "managesieve");
	return tap_done();
}
