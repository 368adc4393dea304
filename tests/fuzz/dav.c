/* A whole request to the DAV handlers: the first line is "METHOD target", then
 * header fields, an empty line, and the body.  Never 500, and what is XML is
 * well-formed. */
#include "mailcore/format/xml_in.h"
#include "tests/unit/dav_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

static struct talk fuzzed;

static void
finish(void)
{
	talk_close(&fuzzed);
}

int
LLVMFuzzerInitialize(int *count, char ***words)
{
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view rest = { (const char *)data, size }, line, method;
	struct buf headers = buf_new(65536), target = buf_new(65536);
	char name[32];
	struct reply r;

	line = view_cut(&rest, '\n');
	method = view_cut(&line, ' ');
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
	return 0;
}
