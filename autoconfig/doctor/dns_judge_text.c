/* TXT records: which of them are meant, and what they say. */
#include "autoconfig/doctor/dns_judge.h"

#include "autoconfig/doctor/dns_tags.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum {
	KEY_BITS_LEAST = 1024, /* RFC 8301 3.2 */
	KEY_TEXT = 16384,
	STS_ID_MOST = 32 /* RFC 8461 3.1 */
};

typedef void judge(const struct dns_context *, const struct dns_line *,
    view text, struct dns_verdict *);

static view
tag(view text, const char *name)
{
	view value;

	(void)dns_tags_find(text, view_of(name), &value);
	return value;
}

static void
judge_spf(const struct dns_context *c, const struct dns_line *line,
    view text, struct dns_verdict *v)
{
	struct spf_finding f;

	spf_examine(c->look, c->arena, line->owner, text, c->addresses,
	    c->address_count, &f);
	if (f.broken != NULL)
		dns_decide(v, DNS_BROKEN, f.broken);
	else if (f.anybody)
		dns_decide(v, DNS_INSECURE,
		    "it lets everybody send in the domain's name");
	else if (f.ours)
		dns_decide(v, DNS_FINE, "all our addresses pass");
	else if (f.silent)
		dns_decide(v, DNS_SILENT,
		    "no answer about what it includes");
	else
		dns_decide(v, DNS_WRONG, "mail that this server sends fails");
}

/* Without the spaces that RFC 6376 3.2 lets stand in it. */
static view
squeeze(struct arena *arena, view text)
{
	char *to = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; to != NULL && i < text.n; i++)
		if (!ascii_is_space(text.p[i]))
			to[n++] = text.p[i];
	return (view){ to == NULL ? "" : to, n };
}

/* 0: no RSA or Ed25519 key at all. */
static int
key_bits(view base64)
{
	struct buf der = buf_new(KEY_TEXT);
	const unsigned char *at;
	EVP_PKEY *key = NULL;
	int bits = 0;

	if (decode_base64_strict(&der, base64).is == OK && der.n > 0) {
		at = (const unsigned char *)der.p;
		key = d2i_PUBKEY(NULL, &at, (long)der.n);
		bits = key != NULL ? EVP_PKEY_bits(key) : 0;
	}
	EVP_PKEY_free(key);
	buf_free(&der);
	return bits;
}

static void
judge_dkim(const struct dns_context *c, const struct dns_line *line,
    view text, struct dns_verdict *v)
{
	view p, key = squeeze(c->arena, tag(text, "p"));
	view type = tag(text, "k");
	bool there = dns_tags_find(text, VIEW("p"), &p);
	bool testing = view_find(tag(text, "t"), VIEW("y")) != SIZE_MAX;
	int bits = key_bits(key);
	bool rsa = type.n == 0 || view_same(type, VIEW("rsa"));

	if (!dns_tags_are_valid(text) || !there)
		dns_decide(v, DNS_BROKEN, "RFC 6376 3.6.1: no key in it");
	else if (key.n == 0)
		dns_decide(v, DNS_INSECURE, "the key is revoked");
	else if (testing)
		dns_decide(v, DNS_INSECURE,
		    "t=y asks others to ignore the signature");
	else if (rsa && bits == 0)
		dns_decide(v, DNS_BROKEN, "RFC 6376 3.6.1: p= is no key");
	else if (rsa && bits < KEY_BITS_LEAST)
		dns_decide(v, DNS_BROKEN,
		    "RFC 8301 3.2: a key below 1024 bits does not count");
	else if (view_eq(key, tag(line->data.value, "p")))
		dns_decide(v, DNS_FINE, "the same key");
	else
		dns_decide(v, DNS_WRONG, "it is another key");
}

static void
judge_dmarc(const struct dns_context *c, const struct dns_line *line,
    view text, struct dns_verdict *v)
{
	view policy = tag(text, "p");

	(void)c;
	(void)line;
	if (!dns_tags_are_valid(text))
		dns_decide(v, DNS_BROKEN, "RFC 7489 6.4: not a list of tags");
	else if (view_same(policy, VIEW("none")))
		dns_decide(v, DNS_INSECURE,
		    "p=none asks nobody to refuse forgeries");
	else if (view_same(policy, VIEW("quarantine"))
	    || view_same(policy, VIEW("reject")))
		dns_decide(v, DNS_FINE, "a policy that protects");
	else
		dns_decide(v, DNS_BROKEN, "RFC 7489 6.3: no policy p=");
}

static void
judge_path(const struct dns_context *c, const struct dns_line *line,
    view text, struct dns_verdict *v)
{
	view want = view_from(line->data.value, VIEW("path=").n);
	view path = view_trim(view_from(view_trim(text), VIEW("path=").n));

	(void)c;
	while (view_ends(path, VIEW("/")))
		path.n--;
	while (view_ends(want, VIEW("/")))
		want.n--;
	if (view_eq(path, want))
		dns_decide(v, DNS_FINE, "the same path");
	else
		dns_decide(v, DNS_WRONG, "another path");
}

static void
judge_mta_sts(const struct dns_context *c, const struct dns_line *line,
    view text, struct dns_verdict *v)
{
	view id = tag(text, "id");
	bool good = id.n > 0 && id.n <= STS_ID_MOST;

	(void)c;
	for (size_t i = 0; i < id.n; i++)
		good = good && ascii_is_alnum(id.p[i]);
	if (!good || !dns_tags_are_valid(text))
		dns_decide(v, DNS_BROKEN, "RFC 8461 3.1: no id=");
	else if (view_eq(id, tag(line->data.value, "id")))
		dns_decide(v, DNS_FINE, "the same id");
	else
		dns_decide(v, DNS_WRONG,
		    "the id is not that of the present policy");
}

static void
judge_tls_rpt(const struct dns_context *c, const struct dns_line *line,
    view text, struct dns_verdict *v)
{
	view rua = tag(text, "rua");

	(void)c;
	(void)line;
	if (view_starts_same(rua, VIEW("mailto:"))
	    || view_starts_same(rua, VIEW("https:")))
		dns_decide(v, DNS_FINE, "reports go to another place");
	else
		dns_decide(v, DNS_BROKEN, "RFC 8460 3: no place for reports");
}

static void
judge_pacc(const struct dns_context *c, const struct dns_line *line,
    view text, struct dns_verdict *v)
{
	(void)c;
	if (dns_tags_are_valid(text)
	    && view_same(tag(text, "a"), VIEW("sha256"))
	    && view_eq(tag(text, "d"), tag(line->data.value, "d")))
		dns_decide(v, DNS_FINE, "the right digest");
	else if (v->state != DNS_FINE)
		dns_decide(v, DNS_WRONG, "the digest of other settings");
}

/* Which record is meant. */

static const struct kind {
	const char *begins; /* such records are meant; NULL: all */
	bool many;          /* several may be there, and one must fit */
	judge *judge;
} kinds[DNS_ROLES] = {
	[DNS_SPF] = { "v=spf1", false, judge_spf },
	[DNS_DKIM] = { NULL, false, judge_dkim },
	[DNS_DMARC] = { "v=DMARC1", false, judge_dmarc },
	[DNS_DAV_PATH] = { "path=", false, judge_path },
	[DNS_MTA_STS] = { "v=STSv1", false, judge_mta_sts },
	[DNS_TLS_RPT] = { "v=TLSRPTv1", false, judge_tls_rpt },
	[DNS_PACC] = { NULL, true, judge_pacc },
};

static bool
is_meant(const struct kind *kind, enum dns_role role, view text)
{
	if (role == DNS_SPF)
		return spf_is_record(text);
	return kind->begins == NULL
	    || view_starts_same(view_trim(text), view_of(kind->begins));
}

/* While settings change, two digests stand at one name, and each has a line
 * of its own. */
static const struct dns_line *
other_digest(const struct dns_context *c, const struct dns_line *line,
    view text)
{
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct dns_line *l = &c->plan->lines[i];

		if (l->role == DNS_PACC && l != line
		    && view_eq(tag(text, "d"), tag(l->data.value, "d")))
			return l;
	}
	return NULL;
}

static bool
follows_digest(const struct dns_context *c, const struct dns_line *line)
{
	if (line->role == DNS_PACC)
		for (size_t i = 0; &c->plan->lines[i] != line; i++)
			if (c->plan->lines[i].role == DNS_PACC)
				return true;
	return false;
}

/* Only those that are meant stay among the found ones. */
static void
keep_meant(const struct dns_context *c, const struct dns_line *line,
    const struct kind *kind, struct dns_verdict *v)
{
	struct record *kept = arena_array(c->arena, v->count + 1,
	    sizeof *kept);
	size_t n = 0;

	for (size_t i = 0; kept != NULL && i < v->count; i++)
		if (is_meant(kind, line->role, v->found[i].value)
		    && (line->role != DNS_PACC
		        || other_digest(c, line, v->found[i].value) == NULL))
			kept[n++] = v->found[i];
	/* At a name of its own, other text is a mistake. */
	if (n == 0 && v->count > 0 && line->role != DNS_SPF
	    && line->role != DNS_PACC) {
		dns_decide(v, DNS_WRONG, "text of another kind");
		return;
	}
	v->found = kept;
	v->count = n;
	v->state = n == 0 ? DNS_MISSING : DNS_OK;
}

void
dns_judge_text(const struct dns_context *c, const struct dns_line *line,
    struct dns_verdict *v)
{
	const struct kind *kind = &kinds[line->role];

	keep_meant(c, line, kind, v);
	if (v->state != DNS_OK)
		return;
	if (v->count > 1 && !kind->many) {
		dns_decide(v, DNS_DUPLICATE,
		    "others then take none of them, or the wrong one");
		return;
	}
	for (size_t i = 0; i < v->count; i++)
		if (view_eq(v->found[i].value, line->data.value))
			return;
	for (size_t i = 0; i < v->count; i++)
		kind->judge(c, line, v->found[i].value, v);
	/* What is wrong there is replaced by the first line's. */
	if (v->state == DNS_WRONG && follows_digest(c, line)) {
		dns_decide(v, DNS_MISSING, "");
		v->count = 0;
	}
}
