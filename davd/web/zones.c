#include "davd/web/zones.h"

#include "davd/web/zones_inside.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct zones *
zones_new(void)
{
	struct zones *z = calloc(1, sizeof *z);

	if (z == NULL || pthread_mutex_init(&z->lock, NULL) != 0)
		abort();
	z->list = buf_new(LIMIT_ZONES_SHELF);
	z->arena = arena_new(LIMIT_ZONES_SHELF);
	return z;
}

void
zones_free(struct zones **z)
{
	if (*z == NULL)
		return;
	buf_free(&(*z)->list);
	arena_free(&(*z)->arena);
	(void)pthread_mutex_destroy(&(*z)->lock);
	free(*z);
	*z = NULL;
}

view
zones_etag(view bytes, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf hash = buf_new(64);
	view etag;

	if (EVP_Digest(bytes.p, bytes.n, digest, NULL, EVP_sha256(), NULL)
	    == 1)
		encode_hex(&hash, (view){ (const char *)digest, 16 });
	etag = arena_copy(arena, buf_view(&hash));
	buf_free(&hash);
	return etag;
}

/* RFC 8259 7 */
void
zones_string(struct buf *out, view text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\')
			buf_print(out, "\\%c", c);
		else if (c < ' ')
			buf_print(out, "\\u%04x", c);
		else
			buf_add_byte(out, text.p[i]);
	}
	buf_add_byte(out, '"');
}

static void
add_member(struct buf *out, const char *name, view value)
{
	buf_print(out, ",\"%s\":", name);
	zones_string(out, value);
}

void
zones_row(const struct zones *z, const struct zone_entry *e, struct buf *out)
{
	buf_add(out, VIEW("{\"tzid\":"));
	zones_string(out, e->tzid);
	add_member(out, "etag", e->etag);
	add_member(out, "last-modified", z->modified);
	add_member(out, "publisher", VIEW("IANA"));
	add_member(out, "version", z->version);
	buf_add(out, e->aliases);
	buf_add_byte(out, '}');
}

static void
add_aliases(const struct zones *z, view tzid, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < z->link_count; i++) {
		if (!view_eq(z->links[i].of, tzid))
			continue;
		buf_add(out, any ? VIEW(",") : VIEW(",\"aliases\":["));
		zones_string(out, z->links[i].name);
		any = true;
	}
	if (any)
		buf_add_byte(out, ']');
}

static result
read_zone(struct zones *z, struct zone_entry *e)
{
	struct buf text = buf_new(LIMIT_ZONES_ANSWER);
	result r = ical_zone_fresh(e->tzid, VIEW(""), &text);

	if (r.is == OK) {
		e->text = arena_copy(z->arena, buf_view(&text));
		e->etag = zones_etag(e->text, z->arena);
		buf_reset(&text);
		add_aliases(z, e->tzid, &text);
		e->aliases = arena_copy(z->arena, buf_view(&text));
	}
	buf_free(&text);
	return r;
}

/* What is listed but not there is left out. */
static void
read_zones(struct zones *z, const struct ical_zone_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct zone_entry *e = &z->entries[z->count];

		e->tzid = names[i].name;
		if (read_zone(z, e).is == OK)
			z->count++;
	}
}

static void
describe(struct zones *z)
{
	struct buf sum = buf_new(LIMIT_ZONES_SHELF);

	for (size_t i = 0; i < z->count; i++) {
		buf_add(&sum, z->entries[i].tzid);
		buf_add_byte(&sum, ' ');
		buf_add(&sum, z->entries[i].etag);
	}
	z->token = zones_etag(buf_view(&sum), z->arena);
	buf_free(&sum);
	zones_begin(z, &z->list);
	for (size_t i = 0; i < z->count; i++) {
		if (i > 0)
			buf_add_byte(&z->list, ',');
		zones_row(z, &z->entries[i], &z->list);
	}
	buf_add(&z->list, VIEW("]}\n"));
	z->list_etag = zones_etag(buf_view(&z->list), z->arena);
}

void
zones_begin(const struct zones *z, struct buf *out)
{
	buf_add(out, VIEW("{\"synctoken\":"));
	zones_string(out, z->token);
	buf_add(out, VIEW(",\"timezones\":["));
}

static result
fill(struct zones *z)
{
	struct buf when = buf_new(32);
	struct ical_zone_name *names;
	size_t zones, count;
	int64_t seconds;

	ical_zone_version(z->arena, &z->version, &seconds);
	date_add_rfc3339(&when, seconds);
	z->modified = arena_copy(z->arena, buf_view(&when));
	buf_free(&when);
	TRY(ical_zone_list(z->arena, &names, &zones, &count));
	z->entries = arena_array(z->arena, zones, sizeof *z->entries);
	TRY(arena_result(z->arena));
	z->links = names + zones;
	z->link_count = count - zones;
	read_zones(z, names, zones);
	describe(z);
	TRY(ical_zone_leaps(
	    z->arena, &z->leaps, &z->leap_count, &z->leaps_until));
	TRY(arena_result(z->arena));
	return buf_result(&z->list);
}

bool
zones_ready(struct zones *z)
{
	bool ready;

	(void)pthread_mutex_lock(&z->lock);
	if (!z->tried)
		z->ready = fill(z).is == OK;
	z->tried = true;
	ready = z->ready;
	(void)pthread_mutex_unlock(&z->lock);
	return ready;
}

static int
compare(const void *name, const void *entry)
{
	return view_order(
	    *(const view *)name, ((const struct zone_entry *)entry)->tzid);
}

const struct zone_entry *
zones_find(const struct zones *z, view tzid)
{
	return z->count == 0 ? NULL
			     : bsearch(&tzid, z->entries, z->count,
				 sizeof *z->entries, compare);
}

view
zones_link(const struct zones *z, view tzid)
{
	for (size_t i = 0; i < z->link_count; i++)
		if (view_eq(z->links[i].name, tzid))
			return z->links[i].of;
	return VIEW("");
}
