/* A whole ManageSieve session, before and after login. */
#include "mailcore/managesieve/managesieve.h"
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
	struct managesieve_services services = {
		.hostname = "mail.example.test",
		.starttls = true,
	};
	bool known;

	if (house.store == NULL) {
		house_open(&house);
		house_keep(&kept, &house);
		(void)atexit(at_exit);
	}
	if (size < 1)
		return 0;
	services.store = house.store;
	services.auth = house.auth;
	known = (bytes[0] & 1) != 0;
	house_play(&managesieve_protocol, &services, known,
	    known ? VIEW("AUTHENTICATE \"PLAIN\""
			 " \"AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\"\r\n")
		  : VIEW(""),
	    view_from(input, 1));
	house_put_back(&kept, &house);
	return 0;
}
