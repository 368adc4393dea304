/* A line of switches, a Host line and a display name: the document for the
 * Host's domain is JSON, the same each time, and its record never fails when
 * it does not; so for the MTA-STS policy. */
#include "autoconfig/mta_sts.h"
#include "autoconfig/pacc.h"
#include "autoconfig/question.h"
#include "tests/json_check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_pacc(const struct service_set *set)
{
	struct buf one = buf_new(1 << 20), two = buf_new(1 << 20);
	struct buf record = buf_new(1 << 10);
	result r = pacc_document(set, &one);

	if (pacc_document(set, &two).is != r.is
	    || !view_eq(buf_view(&one), buf_view(&two)))
		abort();
	if (r.is == OK && !json_is_well_formed(buf_view(&one)))
		abort();
	if (r.is != OK && one.n > 0)
		abort();
	if (pacc_record(set, &record).is != r.is)
		abort();
	/* A TXT string has at most 255 bytes; base64 of SHA-256 has 44. */
	if (r.is == OK && record.n != sizeof "v=UAAC1; a=sha256; d=" - 1 + 44)
		abort();
	buf_free(&one);
	buf_free(&two);
	buf_free(&record);
}

static void
check_policy(const struct service_set *set)
{
	struct buf policy = buf_new(4096);
	result r = mta_sts_policy(set, &policy);
	view rest, line;
	int lines = 0;

	rest = buf_view(&policy);
	while (view_line(&rest, &line))
		lines++;
	if (r.is != (set->receives ? OK : NOT_FOUND)
	    || lines != (set->receives ? 4 : 0))
		abort();
	buf_free(&policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view rest = { (const char *)data, size };
	view switches = view_cut(&rest, '\n');
	view host = view_cut(&rest, '\n');
	struct arena *arena = arena_new(1 << 20);
	struct autoconfig_question question;
	struct service_set set;
	struct conf conf;

	conf_defaults(&conf, 0);
	conf.hostname = "mail.example.org";
	for (size_t i = 0; i < switches.n; i++) {
		unsigned which = (unsigned char)switches.p[i] % SERVICE_COUNT;

		if ((unsigned char)switches.p[i] < 128)
			conf.ports[which] = 0;
		else
			conf.public_ports[which] += 1000;
	}
	if (autoconfig_ask(VIEW(""), host, arena, &question).is != OK)
		question.count = 0;
	for (size_t i = 0; i < question.count; i++)
		if (service_set_make(&conf, question.domains[i], rest, arena,
		        &set).is == OK) {
			check_pacc(&set);
			check_policy(&set);
		}
	arena_free(&arena);
	return 0;
}
