/*
 * draft-ietf-mailmaint-pacc: one JSON document by https, whose bytes a TXT
 * record vouches for.  Mail servers speak TLS at 993, 995 and 465.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/dns_tags.h"
#include "mailcore/base/encode.h"

#include <jansson.h>
#include <openssl/evp.h>

static view
tag(view record, const char *name)
{
	view value;

	(void)dns_tags_find(record, view_of(name), &value);
	return value;
}

static view
digest(view body, struct arena *arena)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf text = buf_new(128);
	view out;

	if (EVP_Digest(body.p, body.n, sum, &n, EVP_sha256(), NULL) == 1)
		encode_base64(&text, (view){ (const char *)sum, n });
	out = arena_copy(arena, buf_view(&text));
	buf_free(&text);
	return out;
}

static void
check_record(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p, view body)
{
	view name = arena_print(arena, "_ua-auto-config.%.*s",
	    (int)p->domain.n, p->domain.p);
	view wanted = digest(body, arena);
	struct record *found = NULL;
	size_t n = w->lookup(w->self, arena, name, RECORD_TXT, &found);
	bool any = false;

	/* Several may be there while settings change: any one will do. */
	for (size_t i = 0; i < n; i++) {
		view text = found[i].value;

		if (!view_eq(tag(text, "v"), VIEW("UAAC1")))
			continue;
		any = true;
		if (dns_tags_are_valid(text)
		    && view_same(tag(text, "a"), VIEW("sha256"))
		    && view_eq(tag(text, "d"), wanted))
			return;
	}
	if (any)
		reading_fault(r, name, "the digest in the TXT record is not"
		    " that of the document", "publish the one that `posthaste"
		    " dns plan` gives; keep the old one for its TTL");
	else
		reading_fault(r, name, "no TXT record vouches for the"
		    " document", "publish the one that `posthaste dns plan`"
		    " gives");
}

static void
mail_member(struct reading *r, struct arena *arena, const struct person *p,
    view where, const json_t *protocols, const char *name,
    enum offer_kind kind, unsigned port)
{
	const json_t *member = json_object_get(protocols, name);
	const char *host = json_string_value(json_object_get(member, "host"));
	struct offer o = { .kind = kind, .port = port,
		.security = SECURITY_TLS, .login = p->address };

	if (member == NULL)
		return;
	o.host = arena_copy(arena, view_of(host));
	if (autoconf_host(o.host))
		autoconf_keep(r, where, &o);
	else
		reading_fault(r, where, "a protocol without a legal host",
		    "write a host name, without a port");
}

static void
dav_member(struct reading *r, struct arena *arena, const struct person *p,
    view where, const json_t *protocols, enum offer_kind kind)
{
	const json_t *member = json_object_get(protocols, offer_name(kind));
	view url = view_of(json_string_value(json_object_get(member, "url")));
	struct offer o = { .kind = kind, .url = arena_copy(arena, url),
		.login = p->address };

	if (member == NULL)
		return;
	if (view_starts(url, VIEW("https://")))
		reading_add(r, &o);
	else
		reading_fault(r, where, "a protocol's url is not https",
		    "write the whole https URL");
}

static void
read_json(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	json_t *root = json_loadb(d->body.p, d->body.n, 0, NULL);
	const json_t *protocols = json_object_get(root, "protocols");

	if (root == NULL)
		reading_fault(r, d->url, "the document is not JSON",
		    "serve it as `posthaste` makes it");
	else if (!json_is_object(protocols))
		reading_fault(r, d->url, "the document has no protocols",
		    "describe them");
	mail_member(r, arena, p, d->url, protocols, "imap", OFFER_IMAP, 993);
	mail_member(r, arena, p, d->url, protocols, "pop3", OFFER_POP3, 995);
	mail_member(r, arena, p, d->url, protocols,
	    json_object_get(protocols, "submit") != NULL ? "submit" : "smtp",
	    OFFER_SMTP, 465);
	dav_member(r, arena, p, d->url, protocols, OFFER_CALDAV);
	dav_member(r, arena, p, d->url, protocols, OFFER_CARDDAV);
	json_decref(root);
}

void
read_pacc(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct ask ask = { .method = ASK_GET, .url = arena_print(arena,
	    "https://ua-auto-config.%.*s/.well-known/"
	    "user-agent-configuration.json", (int)p->domain.n, p->domain.p) };
	struct document d = { .url = ask.url };

	r->optional = true;
	w->fetch(w->self, arena, &ask, &d);
	if (d.r.is != OK) {
		if (d.reached)
			reading_fault(r, d.url, d.r.why, "mend the"
			    " certificate or the server of this name");
		return;
	}
	if (d.status >= 301 && d.status <= 308)
		reading_fault(r, d.url, "the document's address redirects",
		    "answer it there");
	if (d.status != 200)
		return;
	if (!view_starts_same(d.type, VIEW("application/json")))
		reading_fault(r, d.url, "the answer is not typed as JSON",
		    "send Content-Type: application/json, or 404");
	read_json(r, &d, arena, p);
	check_record(r, w, arena, p, d.body);
}
