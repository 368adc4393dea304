/* The plan as text: zone file, CSV, JSON. */
#include "autoconfig/dns_plan.h"

#include "autoconfig/json_text.h"
#include "mailcore/base/ascii.h"

enum { STRING_MOST = 255 }; /* RFC 1035 3.3 */

/* RFC 1035 5.1: one string in quotes. */
static void
add_string(struct buf *out, view text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\')
			buf_add_byte(out, '\\');
		if (c == ' ' || ascii_is_graph(c))
			buf_add_byte(out, c);
		else
			buf_print(out, "\\%03u", (unsigned)(unsigned char)c);
	}
	buf_add_byte(out, '"');
}

static void
add_strings(struct buf *out, view text)
{
	do {
		add_string(out, view_first(text, STRING_MOST));
		text = view_from(text, STRING_MOST);
		if (text.n > 0)
			buf_add_byte(out, ' ');
	} while (text.n > 0);
}

/* A name of `origin` short, another in full; "" origin: all in full. */
static void
add_name(struct buf *out, view name, view origin, bool owner)
{
	if (origin.n > 0 && owner && view_eq(name, origin)) {
		buf_add_byte(out, '@');
		return;
	}
	if (origin.n > 0 && name.n > origin.n + 1 && view_ends(name, origin)
	    && name.p[name.n - origin.n - 1] == '.') {
		buf_add(out, view_first(name, name.n - origin.n - 1));
		return;
	}
	buf_add(out, name);
	buf_add_byte(out, '.');
}

static void
add_data(struct buf *out, const struct record *r, view origin)
{
	switch (r->type) {
	case RECORD_TXT:
		add_strings(out, r->value);
		return;
	case RECORD_MX:
		buf_print(out, "%u ", r->priority);
		break;
	case RECORD_SRV:
		buf_print(out, "%u %u %u ", r->priority, r->weight, r->port);
		break;
	case RECORD_NS:
	case RECORD_CNAME:
		break;
	case RECORD_A:
	case RECORD_AAAA:
	case RECORD_DS:
	case RECORD_TLSA:
	case RECORD_CAA:
		buf_add(out, r->value);
		return;
	}
	add_name(out, r->value, origin, false);
}

void
dns_line_short(const struct dns_line *line, view domain, struct buf *out)
{
	size_t from = out->n;

	add_name(out, line->owner, domain, true);
	for (size_t n = out->n - from; n < 19; n++)
		buf_add_byte(out, ' ');
	buf_print(out, " IN %-5s ", record_type_name(line->data.type));
	add_data(out, &line->data, domain);
}

void
dns_record_full(view owner, unsigned ttl, const struct record *r,
    struct buf *out)
{
	add_name(out, owner, VIEW(""), true);
	buf_print(out, " %u IN %s ", ttl, record_type_name(r->type));
	add_data(out, r, VIEW(""));
}

void
dns_plan_zone(const struct dns_plan *plan, struct buf *out)
{
	bool core = true;

	buf_add_text(out, "$ORIGIN ");
	buf_add(out, plan->domain);
	buf_print(out, ".\n$TTL %d\n", DNS_PLAN_TTL);
	for (size_t i = 0; i < plan->count; i++) {
		if (core && !plan->lines[i].core)
			buf_add_text(out, "; recommended\n");
		core = plan->lines[i].core;
		dns_line_short(&plan->lines[i], plan->domain, out);
		buf_add_byte(out, '\n');
	}
}

/* The value as panels of providers want it: without quotes and splitting. */
static view
plain_value(const struct record *r)
{
	return r->value.n > 0 ? r->value : VIEW(".");
}

/* RFC 4180 with semicolons: always quoted, since values hold them. */
static void
add_csv_text(struct buf *out, view text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_add_byte(out, '"');
		buf_add_byte(out, text.p[i]);
	}
	buf_add_byte(out, '"');
}

void
dns_plan_csv(const struct dns_plan *plan, struct buf *out)
{
	buf_add_text(out, "name;type;ttl;priority;weight;port;value\n");
	for (size_t i = 0; i < plan->count; i++) {
		const struct dns_line *line = &plan->lines[i];
		const struct record *r = &line->data;

		buf_add(out, line->owner);
		buf_print(out, ";%s;%d;", record_type_name(r->type),
		    DNS_PLAN_TTL);
		if (r->type == RECORD_MX || r->type == RECORD_SRV)
			buf_print(out, "%u", r->priority);
		buf_add_byte(out, ';');
		if (r->type == RECORD_SRV)
			buf_print(out, "%u;%u;", r->weight, r->port);
		else
			buf_add_text(out, ";;");
		add_csv_text(out, plain_value(r));
		buf_add_byte(out, '\n');
	}
}

void
dns_plan_json(const struct dns_plan *plan, struct buf *out)
{
	buf_add_text(out, "[");
	for (size_t i = 0; i < plan->count; i++) {
		const struct dns_line *line = &plan->lines[i];
		const struct record *r = &line->data;

		buf_add_text(out, i > 0 ? ",\n  {" : "\n  {");
		buf_add_text(out, "\"name\": ");
		json_add_text(out, line->owner);
		buf_print(out, ", \"type\": \"%s\", \"ttl\": %d",
		    record_type_name(r->type), DNS_PLAN_TTL);
		if (r->type == RECORD_MX || r->type == RECORD_SRV)
			buf_print(out, ", \"priority\": %u", r->priority);
		if (r->type == RECORD_SRV)
			buf_print(out, ", \"weight\": %u, \"port\": %u",
			    r->weight, r->port);
		buf_add_text(out, ", \"value\": ");
		json_add_text(out, plain_value(r));
		buf_print(out, ", \"core\": %s}",
		    line->core ? "true" : "false");
	}
	buf_add_text(out, "\n]\n");
}
