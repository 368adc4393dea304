/*
 * inside.h - what the files of davd/dav share: one request on its way
 * through, its target, and how it is refused.
 */
#ifndef DAV_INSIDE_H
#define DAV_INSIDE_H

#include "davd/dav/dav.h"
#include "mailcore/format/xml_in.h"
#include "mailcore/format/xml_out.h"
#include "mailcore/store/item.h"
#include "mailcore/store/right.h"
#include "mailcore/store/right_subscription.h"

#define NS_DAV "DAV:"
#define NS_CALDAV "urn:ietf:params:xml:ns:caldav"
#define NS_CARDDAV "urn:ietf:params:xml:ns:carddav"
#define NS_SERVER "http://calendarserver.org/ns/"
#define NS_ME "http://me.com/_namespace/"
/* Of error-description: words for people in a DAV:error, by the one name that
 * clients and test suites know for them. */
#define NS_TWISTED "http://twistedmatrix.com/xml_namespace/dav/"
#define NS_APPLE "http://apple.com/ns/ical/"

/* What a URL names; a set of bits, so that tables can say "any of these". */
enum dav_what {
	DAV_NOTHING = 0,
	DAV_ROOT = 1,      /* /SOGo/dav/ */
	DAV_PRINCIPAL = 2, /* /SOGo/dav/<address>/ */
	DAV_CALENDARS = 4, /* .../Calendar/ */
	DAV_BOOKS = 8,     /* .../Contacts/ */
	DAV_CALENDAR = 16,
	DAV_BOOK = 32,
	DAV_EVENT = 64, /* any calendar object */
	DAV_CARD = 128,
	DAV_INBOX = 256,   /* .../Calendar/inbox/ (RFC 6638 2.2) */
	DAV_MESSAGE = 512, /* what lies in it */
	DAV_OUTBOX = 1024, /* .../Calendar/outbox/ */
	DAV_FOLDER = 4096, /* .../Files/ and below; see files.h */
	DAV_FILE = 8192,
	/* calendar-proxy-read/ and -write/ of a principal. */
	DAV_PROXY_READ = 65536,
	DAV_PROXY_WRITE = 131072
};

enum {
	DAV_HOMES = DAV_CALENDARS | DAV_BOOKS,
	DAV_COLLECTIONS = DAV_CALENDAR | DAV_BOOK | DAV_INBOX | DAV_FOLDER,
	DAV_OBJECTS = DAV_EVENT | DAV_CARD | DAV_MESSAGE | DAV_FILE,
	DAV_FILES = DAV_FOLDER | DAV_FILE,
	DAV_SCHEDULING = DAV_INBOX | DAV_MESSAGE | DAV_OUTBOX,
	DAV_PROXIES = DAV_PROXY_READ | DAV_PROXY_WRITE,
	DAV_ALL = 255 | DAV_PROXIES | DAV_SCHEDULING | DAV_FILES
};

struct dav_path {
	enum dav_what what;
	view user;       /* as it stands there, decoded once more */
	view collection; /* segment, decoded; of files all from "Files" on */
	view object;
	bool open;  /* below public/: nobody logs in */
	bool slash; /* ends in '/' */
	bool busy;  /* freebusy.ifb: DAV_NOTHING, but GET knows it */
	bool whole; /* name.ics for name: all of it, as a file */
	bool deep;  /* below an object: DAV_NOTHING, and so is its parent */
};

struct dav_path dav_path_parse(view path, struct arena *);
enum collection_kind dav_kind(enum dav_what);

struct dav_person {
	int64_t id;
	view address; /* the primary one */
};

/* Lives in the request's arena, as long as the request. */
struct dav {
	struct dav_services *services;
	const struct request *request;
	struct answer *answer;
	struct arena *arena;
	struct identity who;     /* who asks; account 0: nobody logged in */
	struct dav_person tree;  /* whose tree the URL is in; hrefs say so */
	struct dav_person owner; /* whose things these are: his account is
	                          * open.  Another than `tree` where a
	                          * subscription leads there */
	struct subscription shared; /* that one; id 0: none */
	struct right_set rights;    /* of `who` in the owner's account */
	struct dav_path path;
	view self;               /* href of the target */
	struct account *account; /* NULL between pieces of a stream */
	bool minimal;            /* RFC 8144 2.1, or Brief: t */
	bool no_root;            /* RFC 8144 3 depth-noroot */
	bool representation;     /* RFC 8144 2.2: wants to see what is there */
	const char *why;         /* what dav_error tells people beside the
	                          * condition; NULL: nothing */
};

/* Canonical hrefs, percent-encoded, with a raw '@'; in `arena`.  Those of
 * dav_href are in the tree of the request. */
view dav_href(const struct dav *, struct arena *, enum dav_what,
    view collection, view object);
view dav_principal_href(struct arena *, view address);

/* A segment as it stands in them. */
void dav_add_segment(struct buf *, view segment);

/* The path that an href names, which may be a whole URL; false: not of this
 * host. */
bool dav_href_path(
    const struct dav *, struct arena *, view href, struct dav_path *out);

/* An answer with a DAV:error body; `condition` is a prefixed name from the
 * prefixes D, C, CR ("C:valid-filter"), `href` may be empty. */
void dav_error(struct dav *, unsigned status, const char *condition, view href);

/* The answer for a failure of the store or a parser. */
void dav_fail(struct dav *, result);

/* 403 with the privilege that is missing (RFC 3744 7.1.1). */
void dav_need(struct dav *, unsigned right);

/* The answer to a method that does not fit the target. */
void dav_not_allowed(struct dav *);
const char *dav_allow(enum dav_what);

/* Declares the five prefixes on the element just started. */
void dav_prefixes(struct xml_out *);

/* The request's body as XML; false: refused, or `*out` is NULL when there is
 * no body. */
bool dav_body(struct dav *, struct xml_element **out);

/* The collection of the path; NOT_FOUND. */
CHECKED result dav_collection(
    struct dav *, struct arena *, struct collection *);

/* The conditions of the request (request_precondition), also those about
 * other resources, sync tokens and when it changed (INT64_MIN: it is not
 * there); in the transaction that writes. */
unsigned dav_precondition(struct dav *, view etag, int64_t changed);

/* The same of a collection, which has no ETag: If alone.  STALE. */
CHECKED result dav_if(struct dav *);

/* MKCALENDAR may have chosen what a calendar holds. */
CHECKED result dav_component_fits(
    struct dav *, const struct collection *, view component, bool *out);

/* "http://posthaste.invalid/ns/sync/<id>-<modseq>[-<rights>]": those of
 * another one who asks, as far as what he sees of an object depends on them.
 * With more or fewer he starts again. */
view dav_token(const struct dav *, struct arena *, const struct collection *,
    int64_t modseq);
unsigned dav_token_rights(const struct dav *, const struct collection *);

/* The same of a home, as it is now for who asks:
 * ".../home-<kind>-<modseq>[-<sum over what others share>]". */
CHECKED result dav_home_token(
    struct dav *, struct arena *, enum dav_what home, view *out);

enum dav_depth { DEPTH_0, DEPTH_1, DEPTH_INFINITY, DEPTH_BAD };
enum dav_depth dav_depth_of(const struct request *, enum dav_depth missing);

/* The object that the path names, as the body of an answer, with its ETag. */
CHECKED result dav_represent(struct dav *);

/* SOGo's VLIST in place of a vCard: `*text` becomes that of a group. */
CHECKED result dav_list_convert(struct dav *, view *text);

/* The methods. */
void dav_options(struct dav *);
void dav_get(struct dav *);
void dav_busy(struct dav *);
void dav_export(struct dav *);
void dav_put(struct dav *);
void dav_post(struct dav *);
void dav_delete(struct dav *);
void dav_propfind(struct dav *);
void dav_proppatch(struct dav *);
void dav_mkcol(struct dav *);
void dav_mkcalendar(struct dav *);
void dav_report(struct dav *);
void dav_copy(struct dav *);
void dav_move(struct dav *);
void dav_acl(struct dav *);
void dav_command(struct dav *);

/* DELETE of what is another's: it is only no longer shown here. */
void dav_unsubscribe(struct dav *);

#endif
