#include "davd/dav/push.h"

#include "davd/dav/acl.h"
#include "davd/dav/directory.h"

#include "mailcore/base/date.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/push/encrypt.h"
#include "mailcore/push/message.h"
#include "mailcore/push/url.h"
#include "mailcore/store/push.h"
#include "mailcore/sys/clock.h"

#include <openssl/rand.h>

#define NS_PUSH PUSH_NS

enum { DEFAULT_SECONDS = 604800, KEY_TEXT = 256 };

/* A registration on its way. */
struct registering {
	struct dav *d;
	struct collection collection;
	struct push_row row;
	view given; /* the token, if it is a new one */
};

/* Folders of files take no POST. */
static bool
is_available(const struct dav *d, enum dav_what what)
{
	return d->services->push != NULL && d->who.account != 0
	    && (what & DAV_COLLECTIONS) != 0 && (what & DAV_FILES) == 0;
}

/* A reload may have turned it off since. */
static bool
has_key(const struct dav *d, struct signer_point *out)
{
	struct signer *s = __atomic_load_n(&d->services->push,
	    __ATOMIC_ACQUIRE);

	return s != NULL && signer_push_key(s, out).is == OK;
}

/* Properties. */

bool
prop_push_transports(struct prop_out *o, const struct resource *r)
{
	struct buf key = buf_new(KEY_TEXT);
	struct signer_point point;

	if (!is_available(o->d, r->what) || directory_is(r)
	    || !has_key(o->d, &point))
		return false;
	encode_base64url(&key,
	    (view){ (const char *)point.bytes, sizeof point.bytes });
	xml_start(&o->x, "P:web-push");
	xml_start(&o->x, "P:vapid-public-key");
	xml_set(&o->x, "type", VIEW("p256ecdsa"));
	xml_text(&o->x, buf_view(&key));
	xml_end(&o->x, "P:vapid-public-key");
	xml_end(&o->x, "P:web-push");
	buf_free(&key);
	return true;
}

bool
prop_push_topic(struct prop_out *o, const struct resource *r)
{
	struct buf topic = buf_new(KEY_TEXT);
	struct signer_point point;

	if (!is_available(o->d, r->what) || directory_is(r)
	    || !has_key(o->d, &point))
		return false;
	push_topic(&point, o->d->owner.id, r->collection->id, &topic);
	xml_text(&o->x, buf_view(&topic));
	buf_free(&topic);
	return true;
}

bool
prop_push_triggers(struct prop_out *o, const struct resource *r)
{
	if (!is_available(o->d, r->what) || directory_is(r))
		return false;
	xml_start(&o->x, "P:content-update");
	xml_leaf(&o->x, "D:depth", VIEW("1"));
	xml_end(&o->x, "P:content-update");
	xml_start(&o->x, "P:property-update");
	xml_leaf(&o->x, "D:depth", VIEW("0"));
	xml_end(&o->x, "P:property-update");
	return true;
}

/* POST. */

bool
push_is_meant(struct dav *d)
{
	struct xml_element *root;

	return d->path.what != DAV_NOTHING
	    && view_find(d->request->body, VIEW("push-register")) != SIZE_MAX
	    && d->request->body.n <= LIMIT_XML
	    && xml_parse(d->request->body, d->arena, &root).is == OK
	    && xml_is(root, VIEW(NS_PUSH), VIEW("push-register"));
}

/* RFC 4648 5; padding may be there. */
static result
decode(view text, struct arena *arena, view *out)
{
	struct buf plain = buf_new(KEY_TEXT), bytes = buf_new(KEY_TEXT);
	result r;

	text = view_trim(text);
	while (view_ends(text, VIEW("=")))
		text = view_first(text, text.n - 1);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		buf_add_byte(&plain, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while (plain.n % 4 != 0)
		buf_add_byte(&plain, '=');
	r = buf_result(&plain);
	if (r.is == OK)
		r = decode_base64_strict(&bytes, buf_view(&plain));
	*out = arena_copy(arena, buf_view(&bytes));
	buf_free(&plain);
	buf_free(&bytes);
	return r;
}

static result
read_keys(struct registering *g, const struct xml_element *web)
{
	static const char *const why = "RFC 8291 3: a key and a secret";
	const struct xml_element *coding
	    = xml_child(web, VIEW(NS_PUSH), VIEW("content-encoding"));
	const struct xml_element *key
	    = xml_child(web, VIEW(NS_PUSH), VIEW("subscription-public-key"));
	const struct xml_element *secret
	    = xml_child(web, VIEW(NS_PUSH), VIEW("auth-secret"));

	if (coding != NULL
	    && !view_eq(view_trim(coding->text), VIEW("aes128gcm")))
		return fail(MALFORMED, "RFC 8291 4: aes128gcm alone is known");
	if (key == NULL || secret == NULL
	    || !view_eq(xml_attribute(key, VIEW("type")), VIEW("p256dh")))
		return fail(MALFORMED, why);
	TRY(decode(key->text, g->d->arena, &g->row.key));
	TRY(decode(secret->text, g->d->arena, &g->row.secret));
	if (g->row.secret.n != PUSH_SECRET)
		return fail(MALFORMED, why);
	return push_check_point(g->row.key);
}

static result
read_subscription(struct registering *g, const struct xml_element *root)
{
	const struct xml_element *e
	    = xml_child(root, VIEW(NS_PUSH), VIEW("subscription"));
	const struct xml_element *place;
	struct url url;

	if (e != NULL)
		e = xml_child(e, VIEW(NS_PUSH), VIEW("web-push-subscription"));
	if (e == NULL)
		return fail(MALFORMED, "no web-push-subscription");
	place = xml_child(e, VIEW(NS_PUSH), VIEW("push-resource"));
	if (place == NULL)
		return fail(MALFORMED, "no push-resource");
	g->row.url = view_trim(place->text);
	TRY(push_url_parse(g->row.url, &url));
	if (!g->d->services->push_inside && push_url_is_inner(&url))
		return fail(DENIED, "an address of a private network");
	return read_keys(g, e);
}

/* DAVx5 leaves it out and means the content. */
static void
read_trigger(struct registering *g, const struct xml_element *root)
{
	const struct xml_element *e
	    = xml_child(root, VIEW(NS_PUSH), VIEW("trigger"));

	if (e == NULL)
		g->row.triggers = PUSH_CONTENT;
	else if (xml_child(e, VIEW(NS_PUSH), VIEW("content-update")) != NULL)
		g->row.triggers = PUSH_CONTENT;
	if (e != NULL
	    && xml_child(e, VIEW(NS_PUSH), VIEW("property-update")) != NULL)
		g->row.triggers |= PUSH_PROPERTIES;
}

static void
read_expires(struct registering *g, const struct xml_element *root)
{
	const struct xml_element *e
	    = xml_child(root, VIEW(NS_PUSH), VIEW("expires"));
	int64_t now = clock_now(), wanted = 0;

	if (e != NULL && date_parse_http(view_trim(e->text), &wanted).is != OK)
		wanted = 0;
	if (wanted <= now)
		wanted = now + DEFAULT_SECONDS;
	g->row.expires = wanted < now + LIMIT_PUSH_SECONDS
	    ? wanted : now + LIMIT_PUSH_SECONDS;
}

static result
make_token(struct registering *g)
{
	unsigned char random[PUSH_TOKEN / 2];
	struct buf text = buf_new(KEY_TEXT);

	if (RAND_bytes(random, sizeof random) != 1)
		return fail(FAILED, "no random bytes");
	encode_hex(&text, (view){ (const char *)random, sizeof random });
	g->given = arena_copy(g->d->arena, buf_view(&text));
	buf_free(&text);
	return done();
}

static result
work(struct account *a, void *context)
{
	struct registering *g = context;

	g->row.token = g->given;
	return push_register(a, g->d->arena, clock_now(), &g->row);
}

static void
answer_registered(struct registering *g)
{
	struct dav *d = g->d;
	struct buf when = buf_new(KEY_TEXT);

	date_add_http(&when, g->row.expires);
	d->answer->status = view_eq(g->row.token, g->given) ? 201 : 204;
	answer_header(d->answer, "Location",
	    arena_print(d->arena, "%.*s/SOGo/dav/push/%lld-%.*s",
		(int)d->request->origin.n, d->request->origin.p,
		(long long)d->owner.id, (int)g->row.token.n,
		g->row.token.p));
	answer_header(d->answer, "Expires", buf_view(&when));
	buf_free(&when);
	if (d->services->post != NULL)
		post_send(d->services->post,
		    (struct msg){ MSG_PUSH, d->owner.id });
}

/* The condition that is not met; NULL: all are. */
static const char *
refusal(struct registering *g, const struct xml_element *root)
{
	struct dav *d = g->d;

	if (!is_available(d, d->path.what)
	    || dav_collection(d, d->arena, &g->collection).is != OK
	    || !acl_may(d, &g->collection, RIGHT_READ | RIGHT_TIMES))
		return "P:push-not-available";
	if (read_subscription(g, root).is != OK)
		return "P:invalid-subscription";
	read_trigger(g, root);
	return g->row.triggers == 0 ? "P:no-supported-trigger" : NULL;
}

void
push_post(struct dav *d)
{
	struct registering g = { .d = d, .row = { .who = d->who.account } };
	struct xml_element *root;
	const char *condition;
	result r;

	if (!dav_body(d, &root) || root == NULL)
		return;
	condition = refusal(&g, root);
	if (condition != NULL) {
		dav_error(d, 403, condition, VIEW(""));
		return;
	}
	read_expires(&g, root);
	g.row.collection = g.collection.id;
	r = make_token(&g);
	if (r.is == OK)
		r = account_write(d->account, work, &g, DURABLE);
	if (r.is == OK)
		answer_registered(&g);
	else
		dav_fail(d, r);
}

/* The registration. */

static const view place = VIEW_INIT("/SOGo/dav/push/");

/* "5-0123..." */
static bool
read_name(view name, int64_t *account, view *token)
{
	uint64_t number;

	if (!view_number(view_cut(&name, '-'), INT64_MAX, &number)
	    || name.n != PUSH_TOKEN)
		return false;
	*account = (int64_t)number;
	*token = name;
	return true;
}

bool
push_is_registration(const struct dav *d)
{
	return view_starts(d->request->path, place);
}

struct ending {
	view token;
	int64_t who;
};

static result
end(struct account *a, void *context)
{
	const struct ending *e = context;

	return push_unregister(a, e->token, e->who);
}

void
push_registration(struct dav *d)
{
	struct ending e = { .who = d->who.account };
	struct account *account = NULL;
	int64_t owner;
	result r = fail(NOT_FOUND, "no such push registration");

	if (!view_eq(d->request->method, VIEW("DELETE"))) {
		answer_header(d->answer, "Allow", VIEW("DELETE"));
		answer_text(d->answer, 405, "It can only be deleted.");
		return;
	}
	if (read_name(view_from(d->request->path, place.n), &owner, &e.token))
		r = account_open(d->services->store, owner, &account);
	if (r.is == OK)
		r = account_write(account, end, &e, DURABLE);
	account_close(&account);
	if (r.is == OK)
		d->answer->status = 204;
	else
		dav_fail(d, r);
}

/* Push-Dont-Notify. */

/* One quoted URL off the list; a token when it is one of this owner's. */
static bool
take_token(const struct dav *d, view *rest, view *token)
{
	view url;
	int64_t account;
	size_t at;

	(void)view_cut(rest, '"');
	url = view_cut(rest, '"');
	at = view_find(url, place);
	return at != SIZE_MAX
	    && read_name(view_from(url, at + place.n), &account, token)
	    && account == d->owner.id;
}

void
push_hush(struct dav *d)
{
	struct push_mute *m;
	view rest, *tokens;

	if (d->account == NULL
	    || !request_header(d->request, VIEW("Push-Dont-Notify"), &rest))
		return;
	m = arena_alloc(d->arena, sizeof *m);
	tokens = arena_array(d->arena, LIMIT_PUSH_MUTED, sizeof *tokens);
	if (m == NULL || tokens == NULL)
		return;
	m->all = view_eq(view_trim(rest), VIEW("*"));
	m->properties = view_eq(d->request->method, VIEW("PROPPATCH"));
	m->tokens = tokens;
	while (rest.n > 0 && m->count < LIMIT_PUSH_MUTED)
		if (take_token(d, &rest, &tokens[m->count]))
			m->count++;
	if (m->all || m->count > 0)
		push_mute(d->account, m);
}

void
push_hush_end(struct dav *d)
{
	if (d->account != NULL)
		push_mute(d->account, NULL);
}
