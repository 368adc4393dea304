#include "autoconfig/doctor/dns_judge.h"

void
dns_decide(struct dns_verdict *v, enum dns_state state, const char *note)
{
	v->state = state;
	v->note = view_of(note);
}

static bool
is_silent(const struct dns_answer *a)
{
	return a->kind == ANSWER_SILENT;
}

/* Names that clients ask. */

static bool
holds(const struct record *list, size_t count, view address)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq(list[i].value, address))
			return true;
	return false;
}

/* All addresses of the host and no other (in any order, once each). */
static bool
is_host(const struct dns_context *c, const struct record *list, size_t count)
{
	if (c->address_count == 0 || count != c->address_count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!holds(c->addresses, c->address_count, list[i].value))
			return false;
	for (size_t i = 0; i < c->address_count; i++)
		if (!holds(list, count, c->addresses[i].value))
			return false;
	return true;
}

static struct record *
both(const struct dns_context *c, const struct dns_evidence *e, size_t *count)
{
	struct record *list = arena_array(c->arena,
	    e->four->count + e->six->count + 1, sizeof *list);

	*count = 0;
	for (size_t i = 0; list != NULL && i < e->four->count; i++)
		list[(*count)++] = e->four->records[i];
	for (size_t i = 0; list != NULL && i < e->six->count; i++)
		list[(*count)++] = e->six->records[i];
	return list;
}

static void
judge_name(const struct dns_context *c, const struct dns_line *line,
    const struct dns_evidence *e, struct dns_verdict *v)
{
	size_t count;
	struct record *addresses = both(c, e, &count);
	bool alias = v->count > 0;

	if (v->count > 1) {
		dns_decide(v, DNS_DUPLICATE,
		    "RFC 1034 3.6.2: a name may have one CNAME only");
		return;
	}
	if (alias && view_eq(v->found[0].value, line->data.value)) {
		v->state = DNS_OK;
		return;
	}
	if (!alias) {
		v->found = addresses;
		v->count = count;
	}
	if (is_host(c, addresses, count))
		dns_decide(v, DNS_FINE, "it has all the server's addresses");
	else if (!alias && count == 0 && (is_silent(e->four)
	        || is_silent(e->six)))
		dns_decide(v, DNS_SILENT, "no answer about its addresses");
	else if (!alias && count == 0)
		v->state = DNS_MISSING;
	else
		dns_decide(v, DNS_WRONG, "it does not lead to this server, or"
		    " not to all of its addresses");
}

/* MX, SRV and the like. */

static void
judge_mx(const struct dns_context *c, const struct dns_line *line,
    struct dns_verdict *v)
{
	size_t ours = 0;

	for (size_t i = 0; i < v->count; i++)
		ours += view_eq(v->found[i].value, line->data.value);
	if (v->count == 0) {
		v->state = DNS_MISSING;
	} else if (ours == 0) {
		dns_decide(v, DNS_WRONG, "mail for the domain goes elsewhere");
	} else if (ours < v->count) {
		dns_decide(v, DNS_CONFLICTING,
		    "part of the mail goes to another server");
	} else if (ours > 1) {
		dns_decide(v, DNS_DUPLICATE, "the same server twice");
	} else if (c->host_missing || c->host_alias) {
		dns_decide(v, DNS_BROKEN, c->host_alias
		    ? "RFC 2181 10.3: the server's name may not be a CNAME"
		    : "the server's name has no address");
		v->advice = arena_print(c->arena, "Give %.*s its own A and"
		    " AAAA records.", (int)line->data.value.n,
		    line->data.value.p);
	} else {
		v->state = DNS_OK;
		if (v->found[0].priority != line->data.priority)
			dns_decide(v, DNS_FINE, "another preference");
	}
}

static void
judge_srv(const struct dns_context *c, const struct dns_line *line,
    struct dns_verdict *v)
{
	const struct record *want = &line->data, *one = v->found;

	(void)c;
	if (v->count == 0)
		v->state = DNS_MISSING;
	else if (v->count > 1)
		dns_decide(v, DNS_DUPLICATE,
		    "programs take one of them by chance");
	else if (want->value.n == 0 && one->value.n == 0)
		v->state = DNS_OK;
	else if (want->value.n == 0)
		dns_decide(v, DNS_WRONG, "it offers what is off here");
	else if (one->value.n == 0)
		dns_decide(v, DNS_WRONG, "it says that this is not offered");
	else if (!view_eq(one->value, want->value))
		dns_decide(v, DNS_WRONG, "it leads to another server");
	else if (one->port != want->port)
		dns_decide(v, DNS_WRONG, "it names another port");
	else if (record_same(one, want))
		v->state = DNS_OK;
	else
		dns_decide(v, DNS_FINE, "another priority or weight");
}

static void
judge_tlsa(const struct dns_context *c, const struct dns_line *line,
    struct dns_verdict *v)
{
	(void)c;
	if (v->count == 0)
		v->state = DNS_MISSING;
	else
		dns_decide(v, DNS_WRONG, "it is of another key, so that mail"
		    " from servers that know DANE stays away");
	for (size_t i = 0; i < v->count; i++)
		if (record_same(&v->found[i], &line->data))
			dns_decide(v, DNS_OK, "");
}

static void
judge_caa(const struct dns_context *c, const struct dns_line *line,
    struct dns_verdict *v)
{
	size_t issuers = 0, ours = 0;
	view want = line->data.value;

	(void)c;
	want.n -= want.n > 0; /* parameters may follow */
	for (size_t i = 0; i < v->count; i++) {
		view value = v->found[i].value;

		issuers += view_find(value, VIEW(" issue \"")) != SIZE_MAX;
		ours += view_starts(value, want);
	}
	if (issuers == 0)
		v->state = DNS_MISSING;
	else if (ours == 0)
		dns_decide(v, DNS_WRONG,
		    "it forbids the authority of the present certificate");
	else if (issuers > ours)
		dns_decide(v, DNS_FINE, "others may issue certificates too");
	else
		v->state = DNS_OK;
}

/* All of them. */

static bool
same_records(const struct dns_verdict *v, const struct dns_answer *a)
{
	if (v->count == 0 || a->count < v->count)
		return false;
	for (size_t i = 0; i < v->count; i++)
		if (!record_same(&v->found[i], &a->records[i]))
			return false;
	return true;
}

static void
judge_role(const struct dns_context *c, const struct dns_line *line,
    const struct dns_evidence *e, struct dns_verdict *v)
{
	switch (line->role) {
	case DNS_NAME:
		judge_name(c, line, e, v);
		return;
	case DNS_MX:
		judge_mx(c, line, v);
		return;
	case DNS_SRV:
		judge_srv(c, line, v);
		return;
	case DNS_TLSA:
		judge_tlsa(c, line, v);
		return;
	case DNS_CAA:
		judge_caa(c, line, v);
		return;
	case DNS_SPF:
	case DNS_DKIM:
	case DNS_DMARC:
	case DNS_DAV_PATH:
	case DNS_MTA_STS:
	case DNS_TLS_RPT:
	case DNS_PACC:
	case DNS_ROLES:
		break;
	}
	dns_judge_text(c, line, v);
}

void
dns_judge(const struct dns_context *c, const struct dns_line *line,
    const struct dns_evidence *e, struct dns_verdict *out)
{
	*out = (struct dns_verdict){ .found = e->data->records,
		.count = e->data->count, .ttl = e->data->ttl,
		.note = VIEW(""), .advice = VIEW("") };
	if (is_silent(e->data)) {
		dns_decide(out, DNS_SILENT, "no answer");
		return;
	}
	judge_role(c, line, e, out);
	if (out->state != DNS_WRONG)
		return;
	if (same_records(out, e->wild) || (line->role == DNS_NAME
	        && same_records(out, e->wild_four)))
		dns_decide(out, DNS_CONFLICTING,
		    "a wildcard answers for this name");
}
