/*
 * Every reader of the doctor, given the same bytes for whatever it asks.  The
 * first byte chooses how the answer is labelled.  The same bytes also as a TXT
 * record, with no time for look-ups.
 */
#include "autoconfig/doctor/dns_spf.h"
#include "autoconfig/doctor/dns_tags.h"
#include "autoconfig/doctor/doctor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { ARENA = 8 << 20 };

struct answer {
	view body;
	unsigned label;
};

static void
fetch(void *self, struct arena *arena, const struct ask *ask,
    struct document *out)
{
	static const char *const types[] = { "text/xml", "application/json",
		"text/html", "" };
	static const unsigned statuses[] = { 200, 207, 302, 401 };
	const struct answer *a = self;

	(void)arena;
	*out = (struct document){ .url = ask->url, .body = a->body,
		.type = view_of(types[a->label & 3]),
		.status = statuses[a->label >> 2 & 3],
		.basic = (a->label & 16) != 0, .dav = a->body };
	if (out->status == 302)
		out->location = a->body;
	if ((a->label & 32) != 0 && ask->method == ASK_POST)
		out->status = 404;
}

static size_t
lookup(void *self, struct arena *arena, view name, enum record_type type,
    struct record **out)
{
	const struct answer *a = self;
	struct record *r;

	(void)name;
	if ((a->label & 64) == 0)
		return 0;
	r = arena_alloc(arena, sizeof *r);
	if (r == NULL)
		return 0;
	*r = (struct record){ .type = type, .priority = a->label,
		.port = a->label, .value = view_first(a->body, 255) };
	*out = r;
	return 1;
}

static void
read_text(view text, struct arena *arena)
{
	const struct record ours[] = {
		{ .type = RECORD_A, .value = VIEW("192.0.2.1") },
		{ .type = RECORD_AAAA, .value = VIEW("2001:db8::1") },
	};
	struct spf_look look = { .panel = NULL, .until = 0 };
	struct spf_finding f = { .broken = NULL };
	view value;

	if (!dns_tags_find(text, VIEW("p"), &value) && value.n != 0)
		abort();
	(void)dns_tags_are_valid(text);
	if (!spf_is_record(text))
		return;
	spf_examine(&look, arena, VIEW("example.org"), text, ours,
	    COUNT(ours), &f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	view all = { (const char *)p, n };
	struct answer a = { view_from(all, 1), n > 0 ? p[0] : 0 };
	const struct world w = { &a, fetch, lookup };
	const struct person person = { .address = VIEW("fred@example.org"),
		.local = VIEW("fred"), .domain = VIEW("example.org"),
		.password = (a.label & 128) != 0 ? VIEW("x") : VIEW("") };
	struct reading readings[DOCTOR_READERS];
	struct arena *arena = arena_new(ARENA);

	doctor_read(&w, arena, &person, readings);
	read_text(a.body, arena);
	arena_free(&arena);
	return 0;
}
