/* A whole IMAP session: before login, logged in, with a mailbox selected. */
#include "mailcore/imap/imap.h"
#include "mailcore/store/item.h"
#include "tests/dialog/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct house house;

#define LOGIN "a AUTHENTICATE PLAIN AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n"

/* How a session starts: the first byte of the input chooses. */
static const char *const starts[] = {
	"",
	LOGIN,
	LOGIN "b SELECT INBOX\r\n",
	LOGIN "b ENABLE CONDSTORE\r\nc EXAMINE INBOX\r\n",
};

static void
at_exit(void)
{
	house_close(&house);
}

/* Many inputs delete; the mailbox gets something back now and then. */
static void
seed(void *services)
{
	static const char message[]
	    = LOGIN "b APPEND INBOX (\\Seen $x) {147+}\r\n"
	      "Subject: =?utf-8?q?=C3=BC?=\r\n"
	      "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
	      "--x\r\n\r\none\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
	      "From: a@b\r\n\r\nin\r\n--x--\r\n\r\n";

	house_play(&imap_protocol, services, true, view_of(message),
	    VIEW(""));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static unsigned inputs;
	view input = { (const char *)bytes, size };
	struct imap_services services = {
		.hostname = "mail.example.test",
		.message_limit = 4096,
		.starttls = true,
	};

	if (house.store == NULL) {
		house_open(&house);
		(void)atexit(at_exit);
	}
	if (size < 1)
		return 0;
	services.store = house.store;
	services.auth = house.auth;
	if (inputs++ % 64 == 0)
		seed(&services);
	house_play(&imap_protocol, &services, (bytes[0] & 16) == 0,
	    view_of(starts[bytes[0] & 3]), view_from(input, 1));
	house_verify(house.store, house.account);
	return 0;
}
