#include "autoconfig/pacc.h"

#include "autoconfig/json_text.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <openssl/evp.h>

/* A host is all that is said of these: TLS from the start on this port is
 * understood (RFC 8314 7.3).  Revision -02 calls it "smtp", later ones
 * "submit"; readers ignore the member that they do not know. */
static const struct member {
	const char *protocol; /* of a service_entry */
	unsigned port;
	const char *name;
} members[] = {
	{ "imap", 993, "imap" },
	{ "pop3", 995, "pop3" },
	{ "smtp", 465, "submit" },
	{ "smtp", 465, "smtp" },
};

static view
host_for(const struct member *m, const struct service_entry *entries,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq(view_of(entries[i].protocol),
		        view_of(m->protocol))
		    && entries[i].socket == SOCKET_TLS
		    && entries[i].port == m->port)
			return entries[i].host;
	return VIEW("");
}

static void
add_name(struct buf *out, const char *name, bool first)
{
	if (!first)
		buf_add_byte(out, ',');
	json_add_text(out, view_of(name));
	buf_add_byte(out, ':');
}

/* URLs are without a port in this format. */
static bool
has_port(view url)
{
	view rest = view_from(url, VIEW("https://").n);

	return view_find_byte(view_cut(&rest, '/'), ':') != SIZE_MAX;
}

static void
add_dav(const struct service_set *set, struct buf *out)
{
	static const char *const names[] = { "caldav", "carddav" };

	if (set->dav.n == 0 || has_port(set->dav))
		return;
	for (size_t i = 0; i < COUNT(names); i++) {
		add_name(out, names[i], false);
		buf_add_text(out, "{\"url\":");
		json_add_text(out, set->dav);
		buf_add_byte(out, '}');
	}
}

/* false: nothing to read mail from, or nothing to send it by. */
static bool
add_protocols(const struct service_set *set, struct buf *out)
{
	bool reads = false, sends = false, first = true;

	buf_add_text(out, "{\"protocols\":{");
	for (size_t i = 0; i < COUNT(members); i++) {
		view host = host_for(&members[i], set->incoming,
		    set->incoming_count);

		reads = reads || host.n > 0;
		if (host.n == 0) {
			host = host_for(&members[i], set->outgoing,
			    set->outgoing_count);
			sends = sends || host.n > 0;
		}
		if (host.n == 0)
			continue;
		add_name(out, members[i].name, first);
		buf_add_text(out, "{\"host\":");
		json_add_text(out, host);
		buf_add_byte(out, '}');
		first = false;
	}
	add_dav(set, out);
	buf_add_byte(out, '}');
	return reads && sends;
}

static void
add_info(const struct service_set *set, struct buf *out)
{
	buf_add_text(out, ",\"authentication\":{\"password\":true}"
	    ",\"info\":{\"provider\":{\"name\":");
	json_add_text(out, set->display_name);
	buf_add_text(out, ",\"shortName\":");
	json_add_text(out, set->short_name);
	buf_add_byte(out, '}');
	if (set->web.n > 0 && !has_port(set->web)) {
		buf_add_text(out, ",\"help\":{\"documentation\":");
		json_add_text(out, set->web);
		buf_add_byte(out, '}');
	}
	buf_add_text(out, "}}\n");
}

result
pacc_document(const struct service_set *set, struct buf *out)
{
	size_t before = out->n;

	/* Its readers log in by the address. */
	if (set->login != LOGIN_ADDRESS || !add_protocols(set, out)) {
		buf_cut(out, before);
		return fail(NOT_FOUND, "PACC has no words for these ports");
	}
	add_info(set, out);
	return buf_result(out);
}

result
pacc_digest(view document, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(document.p, document.n, digest, &n, EVP_sha256(), NULL)
	    != 1)
		return fail(FAILED, "SHA-256 does not work");
	buf_add_text(out, "v=UAAC1; a=sha256; d=");
	encode_base64(out, (view){ (const char *)digest, n });
	return buf_result(out);
}

result
pacc_record(const struct service_set *set, struct buf *out)
{
	struct buf document = buf_new(LIMIT_PACC_DOCUMENT);
	result r = pacc_document(set, &document);

	if (r.is == OK)
		r = pacc_digest(buf_view(&document), out);
	buf_free(&document);
	return r;
}
