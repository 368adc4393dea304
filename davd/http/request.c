#include "davd/http/request.h"

#include "mailcore/base/date.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

bool
request_header(const struct request *r, view name, view *value)
{
	const struct request_fields *fields = r->inside;

	for (size_t i = 0; i < fields->count; i++) {
		if (!view_same(fields->list[i].name, name))
			continue;
		*value = fields->list[i].value;
		return true;
	}
	return false;
}

static bool
decode_into(struct arena *arena, view text, view *out)
{
	struct buf b = buf_new(text.n + 1);
	bool good = decode_percent(&b, text).is == OK;

	if (good)
		*out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return good && arena_result(arena).is == OK;
}

bool
request_query(const struct request *r, view name, view *value)
{
	view rest = r->query;

	while (rest.n > 0) {
		view pair = view_cut(&rest, '&');
		view key = view_cut(&pair, '='), decoded;

		if (decode_into(r->arena, key, &decoded)
		    && view_eq(decoded, name))
			return decode_into(r->arena, pair, value);
	}
	return false;
}

/* RFC 7617 2: the user-id ends at the first colon; we say UTF-8. */
bool
request_basic(const struct request *r, view *user, view *password)
{
	view value, pair;
	struct buf b;
	bool good;

	if (!request_header(r, VIEW("Authorization"), &value))
		return false;
	if (!view_starts_same(value, VIEW("Basic ")))
		return false;
	value = view_trim(view_from(value, 6));
	b = buf_new(LIMIT_HTTP_HEADER);
	good = decode_base64_strict(&b, value).is == OK;
	pair = good ? arena_copy(r->arena, buf_view(&b)) : VIEW("");
	buf_free(&b);
	if (view_find_byte(pair, ':') == SIZE_MAX
	    || view_find_byte(pair, '\0') != SIZE_MAX || !utf8_is_valid(pair))
		return false;
	*user = view_cut(&pair, ':');
	*password = pair;
	return true;
}

/* One entity tag off a list (RFC 9110 8.8.3).  Tags without quotes, as some
 * clients send them, are taken up to the next comma. */
static bool
next_tag(view *list, view *tag, bool *weak)
{
	while (list->n > 0 && (list->p[0] == ',' || ascii_is_space(list->p[0])))
		*list = view_from(*list, 1);
	if (list->n == 0)
		return false;
	*weak = view_starts(*list, VIEW("W/"));
	if (*weak)
		*list = view_from(*list, 2);
	if (view_at(*list, 0) == '"') {
		*list = view_from(*list, 1);
		*tag = view_cut(list, '"');
	} else {
		*tag = view_trim(view_cut(list, ','));
	}
	return true;
}

static bool
list_names(view list, view etag, bool weak_too)
{
	view tag;
	bool weak;

	if (view_eq(view_trim(list), VIEW("*")))
		return etag.n > 0;
	while (next_tag(&list, &tag, &weak))
		if (etag.n > 0 && view_eq(tag, etag) && (weak_too || !weak))
			return true;
	return false;
}

/* Over all fields of that name, as they are one list (RFC 9110 5.3). */
static bool
any_names(
    const struct request *r, view name, view etag, bool weak_too, bool *present)
{
	const struct request_fields *fields = r->inside;
	bool found = false;

	*present = false;
	for (size_t i = 0; i < fields->count; i++) {
		if (!view_same(fields->list[i].name, name))
			continue;
		*present = true;
		if (list_names(fields->list[i].value, etag, weak_too))
			found = true;
	}
	return found;
}

/* Than If-Unmodified-Since; a date that is none counts for nothing. */
static bool
is_later(const struct request *r, int64_t changed)
{
	view value;
	int64_t since;

	return changed != INT64_MIN
	    && request_header(r, VIEW("If-Unmodified-Since"), &value)
	    && date_parse_http(view_trim(value), &since).is == OK
	    && changed > since;
}

unsigned
request_precondition(const struct request *r, view etag)
{
	return request_precondition_of(r, etag, NULL);
}

unsigned
request_precondition_of(
    const struct request *r, view etag, const struct request_states *states)
{
	bool present, named;

	/* RFC 9110 13.2.2, in its order.  If-Modified-Since is not evaluated:
	 * what changed twice in a second would seem to be as it was. */
	named = any_names(r, VIEW("If-Match"), etag, false, &present);
	if ((present && !named) || !request_if(r, etag, states)
	    || (!present && states != NULL && is_later(r, states->changed)))
		return 412;
	named = any_names(r, VIEW("If-None-Match"), etag, true, &present);
	if (!present || !named)
		return 0;
	return view_eq(r->method, VIEW("GET"))
		|| view_eq(r->method, VIEW("HEAD"))
	    ? 304
	    : 412;
}
