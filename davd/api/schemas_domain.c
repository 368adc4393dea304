#include "davd/api/schemas.h"

#include "mailcore/base/limits.h"

/* 8 TiB: more than a disk of today, and far from what overflows. */
static const int64_t quota_most = (int64_t)1 << 43;

static const struct api_field domain[] = {
	{ .name = "id", .about = "Its number.", .type = API_INTEGER },
	{ .name = "name", .about = "Like example.org." },
	{ .name = "display_name", .about = "What people call it." },
	{ .name = "enabled", .about = "If not, the operator has switched it"
	  " off: nobody logs in, and mail for it waits.", .type = API_BOOLEAN },
	{ .name = "mailboxes", .about = "So many there are.",
	  .type = API_INTEGER },
	{ .name = "mailbox_limit", .about = "So many there may be; missing:"
	  " any number.", .type = API_INTEGER, .optional = true },
	{ .name = "quota", .about = "Bytes: all of their quotas.",
	  .type = API_INTEGER },
	{ .name = "quota_limit", .about = "How much that may be; missing:"
	  " any amount.", .type = API_INTEGER, .optional = true },
};
static const struct api_schema schema_domain = { .name = "domain",
	.about = "A domain that the person administers.", .fields = domain,
	.count = COUNT(domain) };

static const struct api_field domains[] = {
	{ .name = "domains", .about = "By name.", .type = API_OBJECTS,
	  .of = &schema_domain },
};
const struct api_schema schema_domains = { .name = "domains",
	.about = "What the person administers.", .fields = domains,
	.count = COUNT(domains) };

static const struct api_field mailbox[] = {
	{ .name = "id", .about = "Its number.", .type = API_INTEGER },
	{ .name = "address", .about = "Its own." },
	{ .name = "name", .about = "Of the person." },
	{ .name = "enabled", .about = "May it log in?",
	  .type = API_BOOLEAN },
	{ .name = "withheld", .about = "The operator has switched it, or its"
	  " domain, off; nobody else can switch it on.",
	  .type = API_BOOLEAN },
	{ .name = "used", .about = "Bytes in it.", .type = API_INTEGER },
	{ .name = "quota", .about = "Bytes that it may hold; 0: any amount.",
	  .type = API_INTEGER },
};
const struct api_schema schema_domain_mailbox = { .name = "domain_mailbox",
	.about = "A mailbox of a domain.", .fields = mailbox,
	.count = COUNT(mailbox) };

static const struct api_field mailboxes[] = {
	{ .name = "mailboxes", .about = "By address.", .type = API_OBJECTS,
	  .of = &schema_domain_mailbox },
	{ .name = "more", .about = "There are more behind the last one.",
	  .type = API_BOOLEAN },
};
const struct api_schema schema_domain_mailboxes = {
	.name = "domain_mailboxes", .about = "Mailboxes of a domain.",
	.fields = mailboxes, .count = COUNT(mailboxes) };

#define PASSWORD                                                        \
	{ .name = "password", .about = "Missing: one is made.",           \
	  .optional = true, .least = 1, .most = LIMIT_PASSWORD }

static const struct api_field wanted[] = {
	{ .name = "local_part", .about = "What stands before @.", .least = 1,
	  .most = LIMIT_LOCAL_PART },
	{ .name = "name", .about = "Of the person.", .optional = true,
	  .most = LIMIT_DISPLAY_NAME },
	{ .name = "quota", .about = "Bytes that it may hold; 0 or missing:"
	  " any amount.", .type = API_INTEGER, .optional = true,
	  .most = quota_most },
	PASSWORD,
};
const struct api_schema schema_domain_mailbox_wanted = {
	.name = "domain_mailbox_wanted", .about = "A mailbox to be made.",
	.fields = wanted, .count = COUNT(wanted) };

static const struct api_field state[] = {
	{ .name = "enabled", .about = "May it log in?",
	  .type = API_BOOLEAN },
	{ .name = "quota", .about = "Bytes that it may hold; 0: any amount.",
	  .type = API_INTEGER, .most = quota_most },
};
const struct api_schema schema_domain_mailbox_state = {
	.name = "domain_mailbox_state", .about = "How a mailbox shall be.",
	.fields = state, .count = COUNT(state) };

static const struct api_field password[] = {
	PASSWORD,
};
const struct api_schema schema_domain_password = { .name = "domain_password",
	.about = "A new password.", .fields = password,
	.count = COUNT(password) };

static const struct api_field made[] = {
	{ .name = "id", .about = "Its number.", .type = API_INTEGER },
	{ .name = "address", .about = "Its own." },
	{ .name = "password", .about = "The one that was made.",
	  .optional = true },
};
const struct api_schema schema_domain_mailbox_made = {
	.name = "domain_mailbox_made", .about = "A mailbox with a new"
	" password.", .fields = made, .count = COUNT(made) };

static const struct api_field alias[] = {
	{ .name = "address", .about = "Of the domain; @DOMAIN: all that lead"
	  " nowhere else.", .least = 1, .most = LIMIT_ADDRESS },
	{ .name = "target", .about = "A mailbox here; addresses, a comma"
	  " between; everyone; discard; or refuse: and what senders are told.",
	  .least = 1, .most = LIMIT_ALIAS_TEXT },
};
const struct api_schema schema_domain_alias = { .name = "domain_alias",
	.about = "A further address.", .fields = alias,
	.count = COUNT(alias) };

static const struct api_field aliases[] = {
	{ .name = "aliases", .about = "By address.", .type = API_OBJECTS,
	  .of = &schema_domain_alias },
};
const struct api_schema schema_domain_aliases = { .name = "domain_aliases",
	.about = "The further addresses of a domain.", .fields = aliases,
	.count = COUNT(aliases) };

static const struct api_field record[] = {
	{ .name = "name", .about = "In full, without the last dot." },
	{ .name = "type", .about = "MX, CNAME, TXT, SRV..." },
	{ .name = "ttl", .about = "Seconds.", .type = API_INTEGER },
	{ .name = "priority", .about = "Of MX and SRV.", .type = API_INTEGER,
	  .optional = true },
	{ .name = "weight", .about = "Of SRV.", .type = API_INTEGER,
	  .optional = true },
	{ .name = "port", .about = "Of SRV.", .type = API_INTEGER,
	  .optional = true },
	{ .name = "value", .about = "What stands there." },
	{ .name = "core", .about = "Without it something does not work; the"
	  " others make programs find more, and strangers safer.",
	  .type = API_BOOLEAN },
};
static const struct api_schema schema_domain_record = {
	.name = "domain_record", .about = "One of them.", .fields = record,
	.count = COUNT(record) };

static const struct api_field records[] = {
	{ .name = "records", .about = "The most important first.",
	  .type = API_OBJECTS, .of = &schema_domain_record },
};
const struct api_schema schema_domain_dns = { .name = "domain_dns",
	.about = "What a domain's zone is to have.", .fields = records,
	.count = COUNT(records) };
