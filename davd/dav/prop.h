/*
 * prop.h - the properties, one row each: where they are, who may write them,
 * and how they are told.
 */
#ifndef DAV_PROP_H
#define DAV_PROP_H

#include "davd/dav/inside.h"

/* One resource that a response is about. */
struct resource {
	enum dav_what what;
	view href;
	const struct collection *collection; /* of COLLECTIONS and OBJECTS */
	const struct item *item;             /* of OBJECTS */
	view bytes; /* of OBJECTS, when prop_wanted.bytes asks for them */
};

/* Where a writer writes, and what it may use. */
struct prop_out {
	struct dav *d; /* its account is open */
	struct arena *scratch;
	struct xml_out x;
};

enum prop_kind {
	PROP_LIVE,   /* computed; nobody may write it */
	PROP_STORED, /* kept as it was set, on collections */
	PROP_NAME    /* displayname: kept, and never absent */
};

struct prop_row {
	const char *tag; /* with its prefix */
	view ns;
	view name;
	int on;   /* set of enum dav_what */
	bool all; /* in allprop */
	enum prop_kind kind;
	enum dav_what to; /* whom its DAV:href names; for expand-property */
	bool many;        /* by prop_expand_persons */
	/* Writes the inside, after a start tag; false: there is none, and
	 * nothing was written. PROP_STORED: what it is where nobody has set
	 * it; may be NULL. */
	bool (*inside)(struct prop_out *, const struct resource *);
};

/* NULL: not one of ours. */
const struct prop_row *prop_find(view ns, view name);

/* What a request asks for. */
struct prop_wanted {
	struct prop_want {
		const struct prop_row *row;
		const struct xml_element *element; /* when row is NULL */
		const struct prop_wanted *nested;  /* expand-property */
	} * list;
	size_t count;
	bool names_only; /* propname */
	bool all;        /* allprop: what is not there is not missed */
	bool bytes;      /* calendar-data or address-data is among them, */
	const struct xml_element *data; /* as this element asks for it */
};

/* From a DAV:prop element.  OVER_LIMIT: more than LIMIT_DAV_PROPERTIES. */
CHECKED result prop_want(
    struct arena *, const struct xml_element *prop, struct prop_wanted *out);

/* allprop or propname; `include` may be NULL. */
CHECKED result prop_want_all(struct arena *, const struct xml_element *include,
    bool names_only, struct prop_wanted *out);

/* From a DAV:expand-property or DAV:property element (RFC 3253 3.8). */
CHECKED result prop_want_nested(
    struct arena *, const struct xml_element *expand, struct prop_wanted *out);

/* The name under which a property is stored: "namespace name". */
view prop_key(struct arena *, view ns, view name);

/* One DAV:response with its propstats: what is there first, then what is
 * not, unless the request wants it minimal. */
void prop_respond(
    struct prop_out *, const struct resource *, const struct prop_wanted *);

/* The element of a row that names many principals, with what is `nested`
 * about each. */
bool prop_expand_persons(struct prop_out *, const struct resource *,
    const struct prop_row *, const struct prop_wanted *nested);

/* The key of the property that says the same as this one otherwise, and goes
 * when this one is set; NULL: there is none. */
const char *prop_zone_twin(const struct prop_row *);

/* The writers that the prop_*.c hold. */
bool prop_resourcetype(struct prop_out *, const struct resource *);
bool prop_displayname(struct prop_out *, const struct resource *);
bool prop_etag(struct prop_out *, const struct resource *);
bool prop_type(struct prop_out *, const struct resource *);
bool prop_length(struct prop_out *, const struct resource *);
bool prop_modified(struct prop_out *, const struct resource *);
bool prop_self(struct prop_out *, const struct resource *);
bool prop_owner(struct prop_out *, const struct resource *);
bool prop_principal(struct prop_out *, const struct resource *);
bool prop_principals(struct prop_out *, const struct resource *);
bool prop_calendar_home(struct prop_out *, const struct resource *);
bool prop_book_home(struct prop_out *, const struct resource *);
bool prop_user_addresses(struct prop_out *, const struct resource *);
bool prop_mail_addresses(struct prop_out *, const struct resource *);
bool prop_components(struct prop_out *, const struct resource *);
bool prop_calendar_types(struct prop_out *, const struct resource *);
bool prop_card_types(struct prop_out *, const struct resource *);
bool prop_collations_caldav(struct prop_out *, const struct resource *);
bool prop_collations_carddav(struct prop_out *, const struct resource *);
bool prop_token(struct prop_out *, const struct resource *);
bool prop_most_calendar(struct prop_out *, const struct resource *);
bool prop_most_card(struct prop_out *, const struct resource *);
bool prop_quota_free(struct prop_out *, const struct resource *);
bool prop_quota_used(struct prop_out *, const struct resource *);
bool prop_id(struct prop_out *, const struct resource *);
bool prop_bytes(struct prop_out *, const struct resource *);
bool prop_nothing(struct prop_out *, const struct resource *);
bool prop_privileges(struct prop_out *, const struct resource *);
bool prop_known_privileges(struct prop_out *, const struct resource *);
bool prop_acl(struct prop_out *, const struct resource *);
bool prop_members(struct prop_out *, const struct resource *);
bool prop_membership(struct prop_out *, const struct resource *);
bool prop_proxy_read_for(struct prop_out *, const struct resource *);
bool prop_proxy_write_for(struct prop_out *, const struct resource *);
bool prop_invite(struct prop_out *, const struct resource *);
bool prop_publish_url(struct prop_out *, const struct resource *);
bool prop_sharing_modes(struct prop_out *, const struct resource *);
bool prop_directory(struct prop_out *, const struct resource *);
bool prop_acl_parents(struct prop_out *, const struct resource *);
bool prop_acl_restrictions(struct prop_out *, const struct resource *);
bool prop_person(struct prop_out *, const struct resource *);
bool prop_inbox(struct prop_out *, const struct resource *);
bool prop_outbox(struct prop_out *, const struct resource *);
bool prop_default_calendar(struct prop_out *, const struct resource *);
bool prop_busy_set(struct prop_out *, const struct resource *);
bool prop_schedule_tag(struct prop_out *, const struct resource *);
bool prop_zone(struct prop_out *, const struct resource *);
bool prop_zone_id(struct prop_out *, const struct resource *);
bool prop_zone_service(struct prop_out *, const struct resource *);
bool prop_most_attachment(struct prop_out *, const struct resource *);
bool prop_most_attachments(struct prop_out *, const struct resource *);
bool prop_opaque(struct prop_out *, const struct resource *);
bool prop_most_attendees(struct prop_out *, const struct resource *);
bool prop_push_transports(struct prop_out *, const struct resource *);
bool prop_push_topic(struct prop_out *, const struct resource *);
bool prop_push_triggers(struct prop_out *, const struct resource *);
bool prop_add_member(struct prop_out *, const struct resource *);
bool prop_bulk(struct prop_out *, const struct resource *);
bool prop_reports(struct prop_out *, const struct resource *);

#endif
