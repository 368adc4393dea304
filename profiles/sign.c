#include "profiles/sign.h"

#include "mailcore/sys/log.h"

result
profile_sign(struct signer *signer, view host, view document,
    struct buf *out)
{
	size_t before = out->n;
	result r = signer_cms(signer, host, document, out);

	if (r.is == OK)
		return r;
	log_line(LOG_WARNING, "profile.unsigned", "host=%.*s why=\"%s\"",
	    LOG_VIEW(host), r.why);
	if (buf_result(out).is == OK) {
		buf_cut(out, before);
		buf_add(out, document);
	}
	return buf_result(out);
}
