/* /domains/ID/dns: the records that a domain wants. */
#include "davd/page_domains.h"

#include "davd/api/domain_dns.h"

enum { ZONE_TEXT = 1 << 20 };

static result
make_plan(struct page *p, const struct domain *hosted, struct dns_plan *out)
{
	const struct domain_dns where = { .store = p->services->dav.store,
		.signer = p->services->signer, .conf = p->services->conf };
	struct arena *arena = p->request->arena;
	struct service_set set;
	struct pacc_roll roll;

	TRY(service_set_make(p->services->conf, hosted->name,
	    hosted->display_name, arena, &set));
	return domain_dns_plan(&where, &set, arena, &roll, out);
}

static void
show(struct page *p, const struct domain *hosted, const struct dns_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct dns_line *line = &plan->lines[i];
		struct html *row = html_row(p->html,
		    line->core ? "needed" : "wanted");

		html_text(row, "name", line->owner);
		html_text(row, "type",
		    view_of(record_type_name(line->data.type)));
		html_text(row, "host", record_text(&line->data,
		    p->request->arena));
	}
	html_flag(p->html, "at_domains", true);
	html_number(p->html, "hosted_id", (uint64_t)hosted->id);
	html_text(p->html, "hosted", hosted->name);
	page_send(p, "records", "title.records");
}

static void
send_zone(struct page *p, const struct domain *hosted,
    const struct dns_plan *plan)
{
	struct buf text = buf_new(ZONE_TEXT);
	view file = arena_print(p->request->arena,
	    "attachment; filename=\"%.*s.zone\"", (int)hosted->name.n,
	    hosted->name.p);

	dns_plan_zone(plan, &text);
	p->answer->status = 200;
	buf_add(&p->answer->body, buf_view(&text));
	buf_free(&text);
	page_guard(p->answer);
	answer_header(p->answer, "Content-Type",
	    VIEW("text/plain; charset=utf-8"));
	answer_header(p->answer, "Content-Disposition", file);
	answer_header(p->answer, "Cache-Control", VIEW("no-store"));
}

void
page_domain_dns(struct page *p, const struct domain *hosted, bool file)
{
	struct dns_plan plan;
	result r = make_plan(p, hosted, &plan);

	if (r.is != OK)
		page_fault_of(p, r);
	else if (file)
		send_zone(p, hosted, &plan);
	else
		show(p, hosted, &plan);
}
