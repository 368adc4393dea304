/* Requests to the DAV handlers, a byte 0xff between two: the first line is
 * "METHOD target", then header fields, an empty line, and the body.  Never 500,
 * what is XML is well-formed, and the books of the account stay right. */
#include "mailcore/format/xml_in.h"
#include "tests/dialog/house.h"
#include "tests/unit/dav_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

enum { REQUESTS = 8 };
#define SEPARATOR ((char)0xff)

static struct talk fuzzed;
static int64_t account;

static void
finish(void)
{
	talk_close(&fuzzed);
}

int
LLVMFuzzerInitialize(int *count, char ***words)
{
	struct account_info info;
	struct arena *arena;
	char text[512];
	struct reply r;

	(void)count;
	(void)words;
	talk_open(&fuzzed);
	r = talk(
	    &fuzzed, "PUT", CALENDAR "e.ics", "", event(text, "e", "0101"));
	reply_free(&r);
	r = talk(&fuzzed, "PUT", BOOK "c.vcf", "", card(text, "c", "Ann"));
	reply_free(&r);
	arena = arena_new(65536);
	house_check(account_find(
	    fuzzed.store, arena, VIEW("user@example.org"), &info));
	account = info.id;
	arena_free(&arena);
	return atexit(finish);
}

static void
check(const struct reply *r)
{
	struct arena *arena = arena_new(134217728);
	struct xml_element *root;

	if (r->status == 0 || r->status == 500)
		abort();
	if (view_starts(buf_view(&r->body), VIEW("<?xml"))
	    && xml_parse(buf_view(&r->body), arena, &root).is == MALFORMED)
		abort();
	arena_free(&arena);
}

static void
ask(view rest)
{
	view line = view_cut(&rest, '\n'), method = view_cut(&line, ' ');
	struct buf headers = buf_new(65536), target = buf_new(65536);
	char name[32];
	struct reply r;

	if (view_copy(method, name, sizeof name)
	    && view_find_byte(line, '\0') == SIZE_MAX) {
		buf_add(&target, line);
		for (line = view_cut(&rest, '\n'); line.n > 0;
		     line = view_cut(&rest, '\n')) {
			buf_add(&headers, line);
			buf_add_byte(&headers, '\n');
		}
		r = talk_bytes(
		    &fuzzed, name, buf_text(&target), buf_text(&headers), rest);
		check(&r);
		reply_free(&r);
	}
	buf_free(&headers);
	buf_free(&target);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view input = { (const char *)data, size };

	for (int n = 0; n < REQUESTS && input.n > 0; n++)
		ask(view_cut(&input, SEPARATOR));
	house_verify(fuzzed.store, account);
	return 0;
}
