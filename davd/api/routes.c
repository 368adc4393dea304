#include "davd/api/routes.h"

#include "davd/api/schemas.h"
#include "mailcore/base/limits.h"

static const char *const kinds[] = { "mail", "full", NULL };
static const char *const languages[] = { "en", "fr", "nl", "de", NULL };

static const struct api_field profile_query[] = {
	{ .name = "kind", .about = "mail, or full: with calendars and"
	  " contacts", .optional = true, .most = 8, .words = kinds },
	{ .name = "language", .about = "of the names in it", .optional = true,
	  .most = 8, .words = languages },
};

static const struct api_field events_query[] = {
	{ .name = "after", .about = "the number of the last login that is"
	  " known; later ones are told at once", .optional = true,
	  .most = 20 },
};

static const struct api_field import_query[] = {
	{ .name = "collection", .about = "the name of one of the person's own;"
	  " it is made when there is none. Missing: personal",
	  .optional = true, .least = 1, .most = LIMIT_DAV_NAME },
	{ .name = "display-name", .about = "of one that is made",
	  .optional = true, .most = LIMIT_DISPLAY_NAME },
};

static const char *const mail_formats[] = { "mbox", NULL };

static const struct api_field export_query[] = {
	{ .name = "format", .about = "mbox", .optional = true, .most = 8,
	  .words = mail_formats },
};

static const struct api_field mbox_query[] = {
	{ .name = "mailbox", .about = "the name of one of the person's own; it"
	  " is made when there is none. Missing: INBOX", .optional = true,
	  .least = 1, .most = LIMIT_IMAP_MAILBOX_NAME },
};

static const struct api_field mailboxes_query[] = {
	{ .name = "after", .about = "the last address of the page before",
	  .optional = true, .most = LIMIT_ADDRESS },
};

static const struct api_field alias_query[] = {
	{ .name = "address", .about = "the alias", .least = 1,
	  .most = LIMIT_ADDRESS },
};

#define PROFILE "application/x-apple-aspen-config"

const struct api_route api_routes[] = {
	{ "GET", "/openapi.json", "getDescription", "This description.",
	    API_ANYBODY, NULL, NULL, 0, 200, NULL, "application/json",
	    op_openapi },
	{ "POST", "/session", "signIn", "Sign in: sets the cookie. The answer"
	    " has the form token that every later change must carry.",
	    API_ANYBODY, &schema_credentials, NULL, 0, 201, &schema_session,
	    NULL, op_sign_in },
	{ "GET", "/session", "getSession", "The session that asks.",
	    API_SESSION, NULL, NULL, 0, 200, &schema_session, NULL,
	    op_session },
	{ "DELETE", "/session", "signOut", "Sign out.", API_SESSION, NULL,
	    NULL, 0, 204, NULL, NULL, op_sign_out },
	{ "GET", "/sessions", "listSessions", "Where the account is signed"
	    " in.", API_PERSON, NULL, NULL, 0, 200, &schema_sessions, NULL,
	    op_sessions },
	{ "DELETE", "/sessions/{id}", "endSession", "End one of them.",
	    API_PERSON, NULL, NULL, 0, 204, NULL, NULL, op_session_end },
	{ "POST", "/sign-out-everywhere", "signOutEverywhere", "End every"
	    " session, this one too, and every open connection of a mail"
	    " program. Passwords stay good.", API_PERSON, NULL, NULL, 0, 204,
	    NULL, NULL, op_everywhere },
	{ "GET", "/me", "getPerson", "The mailbox, and how a program reaches"
	    " it.", API_PERSON, NULL, NULL, 0, 200, &schema_person, NULL,
	    op_me },
	{ "GET", "/logins", "listLogins", "The last login of each protocol"
	    " and password.", API_PERSON, NULL, NULL, 0, 200, &schema_logins,
	    NULL, op_logins },
	{ "PUT", "/password", "changePassword", "A new main password. Ends"
	    " all other sessions, and connections that logged in by the old"
	    " one.", API_PERSON, &schema_password, NULL, 0, 204, NULL, NULL,
	    op_password },
	{ "POST", "/password/score", "scorePassword", "How strong a password"
	    " would be. Nothing is kept of it.", API_PERSON,
	    &schema_candidate, NULL, 0, 200, &schema_score, NULL, op_score },
	{ "GET", "/app-passwords", "listAppPasswords", "Passwords made for one"
	    " device each.", API_PERSON, NULL, NULL, 0, 200, &schema_apps,
	    NULL, op_apps },
	{ "POST", "/app-passwords", "makeAppPassword", "Make one. The answer"
	    " alone has the password itself.", API_PERSON, &schema_app_wanted,
	    NULL, 0, 201, &schema_app_made, NULL, op_app_add },
	{ "GET", "/app-passwords/{id}", "getAppPassword", "One of them.",
	    API_PERSON, NULL, NULL, 0, 200, &schema_app, NULL, op_app },
	{ "DELETE", "/app-passwords/{id}", "revokeAppPassword", "No login with"
	    " it any more; what is connected by it is cut off.", API_PERSON,
	    NULL, NULL, 0, 204, NULL, NULL, op_app_revoke },
	{ "GET", "/profile", "getProfile", "A profile for iPhone, iPad and"
	    " Mac, which asks for the password.", API_PERSON, NULL,
	    profile_query, COUNT(profile_query), 200, NULL, PROFILE,
	    op_profile },
	{ "POST", "/profile", "makeProfile", "The same, with an app password"
	    " made for that device in it.", API_PERSON, &schema_profile, NULL,
	    0, 200, NULL, PROFILE, op_profile_make },
	{ "POST", "/devices", "setUpDevice", "What sets up a phone: a text,"
	    " and a QR code that says it.", API_PERSON,
	    &schema_device_wanted, NULL, 0, 201, &schema_device, NULL,
	    op_device },
	{ "GET", "/queue", "listQueue", "Mail of the person's that is on its"
	    " way to other servers.", API_PERSON, NULL, NULL, 0, 200,
	    &schema_queue, NULL, op_queue },
	{ "GET", "/queue/{id}", "getQueued", "One of them.", API_PERSON, NULL,
	    NULL, 0, 200, &schema_queue_message, NULL, op_queue_show },
	{ "POST", "/queue/{id}/retry", "retryQueued", "Try it now, unless the"
	    " operator holds it or it is to be sent later.", API_PERSON, NULL,
	    NULL, 0, 204, NULL, NULL, op_queue_retry },
	{ "DELETE", "/queue/{id}", "deleteQueued", "Do not send it to those"
	    " who do not have it yet. No notice is sent.", API_PERSON, NULL,
	    NULL, 0, 204, NULL, NULL, op_queue_delete },
	{ "GET", "/sending", "getSending", "To how many people the person has"
	    " sent, and may.", API_PERSON, NULL, NULL, 0, 200,
	    &schema_sending, NULL, op_sending },
	{ "GET", "/forwarding", "getForwarding", "Where mail that comes is"
	    " sent on to.", API_PERSON, NULL, NULL, 0, 200,
	    &schema_forwarding, NULL, op_forwarding },
	{ "PUT", "/forwarding", "setForwarding", "Send it on, or no longer.",
	    API_PERSON, &schema_forwarding_wanted, NULL, 0, 204, NULL, NULL,
	    op_forwarding_set },
	{ "GET", "/automatic-reply", "getReply", "What people who write are"
	    " answered.", API_PERSON, NULL, NULL, 0, 200, &schema_reply, NULL,
	    op_reply },
	{ "PUT", "/automatic-reply", "setReply", "Answer them, each once in so"
	    " many days.", API_PERSON, &schema_reply_wanted, NULL, 0, 204,
	    NULL, NULL, op_reply_set },
	{ "DELETE", "/automatic-reply", "endReply", "Answer nothing any more.",
	    API_PERSON, NULL, NULL, 0, 204, NULL, NULL, op_reply_end },
	{ "GET", "/history", "listChanges", "What changed in calendars and"
	    " address books, the newest first, as long as it can be undone.",
	    API_PERSON, NULL, NULL, 0, 200, &schema_changes, NULL,
	    op_history },
	{ "GET", "/history/{id}", "getChange", "One change, with the text that"
	    " was there before.", API_PERSON, NULL, NULL, 0, 200,
	    &schema_change, NULL, op_history_show },
	{ "POST", "/history/{id}/undo", "undoChange", "As it was before that"
	    " change: a change of its own, which can be undone. Nobody is sent"
	    " a message about it.", API_PERSON, NULL, NULL, 0, 200,
	    &schema_undone, NULL, op_history_undo },
	{ "GET", "/calendars", "listCalendars", "The person's own calendars.",
	    API_PERSON, NULL, NULL, 0, 200, &schema_calendars, NULL,
	    op_calendars },
	{ "GET", "/calendars/{id}/export", "exportCalendar", "All of it, as one"
	    " file. One that ends without END:VCALENDAR is not whole.",
	    API_PERSON, NULL, NULL, 0, 200, NULL, "text/calendar",
	    op_calendar_export },
	{ "POST", "/calendars/import", "importCalendar", "Add what is in a"
	    " file and not there yet, each event for itself. What is there is"
	    " kept, and nobody is sent a message. Sent again, it adds nothing"
	    " more.", API_PERSON, &schema_calendar_file, import_query,
	    COUNT(import_query), 200, &schema_imported, NULL,
	    op_calendar_import },
	{ "GET", "/address-books", "listAddressBooks", "The person's own"
	    " address books.", API_PERSON, NULL, NULL, 0, 200, &schema_books,
	    NULL, op_books },
	{ "GET", "/address-books/{id}/export", "exportAddressBook", "All of"
	    " it, as one file.", API_PERSON, NULL, NULL, 0, 200, NULL,
	    "text/vcard", op_book_export },
	{ "POST", "/address-books/import", "importAddressBook", "Add what is in"
	    " a file and not there yet, each contact for itself. What is there"
	    " is kept. Sent again, it adds nothing more.", API_PERSON,
	    &schema_book_file, import_query, COUNT(import_query), 200,
	    &schema_imported, NULL, op_book_import },
	{ "GET", "/archive", "exportArchive", "Everything of the person as one"
	    " tar: mail, calendars, contacts, files, scripts and settings. One"
	    " that tar calls cut off is not whole.", API_PERSON, NULL, NULL,
	    0, 200, NULL, "application/x-tar", op_archive },
	{ "POST", "/archive/import", "importArchive", "Add what is in an"
	    " archive and not there yet. What is there is kept. Sent again, it"
	    " adds nothing more.", API_PERSON, &schema_archive_file, NULL, 0,
	    200, &schema_restored, NULL, op_archive_import },
	{ "GET", "/mailboxes", "listMailboxes", "The person's own mailboxes.",
	    API_PERSON, NULL, NULL, 0, 200, &schema_mailboxes, NULL,
	    op_mailboxes },
	{ "GET", "/mailboxes/{id}/export", "exportMailbox", "All messages of"
	    " it, as one mbox.", API_PERSON, NULL, export_query,
	    COUNT(export_query), 200, NULL, "application/mbox",
	    op_mailbox_export },
	{ "POST", "/mailboxes/import", "importMailbox", "Add the messages of"
	    " an mbox that are not there yet. Sent again, it adds nothing"
	    " more.", API_PERSON, &schema_mbox_file, mbox_query,
	    COUNT(mbox_query), 200, &schema_mail_imported, NULL,
	    op_mailbox_import },
	{ "GET", "/domains", "listDomains", "The domains that the person"
	    " administers.", API_PERSON, NULL, NULL, 0, 200, &schema_domains,
	    NULL, op_domains },
	{ "GET", "/domains/{id}/mailboxes", "listDomainMailboxes", "The"
	    " mailboxes of one of them by address, a hundred at a time.",
	    API_PERSON, NULL, mailboxes_query, COUNT(mailboxes_query), 200,
	    &schema_domain_mailboxes, NULL, op_domain_mailboxes },
	{ "POST", "/domains/{id}/mailboxes", "addDomainMailbox", "Add one."
	    " Without a password one is made, which the answer alone has.",
	    API_PERSON, &schema_domain_mailbox_wanted, NULL, 0, 201,
	    &schema_domain_mailbox_made, NULL, op_domain_mailbox_add },
	{ "GET", "/domains/mailboxes/{id}", "getDomainMailbox", "One of"
	    " them.", API_PERSON, NULL, NULL, 0, 200, &schema_domain_mailbox,
	    NULL, op_domain_mailbox },
	{ "PUT", "/domains/mailboxes/{id}", "setDomainMailbox", "Whether it"
	    " may log in, and how much it may hold.", API_PERSON,
	    &schema_domain_mailbox_state, NULL, 0, 204, NULL, NULL,
	    op_domain_mailbox_set },
	{ "DELETE", "/domains/mailboxes/{id}", "removeDomainMailbox", "Remove"
	    " it with all that is in it. There is no way back.", API_PERSON,
	    NULL, NULL, 0, 204, NULL, NULL, op_domain_mailbox_remove },
	{ "POST", "/domains/mailboxes/{id}/password",
	    "setDomainMailboxPassword", "A new main password; one is made when"
	    " none is given. Ends its sessions and connections.", API_PERSON,
	    &schema_domain_password, NULL, 0, 200,
	    &schema_domain_mailbox_made, NULL, op_domain_mailbox_password },
	{ "GET", "/domains/{id}/aliases", "listDomainAliases", "The domain's"
	    " further addresses.", API_PERSON, NULL, NULL, 0, 200,
	    &schema_domain_aliases, NULL, op_domain_aliases },
	{ "POST", "/domains/{id}/aliases", "addDomainAlias", "Add one.",
	    API_PERSON, &schema_domain_alias, NULL, 0, 204, NULL, NULL,
	    op_domain_alias_add },
	{ "DELETE", "/domains/{id}/aliases", "removeDomainAlias", "That address"
	    " leads nowhere any more.", API_PERSON, NULL, alias_query,
	    COUNT(alias_query), 204, NULL, NULL, op_domain_alias_remove },
	{ "GET", "/domains/{id}/dns", "getDomainRecords", "The DNS records that"
	    " the domain wants.", API_PERSON, NULL, NULL, 0, 200,
	    &schema_domain_dns, NULL, op_domain_dns },
	{ "GET", "/events", "streamEvents", "Logins as they happen (event"
	    " \"login\"), and the end of the session (\"session-ended\"), as"
	    " server-sent events.", API_PERSON, NULL, events_query,
	    COUNT(events_query), 200, NULL, "text/event-stream", op_events },
};
const size_t api_route_count = COUNT(api_routes);
