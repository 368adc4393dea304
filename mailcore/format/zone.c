#include "mailcore/format/zone.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/tzif.h"
#include "mailcore/format/zone_run.h"
#include "mailcore/sys/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_MOST = sizeof ZONE_FOLDER + 1 + LIMIT_ZONE_NAME,
	SHELVES = 256,
	TURNS_NEAR = 8, /* within two days */
	ZONE_MEMORY = 262144,
	DAY = 86400
};

/* Not "posixrules", "right/...", "../". */
bool
zone_is_name(view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '/' && v.p[i] != '_'
		    && v.p[i] != '-' && v.p[i] != '+')
			return false;
	return v.n > 0 && v.n <= LIMIT_ZONE_NAME && v.p[0] >= 'A'
	    && v.p[0] <= 'Z' && !view_ends(v, VIEW("/"))
	    && view_find(v, VIEW("//")) == SIZE_MAX;
}

/* What was read. */

struct book {
	struct book *next;
	struct arena *arena; /* of this one */
	struct zone zone;
};

/* Books are put in front and never taken away, so whoever looks needs no
 * lock. */
struct library {
	pthread_mutex_t lock; /* for who adds */
	size_t count;
	struct book *_Atomic shelves[SHELVES];
};

static struct library *
library(void)
{
	static struct library one = { .lock = PTHREAD_MUTEX_INITIALIZER };

	return &one;
}

static struct book *_Atomic *
shelf_of(struct library *l, view name)
{
	size_t sum = 5381;

	for (size_t i = 0; i < name.n; i++)
		sum = sum * 33 + (unsigned char)name.p[i];
	return &l->shelves[sum % SHELVES];
}

static const struct zone *
look(struct library *l, view name)
{
	struct book *b = atomic_load_explicit(
	    shelf_of(l, name), memory_order_acquire);

	while (b != NULL && !view_eq(b->zone.name, name))
		b = b->next;
	return b == NULL ? NULL : &b->zone;
}

/* false also for a folder. */
static bool
read_bytes(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *room = buf_reserve(out, LIMIT_ZONE_FILE);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && room != NULL)
		n = read(fd, room, LIMIT_ZONE_FILE);
	(void)close(fd);
	if (n > 0)
		out->n += (size_t)n;
	return n > 0;
}

/* NULL: there is none, or it cannot be read. */
static struct book *
read_book(view name)
{
	struct arena *arena = arena_new(ZONE_MEMORY);
	struct book *b = arena_alloc(arena, sizeof *b);
	struct buf bytes = buf_new(LIMIT_ZONE_FILE);
	char path[PATH_MOST];
	result r = fail(NOT_FOUND, "no such time zone");

	(void)snprintf(path, sizeof path, ZONE_FOLDER "/%.*s", (int)name.n,
	    name.p);
	if (b != NULL && read_bytes(path, &bytes)) {
		r = tzif_read(buf_view(&bytes), arena, &b->zone);
		if (r.is == OK)
			r = zone_find_runs(&b->zone, arena);
	}
	buf_free(&bytes);
	if (r.is != OK) {
		arena_free(&arena);
		return NULL;
	}
	b->arena = arena;
	b->zone.name = arena_copy(arena, name);
	return b;
}

static const struct zone *
add(struct library *l, view name)
{
	struct book *b = read_book(name);
	struct book *_Atomic *shelf = shelf_of(l, name);
	const struct zone *there;

	if (b == NULL)
		return NULL;
	(void)pthread_mutex_lock(&l->lock);
	there = look(l, name); /* somebody was faster */
	if (there == NULL && l->count < LIMIT_ZONES) {
		there = &b->zone;
		l->count++;
		b->next = atomic_load_explicit(shelf, memory_order_relaxed);
		atomic_store_explicit(shelf, b, memory_order_release);
	} else {
		arena_free(&(struct arena *){ b->arena });
	}
	(void)pthread_mutex_unlock(&l->lock);
	return there;
}

const struct zone *
zone_find(view name)
{
	struct library *l = library();
	const struct zone *there;

	if (!zone_is_name(name))
		return NULL;
	there = look(l, name);
	return there != NULL ? there : add(l, name);
}

static bool
look_for_any(void)
{
	struct stat st;

	return stat(ZONE_FOLDER "/UTC", &st) == 0
	    || stat(ZONE_FOLDER "/Etc/UTC", &st) == 0;
}

static void
tell_if_none(void)
{
	if (!look_for_any())
		log_line(LOG_WARNING, "zones.none",
		    "folder=%s meaning=\"time zones are as libical has them\"",
		    ZONE_FOLDER);
}

bool
zone_any(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, tell_if_none);
	return look_for_any();
}

/* Asked. */

static int
year_of(int64_t t)
{
	static const int64_t first = -62135596800, end = 253402300800;

	if (t < first)
		return ZONE_FIRST_YEAR;
	return t >= end ? ZONE_LAST_YEAR : date_of(t).year;
}

static struct zone_turn
ruled(const struct zone_rule *r, bool to_summer, int year)
{
	struct zone_turn t = { zone_rule_turn(r, to_summer, year),
		&r->summer, &r->standard };

	if (to_summer) {
		t.before = &r->standard;
		t.after = &r->summer;
	}
	return t;
}

/* How many turns are not after a moment. */
static size_t
count_until(const struct zone *z, int64_t moment)
{
	size_t low = 0, high = z->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->turns[mid].at <= moment)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Of two at one moment the one to summer counts: it is summer all year. */
static bool
is_later(const struct zone_turn *a, const struct zone_turn *than)
{
	return a->at > than->at || (a->at == than->at && a->after->summer);
}

struct zone_turn
zone_last(const struct zone *z, int64_t moment)
{
	size_t n = count_until(z, moment);
	struct zone_turn last = { INT64_MIN, z->first, z->first };
	int year = year_of(moment);

	if (n > 0)
		last = z->turns[n - 1];
	if (n < z->count || !z->rule.changes)
		return last;
	for (int y = year - 1; y <= year + 1; y++)
		for (int to_summer = 0; to_summer < 2; to_summer++) {
			struct zone_turn t = ruled(&z->rule, to_summer, y);

			if (t.at <= moment && is_later(&t, &last))
				last = t;
		}
	return last;
}

bool
zone_next(const struct zone *z, int64_t moment, struct zone_turn *out)
{
	size_t n = count_until(z, moment);
	int year = year_of(moment);
	bool found = false;

	if (n < z->count) {
		*out = z->turns[n];
		return true;
	}
	if (!z->rule.changes)
		return false;
	for (int y = year - 1; y <= year + 1; y++)
		for (int to_summer = 0; to_summer < 2; to_summer++) {
			struct zone_turn t = ruled(&z->rule, to_summer, y);

			if (t.at > moment && (!found || t.at < out->at)) {
				*out = t;
				found = true;
			}
		}
	return found;
}

int32_t
zone_offset(const struct zone *z, int64_t wall)
{
	static const int64_t late = INT64_MAX / 2;
	struct zone_turn t;

	wall = wall > late ? late : wall;
	t = zone_last(z, wall + DAY);

	/* The last one that clocks have behind them. */
	for (int i = 0; i < TURNS_NEAR && t.at != INT64_MIN; i++) {
		int32_t most = t.before->offset > t.after->offset
		    ? t.before->offset
		    : t.after->offset;

		if (wall - most >= t.at)
			break;
		t = zone_last(z, t.at - 1);
	}
	return t.at == INT64_MIN ? z->first->offset : t.after->offset;
}
