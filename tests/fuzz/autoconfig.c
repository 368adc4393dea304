/* An address line and a Host line; whatever they say, the document for what
 * comes out is well-formed XML. */
#include "autoconfig/question.h"
#include "autoconfig/service_set.h"
#include "mailcore/format/xml_in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view rest = { (const char *)data, size };
	view address = view_cut(&rest, '\n');
	view host = view_cut(&rest, '\n');
	struct arena *arena = arena_new(1 << 20);
	struct autoconfig_question question;
	struct xml_element *root;
	struct service_set set;
	struct conf conf;

	conf_defaults(&conf, 0);
	conf.hostname = "mail.example.org";
	if (autoconfig_ask(address, host, arena, &question).is != OK)
		question.count = 0;
	for (size_t i = 0; i < question.count; i++) {
		struct buf out = buf_new(1 << 20);

		/* The rest is a display name, of any bytes. */
		if (service_set_make(&conf, question.domains[i], rest, arena,
		        &set).is == OK) {
			autoconfig_thunderbird(&set, &out);
			if (xml_parse(buf_view(&out), arena, &root).is != OK)
				abort();
		}
		buf_free(&out);
	}
	arena_free(&arena);
	return 0;
}
