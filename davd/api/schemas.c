#include "davd/api/schemas.h"

#include "mailcore/base/limits.h"

#define MOMENT "Seconds since 1970. "

static const char *const kinds[] = { "mail", "full", NULL };
static const char *const languages[] = { "en", "fr", "nl", "de", NULL };
static const char *const apps[] = { "iphone", "thunderbird-android", "davx5",
	NULL };
static const char *const rights[] = { "imap", "pop3", "smtp", "caldav",
	"carddav", NULL };
static const char *const securities[] = { "tls", "starttls", NULL };

#define SCHEMA(list, text)                                        \
	const struct api_schema schema_##list = { .name = #list,  \
		.about = text, .fields = list, .count = COUNT(list) }

static const struct api_field credentials[] = {
	{ .name = "address", .about = "The mailbox' address.", .least = 1,
	  .most = LIMIT_ADDRESS },
	{ .name = "password", .about = "The main password: app passwords do"
	  " not sign in here.", .least = 1, .most = LIMIT_PASSWORD,
	  .format = "password" },
};
SCHEMA(credentials, "Who signs in.");

static const struct api_field session[] = {
	{ .name = "id", .about = "Names it; no secret.",
	  .type = API_INTEGER },
	{ .name = "address", .about = "Who is signed in." },
	{ .name = "created", .about = MOMENT, .type = API_INTEGER },
	{ .name = "expires", .about = MOMENT "Earlier when it is not used.",
	  .type = API_INTEGER },
	{ .name = "form_token", .about = "For the header field X-Form-Token"
	  " of every request that changes something." },
};
SCHEMA(session, "A browser that is signed in.");

static const struct api_field session_row[] = {
	{ .name = "id", .about = "Names it.", .type = API_INTEGER },
	{ .name = "created", .about = MOMENT, .type = API_INTEGER },
	{ .name = "used", .about = MOMENT "To the minute.",
	  .type = API_INTEGER },
	{ .name = "expires", .about = MOMENT, .type = API_INTEGER },
	{ .name = "peer", .about = "The network address of the last use." },
	{ .name = "agent", .about = "The browser, as it calls itself." },
	{ .name = "current", .about = "It is the one that asks.",
	  .type = API_BOOLEAN },
};
SCHEMA(session_row, "A browser that is signed in, as its owner sees it.");

static const struct api_field sessions[] = {
	{ .name = "sessions", .about = "The last used first.",
	  .type = API_OBJECTS, .items = LIMIT_SESSIONS,
	  .of = &schema_session_row },
};
SCHEMA(sessions, "Where the account is signed in.");

static const struct api_field quota[] = {
	{ .name = "used", .about = "Bytes.", .type = API_INTEGER },
	{ .name = "limit", .about = "Bytes; missing: none.",
	  .type = API_INTEGER, .optional = true },
};
SCHEMA(quota, "How full the mailbox is.");

static const struct api_field sending_span[] = {
	{ .name = "used", .about = "Recipients so far.",
	  .type = API_INTEGER },
	{ .name = "limit", .about = "Recipients; missing: any number.",
	  .type = API_INTEGER, .optional = true },
};
SCHEMA(sending_span, "An hour or a day of UTC.");

static const struct api_field sending[] = {
	{ .name = "hour", .about = "This hour.", .type = API_OBJECT,
	  .of = &schema_sending_span },
	{ .name = "day", .about = "This day.", .type = API_OBJECT,
	  .of = &schema_sending_span },
};
SCHEMA(sending, "To how many people the account may send.");

static const struct api_field service[] = {
	{ .name = "protocol", .about = "imap, pop3 or smtp." },
	{ .name = "host", .about = "The server's name." },
	{ .name = "port", .about = "TCP.", .type = API_INTEGER },
	{ .name = "security", .about = "How it is encrypted.",
	  .words = securities },
};
SCHEMA(service, "A server to be typed into a mail program; the user name is"
    " the address.");

static const struct api_field person[] = {
	{ .name = "address", .about = "The mailbox' address." },
	{ .name = "name", .about = "Of the person; may be empty." },
	{ .name = "quota", .about = "How full it is.", .type = API_OBJECT,
	  .of = &schema_quota },
	{ .name = "services", .about = "The best of each first.",
	  .type = API_OBJECTS, .of = &schema_service },
	{ .name = "dav", .about = "Where calendars and contacts are; missing:"
	  " switched off.", .optional = true, .format = "uri" },
	{ .name = "password_strength", .about = "Least score of a new main"
	  " password.", .type = API_INTEGER, .most = 4 },
};
SCHEMA(person, "A mailbox, and how a program reaches it.");

static const struct api_field login[] = {
	{ .name = "number", .about = "Grows with every login, of anybody.",
	  .type = API_INTEGER },
	{ .name = "app_password", .about = "Which one; missing: the main"
	  " password.", .type = API_INTEGER, .optional = true },
	{ .name = "protocol", .about = "imap, pop3, smtp, caldav, carddav,"
	  " dav or web." },
	{ .name = "used", .about = MOMENT "To the minute.",
	  .type = API_INTEGER },
	{ .name = "peer", .about = "The network address." },
};
SCHEMA(login, "The last login by one protocol and one password.");

static const struct api_field logins[] = {
	{ .name = "logins", .about = "By number.", .type = API_OBJECTS,
	  .of = &schema_login },
};
SCHEMA(logins, "Last logins.");

static const struct api_field password[] = {
	{ .name = "old", .about = "The present one.", .least = 1,
	  .most = LIMIT_PASSWORD, .format = "password" },
	{ .name = "new", .about = "The next one.", .least = 1,
	  .most = LIMIT_PASSWORD, .format = "password" },
};
SCHEMA(password, "A change of the main password.");

static const struct api_field candidate[] = {
	{ .name = "password", .about = "What might become one.", .least = 1,
	  .most = LIMIT_PASSWORD, .format = "password" },
};
SCHEMA(candidate, "A password to be looked at.");

static const struct api_field score[] = {
	{ .name = "score", .about = "0: guessed at once; 4: by nobody.",
	  .type = API_INTEGER, .most = 4 },
	{ .name = "least", .about = "What is asked for here.",
	  .type = API_INTEGER, .most = 4 },
	{ .name = "good", .about = "It would be taken.",
	  .type = API_BOOLEAN },
};
SCHEMA(score, "How strong a password is.");

static const struct api_field app_wanted[] = {
	{ .name = "label", .about = "What the device is called.",
	  .most = LIMIT_APP_LABEL, .optional = true },
	{ .name = "rights", .about = "What it may be used for; missing: all.",
	  .type = API_STRINGS, .items = 5, .words = rights,
	  .optional = true },
	{ .name = "networks", .about = "From where alone it is good:"
	  " addresses, or networks like 192.0.2.0/24. Missing: from"
	  " anywhere.", .type = API_STRINGS, .items = 20, .least = 2,
	  .most = 50, .optional = true },
	{ .name = "expires_days", .about = "When it ends; missing: never.",
	  .type = API_INTEGER, .least = 1, .most = LIMIT_APP_DAYS,
	  .optional = true },
};
SCHEMA(app_wanted, "An app password to be made.");

#define APP_FIELDS                                                           \
	{ .name = "id", .about = "Names it.", .type = API_INTEGER },         \
	{ .name = "label", .about = "What the device is called." },          \
	{ .name = "rights", .about = "What it may be used for.",             \
	  .type = API_STRINGS, .words = rights },                            \
	{ .name = "networks", .about = "From where alone it is good; empty:" \
	  " anywhere.", .type = API_STRINGS },                               \
	{ .name = "created", .about = MOMENT, .type = API_INTEGER },         \
	{ .name = "expires", .about = MOMENT "Missing: never.",              \
	  .type = API_INTEGER, .optional = true },                           \
	{ .name = "used", .about = MOMENT "Its last use, to the minute;"     \
	  " missing: not yet.", .type = API_INTEGER, .optional = true },     \
	{ .name = "used_peer", .about = "From where that was.",              \
	  .optional = true },                                                \
	{ .name = "used_protocol", .about = "And by which protocol.",        \
	  .optional = true }

static const struct api_field app[] = { APP_FIELDS };
SCHEMA(app, "A password made for one device.");

static const struct api_field app_made[] = { APP_FIELDS,
	{ .name = "password", .about = "To be typed into the device; it is"
	  " told this once.", .format = "password" },
};
SCHEMA(app_made, "An app password just made.");

static const struct api_field app_list[] = {
	{ .name = "app_passwords", .about = "By id.", .type = API_OBJECTS,
	  .items = LIMIT_APP_PASSWORDS, .of = &schema_app },
};
const struct api_schema schema_apps = { .name = "app_passwords",
	.about = "Passwords made for one device each.", .fields = app_list,
	.count = COUNT(app_list) };

static const struct api_field profile[] = {
	{ .name = "kind", .about = "mail, or full: with calendars and"
	  " contacts.", .words = kinds },
	{ .name = "language", .about = "Of the names in it; missing: en.",
	  .words = languages, .optional = true },
	{ .name = "label", .about = "Of the app password.",
	  .most = LIMIT_APP_LABEL, .optional = true },
};
SCHEMA(profile, "A profile with an app password in it.");

static const struct api_field device_wanted[] = {
	{ .name = "app", .about = "What reads the code.", .words = apps },
	{ .name = "kind", .about = "Of a profile (iphone); missing: full.",
	  .words = kinds, .optional = true },
	{ .name = "language", .about = "Of a profile; missing: en.",
	  .words = languages, .optional = true },
	{ .name = "app_password", .about = "Make one and put it in; else the"
	  " person types theirs.", .type = API_BOOLEAN, .optional = true },
	{ .name = "label", .about = "Of the app password; missing: the kind of"
	  " device.", .most = LIMIT_APP_LABEL, .optional = true },
};
SCHEMA(device_wanted, "A device to be set up.");

static const struct api_field device[] = {
	{ .name = "text", .about = "What the code says. For an iPhone a link"
	  " that works once, within ten minutes." },
	{ .name = "qr_svg", .about = "The code as an SVG picture." },
	{ .name = "expires", .about = MOMENT "Until then the link works;"
	  " missing: it is none.", .type = API_INTEGER, .optional = true },
	{ .name = "app_password", .about = "The id of the one that was made.",
	  .type = API_INTEGER, .optional = true },
};
SCHEMA(device, "What sets up a device.");

static const struct api_field queue_recipient[] = {
	{ .name = "address", .about = "Who does not have it yet." },
	{ .name = "attempts", .about = "So many have been made.",
	  .type = API_INTEGER },
	{ .name = "held", .about = "The operator holds it.",
	  .type = API_BOOLEAN },
	{ .name = "next", .about = MOMENT "Of the next attempt; missing: it is"
	  " held.", .type = API_INTEGER, .optional = true },
	{ .name = "error", .about = "How the last attempt ended." },
};
SCHEMA(queue_recipient, "Somebody whom a mail has not reached.");

static const struct api_field queue_message[] = {
	{ .name = "id", .about = "Names it.", .type = API_INTEGER },
	{ .name = "sender", .about = "Where notices of it go." },
	{ .name = "created", .about = MOMENT, .type = API_INTEGER },
	{ .name = "released", .about = MOMENT "It is to be sent then; missing:"
	  " at once.", .type = API_INTEGER, .optional = true },
	{ .name = "size", .about = "In octets.", .type = API_INTEGER },
	{ .name = "recipients", .about = "Who does not have it yet.",
	  .type = API_OBJECTS, .of = &schema_queue_recipient },
};
SCHEMA(queue_message, "A mail on its way.");

static const struct api_field queue_list[] = {
	{ .name = "messages", .about = "The newest first.",
	  .type = API_OBJECTS, .of = &schema_queue_message },
};
const struct api_schema schema_queue = { .name = "queue",
	.about = "Mail on its way.", .fields = queue_list,
	.count = COUNT(queue_list) };

#define CHANGE_FIELDS                                                        \
	{ .name = "id", .about = "Names it.", .type = API_INTEGER },         \
	{ .name = "what", .about = "removed-all: the whole calendar or"      \
	  " address book.", .words = changes_words },                        \
	{ .name = "at", .about = MOMENT, .type = API_INTEGER },              \
	{ .name = "kind", .about = "Where.", .words = place_kinds },         \
	{ .name = "collection", .about = "The last part of its URL." },      \
	{ .name = "name", .about = "The last part of the object's URL; of a" \
	  " whole collection: what it was called." },                        \
	{ .name = "size", .about = "Of what was there before; of what was"   \
	  " added.", .type = API_INTEGER },                                  \
	{ .name = "component", .about = "VEVENT, VTODO or VJOURNAL.",        \
	  .optional = true },                                                \
	{ .name = "items", .about = "In the whole collection.",              \
	  .type = API_INTEGER, .optional = true }

static const char *const changes_words[] = { "added", "changed", "removed",
	"removed-all", NULL };
static const char *const place_kinds[] = { "calendar", "addressbook", NULL };

static const struct api_field change_row[] = { CHANGE_FIELDS };
static const struct api_schema schema_change_row = {
	.name = "change_row",
	.about = "A change of a calendar or an address book.",
	.fields = change_row, .count = COUNT(change_row) };

static const struct api_field change[] = { CHANGE_FIELDS,
	{ .name = "text", .about = "What was there before; of what was added:"
	  " that.", .optional = true },
};
SCHEMA(change, "A change, with the text that was there before.");

static const struct api_field changes[] = {
	{ .name = "changes", .about = "The newest first.",
	  .type = API_OBJECTS, .items = LIMIT_HISTORY_SHOWN,
	  .of = &schema_change_row },
};
SCHEMA(changes, "What changed.");

static const struct api_field undone[] = {
	{ .name = "undone", .about = "What it was that is undone.",
	  .words = changes_words },
	{ .name = "name", .about = "Of the object; or of the collection, which"
	  " may have another one now." },
};
SCHEMA(undone, "A change that is undone.");

const struct api_schema schema_calendar_file = { .name = "calendar_file",
	.about = "iCalendar (RFC 5545).", .media = "text/calendar" };
const struct api_schema schema_book_file = { .name = "book_file",
	.about = "vCards (RFC 6350), one after the other.",
	.media = "text/vcard" };

static const struct api_field place[] = {
	{ .name = "id", .about = "Names it.", .type = API_INTEGER },
	{ .name = "name", .about = "The last part of its URL." },
	{ .name = "display_name", .about = "For people." },
	{ .name = "items", .about = "In it.", .type = API_INTEGER },
	{ .name = "size", .about = "Of all of them, in octets.",
	  .type = API_INTEGER },
};
static SCHEMA(place, "A calendar or an address book of the person's own.");

static const struct api_field calendars[] = {
	{ .name = "calendars", .about = "By name.", .type = API_OBJECTS,
	  .of = &schema_place },
};
SCHEMA(calendars, "The person's own calendars.");

static const struct api_field books[] = {
	{ .name = "address_books", .about = "By name.", .type = API_OBJECTS,
	  .of = &schema_place },
};
SCHEMA(books, "The person's own address books.");

static const char *const fates[] = { "added", "unchanged", "refused", NULL };

static const struct api_field imported_item[] = {
	{ .name = "uid", .about = "Of the event or contact, as far as it is"
	  " known; of a contact without one a name made for it." },
	{ .name = "result", .about = "unchanged: it was there already, with"
	  " the same content.", .words = fates },
	{ .name = "why", .about = "It was refused.", .optional = true },
};
static SCHEMA(imported_item, "What became of one event or contact.");

static const struct api_field imported[] = {
	{ .name = "id", .about = "Of the collection.", .type = API_INTEGER },
	{ .name = "name", .about = "Its name." },
	{ .name = "added", .about = "So many.", .type = API_INTEGER },
	{ .name = "unchanged", .about = "So many.", .type = API_INTEGER },
	{ .name = "refused", .about = "So many.", .type = API_INTEGER },
	{ .name = "items", .about = "One each, with all that is of its UID.",
	  .type = API_OBJECTS, .items = LIMIT_IMPORT_ITEMS,
	  .of = &schema_imported_item },
	{ .name = "stopped", .about = "What ended it before the end of the"
	  " file. What is listed is done; send it again later.",
	  .optional = true },
};
SCHEMA(imported, "What became of an import.");

static const struct api_field problem[] = {
	{ .name = "type", .about = "A URI; about:blank: the status says what"
	  " it is." },
	{ .name = "title", .about = "Of the status." },
	{ .name = "status", .about = "The HTTP status.",
	  .type = API_INTEGER },
	{ .name = "detail", .about = "What was expected, for people." },
	{ .name = "field", .about = "Of what was sent: where the fault is.",
	  .optional = true },
};
SCHEMA(problem, "What is wrong (RFC 9457).");
