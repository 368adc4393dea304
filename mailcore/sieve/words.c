/* The words of the language: extensions, commands, tests and their tags. */
#include "mailcore/sieve/run.h"

const char sieve_extensions[] = "fileinto envelope encoded-character"
    " subaddress variables relational copy body date index imap4flags"
    " vacation vacation-seconds mailbox special-use reject ereject duplicate"
    " environment ihave mailboxid include enotify comparator-i;octet"
    " comparator-i;ascii-casemap comparator-i;ascii-numeric";

static const struct sieve_extension extensions[] = {
	{ "fileinto", NEED_FILEINTO },
	{ "envelope", NEED_ENVELOPE },
	{ "encoded-character", NEED_ENCODED },
	{ "subaddress", NEED_SUBADDRESS },
	{ "variables", NEED_VARIABLES },
	{ "relational", NEED_RELATIONAL },
	{ "copy", NEED_COPY },
	{ "body", NEED_BODY },
	{ "date", NEED_DATE },
	{ "index", NEED_INDEX },
	{ "imap4flags", NEED_FLAGS },
	{ "vacation", NEED_VACATION },
	{ "vacation-seconds", NEED_VACATION | NEED_SECONDS },
	{ "mailbox", NEED_MAILBOX },
	{ "special-use", NEED_SPECIAL },
	{ "reject", NEED_REJECT },
	{ "ereject", NEED_EREJECT },
	{ "duplicate", NEED_DUPLICATE },
	{ "environment", NEED_ENVIRONMENT },
	{ "ihave", NEED_IHAVE },
	{ "mailboxid", NEED_MAILBOXID },
	{ "include", NEED_INCLUDE },
	{ "enotify", NEED_NOTIFY },
	{ "comparator-i;octet", NEED_OTHER },
	{ "comparator-i;ascii-casemap", NEED_OTHER },
	{ "comparator-i;ascii-numeric", NEED_NUMERIC },
};

const struct sieve_extension *
sieve_extension(view name)
{
	for (size_t i = 0; i < COUNT(extensions); i++)
		if (view_eq(name, view_of(extensions[i].name)))
			return &extensions[i];
	return NULL;
}

static const struct sieve_tag match_tags[] = {
	{ .name = "is", SLOT_MATCH, MATCH_IS },
	{ .name = "contains", SLOT_MATCH, MATCH_CONTAINS },
	{ .name = "matches", SLOT_MATCH, MATCH_MATCHES },
	{ "count", SLOT_MATCH, MATCH_COUNT, KIND_STRING, SLOT_RELATION,
	    NEED_RELATIONAL },
	{ "value", SLOT_MATCH, MATCH_VALUE, KIND_STRING, SLOT_RELATION,
	    NEED_RELATIONAL },
	{ "comparator", SLOT_COMPARATOR, 0, KIND_STRING, SLOT_COMPARATOR, 0 },
	{ .name = NULL },
};

static const struct sieve_tag part_tags[] = {
	{ .name = "all", SLOT_PART, PART_ALL },
	{ .name = "localpart", SLOT_PART, PART_LOCAL },
	{ .name = "domain", SLOT_PART, PART_DOMAIN },
	{ .name = "user", SLOT_PART, PART_USER, .need = NEED_SUBADDRESS },
	{ .name = "detail", SLOT_PART, PART_DETAIL, .need = NEED_SUBADDRESS },
	{ .name = NULL },
};

static const struct sieve_tag index_tags[] = {
	{ "index", SLOT_INDEX, 0, KIND_NUMBER, SLOT_INDEX, NEED_INDEX },
	{ .name = "last", SLOT_LAST, 1, .need = NEED_INDEX },
	{ .name = NULL },
};

static const struct sieve_tag size_tags[] = {
	{ .name = "over", SLOT_SIZE, 1 },
	{ .name = "under", SLOT_SIZE, 0 },
	{ .name = NULL },
};

static const struct sieve_tag body_tags[] = {
	{ .name = "raw", SLOT_BODY, BODY_RAW },
	{ .name = "text", SLOT_BODY, BODY_TEXT },
	{ "content", SLOT_BODY, BODY_CONTENT, KIND_LIST, SLOT_2, 0 },
	{ .name = NULL },
};

static const struct sieve_tag zone_tags[] = {
	{ "zone", SLOT_ZONE, 0, KIND_STRING, SLOT_ZONE, 0 },
	{ .name = "originalzone", SLOT_ZONE, 1 },
	{ .name = NULL },
};

static const struct sieve_tag now_tags[] = {
	{ "zone", SLOT_ZONE, 0, KIND_STRING, SLOT_ZONE, 0 },
	{ .name = NULL },
};

static const struct sieve_tag copy_tags[] = {
	{ .name = "copy", SLOT_COPY, 1, .need = NEED_COPY },
	{ .name = NULL },
};

static const struct sieve_tag flag_tags[] = {
	{ "flags", SLOT_FLAGS, 0, KIND_LIST, SLOT_FLAGS, NEED_FLAGS },
	{ .name = NULL },
};

static const struct sieve_tag file_tags[] = {
	{ .name = "create", SLOT_CREATE, 1, .need = NEED_MAILBOX },
	{ "specialuse", SLOT_SPECIAL, 0, KIND_STRING, SLOT_SPECIAL,
	    NEED_SPECIAL },
	/* RFC 9042 3.2: never both. */
	{ "mailboxid", SLOT_SPECIAL, 1, KIND_STRING, SLOT_MAILBOXID,
	    NEED_MAILBOXID },
	{ .name = NULL },
};

static const struct sieve_tag include_tags[] = {
	{ .name = "personal", SLOT_WHERE, 0 },
	{ .name = "global", SLOT_WHERE, 1 },
	{ .name = "once", SLOT_ONCE, 1 },
	{ .name = "optional", SLOT_OPTIONAL, 1 },
	{ .name = NULL },
};

static const struct sieve_tag notify_tags[] = {
	{ "from", SLOT_FROM, 0, KIND_STRING, SLOT_FROM, 0 },
	{ "importance", SLOT_IMPORTANCE, 0, KIND_STRING, SLOT_IMPORTANCE, 0 },
	{ "options", SLOT_OPTIONS, 0, KIND_LIST, SLOT_OPTIONS, 0 },
	{ "message", SLOT_MESSAGE, 0, KIND_STRING, SLOT_MESSAGE, 0 },
	{ .name = NULL },
};

static const struct sieve_tag vacation_tags[] = {
	{ "days", SLOT_SECONDS, 86400, KIND_NUMBER, SLOT_SECONDS, 0 },
	{ "seconds", SLOT_SECONDS, 1, KIND_NUMBER, SLOT_SECONDS,
	    NEED_SECONDS },
	{ "subject", SLOT_SUBJECT, 0, KIND_STRING, SLOT_SUBJECT, 0 },
	{ "from", SLOT_FROM, 0, KIND_STRING, SLOT_FROM, 0 },
	{ "addresses", SLOT_ADDRESSES, 0, KIND_LIST, SLOT_ADDRESSES, 0 },
	{ .name = "mime", SLOT_MIME, 1 },
	{ "handle", SLOT_HANDLE, 0, KIND_STRING, SLOT_HANDLE, 0 },
	{ .name = NULL },
};

static const struct sieve_tag duplicate_tags[] = {
	{ "header", SLOT_ID, 1, KIND_STRING, SLOT_1, 0 },
	{ "uniqueid", SLOT_ID, 2, KIND_STRING, SLOT_1, 0 },
	{ "handle", SLOT_HANDLE, 0, KIND_STRING, SLOT_HANDLE, 0 },
	{ "seconds", SLOT_SECONDS, 1, KIND_NUMBER, SLOT_SECONDS, 0 },
	{ .name = "last", SLOT_LAST, 1 },
	{ .name = NULL },
};

/* RFC 5229 4.1: one of each precedence. */
static const struct sieve_tag set_tags[] = {
	{ .name = "lower", SLOT_CASE, 1 },
	{ .name = "upper", SLOT_CASE, 2 },
	{ .name = "lowerfirst", SLOT_FIRST, 1 },
	{ .name = "upperfirst", SLOT_FIRST, 2 },
	{ .name = "quotewildcard", SLOT_QUOTE, 1 },
	{ .name = "encodeurl", SLOT_URL, 1, .need = NEED_NOTIFY },
	{ .name = "length", SLOT_LENGTH, 1 },
	{ .name = NULL },
};

#define S KIND_STRING
#define L KIND_LIST
#define N KIND_NUMBER

static const struct sieve_word commands[] = {
	{ "require", 0, .act = act_require, .positional = { L } },
	{ "if", 0, .act = act_if, .tests = TESTS_ONE, .block = true },
	{ "elsif", 0, .act = act_if, .tests = TESTS_ONE, .block = true },
	{ "else", 0, .act = act_if, .block = true },
	{ "stop", 0, .act = act_stop },
	{ "keep", 0, .act = act_keep, .tags = { flag_tags } },
	{ "discard", 0, .act = act_discard },
	{ "redirect", 0, .act = act_redirect, .positional = { S },
	    .tags = { copy_tags } },
	{ "fileinto", NEED_FILEINTO, .act = act_fileinto,
	    .positional = { S }, .tags = { copy_tags, flag_tags,
	    file_tags } },
	{ "reject", NEED_REJECT, .act = act_reject, .positional = { S } },
	{ "ereject", NEED_EREJECT, .act = act_reject, .positional = { S } },
	{ "vacation", NEED_VACATION, .act = act_vacation,
	    .positional = { S }, .tags = { vacation_tags } },
	{ "set", NEED_VARIABLES, .act = act_set, .positional = { S, S },
	    .tags = { set_tags } },
	{ "setflag", NEED_FLAGS, .act = act_setflag,
	    .positional = { S, L }, .first_optional = true },
	{ "addflag", NEED_FLAGS, .act = act_addflag,
	    .positional = { S, L }, .first_optional = true },
	{ "removeflag", NEED_FLAGS, .act = act_removeflag,
	    .positional = { S, L }, .first_optional = true },
	{ "error", NEED_IHAVE, .act = act_error, .positional = { S } },
	{ "include", NEED_INCLUDE, .act = act_include, .positional = { S },
	    .tags = { include_tags } },
	{ "return", NEED_INCLUDE, .act = act_return },
	{ "global", NEED_INCLUDE | NEED_VARIABLES, .act = act_global,
	    .positional = { L } },
	{ "notify", NEED_NOTIFY, .act = act_notify, .positional = { S },
	    .tags = { notify_tags } },
};

static const struct sieve_word tests[] = {
	{ "true", 0, .ask = ask_true },
	{ "false", 0, .ask = ask_false },
	{ "not", 0, .ask = ask_not, .tests = TESTS_ONE },
	{ "allof", 0, .ask = ask_allof, .tests = TESTS_LIST },
	{ "anyof", 0, .ask = ask_anyof, .tests = TESTS_LIST },
	{ "address", 0, .ask = ask_address, .positional = { L, L },
	    .tags = { match_tags, part_tags, index_tags } },
	{ "envelope", NEED_ENVELOPE, .ask = ask_envelope,
	    .positional = { L, L }, .tags = { match_tags, part_tags } },
	{ "header", 0, .ask = ask_header, .positional = { L, L },
	    .tags = { match_tags, index_tags } },
	{ "exists", 0, .ask = ask_exists, .positional = { L } },
	{ "size", 0, .ask = ask_size, .positional = { N },
	    .tags = { size_tags } },
	{ "string", NEED_VARIABLES, .ask = ask_string,
	    .positional = { L, L }, .tags = { match_tags } },
	{ "body", NEED_BODY, .ask = ask_body, .positional = { L },
	    .tags = { match_tags, body_tags } },
	{ "date", NEED_DATE, .ask = ask_date, .positional = { S, S, L },
	    .tags = { match_tags, zone_tags, index_tags } },
	{ "currentdate", NEED_DATE, .ask = ask_currentdate,
	    .positional = { S, L }, .tags = { match_tags, now_tags } },
	{ "hasflag", NEED_FLAGS, .ask = ask_hasflag,
	    .positional = { L, L }, .first_optional = true,
	    .tags = { match_tags } },
	{ "mailboxexists", NEED_MAILBOX, .ask = ask_mailboxexists,
	    .positional = { L } },
	{ "specialuse_exists", NEED_SPECIAL, .ask = ask_specialuse,
	    .positional = { S, L }, .first_optional = true },
	{ "duplicate", NEED_DUPLICATE, .ask = ask_duplicate,
	    .tags = { duplicate_tags } },
	{ "environment", NEED_ENVIRONMENT, .ask = ask_environment,
	    .positional = { S, L }, .tags = { match_tags } },
	{ "ihave", NEED_IHAVE, .ask = ask_ihave, .positional = { L } },
	{ "mailboxidexists", NEED_MAILBOXID, .ask = ask_mailboxidexists,
	    .positional = { L } },
	{ "valid_notify_method", NEED_NOTIFY, .ask = ask_valid_notify,
	    .positional = { L } },
	{ "notify_method_capability", NEED_NOTIFY,
	    .ask = ask_notify_capability, .positional = { S, S, L },
	    .tags = { match_tags } },
};

#undef S
#undef L
#undef N

const struct sieve_word *
sieve_word(view name, bool command)
{
	const struct sieve_word *words = command ? commands : tests;
	size_t count = command ? COUNT(commands) : COUNT(tests);

	for (size_t i = 0; i < count; i++)
		if (view_same(name, view_of(words[i].name)))
			return &words[i];
	return NULL;
}
