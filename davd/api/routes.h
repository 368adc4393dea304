/*
 * routes.h - the operations of the API, one row each; inside of davd/api.
 *
 * api.c finds the row, sees who asks and whether they may, reads the body by
 * the row's table, and runs it; openapi.c describes the rows.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "davd/api/schema.h"
#include "davd/api/visit.h"
#include "mailcore/admin/person.h"

enum api_access {
	API_ANYBODY,
	API_PERSON, /* by cookie, or by Basic */
	API_SESSION /* by cookie alone */
};

/* One request on its way through. */
struct api_call {
	const struct api_services *services;
	const struct request *request;
	struct answer *answer;
	const struct api_route *route;
	int64_t id;                  /* in the path */
	json_t *body;                /* as route->takes says */
	struct auth_session session; /* account 0: nobody; id 0: by Basic */
	struct person person;
	view field; /* what of the body is wrong, for a problem */
};

/* What went wrong becomes a problem, by api_fail. */
typedef result api_run(struct api_call *);

struct api_route {
	const char *method;
	const char *path; /* "/app-passwords/{id}", under /api/v1 */
	const char *name; /* operationId */
	const char *about;
	enum api_access access;
	const struct api_schema *takes; /* NULL: no body */
	const struct api_field *query;  /* parameters, of strings */
	size_t query_count;
	unsigned status;
	const struct api_schema *gives; /* NULL: `media`, or nothing */
	const char *media;
	api_run *run;
};

extern const struct api_route api_routes[];
extern const size_t api_route_count;

/* Answer with the row's status and this JSON, which is taken. */
CHECKED result api_give(struct api_call *, json_t *);

/* The same with nothing. */
CHECKED result api_give_nothing(struct api_call *);

/* A problem document (RFC 9457). */
void api_problem(struct answer *, unsigned status, const char *detail,
    view field);

/* The one for a result. */
void api_fail(struct api_call *, result);

/* A query parameter as the row says; "" without.  MALFORMED: another value
 * than allowed. */
CHECKED result api_parameter(struct api_call *, const char *name, view *out);

/* JSON of a view that is UTF-8. */
json_t *api_string(view);

/* The document; made once for a process is not worth it. */
json_t *openapi_make(void);

/* op_session.c, op_person.c, op_app.c, op_device.c, op_queue.c,
 * op_sending.c, op_handling.c, op_transfer.c, op_archive.c, op_domain.c */
api_run op_sign_in, op_session, op_sign_out, op_sessions, op_session_end,
    op_everywhere, op_me, op_logins, op_password, op_score, op_apps, op_app,
    op_app_add, op_app_revoke, op_profile, op_profile_make, op_device,
    op_events, op_openapi, op_history, op_history_show, op_history_undo,
    op_queue, op_queue_show, op_queue_retry, op_queue_delete, op_calendars,
    op_calendar_export, op_calendar_import, op_books, op_book_export,
    op_book_import, op_sending, op_archive, op_archive_import, op_mailboxes,
    op_mailbox_export, op_mailbox_import, op_forwarding, op_forwarding_set,
    op_reply, op_reply_set, op_reply_end, op_domains, op_domain_mailboxes,
    op_domain_mailbox_add, op_domain_mailbox, op_domain_mailbox_set,
    op_domain_mailbox_password, op_domain_mailbox_remove,
    op_domain_aliases, op_domain_alias_add, op_domain_alias_remove,
    op_domain_dns;

#endif
