#include "davd/dav/prop.h"

#include "davd/dav/acl.h"
#include "davd/dav/directory.h"
#include "davd/dav/subscribe.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <openssl/evp.h>

static void
empty(struct prop_out *o, const char *tag)
{
	xml_start(&o->x, tag);
	xml_end(&o->x, tag);
}

static bool
number(struct prop_out *o, int64_t n)
{
	xml_text(&o->x, arena_print(o->scratch, "%lld", (long long)n));
	return true;
}

static bool
href_of(struct prop_out *o, enum dav_what what)
{
	xml_leaf(&o->x, "D:href",
	    dav_href(o->d, o->scratch, what, VIEW(""), VIEW("")));
	return true;
}

/* A calendar is exactly {collection, calendar}: with more, Apple's clients
 * do not see it. */
bool
prop_resourcetype(struct prop_out *o, const struct resource *r)
{
	if ((r->what & DAV_OBJECTS) != 0)
		return true;
	empty(o, "D:collection");
	if ((r->what & (DAV_PRINCIPAL | DAV_PROXIES)) != 0)
		empty(o, "D:principal");
	if (r->what == DAV_PROXY_READ)
		empty(o, "CS:calendar-proxy-read");
	if (r->what == DAV_PROXY_WRITE)
		empty(o, "CS:calendar-proxy-write");
	if (r->what == DAV_CALENDAR)
		empty(o,
		    change_is_subscribed(o->d, o->scratch, r->collection)
			? "CS:subscribed"
			: "C:calendar");
	if (r->what == DAV_INBOX)
		empty(o, "C:schedule-inbox");
	if (r->what == DAV_OUTBOX)
		empty(o, "C:schedule-outbox");
	if (r->what == DAV_BOOK)
		empty(o, "CR:addressbook");
	if (r->what == DAV_BOOK && directory_is(r))
		empty(o, "CR:directory");
	return true;
}

/* Another's has his address behind it, as with SOGo: "personal" is everyone's
 * first calendar. */
static void
collection_name(struct prop_out *o, const struct collection *c)
{
	bool shared = o->d->shared.id != 0;
	view own;

	if (shared
	    && subscribe_property(
		   o->d, o->scratch, VIEW(NS_DAV " displayname"), &own)
		    .is
		== OK) {
		xml_text(&o->x, own);
		return;
	}
	xml_text(&o->x, c->display_name.n > 0 ? c->display_name : c->name);
	if (!shared)
		return;
	xml_text(&o->x, VIEW(" ("));
	xml_text(&o->x, o->d->owner.address);
	xml_text(&o->x, VIEW(")"));
}

static void
folder_name(struct prop_out *o, const struct collection *c)
{
	view name = c->name;

	(void)view_cut_last(&name, '/');
	xml_text(&o->x, c->display_name.n > 0 ? c->display_name : name);
}

bool
prop_displayname(struct prop_out *o, const struct resource *r)
{
	struct account_info info;

	if (r->what == DAV_FOLDER) {
		folder_name(o, r->collection);
		return true;
	}
	if ((r->what & DAV_COLLECTIONS) != 0) {
		collection_name(o, r->collection);
		return true;
	}
	if (r->what == DAV_CALENDARS)
		xml_text(&o->x, VIEW("Calendars"));
	else if (r->what == DAV_OUTBOX)
		xml_text(&o->x, VIEW("Outbox"));
	else if (r->what == DAV_BOOKS)
		xml_text(&o->x, VIEW("Contacts"));
	else if (r->what == DAV_ROOT)
		xml_text(&o->x, VIEW("Posthaste"));
	else if (account_get(o->d->services->store, o->scratch,
		     o->d->tree.id, &info)
		     .is
		== OK
	    && info.name.n > 0)
		xml_text(&o->x, info.name);
	else
		xml_text(&o->x, o->d->tree.address);
	return true;
}

bool
prop_etag(struct prop_out *o, const struct resource *r)
{
	xml_text(&o->x, VIEW("\""));
	xml_text(&o->x, acl_etag(o->d, o->scratch, r->collection, r->item));
	xml_text(&o->x, VIEW("\""));
	return true;
}

bool
prop_type(struct prop_out *o, const struct resource *r)
{
	char component[32];
	size_t n = r->item->component.n;

	if (r->what == DAV_FILE) {
		xml_text(&o->x, r->item->component);
		return true;
	}
	if (r->what == DAV_CARD) {
		xml_text(&o->x, VIEW("text/vcard; charset=utf-8"));
		return true;
	}
	xml_text(&o->x, VIEW("text/calendar; charset=utf-8"));
	if (n == 0 || n > sizeof component)
		return true;
	for (size_t i = 0; i < n; i++)
		component[i] = ascii_lower(r->item->component.p[i]);
	xml_text(&o->x, VIEW("; component="));
	xml_text(&o->x, (view){ component, n });
	return true;
}

bool
prop_length(struct prop_out *o, const struct resource *r)
{
	/* How long a masked one is, nobody has counted. */
	return !acl_is_masked(o->d, r->collection, r->item)
	    && number(o, (int64_t)r->item->size);
}

bool
prop_modified(struct prop_out *o, const struct resource *r)
{
	struct buf b = buf_new(64);

	date_add_http(&b, r->item->received);
	xml_text(&o->x, buf_view(&b));
	buf_free(&b);
	return true;
}

bool
prop_principal(struct prop_out *o, const struct resource *r)
{
	return href_of(o,
	    (r->what & DAV_PROXIES) != 0 ? r->what : DAV_PRINCIPAL);
}

/* Who asks, wherever; RFC 5397 3. */
bool
prop_self(struct prop_out *o, const struct resource *r)
{
	(void)r;
	if (o->d->who.account == 0)
		xml_leaf(&o->x, "D:unauthenticated", VIEW(""));
	else
		xml_leaf(&o->x, "D:href",
		    dav_principal_href(
			o->scratch, view_of(o->d->who.address)));
	return true;
}

bool
prop_owner(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_leaf(&o->x, "D:href",
	    dav_principal_href(o->scratch, o->d->owner.address));
	return true;
}

bool
prop_principals(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return href_of(o, DAV_ROOT);
}

bool
prop_calendar_home(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return href_of(o, DAV_CALENDARS);
}

bool
prop_book_home(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return href_of(o, DAV_BOOKS);
}

/* Where to search for people; of draft-daboo-carddav-directory-gateway. */
bool
prop_directory(struct prop_out *o, const struct resource *r)
{
	struct collection c = directory_collection();

	(void)r;
	if (!o->d->services->directory || !o->d->rights.all)
		return false;
	xml_leaf(&o->x, "D:href",
	    dav_href(o->d, o->scratch, DAV_BOOK, c.name, VIEW("")));
	return true;
}

bool
prop_mail_addresses(struct prop_out *o, const struct resource *r)
{
	(void)r;
	xml_leaf(&o->x, "CS:email-address", o->d->tree.address);
	return true;
}

/* What MKCALENDAR chose, or all that we keep. */
bool
prop_components(struct prop_out *o, const struct resource *r)
{
	static const view all[] = { VIEW_INIT("VEVENT"), VIEW_INIT("VTODO"),
		VIEW_INIT("VJOURNAL") };
	view chosen;

	if (r->what == DAV_CALENDAR
	    && property_get(o->d->account, o->scratch, r->collection->id,
		   VIEW(NS_CALDAV " supported-calendar-component-set"), &chosen)
		    .is
		== OK
	    && chosen.n > 0) {
		xml_raw(&o->x, chosen);
		return true;
	}
	for (size_t i = 0; i < COUNT(all); i++) {
		xml_start(&o->x, "C:comp");
		xml_set(&o->x, "name", all[i]);
		xml_end(&o->x, "C:comp");
	}
	return true;
}

static void
data_type(struct prop_out *o, const char *tag, view type, view version)
{
	xml_start(&o->x, tag);
	xml_set(&o->x, "content-type", type);
	xml_set(&o->x, "version", version);
	xml_end(&o->x, tag);
}

bool
prop_calendar_types(struct prop_out *o, const struct resource *r)
{
	(void)r;
	data_type(o, "C:calendar-data", VIEW("text/calendar"), VIEW("2.0"));
	return true;
}

bool
prop_card_types(struct prop_out *o, const struct resource *r)
{
	(void)r;
	data_type(o, "CR:address-data-type", VIEW("text/vcard"), VIEW("3.0"));
	data_type(o, "CR:address-data-type", VIEW("text/vcard"), VIEW("4.0"));
	return true;
}

static bool
collations(struct prop_out *o, const char *tag)
{
	xml_leaf(&o->x, tag, VIEW("i;ascii-casemap"));
	xml_leaf(&o->x, tag, VIEW("i;octet"));
	xml_leaf(&o->x, tag, VIEW("i;unicode-casemap"));
	return true;
}

bool
prop_collations_caldav(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return collations(o, "C:supported-collation");
}

bool
prop_collations_carddav(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return collations(o, "CR:supported-collation");
}

bool
prop_token(struct prop_out *o, const struct resource *r)
{
	view token;

	if ((r->what & DAV_HOMES) != 0) {
		if (dav_home_token(o->d, o->scratch, r->what, &token).is != OK)
			return false;
		xml_text(&o->x, token);
		return true;
	}
	if (directory_is(r))
		return false;
	xml_text(&o->x,
	    dav_token(
		o->d, o->scratch, r->collection, r->collection->modseq));
	return true;
}

bool
prop_most_calendar(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return number(o, LIMIT_CALENDAR_OBJECT);
}

bool
prop_most_card(struct prop_out *o, const struct resource *r)
{
	(void)r;
	return number(o, LIMIT_VCARD);
}

static bool
quota(struct prop_out *o, struct account_info *info)
{
	return o->d->rights.all
	    && account_get(
		   o->d->services->store, o->scratch, o->d->owner.id, info)
		    .is
		== OK;
}

/* RFC 4331 3: absent when there is no limit. */
bool
prop_quota_free(struct prop_out *o, const struct resource *r)
{
	struct account_info info;

	(void)r;
	if (!quota(o, &info) || info.quota == 0)
		return false;
	return number(o, info.used < info.quota ? info.quota - info.used : 0);
}

bool
prop_quota_used(struct prop_out *o, const struct resource *r)
{
	struct account_info info;

	(void)r;
	return quota(o, &info) && number(o, info.used);
}

/* RFC 5995 3.2.1 */
bool
prop_add_member(struct prop_out *o, const struct resource *r)
{
	view href = dav_href(
	    o->d, o->scratch, r->what, r->collection->name, VIEW(""));

	if (directory_is(r))
		return false;
	xml_leaf(&o->x, "D:href",
	    arena_print(o->scratch, "%.*s?add-member", (int)href.n, href.p));
	return true;
}

/* RFC 5842 3.1: a UUID that stays (RFC 9562 5.8), made of what stays. */
bool
prop_id(struct prop_out *o, const struct resource *r)
{
	view seed = arena_print(o->scratch, "%.*s %d %lld %lu",
	    (int)o->d->owner.address.n, o->d->owner.address.p, (int)r->what,
	    r->collection == NULL ? 0LL : (long long)r->collection->id,
	    r->item == NULL ? 0UL : (unsigned long)r->item->uid);
	unsigned char h[EVP_MAX_MD_SIZE];
	struct buf b = buf_new(64);
	static const size_t cuts[] = { 0, 4, 6, 8, 10, 16 };

	if (EVP_Digest(seed.p, seed.n, h, NULL, EVP_sha256(), NULL) != 1)
		return false;
	h[6] = (unsigned char)((h[6] & 0x0f) | 0x80);
	h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
	buf_add(&b, VIEW("urn:uuid"));
	for (size_t i = 0; i + 1 < COUNT(cuts); i++) {
		buf_add_byte(&b, i == 0 ? ':' : '-');
		encode_hex(&b,
		    (view){ (const char *)h + cuts[i], cuts[i + 1] - cuts[i] });
	}
	xml_leaf(&o->x, "D:href", buf_view(&b));
	buf_free(&b);
	return true;
}

bool
prop_bytes(struct prop_out *o, const struct resource *r)
{
	if (r->bytes.p == NULL)
		return false;
	xml_text(&o->x, r->bytes);
	return true;
}

static void
bulk(struct prop_out *o, const char *tag, int bytes)
{
	xml_start(&o->x, tag);
	xml_start(&o->x, "MM:max-resources");
	(void)number(o, LIMIT_BULK);
	xml_end(&o->x, "MM:max-resources");
	xml_start(&o->x, "MM:max-bytes");
	(void)number(o, bytes);
	xml_end(&o->x, "MM:max-bytes");
	xml_end(&o->x, tag);
}

/* calendarserver-bulk-change 5.1 */
bool
prop_bulk(struct prop_out *o, const struct resource *r)
{
	if (directory_is(r))
		return false;
	bulk(o, "MM:simple", LIMIT_CALENDAR_OBJECT);
	bulk(o, "MM:crud", LIMIT_XML);
	return true;
}

bool
prop_nothing(struct prop_out *o, const struct resource *r)
{
	(void)o;
	(void)r;
	return true;
}
