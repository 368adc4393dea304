/* The report as text, as JSON and as a list of changes. */
#include "autoconfig/doctor/dns_check.h"

#include "autoconfig/json_text.h"

enum { REPORT_ARENA = 4 << 20 };

static const struct {
	const char *name;
	bool good;
} states[DNS_STATES] = {
	[DNS_OK] = { "ok", true },
	[DNS_FINE] = { "also fine", true },
	[DNS_MISSING] = { "missing", false },
	[DNS_SPREADING] = { "spreading", false },
	[DNS_WRONG] = { "wrong", false },
	[DNS_DUPLICATE] = { "duplicate", false },
	[DNS_CONFLICTING] = { "conflicting", false },
	[DNS_INSECURE] = { "insecure", false },
	[DNS_BROKEN] = { "broken", false },
	[DNS_SILENT] = { "no answer", false },
};

const char *
dns_state_name(enum dns_state state)
{
	return states[state].name;
}

bool
dns_state_is_good(enum dns_state state)
{
	return states[state].good;
}

bool
dns_report_is_good(const struct dns_report *report)
{
	return report->core_good == report->core;
}

/* Is the record itself among those found? */
static bool
is_there(const struct dns_row *row)
{
	for (size_t i = 0; i < row->found_count; i++)
		if (record_same(&row->found[i], &row->line->data))
			return true;
	return false;
}

bool
dns_row_lacks(const struct dns_row *row)
{
	return !dns_state_is_good(row->state) && row->state != DNS_SPREADING
	    && row->state != DNS_SILENT && !is_there(row);
}

static void
add_field(struct buf *out, const char *name, view text)
{
	buf_print(out, "             %-7s ", name);
	buf_add(out, text);
	buf_add_byte(out, '\n');
}

static void
add_row(const struct dns_row *row, struct arena *arena, struct buf *out)
{
	buf_print(out, "%-12s %-5s ", states[row->state].name,
	    record_type_name(row->line->data.type));
	buf_add(out, row->line->owner);
	if (!row->line->core && !dns_state_is_good(row->state))
		buf_add_text(out, " (recommended)");
	buf_add_byte(out, '\n');
	if (row->state == DNS_OK)
		return;
	for (size_t i = 0; i < row->found_count; i++)
		add_field(out, "found", record_text(&row->found[i], arena));
	if (row->found_count == 0 && row->state != DNS_SILENT)
		add_field(out, "found", VIEW("nothing"));
	add_field(out, "wanted", record_text(&row->line->data, arena));
	if (row->note.n > 0)
		add_field(out, "note", row->note);
	if (dns_state_is_good(row->state))
		return;
	add_field(out, "why", view_of(row->line->why));
	add_field(out, "do", row->advice);
}

void
dns_report_text(const struct dns_report *report, struct buf *out)
{
	struct arena *arena = arena_new(REPORT_ARENA);
	size_t more = 0;

	if (report->trouble.n > 0) {
		buf_add_text(out, "Only the resolver could be asked: ");
		buf_add(out, report->trouble);
		buf_add_text(out, ".\n");
	}
	for (size_t i = 0; i < report->count; i++) {
		const struct dns_row *row = &report->rows[i];

		add_row(row, arena, out);
		more += !row->line->core && !dns_state_is_good(row->state);
	}
	buf_print(out, "%zu of %zu core records are good", report->core_good,
	    report->core);
	if (more > 0)
		buf_print(out, "; %zu of the recommended ones are not", more);
	buf_add_text(out, ".\n");
	arena_free(&arena);
}

static void
add_member(struct buf *out, const char *name, view text)
{
	buf_print(out, ",\n      \"%s\": ", name);
	json_add_text(out, text);
}

static void
add_json_row(const struct dns_row *row, struct arena *arena, struct buf *out)
{
	buf_add_text(out, "    {\"name\": ");
	json_add_text(out, row->line->owner);
	buf_print(out, ", \"type\": \"%s\", \"core\": %s, \"state\": \"%s\"",
	    record_type_name(row->line->data.type),
	    row->line->core ? "true" : "false", states[row->state].name);
	add_member(out, "wanted", record_text(&row->line->data, arena));
	buf_add_text(out, ",\n      \"found\": [");
	for (size_t i = 0; i < row->found_count; i++) {
		view text = record_text(&row->found[i], arena);

		buf_print(out, "%s{\"type\": \"%s\", \"value\": ",
		    i > 0 ? ", " : "", record_type_name(row->found[i].type));
		json_add_text(out, text);
		buf_add_byte(out, '}');
	}
	buf_add_byte(out, ']');
	add_member(out, "note", row->note);
	add_member(out, "why", view_of(row->line->why));
	add_member(out, "do", row->advice);
	buf_add_byte(out, '}');
}

void
dns_report_json(const struct dns_report *report, struct buf *out)
{
	struct arena *arena = arena_new(REPORT_ARENA);

	buf_add_text(out, "{\n  \"zone\": ");
	json_add_text(out, report->zone);
	buf_print(out, ",\n  \"good\": %s,\n  \"core\": %zu,\n"
	    "  \"core_good\": %zu,\n  \"name_servers\": %zu,\n"
	    "  \"trouble\": ", dns_report_is_good(report) ? "true" : "false",
	    report->core, report->core_good, report->authorities);
	json_add_text(out, report->trouble);
	buf_add_text(out, ",\n  \"records\": [\n");
	for (size_t i = 0; i < report->count; i++) {
		if (i > 0)
			buf_add_text(out, ",\n");
		add_json_row(&report->rows[i], arena, out);
	}
	buf_add_text(out, "\n  ]\n}\n");
	arena_free(&arena);
}

static void
add_change(struct buf *out, const char *what, const struct dns_row *row,
    const struct record *r)
{
	buf_add_text(out, what);
	dns_record_full(row->line->owner, DNS_PLAN_TTL, r, out);
	buf_add_byte(out, '\n');
}

void
dns_report_diff(const struct dns_report *report, struct buf *out)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct dns_row *row = &report->rows[i];

		if (dns_state_is_good(row->state)
		    || row->state == DNS_SPREADING
		    || row->state == DNS_SILENT)
			continue;
		for (size_t k = 0; k < row->found_count; k++)
			if (!record_same(&row->found[k], &row->line->data))
				add_change(out, "del ", row, &row->found[k]);
		if (!is_there(row))
			add_change(out, "add ", row, &row->line->data);
	}
}
