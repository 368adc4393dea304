/* A whole POP3 session, before and after login.  Everything is put back after
 * each input, here and in the other sessions. */
#include "mailcore/pop3/pop3.h"
#include "tests/dialog/house_back.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct house house;
static struct house_kept kept;

static void
at_exit(void)
{
	house_kept_close(&kept);
	house_close(&house);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	view input = { (const char *)bytes, size };
	struct pop3_services services = {
		.hostname = "mail.example.test",
		.starttls = true,
	};
	bool known;

	if (house.store == NULL) {
		house_open(&house);
		/* Bare ends of lines, dots, none at the end: what APPEND may
		 * leave. */
		house_mail(house.store, house.account,
		    VIEW("Subject: x\r\n\n.a\r..b\n\r\n.\r\nc"));
		house_mail(house.store, house.account,
		    VIEW("Subject: y\r\n\r\n"));
		house_keep(&kept, &house);
		(void)atexit(at_exit);
	}
	if (size < 1)
		return 0;
	services.store = house.store;
	services.auth = house.auth;
	known = (bytes[0] & 1) != 0;
	house_play(&pop3_protocol, &services, known,
	    known ? VIEW("AUTH PLAIN AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n")
		  : VIEW(""),
	    view_from(input, 1));
	house_put_back(&kept, &house);
	return 0;
}
