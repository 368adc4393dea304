#include "davd/api/schemas.h"

#include "mailcore/base/limits.h"

/* An answer has to fit into a request, beside its names and marks. */
enum { REPLY_MOST = 8000, REPLY_DAYS = 30, DAY_LENGTH = 10 };

#define KEEP                                                         \
	{ .name = "keep", .about = "The mailbox gets it too; true by"  \
	  " default.", .type = API_BOOLEAN, .optional = true }

static const struct api_field forwarding[] = {
	{ .name = "targets", .about = "Where it goes; none: nowhere.",
	  .type = API_STRINGS, .items = LIMIT_FORWARDS, .least = 1,
	  .most = LIMIT_ADDRESS },
	KEEP,
};
const struct api_schema schema_forwarding = { .name = "forwarding",
	.about = "Where mail is sent on to.", .fields = forwarding,
	.count = COUNT(forwarding) };

/* As many as a script of the person's own may have. */
static const struct api_field forwarding_wanted[] = {
	{ .name = "targets", .about = "Addresses; none ends it.",
	  .type = API_STRINGS, .items = LIMIT_SIEVE_REDIRECTS, .least = 1,
	  .most = LIMIT_ADDRESS },
	KEEP,
};
const struct api_schema schema_forwarding_wanted = {
	.name = "forwarding_wanted", .about = "Where mail shall be sent on to.",
	.fields = forwarding_wanted, .count = COUNT(forwarding_wanted) };

#define REPLY                                                            \
	{ .name = "subject", .about = "Empty: \"Auto: \" and that of the"  \
	  " mail.", .optional = true, .most = LIMIT_DISPLAY_NAME },        \
	{ .name = "since", .about = "The first day (UTC), like 2026-12-24.", \
	  .optional = true, .least = DAY_LENGTH, .most = DAY_LENGTH,       \
	  .format = "date" },                                              \
	{ .name = "until", .about = "The last day.", .optional = true,     \
	  .least = DAY_LENGTH, .most = DAY_LENGTH, .format = "date" },     \
	{ .name = "every", .about = "Each sender gets one in so many days;" \
	  " 1 by default.", .type = API_INTEGER, .optional = true,         \
	  .least = 1, .most = REPLY_DAYS }

static const struct api_field reply[] = {
	{ .name = "active", .about = "Is there one?", .type = API_BOOLEAN },
	{ .name = "text", .about = "What is answered.", .optional = true },
	REPLY,
};
const struct api_schema schema_reply = { .name = "reply",
	.about = "What people who write are answered.", .fields = reply,
	.count = COUNT(reply) };

static const struct api_field reply_wanted[] = {
	{ .name = "text", .about = "What to answer.", .least = 1,
	  .most = REPLY_MOST },
	REPLY,
};
const struct api_schema schema_reply_wanted = { .name = "reply_wanted",
	.about = "What people who write shall be answered.",
	.fields = reply_wanted, .count = COUNT(reply_wanted) };
