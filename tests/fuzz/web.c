/* A form with a file, whose boundary is the first line, and the zone service
 * with the first line as its path and query: whatever they are told, what is
 * found lies in the body, and an answer is JSON or a calendar.
 *
 * A page that shows again what a form said, in a language that a header
 * names: whatever it was, no tag is in the page that the template has not. */
#include "davd/web/files.h"
#include "davd/web/form.h"
#include "davd/web/html.h"
#include "davd/http/request.h"
#include "davd/web/platform.h"
#include "davd/web/upload.h"
#include "davd/web/zones.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t
count(view text, char byte)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == byte;
	return n;
}

static bool
lies_in(view part, view whole)
{
	return part.n == 0
	    || (part.p >= whole.p && part.n <= whole.n
		&& part.p + part.n <= whole.p + whole.n);
}

static void
upload(view boundary, view body, struct arena *arena)
{
	const struct request_field field = { VIEW("Content-Type"),
		arena_print(arena, "multipart/form-data; boundary=%.*s",
		    (int)boundary.n, boundary.p) };
	const struct request_fields fields = { &field, 1 };
	const struct request request = { .arena = arena, .inside = &fields,
		.body = body };
	struct form form;
	view file;

	if (upload_read(&request, &form, &file).is != OK)
		return;
	if (!lies_in(file, body))
		abort();
	for (size_t i = 0; i < form.count; i++)
		if (!lies_in(form.fields[i].value, body))
			abort();
}

/* One for all runs, as reading them takes long. */
static struct zones *
all_zones(void)
{
	static struct zones *zones;

	if (zones == NULL)
		zones = zones_new();
	return zones;
}

static void
ask_zones(view target, view accept, struct arena *arena)
{
	const struct request_field field = { VIEW("Accept"), accept };
	const struct request_fields fields = { &field, accept.n > 0 };
	struct request request = { .arena = arena, .inside = &fields,
		.method = VIEW("GET"), .body = VIEW("") };
	struct answer answer = { .body = buf_new(1 << 22),
		.headers = buf_new(1 << 16) };

	target = arena_print(arena, ZONES_CONTEXT "%.*s", (int)target.n,
	    target.p);
	if (request_target(&request, target).is == OK
	    && view_starts(request.path, VIEW(ZONES_CONTEXT))) {
		zones_answer(all_zones(), &request, &answer);
		if (answer.status == 0 || answer.status == 503
		    || (answer.body.n > 0 && answer.body.p[0] != '{'
			&& answer.body.p[0] != 'B'))
			abort();
	}
	buf_free(&answer.body);
	buf_free(&answer.headers);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view input = { (const char *)data, size };
	view field = view_cut(&input, '\n');
	struct arena *arena = arena_new(1 << 20);
	struct buf out = buf_new(1 << 20);
	struct html *h = html_new(arena);
	struct form form;
	bool lasting;

	(void)platform_browser(field);
	(void)web_file_at(field, &lasting);
	upload(field, input, arena);
	ask_zones(field, input, arena);
	if (form_read(input, arena, &form).is == OK)
		html_text(h, "host", form_value(&form, VIEW("a")));
	else
		html_text(h, "host", input);
	html_text(h, "x", field);
	if (html_fill(h, VIEW("<p title=\"{{x}}\">{{=copy.what}}</p>"),
	        text_accepted(field), &out).is == OK
	    && (count(buf_view(&out), '<') != 2
	        || count(buf_view(&out), '>') != 2
	        || count(buf_view(&out), '"') != 2))
		abort();
	buf_free(&out);
	arena_free(&arena);
	return 0;
}
