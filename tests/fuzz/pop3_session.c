/* A whole POP3 session, before and after login.  Everything is put back after
 * each input, here and in the other sessions. */
#include "mailcore/pop3/pop3.h"
#include "mailcore/store/item.h"
#include "tests/dialog/house_back.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct house house;
static struct house_kept kept;

static result
add(struct account *account, void *context)
{
	const struct item_summary summary = { .envelope = VIEW("NIL") };
	struct item_new item = { .bytes = context, .summary = &summary };
	struct arena *arena = arena_new(65536);
	struct collection inbox;
	struct item out;
	result r = collection_find(account, arena, COLLECTION_MAILBOX,
	    VIEW("INBOX"), &inbox);

	if (r.is == OK)
		r = item_add(account, inbox.id, &item, &out);
	arena_free(&arena);
	return r;
}

/* Bare ends of lines, dots, none at the end: what APPEND may leave. */
static void
seed(view text)
{
	struct spool *spool = spool_new(house.store, 4096);
	struct account *account = NULL;

	spool_add(spool, text);
	house_check(account_open(house.store, house.account, &account));
	house_check(item_prepare(account, spool));
	house_check(account_write(account, add, spool, DURABLE_LATER));
	account_close(&account);
	spool_free(&spool);
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
	struct pop3_services services = {
		.hostname = "mail.example.test",
		.starttls = true,
	};
	bool known;

	if (house.store == NULL) {
		house_open(&house);
		seed(VIEW("Subject: x\r\n\n.a\r..b\n\r\n.\r\nc"));
		seed(VIEW("Subject: y\r\n\r\n"));
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
