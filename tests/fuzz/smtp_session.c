/* A whole SMTP session: reception, also by LMTP, submission in clear,
 * submission by one who has logged in.  What comes in is handled by a script.
 */
#include "mailcore/managesieve/managesieve.h"
#include "mailcore/smtp/smtp.h"
#include "tests/dialog/house_back.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct house house;
static struct house_kept kept;

static const char script[]
    = "require [\"fileinto\", \"mailbox\", \"vacation\", \"reject\","
      " \"envelope\", \"imap4flags\", \"copy\","
      " \"variables\", \"body\", \"enotify\"];\r\n"
      "if header :contains \"subject\" \"away\""
      " { vacation :days 1 :subject \"Re: ${1}\" \"gone\"; }\r\n"
      "if header :matches \"subject\" \"file *\""
      " { fileinto :create :copy \"Made/${1}\"; addflag \"$x\"; }\r\n"
      "if header :contains \"subject\" \"send\""
      " { redirect :copy \"r@r.example\"; }\r\n"
      "if header :contains \"subject\" \"refuse\""
      " { reject \"no\"; stop; }\r\n"
      "if header :contains \"subject\" \"tell\""
      " { notify \"mailto:n@r.example\"; }\r\n"
      "if header :contains \"subject\" \"lose\" { discard; }\r\n";

static void
furnish(void)
{
	struct managesieve_services services = {
		.hostname = "mail.example.test" };
	struct buf of = buf_new(65536);
	int64_t id;

	house_open(&house);
	services.store = house.store;
	services.auth = house.auth;
	house_check(account_add(house.store, VIEW("b@example.test"),
	    VIEW(""), VIEW(""), &id));
	house_check(alias_add(house.store, VIEW("alias@example.test"), id));
	buf_print(&of, "AUTHENTICATE \"PLAIN\""
	    " \"AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\"\r\n"
	    "PUTSCRIPT \"s\" {%zu+}\r\n%s\r\nSETACTIVE \"s\"\r\n",
	    strlen(script), script);
	house_play(&managesieve_protocol, &services, true, buf_view(&of),
	    VIEW(""));
	buf_free(&of);
	house_keep(&kept, &house);
}

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
	struct smtp_services services = {
		.hostname = "mail.example.test",
		.message_limit = 4096,
		.starttls = true,
	};
	bool known;

	if (house.store == NULL) {
		furnish();
		(void)atexit(at_exit);
	}
	if (size < 1)
		return 0;
	services.store = house.store;
	services.auth = house.auth;
	services.submission = (bytes[0] & 1) != 0;
	services.lmtp = (bytes[0] & 5) == 4;
	known = services.submission && (bytes[0] & 2) != 0;
	house_play(&smtp_protocol, &services, known,
	    known ? VIEW("EHLO x\r\nAUTH PLAIN"
			 " AGFAZXhhbXBsZS50ZXN0AHNlY3JldA==\r\n")
		  : services.lmtp ? VIEW("LHLO x\r\n")
				  : VIEW("EHLO x\r\n"),
	    view_from(input, 1));
	house_put_back(&kept, &house);
	return 0;
}
