#include "autoconfig/doctor/dns_check.h"

#include "autoconfig/doctor/dns_judge.h"
#include "mailcore/sys/clock.h"

enum {
	ASK_HOST_A,
	ASK_HOST_AAAA,
	ASK_HOST_CNAME,
	ASK_WILD_CNAME,
	ASK_WILD_A,
	ASK_WILD_MX,
	ASK_WILD_TXT,
	ASK_WILD_SRV,
	ASK_SHARED,
	QUESTIONS_MOST = ASK_SHARED + 3 * DNS_PLAN_LINES,
	ADDRESSES_MOST = 128,
	NAMES_MOST = 8,
	ZONE_ARENA = 1 << 20
};

/* Nobody has this name, so what answers is a wildcard. */
static const char nobody[] = "posthaste-asks-for-nothing";

struct check {
	const struct dns_plan *plan;
	struct arena *arena;
	struct panel *panel;
	struct dns_context context;
	struct spf_look look;
	struct dns_question questions[QUESTIONS_MOST];
	size_t first[DNS_PLAN_LINES]; /* question of each line */
	size_t count;
	struct dns_answer *answers;
	size_t members;
	struct dns_verdict *verdicts; /* of one line, by member */
};

static void
add_question(struct check *c, view name, enum record_type type)
{
	c->questions[c->count++] = (struct dns_question){ name, type };
}

static void
make_questions(struct check *c)
{
	view domain = c->plan->domain;
	view wild = arena_print(c->arena, "%s.%.*s", nobody, (int)domain.n,
	    domain.p);

	add_question(c, c->plan->host, RECORD_A);
	add_question(c, c->plan->host, RECORD_AAAA);
	add_question(c, c->plan->host, RECORD_CNAME);
	add_question(c, wild, RECORD_CNAME);
	add_question(c, wild, RECORD_A);
	add_question(c, wild, RECORD_MX);
	add_question(c, wild, RECORD_TXT);
	add_question(c, wild, RECORD_SRV);
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct dns_line *line = &c->plan->lines[i];

		c->first[i] = c->count;
		add_question(c, line->owner, line->data.type);
		if (line->role != DNS_NAME)
			continue;
		add_question(c, line->owner, RECORD_A);
		add_question(c, line->owner, RECORD_AAAA);
	}
}

static const struct dns_answer *
answer_of(const struct check *c, size_t member, size_t question)
{
	return &c->answers[member * c->count + question];
}

static void
learn_host(struct check *c)
{
	const struct dns_answer *four = answer_of(c, 0, ASK_HOST_A);
	const struct dns_answer *six = answer_of(c, 0, ASK_HOST_AAAA);
	struct record *list = arena_array(c->arena, ADDRESSES_MOST,
	    sizeof *list);
	size_t n = 0;

	for (size_t i = 0; list != NULL && i < four->count
	     && n < ADDRESSES_MOST;
	     i++)
		list[n++] = four->records[i];
	for (size_t i = 0; list != NULL && i < six->count
	     && n < ADDRESSES_MOST;
	     i++)
		list[n++] = six->records[i];
	c->context.addresses = list;
	c->context.address_count = n;
	c->context.host_missing = n == 0 && four->kind != ANSWER_SILENT
	    && six->kind != ANSWER_SILENT;
	c->context.host_alias =
	    answer_of(c, 0, ASK_HOST_CNAME)->kind == ANSWER_DATA;
}

static size_t
wild_question(enum record_type type)
{
	switch (type) {
	case RECORD_CNAME:
		return ASK_WILD_CNAME;
	case RECORD_MX:
		return ASK_WILD_MX;
	case RECORD_SRV:
		return ASK_WILD_SRV;
	case RECORD_A:
	case RECORD_NS:
	case RECORD_TXT:
	case RECORD_AAAA:
	case RECORD_DS:
	case RECORD_TLSA:
	case RECORD_CAA:
		break;
	}
	return ASK_WILD_TXT;
}

static void
judge_line(struct check *c, size_t i)
{
	const struct dns_line *line = &c->plan->lines[i];
	size_t at = c->first[i];
	bool name = line->role == DNS_NAME;

	for (size_t m = 0; m < c->members; m++) {
		struct dns_evidence e = {
			.data = answer_of(c, m, at),
			.four = answer_of(c, m, name ? at + 1 : at),
			.six = answer_of(c, m, name ? at + 2 : at),
			.wild = answer_of(c, m,
			    wild_question(line->data.type)),
			.wild_four = answer_of(c, m, ASK_WILD_A),
		};

		dns_judge(&c->context, line, &e, &c->verdicts[m]);
	}
}

/* One state out of all servers'. */

struct tally {
	size_t silent, good, bad;
	const struct dns_verdict *worst; /* of those that answered, or NULL */
	view mute; /* a server that does not answer */
};

static struct tally
count_votes(const struct check *c)
{
	struct tally t = { .mute = VIEW("") };

	for (size_t m = 1; m < c->members; m++) {
		const struct dns_verdict *v = &c->verdicts[m];

		if (v->state == DNS_SILENT) {
			t.silent++;
			t.mute = panel_member_name(c->panel, m);
			continue;
		}
		if (dns_state_is_good(v->state))
			t.good++;
		else
			t.bad++;
		if (t.worst == NULL || v->state > t.worst->state)
			t.worst = v;
	}
	return t;
}

static void
settle(struct dns_row *row, enum dns_state state, view note)
{
	row->state = state;
	row->note = note;
}

static view
old_answer(const struct check *c, const struct dns_verdict *resolver)
{
	unsigned ttl = resolver->ttl;

	if (ttl < 120)
		return arena_print(c->arena, "all name servers have it; the"
		    " resolver keeps the old answer for %u seconds", ttl);
	return arena_print(c->arena, "all name servers have it; the resolver"
	    " keeps the old answer for %u minutes", (ttl + 59) / 60);
}

static void
decide(const struct check *c, struct dns_row *row)
{
	const struct dns_verdict *resolver = &c->verdicts[0];
	struct tally t = count_votes(c);
	size_t servers = c->members - 1;
	const struct dns_verdict *v = t.worst != NULL ? t.worst : resolver;

	settle(row, v->state, v->note);
	row->found = v->found;
	row->found_count = v->count;
	row->advice = v->advice;
	if (servers == 0)
		return;
	if (t.worst == NULL) {
		settle(row, DNS_SILENT,
		    VIEW("none of the zone's name servers answers"));
	} else if (t.good > 0 && t.bad > 0) {
		settle(row, DNS_SPREADING, arena_print(c->arena,
		    "%zu of %zu name servers have it", t.good, servers));
	} else if (t.bad == 0 && t.silent > 0) {
		settle(row, DNS_SILENT, arena_print(c->arena,
		    "%.*s does not answer", (int)t.mute.n, t.mute.p));
	} else if (t.bad == 0 && resolver->state == DNS_SILENT) {
		settle(row, DNS_SILENT, VIEW("the name servers have it, and"
		    " the resolver has no answer: the zone's DNSSEC may be"
		    " broken"));
	} else if (t.bad == 0 && !dns_state_is_good(resolver->state)) {
		settle(row, DNS_SPREADING, old_answer(c, resolver));
		row->found = resolver->found;
		row->found_count = resolver->count;
	}
}

/* What to do. */

static const char *const advices[DNS_STATES] = {
	[DNS_MISSING] = "Add: ",
	[DNS_SPREADING] = "Wait and look again. It is to be: ",
	[DNS_WRONG] = "Replace it by: ",
	[DNS_DUPLICATE] = "Remove all of them but: ",
	[DNS_CONFLICTING] = "Remove what stands beside it; keep or add: ",
	[DNS_INSECURE] = "Replace it by: ",
	[DNS_BROKEN] = "Replace it by: ",
};

static void
advise(const struct check *c, struct dns_row *row)
{
	struct buf text = buf_new(UINT16_MAX);

	if (dns_state_is_good(row->state))
		row->advice = VIEW("");
	else if (row->state == DNS_SILENT)
		row->advice = VIEW("Look again in a minute; when it stays so,"
		    " see whether the zone's name servers run.");
	else if (row->advice.n == 0 || row->state == DNS_SPREADING) {
		buf_add_text(&text, advices[row->state]);
		dns_line_short(row->line, c->plan->domain, &text);
		row->advice = arena_copy(c->arena, buf_view(&text));
	}
	buf_free(&text);
}

static result
make_rows(struct check *c, struct dns_report *out)
{
	out->rows = arena_array(c->arena, c->plan->count, sizeof *out->rows);
	c->members = panel_members(c->panel);
	c->verdicts = arena_array(c->arena, c->members, sizeof *c->verdicts);
	TRY(arena_result(c->arena));
	out->count = c->plan->count;
	out->authorities = c->members - 1;
	for (size_t i = 0; i < c->plan->count; i++) {
		struct dns_row *row = &out->rows[i];

		row->line = &c->plan->lines[i];
		judge_line(c, i);
		decide(c, row);
		advise(c, row);
		out->core += row->line->core;
		out->core_good += row->line->core
		    && dns_state_is_good(row->state);
	}
	return arena_result(c->arena);
}

static result
examine(struct check *c, unsigned budget_ms, struct dns_report *out)
{
	result r = panel_find_authorities(c->panel, c->arena, c->plan->domain,
	    budget_ms / 3, &out->zone);

	/* Then the resolver alone must do. */
	if (r.is != OK)
		out->trouble = view_of(r.why);
	make_questions(c);
	TRY(panel_ask(c->panel, c->arena, c->questions, c->count,
	    budget_ms / 3, &c->answers));
	learn_host(c);
	c->look = (struct spf_look){ c->panel,
		clock_steady_ms() + budget_ms / 3 };
	c->context.arena = c->arena;
	c->context.plan = c->plan;
	c->context.look = &c->look;
	return make_rows(c, out);
}

result
dns_check(const struct dns_plan *plan, const char *resolver,
    unsigned budget_ms, struct arena *arena, struct dns_report *out)
{
	struct check *c = arena_alloc(arena, sizeof *c);
	result r;

	*out = (struct dns_report){ .zone = VIEW(""), .trouble = VIEW("") };
	TRY(arena_result(arena));
	c->plan = plan;
	c->arena = arena;
	TRY(panel_new(&c->panel, resolver));
	r = examine(c, budget_ms, out);
	panel_free(&c->panel);
	return r;
}

bool
dns_zone_is_signed(view name, const char *resolver, unsigned budget_ms)
{
	struct dns_question questions[NAMES_MOST];
	struct arena *arena = arena_new(ZONE_ARENA);
	struct panel *panel = NULL;
	struct dns_answer *answers;
	size_t count = 0;
	bool found = false;

	/* A top-level domain's DS says nothing about those below. */
	for (view rest = name; view_find_byte(rest, '.') != SIZE_MAX
	     && count < NAMES_MOST;
	     (void)view_cut(&rest, '.'))
		questions[count++] = (struct dns_question){ rest, RECORD_DS };
	if (panel_new(&panel, resolver).is == OK
	    && panel_ask_resolver(panel, arena, questions, count, budget_ms,
	        &answers).is == OK)
		for (size_t i = 0; i < count; i++)
			found = found || answers[i].kind == ANSWER_DATA;
	panel_free(&panel);
	arena_free(&arena);
	return found;
}
