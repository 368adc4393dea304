#include "mailcore/push/message.h"

#include "mailcore/base/encode.h"
#include "mailcore/format/xml_out.h"

#include <openssl/evp.h>

enum { TEXT = 256, TOPIC_BYTES = 16 };

void
push_topic(const struct signer_point *key, int64_t account,
    int64_t collection, struct buf *out)
{
	unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
	struct buf text = buf_new(TEXT);

	buf_add(&text, (view){ (const char *)key->bytes, sizeof key->bytes });
	buf_print(&text, " %lld %lld", (long long)account,
	    (long long)collection);
	if (EVP_Digest(text.p, text.n, hash, NULL, EVP_sha256(), NULL) != 1)
		buf_fail(out, FAILED, "no SHA-256");
	encode_base64url(out, (view){ (const char *)hash, TOPIC_BYTES });
	buf_free(&text);
}

void
push_message_write(const struct push_message *m, struct buf *out)
{
	struct xml_out x = xml_to(out);

	xml_start(&x, "P:push-message");
	xml_set(&x, "xmlns:P", VIEW(PUSH_NS));
	xml_set(&x, "xmlns:D", VIEW("DAV:"));
	xml_leaf(&x, "P:topic", m->topic);
	if (m->content) {
		xml_start(&x, "P:content-update");
		if (m->token.n > 0)
			xml_leaf(&x, "D:sync-token", m->token);
		xml_end(&x, "P:content-update");
	}
	if (m->properties)
		xml_leaf(&x, "P:property-update", VIEW(""));
	xml_end(&x, "P:push-message");
}
