#include "davd/api/schemas.h"

#include "mailcore/base/limits.h"

const struct api_schema schema_archive_file = { .name = "archive_file",
	.about = "An archive as GET /archive gives it.",
	.media = "application/x-tar" };
const struct api_schema schema_mbox_file = { .name = "mbox_file",
	.about = "Messages (RFC 4155), with quoted From lines (mboxrd).",
	.media = "application/mbox" };

static const struct api_field mailbox[] = {
	{ .name = "id", .about = "Names it.", .type = API_INTEGER },
	{ .name = "name", .about = "With / between its levels." },
	{ .name = "items", .about = "Messages in it.", .type = API_INTEGER },
	{ .name = "unseen", .about = "Those not read yet.",
	  .type = API_INTEGER },
	{ .name = "size", .about = "Of all of them, in octets.",
	  .type = API_INTEGER },
};
static const struct api_schema schema_mailbox = { .name = "mailbox",
	.about = "A mailbox of the person's own.", .fields = mailbox,
	.count = COUNT(mailbox) };

static const struct api_field mailboxes[] = {
	{ .name = "mailboxes", .about = "INBOX first, then by name.",
	  .type = API_OBJECTS, .of = &schema_mailbox },
};
const struct api_schema schema_mailboxes = { .name = "mailboxes",
	.about = "The person's own mailboxes.", .fields = mailboxes,
	.count = COUNT(mailboxes) };

static const struct api_field refusal[] = {
	{ .name = "what", .about = "Its place in what was sent." },
	{ .name = "why", .about = "For people." },
};
static const struct api_schema schema_refusal = { .name = "refusal",
	.about = "Something that was not taken.", .fields = refusal,
	.count = COUNT(refusal) };

#define OUTCOME                                                            \
	{ .name = "added", .about = "So many.", .type = API_INTEGER },     \
	{ .name = "unchanged", .about = "So many were there already.",     \
	  .type = API_INTEGER },                                           \
	{ .name = "refused", .about = "So many.", .type = API_INTEGER },   \
	{ .name = "refusals", .about = "The first of them.",               \
	  .type = API_OBJECTS, .items = LIMIT_IMPORT_REFUSALS,             \
	  .of = &schema_refusal }
#define STOPPED                                                            \
	{ .name = "stopped", .about = "What ended it before the end of"    \
	  " what was sent. What was added is there; sent again, it goes"   \
	  " on.", .optional = true }

static const char *const parts[] = { "mail", "calendars", "contacts",
	"attachments", "files", "sieve", "settings", NULL };

static const struct api_field kind[] = { OUTCOME,
	{ .name = "kind", .about = "Of what.", .words = parts },
};
static const struct api_schema schema_kind = { .name = "archive_kind",
	.about = "What became of one part of an archive.", .fields = kind,
	.count = COUNT(kind) };

static const struct api_field restored[] = {
	{ .name = "kinds", .about = "One each.", .type = API_OBJECTS,
	  .items = COUNT(parts) - 1, .of = &schema_kind },
	STOPPED,
};
const struct api_schema schema_restored = { .name = "restored",
	.about = "What became of an archive.", .fields = restored,
	.count = COUNT(restored) };

static const struct api_field mail_imported[] = { OUTCOME,
	{ .name = "mailbox", .about = "Where it went." },
	STOPPED,
};
const struct api_schema schema_mail_imported = { .name = "mail_imported",
	.about = "What became of the messages of an mbox.",
	.fields = mail_imported, .count = COUNT(mail_imported) };
