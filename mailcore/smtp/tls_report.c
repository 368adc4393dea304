#include "mailcore/smtp/tls_report.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/format/mime.h"
#include "mailcore/smtp/sign.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/random.h"

enum {
	DAY = 24 * 3600,
	POST_MS = 20000,
	REPORT_MOST = 1024 * 1024,
	MEMORY = 4 * 1024 * 1024,
	ANSWER_MOST = 65536,
	LINE_MOST = 900 /* RFC 5322 2.1.1 */
};

static const char *const types[] = { "sts", "tlsa", "no-policy-found" };

bool
tls_report_places(const view *records, size_t count,
    view places[TLS_REPORT_PLACES], size_t *found)
{
	size_t said = 0;

	*found = 0;
	for (size_t i = 0; i < count; i++) {
		view rest = records[i], field;

		if (!view_eq(view_trim(view_cut(&rest, ';')),
		        VIEW("v=TLSRPTv1")))
			continue;
		said++;
		field = view_trim(view_cut(&rest, ';'));
		if (!view_starts(field, VIEW("rua=")))
			continue;
		field = view_from(field, 4);
		while (field.n > 0 && *found < TLS_REPORT_PLACES) {
			view one = view_trim(view_cut(&field, ','));

			if (view_starts_same(one, VIEW("mailto:"))
			    || view_starts_same(one, VIEW("https://")))
				places[(*found)++] = one;
		}
	}
	return said == 1 && *found > 0;
}

static void
add_string(struct buf *out, view text)
{
	text = view_first(text, LINE_MOST);
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, c == ' ' || ascii_is_graph(c) ? c : '?');
	}
	buf_add_byte(out, '"');
}

static int64_t
sum(const struct tls_session *list, size_t count, const char *type,
    bool good)
{
	int64_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (view_eq(list[i].policy, view_of(type))
		    && view_eq(list[i].outcome, VIEW("successful")) == good)
			n += list[i].count;
	return n;
}

static void
add_failures(struct buf *out, const struct tls_session *list, size_t count,
    const char *type)
{
	const char *before = "";

	buf_add(out, VIEW(",\r\n   \"failure-details\": ["));
	for (size_t i = 0; i < count; i++) {
		const struct tls_session *t = &list[i];

		if (!view_eq(t->policy, view_of(type))
		    || view_eq(t->outcome, VIEW("successful")))
			continue;
		buf_print(out, "%s\r\n    {\"result-type\": ", before);
		before = ",";
		add_string(out, t->outcome);
		if (t->host.n > 0) {
			buf_add(out, VIEW(", \"receiving-mx-hostname\": "));
			add_string(out, t->host);
		}
		if (t->address.n > 0) {
			buf_add(out, VIEW(", \"receiving-ip\": "));
			add_string(out, t->address);
		}
		buf_print(out, ", \"failed-session-count\": %lld}",
		    (long long)t->count);
	}
	buf_add(out, VIEW("]"));
}

static void
add_policy(struct buf *out, const struct tls_session *list, size_t count,
    const char *type, view policy)
{
	const char *before = "";
	view line;

	buf_print(out, "{\"policy\": {\"policy-type\": \"%s\","
	    " \"policy-domain\": ", type);
	add_string(out, list[0].domain);
	if (view_eq(view_of(type), VIEW("sts")) && policy.n > 0) {
		buf_add(out, VIEW(", \"policy-string\": ["));
		while (view_line(&policy, &line)) {
			buf_print(out, "%s\r\n    ", before);
			before = ",";
			add_string(out, line);
		}
		buf_add(out, VIEW("]"));
	}
	buf_print(out, "},\r\n   \"summary\": {"
	    "\"total-successful-session-count\": %lld,"
	    " \"total-failure-session-count\": %lld}",
	    (long long)sum(list, count, type, true),
	    (long long)sum(list, count, type, false));
	if (sum(list, count, type, false) > 0)
		add_failures(out, list, count, type);
	buf_add(out, VIEW("}"));
}

void
tls_report_write(struct buf *out, const char *hostname, view id,
    const struct tls_session *list, size_t count, view policy)
{
	int64_t start = list[0].day * DAY;
	const char *before = "";

	buf_print(out, "{\"organization-name\": \"%s\",\r\n"
	    " \"date-range\": {\"start-datetime\": \"", hostname);
	date_add_rfc3339(out, start);
	buf_add(out, VIEW("\", \"end-datetime\": \""));
	date_add_rfc3339(out, start + DAY - 1);
	buf_print(out, "\"},\r\n \"contact-info\": \"postmaster@%s\",\r\n"
	    " \"report-id\": \"%.*s\",\r\n \"policies\": [", hostname,
	    LOG_VIEW(id));
	for (size_t i = 0; i < COUNT(types); i++) {
		if (sum(list, count, types[i], true) == 0
		    && sum(list, count, types[i], false) == 0)
			continue;
		buf_print(out, "%s\r\n  ", before);
		before = ",";
		add_policy(out, list, count, types[i], policy);
	}
	buf_add(out, VIEW("]}\r\n"));
}

struct sending {
	const struct tls_report_services *services;
	struct arena *arena;
	view domain, id, json;
	int64_t day;
	bool *queued;
};

/* RFC 8460 5.3 */
static void
write_mail(const struct sending *s, view to, struct buf *out)
{
	const char *host = s->services->hostname;
	long long start = (long long)s->day * DAY;

	buf_print(out, "From: <postmaster@%s>\r\nTo: <%.*s>\r\nSubject:"
	    " Report Domain: %.*s\r\n\tSubmitter: %s\r\n\tReport-ID:"
	    " <%.*s@%s>\r\n", host, LOG_VIEW(to), LOG_VIEW(s->domain), host,
	    LOG_VIEW(s->id), host);
	buf_add(out, VIEW("Date: "));
	date_add_rfc5322(out, clock_now());
	buf_print(out, "\r\nMessage-ID: <%.*s@%s>\r\n"
	    "TLS-Report-Domain: %.*s\r\nTLS-Report-Submitter: %s\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n"
	    "\tboundary=\"=_%.*s\"\r\n\r\n", LOG_VIEW(s->id), host,
	    LOG_VIEW(s->domain), host, LOG_VIEW(s->id));
	buf_print(out, "--=_%.*s\r\nContent-Type: text/plain;"
	    " charset=us-ascii\r\n\r\nThis is a report about TLS with the"
	    " mail servers of\r\n%.*s, seen by %s (RFC 8460).\r\n",
	    LOG_VIEW(s->id), LOG_VIEW(s->domain), host);
	buf_print(out, "\r\n--=_%.*s\r\nContent-Type:"
	    " application/tlsrpt+json\r\nContent-Disposition: attachment;\r\n"
	    "\tfilename=\"%s!%.*s!%lld!%lld.json\"\r\n\r\n", LOG_VIEW(s->id),
	    host, LOG_VIEW(s->domain), start, start + DAY - 1);
	buf_add(out, s->json);
	buf_print(out, "\r\n--=_%.*s--\r\n", LOG_VIEW(s->id));
}

static result
send_mail(const struct sending *s, view to)
{
	const struct sign_services signing = { .store = s->services->store,
		.signer = s->services->signer,
		.hostname = s->services->hostname };
	struct buf text = buf_new(2 * REPORT_MOST);
	struct buf whole = buf_new(3 * REPORT_MOST);
	struct queue_new q = { .sender = VIEW(""), .recipients = &to,
		.count = 1 };
	size_t header;
	int64_t id;
	result r;

	write_mail(s, to, &text);
	header = header_length(buf_view(&text));
	sign_outgoing(&signing, 0, VIEW(""),
	    view_first(buf_view(&text), header),
	    view_from(buf_view(&text), header), &whole);
	buf_add(&whole, buf_view(&text));
	q.data = buf_view(&whole);
	r = buf_result(&whole);
	if (r.is == OK && buf_result(&text).is == OK)
		r = queue_add(s->services->store, &q, &id);
	*s->queued = *s->queued || r.is == OK;
	buf_free(&text);
	buf_free(&whole);
	return r;
}

/* RFC 8460 5.4 */
static result
post(const struct sending *s, view url)
{
	view rest = view_from(url, sizeof "https://" - 1);
	view host = view_first(rest, view_find_byte(rest, '/'));
	const struct https_request q = {
		.host = host,
		.path = host.n < rest.n ? view_from(rest, host.n) : VIEW("/"),
		.type = VIEW("application/tlsrpt+json"),
		.body = s->json,
		.most = ANSWER_MOST,
		.wait_ms = POST_MS,
	};
	struct https_answer a;

	/* Of others' making: nothing but a name, no port, no line's end. */
	for (size_t i = 0; i < url.n; i++)
		if (!ascii_is_graph(url.p[i]))
			return fail(MALFORMED, "RFC 3986: not a URL");
	if (view_find_byte(host, ':') != SIZE_MAX
	    || view_find_byte(host, '@') != SIZE_MAX)
		return fail(MALFORMED, "RFC 8460 3: not a host's name");
	TRY(https_ask(&s->services->secure->https, s->arena, &q, &a));
	return a.status / 100 == 2 ? done()
				   : fail(FAILED, "the report is not taken");
}

static result
send_to(const struct sending *s, view place)
{
	struct buf to = buf_new(LIMIT_ADDRESS);
	result r;

	if (view_starts_same(place, VIEW("https://")))
		return post(s, place);
	place = view_from(place, sizeof "mailto:" - 1);
	r = decode_percent(&to, view_cut(&place, '?'));
	for (size_t i = 0; i < to.n && r.is == OK; i++)
		if (!ascii_is_graph(to.p[i]) || to.p[i] == '<'
		    || to.p[i] == '>')
			r = fail(MALFORMED, "RFC 5321 4.1.2: not an address");
	if (r.is == OK)
		r = send_mail(s, buf_view(&to));
	buf_free(&to);
	return r;
}

static void
tell(const struct tls_report_services *services, struct arena *arena,
    const struct tls_session *list, size_t count, bool *queued)
{
	view *records, places[TLS_REPORT_PLACES];
	struct sending s = { .services = services, .arena = arena,
		.domain = list[0].domain, .day = list[0].day,
		.queued = queued };
	struct buf json = buf_new(REPORT_MOST);
	struct sts_row row = { .tried = 0 };
	size_t n = 0, found = 0;
	result r = resolve_txt(services->secure->resolver, arena,
	    arena_print(arena, "_smtp._tls.%.*s", LOG_VIEW(s.domain)),
	    &records, &n);

	if (r.is == OK && tls_report_places(records, n, places, &found)) {
		s.id = arena_print(arena, "%lld.%016llx", (long long)s.day,
		    (unsigned long long)random_number(UINT64_MAX));
		if (sts_row_get(services->store, arena, s.domain, clock_now(),
		        &row).is != OK)
			row.text = VIEW("");
		tls_report_write(&json, services->hostname, s.id, list, count,
		    row.text);
		s.json = buf_view(&json);
	}
	for (size_t i = 0; i < found && buf_result(&json).is == OK; i++) {
		r = send_to(&s, places[i]);
		log_line(r.is == OK ? LOG_INFO : LOG_WARNING, "tls.report",
		    "domain=%.*s day=%lld why=\"%s\"", LOG_VIEW(s.domain),
		    (long long)s.day, r.why);
	}
	buf_free(&json);
}

bool
tls_report_send(const struct tls_report_services *services, int64_t today,
    bool *queued)
{
	struct arena *arena = arena_new(MEMORY);
	struct tls_session *list;
	size_t count = 0;
	result r = tls_session_take(services->store, arena, today, &list,
	    &count);

	*queued = false;
	if (r.is == OK && count > 0) {
		tell(services, arena, list, count, queued);
		/* Once: a report that is lost is only a report. */
		r = tls_session_forget(services->store, list[0].day,
		    list[0].domain);
	}
	if (r.is == OK && count > 0)
		r = store_sync(services->store);
	if (r.is != OK)
		log_line(LOG_ERROR, "tls.report", "why=\"%s\"", r.why);
	arena_free(&arena);
	return r.is != OK || count == 0;
}
