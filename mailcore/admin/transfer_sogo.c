/* What sogo-tool backup wrote of one person: calendars, address books, who may
 * see them, and what the person has subscribed to. */
#include "mailcore/admin/share.h"
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/plist.h"
#include "mailcore/format/vcard_list.h"
#include "mailcore/store/right_role.h"
#include "mailcore/store/right_subscription.h"

struct place {
	enum collection_kind kind;
	int64_t id;
	view name;
};

/* "/Users/ann@example.org/Calendar/personal" */
static bool
read_place(view path, struct place *out)
{
	view users, kind;

	(void)view_cut(&path, '/');
	users = view_cut(&path, '/');
	(void)view_cut(&path, '/');
	kind = view_cut(&path, '/');
	*out = (struct place){ .name = path };
	if (view_eq(kind, VIEW("Calendar")))
		out->kind = COLLECTION_CALENDAR;
	else if (view_eq(kind, VIEW("Contacts")))
		out->kind = COLLECTION_ADDRESSBOOK;
	else
		return false;
	return view_eq(users, VIEW("Users"))
	    && view_find_byte(path, '/') == SIZE_MAX;
}

/* SOGo keeps LF; clients are sent CRLF. */
static void
add_wire(view text, struct buf *out)
{
	view line;

	while (view_line(&text, &line)) {
		buf_add(out, line);
		buf_add_text(out, "\r\n");
	}
}

/* What is wrong with one thing does not stop the others. */
static result
tell(struct import *m, view what, result r)
{
	if (r.is == NO_SPACE || r.is == FAILED || r.is == BUSY)
		return r;
	import_told(m, what, r);
	return done();
}

/* Who is in a list stands there by the name of the card. */
struct cards {
	struct arena *arena;
	const struct plist *first;
};

static view
uid_of(void *context, view name)
{
	const struct cards *cards = context;
	const struct plist *c = cards->first;
	struct content_lines lines;
	struct content_line l;

	while (c != NULL && !view_eq(plist_text(c, VIEW("c_name")), name))
		c = c->next;
	lines = content_lines_of(plist_text(c, VIEW("c_content")),
	    cards->arena);
	while (content_line_next(&lines, &l))
		if (view_same(l.name, VIEW("UID"))
		    && view_trim(l.value).n > 0)
			return view_trim(l.value);
	return name;
}

/* Under the name that it had, so that clients find it where it was. */
static result
take_record(struct import *m, const struct place *place,
    const struct plist *list, const struct plist *record)
{
	struct cards cards = { m->arena, list->first };
	struct incoming_object in = { .kind = place->kind,
		.collection = place->id, .when = -1,
		.name = plist_text(record, VIEW("c_name")) };
	view content = plist_text(record, VIEW("c_content"));
	struct buf text = buf_new(2 * content.n + 2);
	result r = done();

	if (name_check(in.name).is != OK)
		in.name = VIEW("");
	arena_reset(m->arena);
	if (vcard_list_is(content))
		r = vcard_list_convert(content, m->arena, uid_of, &cards,
		    &text);
	else
		add_wire(content, &text);
	if (r.is == OK)
		r = buf_result(&text);
	in.bytes = buf_view(&text);
	r = r.is == OK ? import_object(m, &in) : tell(m, in.name, r);
	buf_free(&text);
	return r;
}

/* SOGo's "<default>" is everyone with an account, "anonymous" everyone. */
static view
who_of(view user)
{
	if (view_eq(user, VIEW("<default>")))
		return VIEW("domain");
	return view_eq(user, VIEW("anonymous")) ? VIEW("anyone") : user;
}

static result
take_rights(struct import *m, const struct place *place,
    const struct plist *user)
{
	unsigned rights = 0;
	view words[3];

	for (const struct plist *role = user->first; role != NULL;
	     role = role->next)
		if (!right_role_add(place->kind, role->text, &rights))
			return fail(MALFORMED, "a role of another SOGo");
	if (rights == 0)
		return fail(EXISTS, "");
	words[0] = arena_print(m->arena, "%s/%.*s",
	    place->kind == COLLECTION_CALENDAR ? "Calendar" : "Contacts",
	    (int)place->name.n, place->name.p);
	words[1] = who_of(user->key);
	words[2] = admin_rights_text(m->arena, rights);
	TRY(arena_result(m->arena));
	return import_share(m, words);
}

static result
take_folder(struct import *m, const struct plist *folder)
{
	const struct plist *list = plist_find(folder, VIEW("records"));
	const struct plist *acl = plist_find(folder, VIEW("acl"));
	struct place place;
	result r;

	arena_reset(m->arena);
	if (!read_place(folder->key, &place))
		return done();
	r = place_check(place.kind, place.name);
	if (r.is == OK)
		r = import_collection(m, place.kind, place.name,
		    plist_text(folder, VIEW("displayname")), &place.id);
	if (r.is != OK)
		return tell(m, folder->key, r);
	for (const struct plist *c = list == NULL ? NULL : list->first;
	     c != NULL; c = c->next)
		TRY(take_record(m, &place, list, c));
	for (const struct plist *c = acl == NULL ? NULL : acl->first;
	     c != NULL; c = c->next) {
		arena_reset(m->arena);
		TRY(tell(m, c->key, take_rights(m, &place, c)));
	}
	return done();
}

/* "bob@example.org:Calendar/personal" */
static result
take_subscription(struct import *m, view text)
{
	view owner = view_cut(&text, ':');
	view kind = view_cut(&text, '/');

	return import_subscription(m, view_eq(kind, VIEW("Calendar"))
	        ? COLLECTION_CALENDAR : COLLECTION_ADDRESSBOOK,
	    subscription_segment(m->arena, owner, text), owner, text);
}

/* Of the settings' Calendar or Contacts. */
static result
take_subscriptions(struct import *m, const struct plist *settings)
{
	const struct plist *list = plist_find(settings,
	    VIEW("SubscribedFolders"));

	for (const struct plist *c = list == NULL ? NULL : list->first;
	     c != NULL; c = c->next) {
		arena_reset(m->arena);
		TRY(tell(m, c->text, take_subscription(m, c->text)));
	}
	return done();
}

result
import_sogo(struct import *m, view text)
{
	struct arena *arena = arena_new(TRANSFER_ARENA);
	const struct plist *tables, *settings;
	struct plist *all;
	result r = plist_read(text, arena, &all);

	tables = r.is == OK ? plist_find(all, VIEW("tables")) : NULL;
	settings = r.is == OK ? plist_find(all, VIEW("preferences")) : NULL;
	if (r.is == OK && tables == NULL)
		r = fail(MALFORMED, "expected what sogo-tool backup wrote of"
		    " one person");
	for (const struct plist *c = tables == NULL ? NULL : tables->first;
	     r.is == OK && c != NULL; c = c->next)
		r = take_folder(m, c);
	for (const struct plist *c = settings == NULL ? NULL
	                                              : settings->first;
	     r.is == OK && c != NULL; c = c->next) {
		r = take_subscriptions(m, plist_find(c, VIEW("Calendar")));
		if (r.is == OK)
			r = take_subscriptions(m, plist_find(c,
			    VIEW("Contacts")));
	}
	arena_free(&arena);
	return r;
}
