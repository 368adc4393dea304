/* A whole SMTP session: reception, submission in clear, submission by one
 * who has logged in. */
#include "mailcore/smtp/smtp.h"
#include "tests/dialog/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct house house;

static void
at_exit(void)
{
	house_close(&house);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	view input = { (const char *)bytes, size };
	struct smtp_services services = {
		.hostname = "mail.example.test",
		.message_limit = 4096,
		.starttls = true,
	};
	bool known;

	if (house.store == NULL) {
		house_open(&house);
		(void)atexit(at_exit);
	}
	if (size < 1)
		return 0;
	services.store = house.store;
	services.auth = house.auth;
	services.submission = (bytes[0] & 1) != 0;
	known = services.submission && (bytes[0] & 2) != 0;
	house_play(&smtp_protocol, &services, known,
	    known ? VIEW("EHLO x\r\nAUTH PLAIN"
			 " AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n")
		  : VIEW("EHLO x\r\n"),
	    view_from(input, 1));
	house_verify(house.store, house.account);
	return 0;
}
