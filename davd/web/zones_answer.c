/* The actions of RFC 7808 5. */
#include "davd/web/zones.h"

#include "davd/web/zones_inside.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/format/ical_zone_list.h"

struct asked {
	struct zones *zones;
	const struct request *request;
	struct answer *answer;
	view tzid;
};

#define JSON VIEW("application/json")

/* RFC 7808 4.1.7 */
static void
refuse(struct asked *a, unsigned status, const char *what, const char *why)
{
	a->answer->status = status;
	buf_reset(&a->answer->body);
	buf_print(&a->answer->body, "{\"type\":"
	    "\"urn:ietf:params:tzdist:error:%s\",\"title\":\"%s\","
	    "\"status\":%u}\n", what, why, status);
	answer_header(a->answer, "Content-Type",
	    VIEW("application/problem+json"));
}

static void
give(struct asked *a, view type, view body, view etag)
{
	struct answer *answer = a->answer;
	unsigned status = request_precondition(a->request, etag);

	answer->status = status == 0 ? 200 : status;
	answer_header(answer, "ETag", arena_print(a->request->arena,
	    "\"%.*s\"", (int)etag.n, etag.p));
	answer_header(answer, "Cache-Control", VIEW("public, max-age=86400"));
	if (status != 0)
		return;
	answer_header(answer, "Content-Type", type);
	buf_add(&answer->body, body);
}

/* `etag`: its own when empty. */
static void
give_as(struct asked *a, view type, const struct buf *body, view etag)
{
	if (buf_result(body).is != OK)
		answer_text(a->answer, 503, "Try again later.");
	else
		give(a, type, buf_view(body), etag.n > 0 ? etag
			: zones_etag(buf_view(body), a->request->arena));
}

static void
give_made(struct asked *a, view type, const struct buf *body)
{
	give_as(a, type, body, VIEW(""));
}

/* RFC 7808 5.1 */
static void
capabilities(struct asked *a)
{
	struct buf out = buf_new(LIMIT_ZONES_ANSWER);

	buf_add(&out, VIEW("{\"version\":1,\"info\":{\"primary-source\":"));
	zones_string(&out, arena_print(a->request->arena, "IANA:%.*s",
	    (int)a->zones->version.n, a->zones->version.p));
	buf_add(&out, VIEW(",\"formats\":[\"text/calendar\"],"
	    "\"truncated\":{\"any\":false,\"untruncated\":true}},"
	    "\"actions\":["
	    "{\"name\":\"capabilities\",\"uri-template\":"
	    "\"" ZONES_CONTEXT "/capabilities\",\"parameters\":[]},"
	    "{\"name\":\"list\",\"uri-template\":"
	    "\"" ZONES_CONTEXT "/zones{?changedsince}\",\"parameters\":["
	    "{\"name\":\"changedsince\",\"required\":false,"
	    "\"multi\":false}]},"
	    "{\"name\":\"get\",\"uri-template\":"
	    "\"" ZONES_CONTEXT "/zones{/tzid}\",\"parameters\":[]},"
	    "{\"name\":\"expand\",\"uri-template\":"
	    "\"" ZONES_CONTEXT "/zones{/tzid}/observances{?start,end}\","
	    "\"parameters\":["
	    "{\"name\":\"start\",\"required\":true,\"multi\":false},"
	    "{\"name\":\"end\",\"required\":true,\"multi\":false}]},"
	    "{\"name\":\"find\",\"uri-template\":"
	    "\"" ZONES_CONTEXT "/zones{?pattern}\",\"parameters\":["
	    "{\"name\":\"pattern\",\"required\":true,\"multi\":false}]}"));
	if (a->zones->leap_count > 0)
		buf_add(&out, VIEW(",{\"name\":\"leapseconds\","
		    "\"uri-template\":\"" ZONES_CONTEXT "/leapseconds\","
		    "\"parameters\":[]}"));
	buf_add(&out, VIEW("]}\n"));
	give_made(a, JSON, &out);
	buf_free(&out);
}

/* How often a parameter stands in the query. */
static unsigned
times_asked(const struct request *request, view name)
{
	view rest = request->query;
	unsigned n = 0;

	while (rest.n > 0) {
		view pair = view_cut(&rest, '&');

		n += view_eq(view_cut(&pair, '='), name);
	}
	return n;
}

/* Nothing is known of what was before: either all is as it was, or the client
 * gets the whole list (RFC 7808 4.2.2.2). */
static void
list(struct asked *a)
{
	const struct zones *z = a->zones;
	struct buf out = buf_new(LIMIT_ZONES_ANSWER);
	view since;

	if (times_asked(a->request, VIEW("changedsince")) > 1) {
		refuse(a, 400, "invalid-changedsince", "One is expected");
	} else if (!request_query(a->request, VIEW("changedsince"), &since)
	    || !view_eq(since, z->token)) {
		give(a, JSON, buf_view(&z->list), z->list_etag);
	} else {
		zones_begin(z, &out);
		buf_add(&out, VIEW("]}\n"));
		give_made(a, JSON, &out);
	}
	buf_free(&out);
}

/* RFC 7808 5.5: a text, with a wildcard before or behind it. */
struct pattern {
	char text[LIMIT_ZONE_PATTERN];
	size_t n;
	bool before, behind;
};

/* Case and underscores do not matter. */
static char
fold(char c)
{
	return c == '_' ? ' ' : ascii_lower(c);
}

static bool
pattern_read(view v, struct pattern *out)
{
	*out = (struct pattern){ .n = 0 };
	if (v.n > LIMIT_ZONE_PATTERN)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c == '*') {
			if (i > 0 && i + 1 < v.n)
				return false;
			if (i == 0)
				out->before = true;
			else
				out->behind = true;
			continue;
		}
		if (c == '\\' && (++i == v.n
			|| (v.p[i] != '*' && v.p[i] != '\\')))
			return false;
		out->text[out->n++] = fold(v.p[i]);
	}
	return out->n > 0;
}

static bool
is_at(const struct pattern *p, view tzid, size_t at)
{
	for (size_t i = 0; i < p->n; i++)
		if (view_at(tzid, at + i) < 0
		    || fold(tzid.p[at + i]) != p->text[i])
			return false;
	return true;
}

static bool
pattern_fits(const struct pattern *p, view tzid)
{
	size_t last = p->before && tzid.n > p->n ? tzid.n - p->n : 0;

	for (size_t at = 0; at <= last; at++)
		if (is_at(p, tzid, at) && (p->behind || at + p->n == tzid.n))
			return true;
	return false;
}

/* RFC 7808 5.5: the zone, or another name of it. */
static bool
fits(const struct pattern *p, const struct zones *z, view tzid)
{
	bool found = pattern_fits(p, tzid);

	for (size_t i = 0; !found && i < z->link_count; i++)
		found = view_eq(z->links[i].of, tzid)
		    && pattern_fits(p, z->links[i].name);
	return found;
}

static void
find(struct asked *a, view text)
{
	const struct zones *z = a->zones;
	struct buf out = buf_new(LIMIT_ZONES_SHELF);
	struct pattern pattern;
	bool any = false;

	if (times_asked(a->request, VIEW("pattern")) > 1
	    || !pattern_read(text, &pattern)) {
		refuse(a, 400, "invalid-pattern",
		    "A text with * before or behind it is expected");
		return;
	}
	zones_begin(z, &out);
	for (size_t i = 0; i < z->count; i++) {
		if (!fits(&pattern, z, z->entries[i].tzid))
			continue;
		if (any)
			buf_add_byte(&out, ',');
		any = true;
		zones_row(z, &z->entries[i], &out);
	}
	buf_add(&out, VIEW("]}\n"));
	give_made(a, JSON, &out);
	buf_free(&out);
}

static void
list_or_find(struct asked *a)
{
	view text, since;

	if (!request_query(a->request, VIEW("pattern"), &text))
		list(a);
	else if (request_query(a->request, VIEW("changedsince"), &since))
		refuse(a, 400, "invalid-changedsince",
		    "It goes with no pattern");
	else
		find(a, text);
}

/* RFC 9110 12.5.1, as far as one type goes. */
static bool
is_accepted(const struct request *request)
{
	view rest, one;

	if (!request_header(request, VIEW("Accept"), &rest))
		return true;
	while (rest.n > 0) {
		view type, q;
		size_t at;

		one = view_cut(&rest, ',');
		type = view_trim(view_cut(&one, ';'));
		if (!view_same(type, VIEW("text/calendar"))
		    && !view_eq(type, VIEW("text/*"))
		    && !view_eq(type, VIEW("*/*")))
			continue;
		at = view_find_same(one, VIEW("q="));
		q = at == SIZE_MAX ? VIEW("1")
				   : view_trim(view_from(one, at + 2));
		for (size_t i = 0; i < q.n && q.p[i] != ';'; i++)
			if (q.p[i] >= '1' && q.p[i] <= '9')
				return true;
	}
	return false;
}

/* RFC 7808 5.3 */
static void
get(struct asked *a)
{
	static const view type = VIEW_INIT("text/calendar; charset=utf-8");
	const struct zone_entry *e = zones_find(a->zones, a->tzid);
	struct buf out = buf_new(LIMIT_ZONES_ANSWER);
	view value;

	answer_header(a->answer, "Vary", VIEW("Accept"));
	if (!is_accepted(a->request))
		refuse(a, 406, "invalid-format", "It is text/calendar");
	else if (request_query(a->request, VIEW("start"), &value))
		refuse(a, 400, "invalid-start", "Zones are given whole");
	else if (request_query(a->request, VIEW("end"), &value))
		refuse(a, 400, "invalid-end", "Zones are given whole");
	else if (e != NULL)
		give(a, type, e->text, e->etag);
	/* Another name of one. */
	else if (ical_zone_fresh(
		     a->tzid, zones_link(a->zones, a->tzid), &out)
		     .is
	    == OK)
		give_made(a, type, &out);
	else
		refuse(a, 404, "tzid-not-found", "There is no such zone");
	buf_free(&out);
}

/* "2026-03-29T01:00:00Z"; RFC 7808 5.4: in UTC. */
static bool
read_time(const struct request *request, view name, int64_t *out)
{
	static const char why[] = "RFC 3339";
	struct date d = { .year = 0 };
	struct scan s;
	view value;

	if (times_asked(request, name) > 1
	    || !request_query(request, name, &value))
		return false;
	s = scan_over(value);
	if (value.n != 20)
		return false;
	d.year = (int)scan_number(&s, 9999, why);
	scan_byte(&s, '-', why);
	d.month = (int)scan_number(&s, 12, why);
	scan_byte(&s, '-', why);
	d.day = (int)scan_number(&s, 31, why);
	scan_byte(&s, 'T', why);
	d.hour = (int)scan_number(&s, 23, why);
	scan_byte(&s, ':', why);
	d.minute = (int)scan_number(&s, 59, why);
	scan_byte(&s, ':', why);
	d.second = (int)scan_number(&s, 59, why);
	scan_byte(&s, 'Z', why);
	scan_end(&s, why);
	if (scan_result(&s).is != OK || !date_is_valid(&d))
		return false;
	*out = date_seconds(&d);
	return true;
}

static void
write_onsets(const struct asked *a, const struct ical_onset *list,
    size_t count, int64_t end, struct buf *out)
{
	buf_add(out, VIEW("{\"tzid\":"));
	zones_string(out, a->tzid);
	buf_add(out, VIEW(",\"start\":\""));
	date_add_rfc3339(out, list[0].at);
	buf_add(out, VIEW("\",\"end\":\""));
	date_add_rfc3339(out, end);
	buf_add(out, VIEW("\",\"observances\":["));
	for (size_t i = 0; i < count; i++) {
		buf_add(out, i > 0 ? VIEW(",{\"name\":") : VIEW("{\"name\":"));
		zones_string(out, list[i].name);
		buf_add(out, VIEW(",\"onset\":\""));
		date_add_rfc3339(out, list[i].at);
		buf_print(out, "\",\"utc-offset-from\":%d,"
		    "\"utc-offset-to\":%d}", (int)list[i].from,
		    (int)list[i].to);
	}
	buf_add(out, VIEW("]}\n"));
}

/* Of the zone itself (RFC 7808 5.4), as a "get" has it. */
static view
zone_etag(const struct asked *a)
{
	const struct zone_entry *e = zones_find(a->zones, a->tzid);
	struct buf text = buf_new(LIMIT_ZONES_ANSWER);
	view etag = VIEW("");

	if (e != NULL)
		etag = e->etag;
	else if (ical_zone_fresh(
		     a->tzid, zones_link(a->zones, a->tzid), &text).is
	    == OK)
		etag = zones_etag(buf_view(&text), a->request->arena);
	buf_free(&text);
	return etag;
}

/* RFC 7808 5.4 */
static void
expand(struct asked *a)
{
	struct buf out = buf_new(LIMIT_ZONES_ANSWER);
	struct ical_onset *all;
	size_t count;
	int64_t start, end;
	result r;

	if (!read_time(a->request, VIEW("start"), &start)) {
		refuse(a, 400, "invalid-start", "A time in UTC is expected");
	} else if (!read_time(a->request, VIEW("end"), &end)
	    || end <= start) {
		refuse(a, 400, "invalid-end", "A later time is expected");
	} else {
		r = ical_zone_onsets(a->tzid, start, end, a->request->arena,
		    &all, &count);
		if (r.is == NOT_FOUND) /* an old name may have no file */
			r = ical_zone_onsets(zones_link(a->zones, a->tzid),
			    start, end, a->request->arena, &all, &count);
		if (r.is == OK) {
			write_onsets(a, all, count, end, &out);
			give_as(a, JSON, &out, zone_etag(a));
		} else if (r.is == OVER_LIMIT) {
			refuse(a, 400, "invalid-end", "That is too far");
		} else {
			refuse(a, 404, "tzid-not-found",
			    "There is no such zone");
		}
	}
	buf_free(&out);
}

static void
add_day(struct buf *out, int64_t at)
{
	struct buf day = buf_new(64);

	date_add_rfc3339(&day, at);
	buf_cut(&day, sizeof "2026-01-01" - 1);
	zones_string(out, buf_view(&day));
	buf_free(&day);
}

/* RFC 7808 5.6 */
static void
leaps(struct asked *a)
{
	const struct zones *z = a->zones;
	struct buf out = buf_new(LIMIT_ZONES_ANSWER);

	buf_add(&out, VIEW("{\"expires\":"));
	add_day(&out, z->leaps_until);
	buf_add(&out, VIEW(",\"publisher\":\"IERS\",\"version\":"));
	zones_string(&out, z->version);
	buf_add(&out, VIEW(",\"leapseconds\":["));
	for (size_t i = 0; i < z->leap_count; i++) {
		buf_print(&out, "%s{\"utc-offset\":%u,\"onset\":",
		    i > 0 ? "," : "", z->leaps[i].ahead);
		add_day(&out, z->leaps[i].at);
		buf_add_byte(&out, '}');
	}
	buf_add(&out, VIEW("]}\n"));
	give_made(a, JSON, &out);
	buf_free(&out);
}

void
zones_answer(struct zones *z, const struct request *request,
    struct answer *answer)
{
	static const view context = VIEW_INIT(ZONES_CONTEXT);
	static const view zones = VIEW_INIT("/zones/");
	static const view observances = VIEW_INIT("/observances");
	struct asked a = { .zones = z, .request = request, .answer = answer };
	view path = view_from(request->path, context.n);

	if (!zones_ready(z)) {
		answer_text(answer, 503, "Try again later.");
	} else if (view_eq(path, VIEW("/capabilities"))) {
		capabilities(&a);
	} else if (view_eq(path, VIEW("/zones"))) {
		list_or_find(&a);
	} else if (z->leap_count > 0 && view_eq(path, VIEW("/leapseconds"))) {
		leaps(&a);
	} else if (view_starts(path, zones)) {
		a.tzid = view_from(path, zones.n);
		if (view_ends(a.tzid, observances)) {
			a.tzid = view_first(
			    a.tzid, a.tzid.n - observances.n);
			expand(&a);
		} else {
			get(&a);
		}
	} else {
		refuse(&a, 400, "invalid-action", "There is no such action");
	}
}
