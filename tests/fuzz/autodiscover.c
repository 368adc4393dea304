/* From the bytes of a request to the bytes of its answer: a POX body, or an
 * address and a protocol for the JSON.  Whatever comes, the answer is
 * well-formed, and the login in it is the one that was read. */
#include "autoconfig/autodiscover.h"
#include "mailcore/format/xml_in.h"
#include "tests/json_check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct xml_element *
descend(const struct xml_element *e, const char *name)
{
	for (e = e->first; e != NULL; e = e->next)
		if (view_eq(e->name, view_of(name)))
			return e;
	abort();
}

static void
check_answer(const struct autodiscover_question *asked, view answer,
    struct arena *arena)
{
	struct xml_element *root;
	const struct xml_element *e;

	if (xml_parse(answer, arena, &root).is != OK)
		abort();
	e = descend(root, "Response");
	if (asked->error != AUTODISCOVER_FINE) {
		(void)descend(descend(e, "Error"), "ErrorCode");
		return;
	}
	e = descend(descend(descend(e, "Account"), "Protocol"), "LoginName");
	if (!view_eq(e->text, asked->login)
	    && view_find(e->text, VIEW("\xef\xbf\xbd")) == SIZE_MAX)
		abort();
}

static void
try_pox(const struct conf *conf, view body, struct arena *arena)
{
	struct autodiscover_question asked;
	struct autodiscover_failure failure = { .now = 1234567890,
		.host = VIEW("mail.example.org") };
	struct buf out = buf_new(1 << 20);
	struct service_set set;

	autodiscover_ask(body, arena, &asked);
	if (asked.error == AUTODISCOVER_FINE
	    && service_set_make(conf, asked.domain, asked.domain, arena, &set)
	               .is != OK)
		asked.error = AUTODISCOVER_NO_ADDRESS; /* "[127.0.0.1]" */
	failure.schema = asked.schema;
	failure.error = asked.error;
	if (asked.error == AUTODISCOVER_FINE)
		autodiscover_settings(&set, asked.login, &out);
	else
		autodiscover_failure(&failure, &out);
	check_answer(&asked, arena_copy(arena, buf_view(&out)), arena);
	buf_free(&out);
}

static void
try_json(const struct conf *conf, view query, struct arena *arena)
{
	view email = view_cut(&query, '\n'), domain;
	struct buf out = buf_new(1 << 20);
	struct service_set set;
	result r = autodiscover_json_ask(email, query, arena, &domain, &out);

	if (r.is == OK) {
		bool found = service_set_make(conf, domain, domain, arena,
		    &set).is == OK;

		if ((autodiscover_json(found ? &set : NULL, &out) == 200)
		    != found)
			abort();
	}
	if (!json_is_well_formed(buf_view(&out)))
		abort();
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view input = { (const char *)data, size };
	struct arena *arena = arena_new(1 << 22);
	struct conf conf;

	conf_defaults(&conf, 0);
	conf.hostname = "mail.example.org";
	if (view_starts(input, VIEW("JSON ")))
		try_json(&conf, view_from(input, 5), arena);
	else
		try_pox(&conf, input, arena);
	arena_free(&arena);
	return 0;
}
