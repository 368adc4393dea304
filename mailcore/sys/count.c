#include "mailcore/sys/count.h"

#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the file begins with; another layout gets another number. */
static const uint32_t layout = 0x50684301;

enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_EVENT, SLOT_LEVEL };

struct slot {
	_Atomic int state;
	char name[COUNT_NAME];
	_Atomic int64_t value;
};

struct table {
	uint32_t layout;
	struct slot slots[COUNT_SLOTS];
};

/* Set once, before there are threads. */
static struct table *table;

static bool
is_name(const char name[COUNT_NAME])
{
	size_t n = strnlen(name, COUNT_NAME);

	for (size_t i = 0; i < n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._", name[i])
		    == NULL)
			return false;
	return n > 0 && n < COUNT_NAME;
}

/* Events stay; what was at hand is gone with the process that had it, and a
 * slot that it was filling is lost. */
static void
begin(struct table *t)
{
	if (t->layout != layout)
		memset(t, 0, sizeof *t);
	t->layout = layout;
	for (size_t i = 0; i < COUNT_SLOTS; i++)
		if (t->slots[i].state == SLOT_LEVEL)
			t->slots[i].value = 0;
}

result
count_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    S_IRUSR | S_IWUSR);
	int failed = fd < 0 ? errno : 0;
	void *at = MAP_FAILED;

	/* The blocks are there: a full disk shows here, not by a signal. */
	if (failed == 0)
		failed = posix_fallocate(fd, 0, sizeof *table);
	if (failed == 0)
		at = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		log_line(LOG_WARNING, "count.open", "file=%s error=\"%s\"",
		    path, strerror(failed != 0 ? failed : errno));
	if (fd >= 0)
		(void)close(fd);
	if (at == MAP_FAILED)
		return fail(FAILED, "the counts cannot be kept");
	begin(at);
	table = at;
	return done();
}

/* FNV-1a. */
static size_t
hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % COUNT_SLOTS;
}

static struct slot *
find(const char *name, enum slot_state kind)
{
	size_t at = hash(name);

	for (size_t i = 0; i < COUNT_SLOTS; i++) {
		struct slot *s = &table->slots[(at + i) % COUNT_SLOTS];
		int state = SLOT_FREE;

		if (atomic_compare_exchange_strong(
			&s->state, &state, SLOT_TAKEN)) {
			memset(s->name, 0, sizeof s->name);
			memcpy(s->name, name, strlen(name));
			atomic_store(&s->state, (int)kind);
			return s;
		}
		/* Another thread is writing the name: this one counts by
		 * the next slot, and readers add the two. */
		if (state == (int)kind && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static void
add(const char *name, enum slot_state kind, int by)
{
	struct slot *s;

	if (table == NULL || strlen(name) >= COUNT_NAME)
		return;
	s = find(name, kind);
	if (s != NULL)
		atomic_fetch_add_explicit(
		    &s->value, by, memory_order_relaxed);
}

void
count_event(const char *name)
{
	add(name, SLOT_EVENT, 1);
}

void
count_level(const char *name, int by)
{
	add(name, SLOT_LEVEL, by);
}

static void
collect(const struct slot *s, struct count to[COUNT_SLOTS], size_t *n)
{
	bool level = s->state == SLOT_LEVEL;
	size_t i = 0;

	if ((!level && s->state != SLOT_EVENT) || !is_name(s->name))
		return;
	while (i < *n
	    && (to[i].level != level || strcmp(to[i].name, s->name) != 0))
		i++;
	if (i == *n) {
		memcpy(to[i].name, s->name, COUNT_NAME);
		to[i].level = level;
		to[i].value = 0;
		++*n;
	}
	to[i].value += s->value;
}

result
count_read(const char *path, struct count to[COUNT_SLOTS], size_t *n)
{
	struct table t;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got;

	*n = 0;
	if (fd < 0)
		return fail(errno == ENOENT ? NOT_FOUND : FAILED,
		    "the counts cannot be read");
	got = pread(fd, &t, sizeof t, 0);
	(void)close(fd);
	if (got != (ssize_t)sizeof t || t.layout != layout)
		return fail(FAILED, "no file of counts");
	for (size_t i = 0; i < COUNT_SLOTS; i++)
		collect(&t.slots[i], to, n);
	return done();
}
