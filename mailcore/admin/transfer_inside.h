/*
 * transfer_inside.h - what the files of export and import share.
 */
#ifndef ADMIN_TRANSFER_INSIDE_H
#define ADMIN_TRANSFER_INSIDE_H

#include "mailcore/admin/transfer.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/store/item.h"

enum {
	TRANSFER_PATH = 4096,
	TRANSFER_KEYWORDS = 26, /* a to z */
	/* One message and what is made of it. */
	TRANSFER_ARENA = 256 << 20,
	/* So many between two syncs. */
	TRANSFER_BATCH = 1000
};

/* Where an export goes: a folder, a tar file in it, or a tar in memory.
 * Sticky. */
struct sink {
	const char *folder;
	int tar; /* descriptor, or -1 */
	struct buf *to; /* a tar; NULL: not in memory */
	view prefix; /* before every path: "mail/" */
	result r;
};
void sink_folder(struct sink *, view path);
void sink_file(struct sink *, view path, int64_t when, view bytes);

/* A file of a tar whose bytes the caller adds himself, and what fills it up
 * behind them. */
void sink_head(struct sink *, view path, int64_t when, size_t size);
void sink_pad(struct sink *, size_t size);

/* Begin a tar file.  A tar ends in two empty blocks (sink_end); what was
 * written is on the disk when it is closed. */
void sink_open_tar(struct sink *, const char *path);
void sink_end(struct sink *);
void sink_close(struct sink *);

/* All files of a tar, in their order.  MALFORMED. */
typedef result tar_visit(void *context, view path, int64_t when, view bytes);
CHECKED result tar_each(view tar, tar_visit *, void *context);

/* A file in memory, only to be read. */
struct mapping {
	view bytes;
	void *map;
	int64_t when; /* of its last change */
};
CHECKED result mapping_open(struct mapping *, const char *path);
void mapping_close(struct mapping *);

/* "INBOX" is "", others are ".Work.2024"; a dot in a name is "&AC4-". */
void folder_encode(const struct transfer *, view mailbox, struct buf *out);
CHECKED result folder_decode(const struct transfer *, view folder,
    struct buf *out);

/* Can an object or a collection have that name?  MALFORMED. */
CHECKED result name_check(view name);

/* Can a collection of that kind have it?  Folders of files have their whole
 * path, with slashes.  MALFORMED. */
CHECKED result place_check(enum collection_kind, view name);

/* The same as one that any file system takes, and back. */
void file_name_encode(view name, struct buf *out);
CHECKED result file_name_decode(view file, struct buf *out);

/* The keywords of a Maildir, by letter. */
struct keywords {
	view names[TRANSFER_KEYWORDS];
	size_t count;
	bool full;
};
void keywords_gather(struct keywords *, struct arena *, view spaced);
void keywords_read(struct keywords *, struct arena *, view file);

/* ":2,FSab" and back; an item's keywords are sorted. */
void maildir_flags(struct buf *, const struct keywords *, uint32_t flags,
    view spaced);
void maildir_read_flags(view file, const struct keywords *, struct arena *,
    uint32_t *flags, view *spaced);

/* CRLF to LF. */
void text_to_unix(view text, struct buf *out);

/* An export at work. */
struct export {
	struct transfer *t;
	struct account *account;
	struct arena *arena;
	struct sink sink;
	enum transfer_format format;
	view folder; /* of the present collection, as a path */
	struct keywords keywords;
	struct buf *mbox;
	uint64_t number; /* in its mailbox */
};

/* What of an archive stands before a mailbox' messages, or a collection's
 * objects: folders, keywords, properties. */
CHECKED result export_enter_mailbox(struct export *,
    const struct collection *);
CHECKED result export_enter_collection(struct export *,
    const struct collection *);

/* `context` is the export: one of them as a whole, as item_each wants it. */
CHECKED result export_message(void *context, const struct item *);
CHECKED result export_object(void *context, const struct item *);

/* Where they are in an archive; `plain`: octets with LF, `wire`: CRLF. */
void export_message_path(struct export *, const struct item *, size_t plain,
    size_t wire, struct buf *path);
void export_object_path(struct export *, const struct item *,
    struct buf *path);

/* The line that begins a message of an mbox. */
void export_mbox_line(struct buf *, const struct item *);

/* Of its text what stands from `*at` on, at most `most` octets, as an mbox
 * has it.  `*inside` a line it may stop. */
void export_mbox_text(struct buf *, view text, size_t *at, size_t most,
    bool *inside);

/* The first file, and what follows the collections. */
void export_begin(struct export *);
CHECKED result export_end(struct export *);

/* An import at work. */
struct known;
struct import {
	struct transfer *t;
	struct account *account;
	struct arena *arena; /* of one object */
	struct arena *folder_arena;
	view mailbox; /* the present one, in folder_arena */
	int64_t collection;
	struct known *known; /* what was in it before */
	size_t known_count;
	struct keywords keywords;
	int64_t unsynced;
	size_t compares; /* of messages, that are left; 0: any number */
	view components; /* of the calendar; empty: any.  In folder_arena */
	view about; /* of the present folder of files: its ".about" */
	view about_left; /* what of it was not looked at yet */

	/* The present calendar or address book of an archive. */
	char place[TRANSFER_PATH];
	int64_t place_id;
};

void import_told(struct import *, view what, result);

struct incoming {
	view what; /* for people */
	view text;
	int64_t received; /* below 0: its Date, or now */
	uint32_t flags;
	view keywords;
};

/* Into the mailbox, made when missing.  The result is of the store as a
 * whole; what single messages came to is told. */
CHECKED result import_enter(struct import *, view mailbox);
CHECKED result import_message(struct import *, const struct incoming *);

/* An object under that name, in a collection that is made when missing. */
CHECKED result import_collection(struct import *, enum collection_kind,
    view name, view display_name, int64_t *id);
struct incoming_object {
	enum collection_kind kind;
	int64_t collection;
	view name;    /* empty: made from its UID; not in import.arena */
	int64_t when; /* below 0: now */
	view bytes;
};
CHECKED result import_object(struct import *, const struct incoming_object *);

/* A whole calendar or a file of cards, cut into objects. */
CHECKED result import_calendar(struct import *, int64_t collection, view text);
CHECKED result import_cards(struct import *, int64_t collection, view text);

/* Before an import of what anybody may send.  MALFORMED, OVER_LIMIT. */
CHECKED result import_check_archive(view tar);
CHECKED result import_check_mbox(view text);

/* All messages of an mbox into the mailbox entered. */
CHECKED result import_mbox(struct import *, view text);

/* One file of a Maildir, by its path below the Maildir. */
CHECKED result import_maildir_file(struct import *, view path, int64_t when,
    view bytes);

/* Scripts, forwarding and the automatic reply, of an archive: what is set
 * already stays. */
CHECKED result export_handling(struct account *, struct arena *,
    struct sink *);
CHECKED result import_handling(struct import *, view path, view bytes);

/* What stands beside the objects of a collection, in an archive; properties
 * that are set already stay. */
CHECKED result export_place(struct account *, const struct collection *,
    view folder, struct sink *);
CHECKED result import_properties(struct import *, view path, view bytes);
void import_about(struct import *, view bytes);

/* One property off ".properties". */
void place_property(struct scan *, struct property *out);

/* The media type and the key of a file; false: nothing is said of it. */
bool import_about_find(struct import *, view name, view *type, view *key);

/* What is shared with whom, and what others share, as far as they are here. */
CHECKED result export_shares(struct transfer *, struct account *,
    struct arena *, struct sink *);
CHECKED result import_shares(struct import *, view path, view bytes);

/* A collection, who, and which rights, as admin_share_add reads them.
 * EXISTS: shared with him already, which stays. */
CHECKED result import_share(struct import *, const view words[3]);

/* The property of a calendar's colour, as collection.h names them. */
extern const view import_color;

/* `color`: as he sees it, or "".  EXISTS: there is such a one.  NOT_FOUND: not
 * shared with him. */
CHECKED result import_subscription(struct import *, enum collection_kind,
    view name, view owner, view collection, view color);

/* What sogo-tool backup wrote of one person. */
CHECKED result import_sogo(struct import *, view text);

/* The mailbox of a folder, by `t->mailbox`; in `out`. */
CHECKED result import_mailbox_name(struct import *, view folder,
    struct buf *out);

#endif
