#include "davd/web/upload.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/header.h"

enum { BOUNDARY_MOST = 70, HEADERS_MOST = 4096 }; /* RFC 2046 5.1.1 */

struct upload {
	struct arena *arena;
	struct form *form;
	view *file;
	view mark; /* "\r\n--" and the boundary */
	view rest;
	size_t bytes; /* of fields */
	bool any;     /* a file was there */
};

static bool
content_type(const struct request *request, struct header_value *out)
{
	view field;

	if (!request_header(request, VIEW("Content-Type"), &field))
		return false;
	header_value(field, request->arena, out);
	return view_same(out->value, VIEW("multipart/form-data"));
}

bool
upload_is(const struct request *request)
{
	struct header_value value;

	return content_type(request, &value);
}

static view
parameter(const struct header_value *v, view name)
{
	for (size_t i = 0; i < v->parameter_count; i++)
		if (view_same(v->parameters[i].name, name))
			return v->parameters[i].value;
	return VIEW("");
}

static bool
has_parameter(const struct header_value *v, view name)
{
	for (size_t i = 0; i < v->parameter_count; i++)
		if (view_same(v->parameters[i].name, name))
			return true;
	return false;
}

/* The lines above one part; false: no field of a form. */
static bool
read_lines(struct upload *u, struct header_value *disposition)
{
	size_t end = view_find(u->rest, VIEW("\r\n\r\n"));
	view lines, line;
	bool found = false;

	if (end == SIZE_MAX || end > HEADERS_MOST)
		return false;
	lines = view_first(u->rest, end + 2);
	u->rest = view_from(u->rest, end + 4);
	while (view_line(&lines, &line)) {
		view name = view_cut(&line, ':');

		if (!view_same(view_trim(name), VIEW("Content-Disposition")))
			continue;
		header_value(view_trim(line), u->arena, disposition);
		found = view_same(disposition->value, VIEW("form-data"));
	}
	return found;
}

static result
keep(struct upload *u, const struct header_value *disposition, view bytes)
{
	struct form *form = u->form;

	if (has_parameter(disposition, VIEW("filename"))) {
		if (u->any)
			return fail(OVER_LIMIT, "a form of two files");
		u->any = true;
		*u->file = bytes;
		return done();
	}
	u->bytes += bytes.n;
	if (u->bytes > LIMIT_FORM)
		return fail(OVER_LIMIT, "a form that is too large");
	if (form->count == FORM_FIELDS)
		return fail(OVER_LIMIT, "a form of too many fields");
	TRY(form_check(bytes));
	form->fields[form->count].name = arena_copy(
	    u->arena, parameter(disposition, VIEW("name")));
	form->fields[form->count++].value = bytes;
	return arena_result(u->arena);
}

/* After a delimiter, one part up to the next one. */
static result
read_part(struct upload *u)
{
	struct header_value disposition = { .parameter_count = 0 };
	size_t end;

	if (!view_starts(u->rest, VIEW("\r\n")))
		return fail(MALFORMED, "RFC 2046 5.1.1: no line after a"
		    " delimiter");
	u->rest = view_from(u->rest, 2);
	if (!read_lines(u, &disposition))
		return fail(MALFORMED, "RFC 7578 4.2: not form-data");
	end = view_find(u->rest, u->mark);
	if (end == SIZE_MAX)
		return fail(MALFORMED, "RFC 2046 5.1.1: no end");
	TRY(keep(u, &disposition, view_first(u->rest, end)));
	u->rest = view_from(u->rest, end + u->mark.n);
	return done();
}

result
upload_read(const struct request *request, struct form *out, view *file)
{
	struct upload u = { .arena = request->arena, .form = out,
		.file = file, .rest = request->body };
	struct header_value type;
	view boundary;

	*out = (struct form){ 0 };
	*file = VIEW("");
	if (!content_type(request, &type))
		return fail(MALFORMED, "RFC 7578 4: not multipart/form-data");
	boundary = parameter(&type, VIEW("boundary"));
	if (boundary.n == 0 || boundary.n > BOUNDARY_MOST)
		return fail(MALFORMED, "RFC 2046 5.1.1: no boundary");
	u.mark = arena_print(u.arena, "\r\n--%.*s", (int)boundary.n,
	    boundary.p);
	TRY(arena_result(u.arena));
	if (!view_starts(u.rest, view_from(u.mark, 2)))
		return fail(MALFORMED, "RFC 2046 5.1.1: no delimiter");
	u.rest = view_from(u.rest, u.mark.n - 2);
	while (!view_starts(u.rest, VIEW("--")))
		TRY(read_part(&u));
	return done();
}
