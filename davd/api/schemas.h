/*
 * schemas.h - the objects that go in and come out; inside of davd/api.
 */
#ifndef API_SCHEMAS_H
#define API_SCHEMAS_H

#include "davd/api/schema.h"

extern const struct api_schema schema_credentials, schema_session,
    schema_session_row, schema_sessions, schema_person, schema_service,
    schema_quota, schema_login, schema_logins, schema_password,
    schema_candidate, schema_score, schema_app_wanted, schema_app,
    schema_app_made, schema_apps, schema_profile, schema_device_wanted,
    schema_device, schema_change, schema_changes, schema_undone,
    schema_problem, schema_queue_recipient,
    schema_queue_message, schema_queue, schema_sending,
    schema_sending_span, schema_calendar_file,
    schema_book_file, schema_calendars, schema_books, schema_imported,
    schema_archive_file, schema_mbox_file, schema_mailboxes,
    schema_restored, schema_mail_imported, schema_forwarding,
    schema_forwarding_wanted, schema_reply, schema_reply_wanted,
    schema_domains, schema_domain_mailbox, schema_domain_mailboxes,
    schema_domain_mailbox_wanted, schema_domain_mailbox_state,
    schema_domain_mailbox_made, schema_domain_password,
    schema_domain_alias, schema_domain_aliases, schema_domain_dns;

#endif
