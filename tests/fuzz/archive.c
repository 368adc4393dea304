/* Archives as an import reads them: the tar, then each name in it as that of
 * a folder, of a message with its flags, of an object. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/imap/utf7.h"

#include <stdlib.h>

/* What stands beside objects. */
static void
read_place(view path, view bytes, struct arena *arena)
{
	struct import m = { .arena = arena, .folder_arena = arena };
	struct scan s = scan_over(bytes);
	struct property p;
	view type, key;

	while (!scan_at_end(&s) && scan_ok(&s))
		place_property(&s, &p);
	import_about(&m, bytes);
	(void)import_about_find(&m, path, &type, &key);
	if (place_check(COLLECTION_FILES, path).is == OK
	    && (view_find(path, VIEW("/../")) != SIZE_MAX
		|| !view_starts(path, VIEW("Files"))))
		abort();
}

static result
read_entry(void *context, view path, int64_t when, view bytes)
{
	const struct transfer t = { .name_encode = utf7_encode,
		.name_decode = utf7_decode };
	struct arena *arena = context;
	struct buf name = buf_new(TRANSFER_PATH);
	struct buf again = buf_new(4 * TRANSFER_PATH);
	struct keywords k;
	uint32_t flags;
	view words;

	(void)when;
	read_place(path, bytes, arena);
	keywords_read(&k, arena, bytes);
	maildir_read_flags(path, &k, arena, &flags, &words);
	if (file_name_decode(path, &name).is == OK) {
		file_name_encode(buf_view(&name), &again);
		if (view_find_byte(buf_view(&again), '/') != SIZE_MAX
		    || view_at(buf_view(&again), 0) == '.')
			abort();
	}
	buf_reset(&name);
	buf_reset(&again);
	if (folder_decode(&t, path, &name).is == OK) {
		folder_encode(&t, buf_view(&name), &again);
		if (view_find_byte(buf_view(&again), '/') != SIZE_MAX)
			abort();
	}
	buf_free(&name);
	buf_free(&again);
	return done();
}

/* In pieces or at once, a mailbox is the same. */
static void
write_mbox(view text)
{
	struct buf whole = buf_new(SIZE_MAX / 2), pieces = whole;
	bool inside = false;
	size_t at = 0;

	export_mbox_text(&whole, text, &at, SIZE_MAX, &inside);
	at = 0;
	do
		export_mbox_text(&pieces, text, &at, 7, &inside);
	while (at < text.n);
	if (!view_eq(buf_view(&whole), buf_view(&pieces)) || inside)
		abort();
	buf_free(&pieces);
	buf_free(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 22);
	result r = tar_each((view){ (const char *)data, size }, read_entry,
	    arena);

	(void)r;
	r = import_check_archive((view){ (const char *)data, size });
	(void)r;
	r = import_check_mbox((view){ (const char *)data, size });
	(void)r;
	write_mbox((view){ (const char *)data, size });
	arena_free(&arena);
	return 0;
}
