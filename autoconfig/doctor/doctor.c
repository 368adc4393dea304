#include "autoconfig/doctor/doctor.h"

static const struct {
	const char *client;
	reader *read;
} readers[DOCTOR_READERS] = {
	{ "Thunderbird 140", read_thunderbird_140 },
	{ "Thunderbird 153", read_thunderbird_153 },
	{ "Thunderbird Android", read_k9 },
	{ "Evolution", read_evolution },
	{ "KMail", read_kmail },
	{ "GNOME Accounts", read_goa },
	{ "Geary", read_geary },
	{ "FairEmail", read_fairemail },
	{ "Delta Chat", read_deltachat },
	{ "DAVx5", read_davx5 },
	{ "Apple (DAV)", read_apple },
	{ "Outlook", read_outlook },
	{ "eM Client", read_emclient },
	{ "PACC", read_pacc },
	{ "Other mail servers", read_servers },
};

const char *
offer_name(enum offer_kind kind)
{
	static const char *const names[] = {
		[OFFER_IMAP] = "imap",
		[OFFER_POP3] = "pop3",
		[OFFER_SMTP] = "smtp",
		[OFFER_CALDAV] = "caldav",
		[OFFER_CARDDAV] = "carddav",
	};

	return names[kind];
}

const char *
security_name(enum offer_security security)
{
	static const char *const names[] = {
		[SECURITY_TLS] = "TLS",
		[SECURITY_STARTTLS] = "STARTTLS",
		[SECURITY_PLAIN] = "no encryption",
	};

	return names[security];
}

void
reading_fault(struct reading *r, view where, const char *rule,
    const char *fix)
{
	if (r->verdict == VERDICT_FAULT)
		return;
	r->verdict = VERDICT_FAULT;
	r->where = where;
	r->rule = rule;
	r->fix = fix;
}

void
reading_add(struct reading *r, const struct offer *o)
{
	if (r->offer_count < READING_OFFERS)
		r->offers[r->offer_count++] = *o;
}

void
reading_join(struct reading *r, const struct reading *from)
{
	for (size_t i = 0; i < from->offer_count; i++)
		reading_add(r, &from->offers[i]);
	if (from->verdict == VERDICT_FAULT)
		reading_fault(r, from->where, from->rule, from->fix);
}

bool
reading_has(const struct reading *r, enum offer_kind kind)
{
	for (size_t i = 0; i < r->offer_count; i++)
		if (r->offers[i].kind == kind)
			return true;
	return false;
}

static bool
is_dav(const struct offer *o)
{
	return o->kind == OFFER_CALDAV || o->kind == OFFER_CARDDAV;
}

/* Do readers of that sort of thing find any? */
static bool
anybody_finds(const struct reading *all, bool dav)
{
	for (size_t i = 0; i < DOCTOR_READERS; i++)
		for (size_t k = 0; k < all[i].offer_count; k++)
			if (is_dav(&all[i].offers[k]) == dav)
				return true;
	return false;
}

static bool
wants_dav_only(const struct reading *r)
{
	return view_eq(view_of(r->client), VIEW("DAVx5"))
	    || view_eq(view_of(r->client), VIEW("Apple (DAV)"));
}

static void
judge(struct reading *r, const struct reading *all)
{
	bool dav = wants_dav_only(r);

	if (r->verdict == VERDICT_FAULT)
		return;
	r->verdict = r->offer_count > 0 || r->checked ? VERDICT_OK
	                                              : VERDICT_NONE;
	if (r->verdict == VERDICT_OK || r->optional)
		return;
	if (anybody_finds(all, dav))
		reading_fault(r, VIEW(""), "finds nothing, although other"
		    " programs do", dav ? "publish _caldavs._tcp and"
		    " _carddavs._tcp, or redirect /.well-known/caldav and"
		    " carddav" : "answer where this program asks: `posthaste"
		    " dns plan` names the records");
	else if (!dav)
		reading_fault(r, VIEW(""), "finds no settings: people must"
		    " type them in", "publish autoconfig.DOMAIN and"
		    " autodiscover.DOMAIN and answer there");
}

void
doctor_read(const struct world *w, struct arena *a, const struct person *p,
    struct reading out[DOCTOR_READERS])
{
	for (size_t i = 0; i < DOCTOR_READERS; i++) {
		out[i] = (struct reading){ .client = readers[i].client,
			.rule = "", .fix = "" };
		readers[i].read(&out[i], w, a, p);
	}
	for (size_t i = 0; i < DOCTOR_READERS; i++)
		judge(&out[i], out);
}
