/* What an import reads from files of anybody: tars that are cut or damaged,
 * names, flags. */
#include "mailcore/admin/transfer_inside.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct seen {
	size_t count;
	size_t bytes;
	char last[512];
	char text[64];
};

static result
see(void *context, view path, int64_t when, view bytes)
{
	struct seen *s = context;

	s->count++;
	s->bytes += bytes.n;
	(void)when;
	(void)view_copy(path, s->last, sizeof s->last);
	(void)view_copy(view_first(bytes, 63), s->text, sizeof s->text);
	return done();
}

/* A tar by our own writer: a short name, and one that needs a pax header. */
static void
make_tar(char *path, struct mapping *out)
{
	char name[300];
	struct sink sink = { .folder = "/tmp", .tar = -1,
		.prefix = VIEW("mail/") };
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	(void)close(fd);
	memset(name, 'n', sizeof name);
	sink_open_tar(&sink, path);
	sink_folder(&sink, VIEW("cur"));
	sink_file(&sink, VIEW("cur/a"), 1700000000, VIEW("hello"));
	sink_file(&sink, (view){ name, sizeof name }, -5, VIEW("long"));
	sink_close(&sink);
	ok(sink.r.is == OK, "a tar is written: %s", sink.r.why);
	ok(mapping_open(out, path).is == OK, "and opened");
}

static void
test_tar(void)
{
	char path[] = "/tmp/transfer-XXXXXX";
	struct mapping tar;
	struct seen seen = { .count = 0 };
	size_t good = 0;
	char *copy;
	result r;

	make_tar(path, &tar);
	r = tar_each(tar.bytes, see, &seen);
	ok(r.is == OK, "it is read: %s", r.why);
	is_number((int64_t)seen.count, 2, "two files");
	ok(strlen(seen.last) == 305 && strncmp(seen.last, "mail/nn", 7) == 0,
	    "a long path is whole");
	same(view_of(seen.text), VIEW("long"), "with its bytes");
	for (size_t n = 0; n < tar.bytes.n - 1024; n++) {
		copy = malloc(n > 0 ? n : 1); /* so that overruns are seen */
		if (copy == NULL)
			abort();
		memcpy(copy, tar.bytes.p, n);
		r = tar_each((view){ copy, n }, see, &seen);
		good += r.is == OK ? 1 : 0;
		free(copy);
	}
	is_number((int64_t)good, 0, "no prefix is taken for a whole one");
	copy = malloc(tar.bytes.n);
	if (copy == NULL)
		abort();
	good = 0;
	for (size_t i = 0; i < 512; i++) {
		memcpy(copy, tar.bytes.p, tar.bytes.n);
		copy[i] = (char)(copy[i] ^ 1);
		r = tar_each((view){ copy, tar.bytes.n }, see, &seen);
		good += r.is == OK ? 1 : 0;
	}
	/* The seventh byte of a checksum is the NUL, the eighth no one's. */
	ok(good <= 2, "a damaged header is seen: %zu", good);
	free(copy);
	mapping_close(&tar);
	(void)unlink(path);
}

static void
encode_plain(view utf8, struct buf *out)
{
	buf_add(out, utf8);
}

static result
decode_plain(view name, struct buf *out)
{
	buf_add(out, name);
	return buf_result(out);
}

static void
test_names(void)
{
	static const char *const names[] = { "INBOX", "Work", "a/b/c", ".",
		"../..", "a.b/.c", "&AC4-x", "INBOX/a" };
	const struct transfer t = { .name_encode = encode_plain,
		.name_decode = decode_plain };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf folder = buf_new(TRANSFER_PATH);
		struct buf back = buf_new(TRANSFER_PATH);
		bool ours = i != 6; /* UTF-7 has no such '&' */

		folder_encode(&t, view_of(names[i]), &folder);
		ok(view_find(buf_view(&folder), VIEW("..")) == SIZE_MAX
		        && view_find_byte(buf_view(&folder), '/') == SIZE_MAX,
		    "%s stays in its folder", names[i]);
		ok(folder_decode(&t, buf_view(&folder), &back).is == OK,
		    "%s is read", names[i]);
		if (ours)
			same(buf_view(&back), view_of(names[i]), "the same");
		buf_free(&folder);
		buf_free(&back);
	}
	{
		struct buf out = buf_new(TRANSFER_PATH);

		ok(folder_decode(&t, VIEW(".a..b"), &out).is == MALFORMED,
		    "an empty level");
		buf_free(&out);
	}
}

static void
test_file_names(void)
{
	static const char *const names[] = { "a.ics", "..", "%41",
		"\x01\x7f", "caf\xc3\xa9 x" };
	static const char *const bad[] = { "", "a/b", "%00", "%", "%2F",
		"\xff" };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf file = buf_new(TRANSFER_PATH);
		struct buf back = buf_new(TRANSFER_PATH);

		file_name_encode(view_of(names[i]), &file);
		ok(view_find_byte(buf_view(&file), '/') == SIZE_MAX
		    && view_at(buf_view(&file), 0) != '.', "no way up");
		ok(file_name_decode(buf_view(&file), &back).is == OK, "read");
		same(buf_view(&back), view_of(names[i]), "the same");
		buf_free(&file);
		buf_free(&back);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf back = buf_new(TRANSFER_PATH);

		ok(file_name_decode(view_of(bad[i]), &back).is == MALFORMED,
		    "refused: %zu", i);
		buf_free(&back);
	}
}

static void
test_flags(void)
{
	struct arena *arena = arena_new(65536);
	struct buf out = buf_new(256);
	struct keywords k;
	uint32_t flags;
	view words;

	keywords_read(&k, arena, VIEW("0 zeta\n25 Alpha\n26 no\nx y\n1 a b\n"
	    "2\n"));
	is_number((int64_t)k.count, 26, "the last letter");
	maildir_read_flags(VIEW("1.a,S=3:2,FSazzbT,zD"), &k, arena, &flags,
	    &words);
	is_number(flags, FLAG_FLAGGED | FLAG_SEEN | FLAG_DELETED, "flags");
	same(words, VIEW("Alpha zeta"), "keywords, sorted, once");
	maildir_flags(&out, &k, flags, words);
	same(buf_view(&out), VIEW(":2,FSTaz"), "and written");
	maildir_read_flags(VIEW("1.a"), &k, arena, &flags, &words);
	ok(flags == 0 && words.n == 0, "new mail has none");
	buf_free(&out);
	arena_free(&arena);
}

int
main(void)
{
	test_tar();
	test_names();
	test_file_names();
	test_flags();
	return tap_done();
}
