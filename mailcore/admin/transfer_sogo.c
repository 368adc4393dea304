/* What sogo-tool backup wrote of one person: calendars, address books, who may
 * see them, and what the person has subscribed to. */
#include "mailcore/admin/share.h"
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/ascii.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/plist.h"
#include "mailcore/format/vcard_list.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/right_role.h"
#include "mailcore/store/right_subscription.h"

#include <stdlib.h>

enum { PROPERTY_TEXT = 256 };

/* What all of the file's parts go by. */
struct sogo {
	struct import *m;
	struct arena *arena; /* as long as the file is read */
	const struct plist *settings;
	view domain; /* of who has none in his name */
};

struct place {
	enum collection_kind kind;
	int64_t id;
	view owner, name; /* as SOGo has them */
};

/* "/Users/ann@example.org/Calendar/personal" */
static bool
read_place(view path, struct place *out)
{
	view users, kind;

	*out = (struct place){ .id = 0 };
	(void)view_cut(&path, '/');
	users = view_cut(&path, '/');
	out->owner = view_cut(&path, '/');
	kind = view_cut(&path, '/');
	out->name = path;
	if (view_eq(kind, VIEW("Calendar")))
		out->kind = COLLECTION_CALENDAR;
	else if (view_eq(kind, VIEW("Contacts")))
		out->kind = COLLECTION_ADDRESSBOOK;
	else
		return false;
	return view_eq(users, VIEW("Users"))
	    && view_find_byte(path, '/') == SIZE_MAX;
}

/* A message's METHOD, which a stored event has not (RFC 4791 4.1). */
static bool
is_method(view line, size_t depth)
{
	return depth == 1
	    && (view_starts_same(line, VIEW("METHOD:"))
	        || view_starts_same(line, VIEW("METHOD;")));
}

/* Of a folded line (RFC 5545 3.1). */
static bool
goes_on(view line)
{
	return view_at(line, 0) == ' ' || view_at(line, 0) == '\t';
}

/* SOGo keeps LF; clients are sent CRLF. */
static void
add_wire(view text, struct buf *out)
{
	bool left_out = false;
	size_t depth = 0;
	view line;

	while (view_line(&text, &line)) {
		if (view_starts_same(line, VIEW("BEGIN:")))
			depth++;
		else if (view_starts_same(line, VIEW("END:")) && depth > 0)
			depth--;
		left_out = is_method(line, depth)
		    || (left_out && goes_on(line));
		if (left_out)
			continue;
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
struct card {
	view name, uid;
};

struct cards {
	struct card *list; /* by name, when there is a list at all */
	size_t count;
};

static int
by_name(const void *left, const void *right)
{
	const struct card *l = left, *r = right;

	return view_order(l->name, r->name);
}

static view
find_uid(struct arena *arena, view content)
{
	struct content_lines lines = content_lines_of(content, arena);
	struct content_line l;

	while (content_line_next(&lines, &l))
		if (view_same(l.name, VIEW("UID")))
			return view_trim(l.value);
	return VIEW("");
}

/* Those that have a UID, in `arena`; what is read meanwhile in import.arena. */
static result
read_cards(struct import *m, const struct plist *list, struct arena *arena,
    struct cards *out)
{
	size_t room = 0;

	*out = (struct cards){ .list = NULL };
	for (const struct plist *c = list->first; c != NULL; c = c->next) {
		view content = plist_text(c, VIEW("c_content")), uid;
		struct card *more;

		if (vcard_list_is(content))
			continue;
		arena_reset(m->arena);
		uid = arena_copy(arena, find_uid(m->arena, content));
		more = arena_more(arena, out->list, out->count, &room,
		    sizeof *more);
		TRY(arena_result(arena));
		out->list = more;
		if (uid.n > 0)
			more[out->count++] = (struct card){
				plist_text(c, VIEW("c_name")), uid };
	}
	if (out->count > 0)
		qsort(out->list, out->count, sizeof *out->list, by_name);
	return done();
}

static view
uid_of(void *context, view name)
{
	const struct cards *cards = context;
	const struct card wanted = { .name = name }, *found = NULL;

	if (cards->count > 0)
		found = bsearch(&wanted, cards->list, cards->count,
		    sizeof wanted, by_name);
	return found == NULL ? name : found->uid;
}

/* Under the name that it had, so that clients find it where it was. */
static result
take_record(struct import *m, const struct place *place,
    struct cards *cards, const struct plist *record)
{
	struct incoming_object in = { .kind = place->kind,
		.collection = place->id, .when = -1,
		.name = plist_text(record, VIEW("c_name")) };
	view content = plist_text(record, VIEW("c_content"));
	/* One more line end each, or as many members as a card may have. */
	struct buf text = buf_new(2 * content.n + LIMIT_VCARD);
	result r = done();

	if (name_check(in.name).is != OK)
		in.name = VIEW("");
	arena_reset(m->arena);
	if (vcard_list_is(content))
		r = vcard_list_convert(content, m->arena, uid_of, cards,
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

/* Who logs in by a name alone is of the domain of him whose file it is. */
static view
address_of(struct sogo *s, view user)
{
	return user.n == 0 || view_find_byte(user, '@') != SIZE_MAX
	    ? user
	    : arena_print(s->m->arena, "%.*s@%.*s", (int)user.n, user.p,
		(int)s->domain.n, s->domain.p);
}

/* SOGo's "<default>" is everyone with an account, "anonymous" everyone. */
static const view each_one = VIEW_INIT("<default>");
static const view public = VIEW_INIT("anonymous");

static view
who_of(struct sogo *s, view user)
{
	if (view_eq(user, each_one))
		return VIEW("domain");
	return view_eq(user, public) ? VIEW("anyone") : address_of(s, user);
}

/* "None" stands for none.  false: there was one that we do not know. */
static bool
read_roles(enum collection_kind kind, const struct plist *user,
    unsigned *rights)
{
	bool known = true;

	*rights = 0;
	for (const struct plist *role = user->first; role != NULL;
	     role = role->next)
		known = (view_eq(role->text, VIEW("None"))
		            || right_role_add(kind, role->text, rights))
		    && known;
	return known;
}

/* In SOGo a person's roles stand in place of everyone's, so that he may have
 * less; here rights add up. */
static bool
is_less_for_one(enum collection_kind kind, const struct plist *acl,
    unsigned rights)
{
	for (const struct plist *c = acl->first; c != NULL; c = c->next) {
		unsigned own;

		if (view_eq(c->key, each_one) || view_eq(c->key, public))
			continue;
		(void)read_roles(kind, c, &own);
		if ((own & RIGHT_READ) != 0)
			own |= RIGHTS_TIMES;
		if ((rights & ~own) != 0)
			return true;
	}
	return false;
}

static result
take_rights(struct sogo *s, const struct place *place,
    const struct plist *acl, const struct plist *user)
{
	struct import *m = s->m;
	unsigned rights;
	view words[3];

	if (!read_roles(place->kind, user, &rights))
		return fail(MALFORMED, "a role of another SOGo");
	if (rights == 0)
		return fail(EXISTS, "");
	if (view_eq(user->key, each_one)
	    && is_less_for_one(place->kind, acl, rights))
		return fail(DENIED, "not shared with everyone: somebody was to"
		    " have less than all others");
	words[0] = arena_print(m->arena, "%s/%.*s",
	    place->kind == COLLECTION_CALENDAR ? "Calendar" : "Contacts",
	    (int)place->name.n, place->name.p);
	words[1] = who_of(s, user->key);
	words[2] = admin_rights_text(m->arena, rights);
	TRY(arena_result(m->arena));
	return import_share(m, words);
}

static result
take_records(struct sogo *s, const struct place *place,
    const struct plist *list)
{
	struct cards cards = { .list = NULL };
	bool lists = false;

	if (list == NULL)
		return done();
	for (const struct plist *c = list->first; c != NULL; c = c->next)
		lists = lists
		    || vcard_list_is(plist_text(c, VIEW("c_content")));
	if (lists)
		TRY(read_cards(s->m, list, s->arena, &cards));
	for (const struct plist *c = list->first; c != NULL; c = c->next)
		TRY(take_record(s->m, place, &cards, c));
	return done();
}

struct calling {
	struct arena *arena;
	const struct place *place;
	view display_name;
};

/* As account_add (store/domain.h) called it, and nobody since. */
static bool
is_called_first(const struct collection *c)
{
	return view_eq(c->display_name, c->kind == COLLECTION_CALENDAR
	        ? VIEW("Personal Calendar")
	        : VIEW("Personal Address Book"));
}

/* What is there from the start takes the name that it had. */
static result
call(struct account *a, void *context)
{
	const struct calling *g = context;
	struct collection c;

	TRY(collection_get(a, g->arena, g->place->id, &c));
	return view_eq(c.display_name, g->display_name) || !is_called_first(&c)
	    ? done()
	    : collection_set_display_name(a, c.id, g->display_name);
}

static result
take_place(struct sogo *s, struct place *place, view display_name)
{
	struct calling g = { s->m->arena, place, display_name };

	TRY(place_check(place->kind, place->name));
	TRY(import_collection(s->m, place->kind, place->name, display_name,
	    &place->id));
	return display_name.n == 0
	    ? done()
	    : account_write(s->m->account, call, &g, DURABLE_LATER);
}

static bool
is_color(view v)
{
	for (size_t i = 1; i < v.n; i++)
		if (ascii_hex(v.p[i]) < 0)
			return false;
	return (v.n == 7 || v.n == 9) && v.p[0] == '#';
}

/* As he has chosen it ("#3355FF"), in whosever calendar; "": nothing. */
static view
color_of(const struct sogo *s, view reference)
{
	view color = VIEW("");

	for (const struct plist *c = s->settings; c != NULL && color.n == 0;
	     c = c->next)
		color = plist_text(plist_find(plist_find(c, VIEW("Calendar")),
		    VIEW("FolderColors")), reference);
	return color;
}

static result
take_color(struct sogo *s, const struct place *place)
{
	struct import *m = s->m;
	view name = import_color, color, reference = arena_print(m->arena,
	    "%.*s:Calendar/%.*s", (int)place->owner.n, place->owner.p,
	    (int)place->name.n, place->name.p);
	struct buf text;
	result r;

	color = color_of(s, reference);
	if (color.n == 0 || place->kind != COLLECTION_CALENDAR)
		return done();
	if (!is_color(color))
		return tell(m, reference, fail(MALFORMED, "not a colour"));
	text = buf_new(PROPERTY_TEXT);
	buf_print(&text, "%zu 0 %zu\n%.*s%.*s\n", name.n, color.n, (int)name.n,
	    name.p, (int)color.n, color.p);
	m->place_id = place->id;
	r = import_properties(m, place->name, buf_view(&text));
	buf_free(&text);
	return r;
}

static result
take_folder(struct sogo *s, const struct plist *folder)
{
	const struct plist *acl = plist_find(folder, VIEW("acl"));
	struct place place;
	result r;

	arena_reset(s->m->arena);
	if (!read_place(folder->key, &place))
		return done();
	r = take_place(s, &place, plist_text(folder, VIEW("displayname")));
	if (r.is != OK)
		return tell(s->m, folder->key, r);
	TRY(take_color(s, &place));
	TRY(take_records(s, &place, plist_find(folder, VIEW("records"))));
	for (const struct plist *c = acl == NULL ? NULL : acl->first;
	     c != NULL; c = c->next) {
		view what;

		arena_reset(s->m->arena);
		what = arena_print(s->m->arena, "%.*s for %.*s",
		    (int)folder->key.n, folder->key.p, (int)c->key.n,
		    c->key.p);
		TRY(tell(s->m, what, take_rights(s, &place, acl, c)));
	}
	return done();
}

/* "bob@example.org:Calendar/personal" */
static result
take_subscription(struct sogo *s, view text)
{
	struct import *m = s->m;
	view color = color_of(s, text);
	view owner = view_cut(&text, ':');
	view kind = view_cut(&text, '/');

	return import_subscription(m, view_eq(kind, VIEW("Calendar"))
	        ? COLLECTION_CALENDAR : COLLECTION_ADDRESSBOOK,
	    subscription_segment(m->arena, owner, text),
	    address_of(s, owner), text,
	    is_color(color) ? color : VIEW(""));
}

/* Of the settings' Calendar or Contacts. */
static result
take_subscriptions(struct sogo *s, const struct plist *settings)
{
	const struct plist *list = plist_find(settings,
	    VIEW("SubscribedFolders"));

	for (const struct plist *c = list == NULL ? NULL : list->first;
	     c != NULL; c = c->next) {
		arena_reset(s->m->arena);
		TRY(tell(s->m, c->text, take_subscription(s, c->text)));
	}
	return done();
}

static result
take_all(struct sogo *s, const struct plist *tables)
{
	struct account_info owner;

	TRY(account_get(s->m->t->store, s->arena, s->m->t->account, &owner));
	s->domain = owner.address;
	(void)view_cut(&s->domain, '@');
	for (const struct plist *c = tables->first; c != NULL; c = c->next)
		TRY(take_folder(s, c));
	for (const struct plist *c = s->settings; c != NULL; c = c->next) {
		TRY(take_subscriptions(s, plist_find(c, VIEW("Calendar"))));
		TRY(take_subscriptions(s, plist_find(c, VIEW("Contacts"))));
	}
	return done();
}

result
import_sogo(struct import *m, view text)
{
	struct arena *arena = arena_new(TRANSFER_ARENA);
	struct sogo s = { .m = m, .arena = arena };
	const struct plist *tables = NULL, *settings;
	struct plist *all;
	result r = plist_read(text, arena, &all);

	if (r.is == OK) {
		tables = plist_find(all, VIEW("tables"));
		settings = plist_find(all, VIEW("preferences"));
		s.settings = settings == NULL ? NULL : settings->first;
	}
	if (tables != NULL)
		r = take_all(&s, tables);
	else if (r.is == OK)
		r = fail(MALFORMED, "expected what sogo-tool backup wrote of"
		    " one person");
	arena_free(&arena);
	return r;
}
