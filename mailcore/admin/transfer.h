/*
 * transfer.h - everything of a person out of the store, and back.
 *
 * Maildir: Maildir++ as Dovecot writes it; mbox: one mboxrd file a mailbox,
 * which keeps bytes and dates, and no flags; an archive: one tar with the
 * mail as Maildir++, calendars and contacts as files with the properties of
 * their collections, attachments, files, Sieve scripts, and the settings of
 * forwarding, automatic replies, shares and subscriptions.  What is written out
 * depends on the content alone, so that two exports of the same are the same
 * byte for byte.
 *
 * An import adds only what is not there: a message with its bytes and date,
 * an object with its UID.  So one that was interrupted is begun again.
 */
#ifndef ADMIN_TRANSFER_H
#define ADMIN_TRANSFER_H

#include "mailcore/base/buf.h"
#include "mailcore/store/collection.h"

enum transfer_format {
	TRANSFER_MAILDIR,
	TRANSFER_MBOX,
	TRANSFER_ICS, /* import only */
	TRANSFER_VCF, /* import only */
	TRANSFER_SOGO, /* import only: one person of sogo-tool backup */
	TRANSFER_ARCHIVE
};

/* What became of one message or object.  EXISTS with `why` "": it was there
 * already. */
typedef void transfer_told(void *context, view what, result);

struct transfer {
	struct store *store;
	int64_t account;
	view address; /* names the archive */

	/* Mailbox names in modified UTF-7 (RFC 3501 5.1.3). */
	void (*name_encode)(view utf8, struct buf *);
	result (*name_decode)(view name, struct buf *);

	transfer_told *told;
	void *context;

	view mailbox;    /* import: into this one; empty: as it is named */
	view collection; /* import of ics and vcf; empty: "personal" */
	view display_name; /* of that one when it is made; empty: its name */

	/* Import: the person himself asks, and of what an archive says he gets
	 * what he could do by himself.  `publish`: also open something to
	 * everyone. */
	bool own;
	bool publish;

	/* Import: of what part of an archive is told: "mail", "calendars"... */
	view part;
};

/* MALFORMED: a format that is none.  Otherwise the disk or the store. */
CHECKED result transfer_export(struct transfer *, const char *folder,
    enum transfer_format);

/* What returned OK is durable; what single items came to, `told` says.
 * NOT_FOUND, MALFORMED: nothing there that could be read. */
CHECKED result transfer_import(struct transfer *, const char *path,
    enum transfer_format);

/* The same of a text in memory, ICS or VCF, of at most LIMIT_IMPORT_ITEMS;
 * `mailbox` and the names of mailboxes are not looked at.  `*collection`: where
 * it went, 0 when nothing was done.  Nobody is sent a message about it.
 * MALFORMED, OVER_LIMIT: nothing was stored. */
CHECKED result transfer_import_text(struct transfer *, view text,
    enum transfer_format, int64_t *collection);

/* The same of an archive, or an mbox that goes into `mailbox`.  From anybody:
 * what would take too long is refused before anything is stored (OVER_LIMIT),
 * as is what cannot be read (MALFORMED).  A later failure is of the rest: what
 * was told is durable. */
CHECKED result transfer_import_bytes(struct transfer *, view bytes,
    enum transfer_format);

/* One calendar, or one address book, as one file in pieces; an account is held
 * only while a piece is made.  NOT_FOUND: none of that number and kind. */
struct transfer_out;
CHECKED result transfer_out_new(struct store *, int64_t account,
    enum collection_kind, int64_t collection, struct transfer_out **);
void transfer_out_free(struct transfer_out **);

/* As `stream` and `stream_end` of an answer want it: a failure is that of
 * `to`. */
bool transfer_out_piece(void *out, struct buf *to);
void transfer_out_end(void *out);

/* An archive, or as an mbox the mailbox of that number, in pieces: of the
 * transfer `name_encode` is looked at, and whose it is.  It has what was there
 * when it began, as far as it is there when its turn comes; one that broke off
 * is a tar that is cut off.  NOT_FOUND: no such mailbox. */
struct transfer_stream;
CHECKED result transfer_stream_new(const struct transfer *, int64_t mailbox,
    struct transfer_stream **);
bool transfer_stream_piece(void *stream, struct buf *to);
void transfer_stream_end(void *stream);

#endif
