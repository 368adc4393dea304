/* Reading: files into memory, and the entries of a tar.  Knows ustar, pax
 * paths and sizes, and GNU's long names. */
#include "mailcore/admin/transfer_inside.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, CHECKSUM_AT = 148, CHECKSUM = 8 };

result
mapping_open(struct mapping *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	result r = done();

	*m = (struct mapping){ .map = NULL };
	if (fd < 0)
		return fail(NOT_FOUND, "a file could not be opened");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		r = fail(MALFORMED, "expected a file, found something else");
	} else if (st.st_size > 0) {
		m->map = mmap(NULL, (size_t)st.st_size, PROT_READ,
		    MAP_PRIVATE, fd, 0);
		if (m->map == MAP_FAILED) {
			m->map = NULL;
			r = fail(FAILED, "a file could not be read");
		} else {
			m->bytes = (view){ m->map, (size_t)st.st_size };
		}
	}
	m->when = r.is == OK ? st.st_mtime : 0;
	(void)close(fd);
	return r;
}

void
mapping_close(struct mapping *m)
{
	if (m->map != NULL)
		(void)munmap(m->map, m->bytes.n);
	m->map = NULL;
}

static view
field(view header, size_t at, size_t n)
{
	view v = view_first(view_from(header, at), n);

	return view_cut(&v, '\0');
}

static bool
octal(view v, uint64_t *out)
{
	v = view_trim(v);
	*out = 0;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '7' || *out > UINT64_MAX >> 4)
			return false;
		*out = *out * 8 + (uint64_t)(v.p[i] - '0');
	}
	return true;
}

static bool
sum_fits(view header)
{
	uint64_t wanted;
	uint64_t sum = 0;

	if (!octal(field(header, CHECKSUM_AT, CHECKSUM), &wanted))
		return false;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM
		    ? ' ' : (unsigned char)header.p[i];
	return sum == wanted;
}

/* What a pax header says of the next entry. */
struct next {
	view path;
	bool has_size;
	uint64_t size;
};

static void
read_pax(view records, struct next *next)
{
	while (records.n > 0) {
		view whole = records;
		uint64_t n;
		view record, name;

		if (!view_number(view_cut(&records, ' '), whole.n, &n)
		    || n == 0)
			return;
		record = view_first(whole, (size_t)n);
		(void)view_cut(&record, ' ');
		name = view_cut(&record, '=');
		record = view_first(record, record.n > 0 ? record.n - 1 : 0);
		if (view_eq(name, VIEW("path")))
			next->path = record;
		else if (view_eq(name, VIEW("size")))
			next->has_size = view_number(record, INT64_MAX,
			    &next->size);
		records = view_from(whole, (size_t)n);
	}
}

static view
entry_path(view header, struct next *next, struct buf *joined)
{
	view prefix = field(header, 345, 155);

	if (next->path.n > 0)
		return next->path;
	if (prefix.n == 0 || !view_eq(field(header, 257, 5), VIEW("ustar")))
		return field(header, 0, 100);
	buf_add(joined, prefix);
	buf_add_byte(joined, '/');
	buf_add(joined, field(header, 0, 100));
	return buf_view(joined);
}

static result
entry(view header, view bytes, struct next *next, tar_visit *visit,
    void *context)
{
	int type = view_at(header, 156);
	struct buf joined = buf_new(BLOCK);
	uint64_t when;
	result r = done();

	if (type == 'x') {
		read_pax(bytes, next);
		return done();
	}
	if (type == 'L') {
		next->path = view_cut(&bytes, '\0');
		return done();
	}
	if (!octal(field(header, 136, 12), &when))
		when = 0;
	if (type == '0' || type == '\0')
		r = visit(context, entry_path(header, next, &joined),
		    (int64_t)when, bytes);
	buf_free(&joined);
	*next = (struct next){ .size = 0 };
	return r;
}

result
tar_each(view tar, tar_visit *visit, void *context)
{
	struct next next = { .size = 0 };

	if (tar.n < BLOCK)
		return fail(MALFORMED, "not a tar file");
	while (tar.n >= BLOCK && view_at(tar, 0) != '\0') {
		view header = view_first(tar, BLOCK);
		uint64_t size;

		if (!sum_fits(header)
		    || !octal(field(header, 124, 12), &size))
			return fail(MALFORMED, "not a tar file, or a damaged"
			    " one");
		if (next.has_size)
			size = next.size;
		tar = view_from(tar, BLOCK);
		if (size > tar.n)
			return fail(MALFORMED, "the tar file is cut off");
		TRY(entry(header, view_first(tar, (size_t)size), &next, visit,
		    context));
		tar = view_from(tar, (size_t)(size + BLOCK - 1)
		    / BLOCK * BLOCK);
	}
	return tar.n >= BLOCK ? done()
			      : fail(MALFORMED, "the tar file is cut off");
}
