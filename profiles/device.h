/*
 * device.h - what sets up one device of a person: the profile, a link that
 * gives it out once, the text of a QR code; with an app password made for it,
 * or without.  The CLI, the pages and the API make it by this alone.
 */
#ifndef PROFILES_DEVICE_H
#define PROFILES_DEVICE_H

#include "mailcore/auth/signer.h"
#include "mailcore/store/app_password.h"
#include "mailcore/store/domain.h"
#include "profiles/apple.h"

enum device_app { DEVICE_IPHONE, DEVICE_THUNDERBIRD, DEVICE_DAVX5,
	DEVICE_APPS };

/* "iphone", "thunderbird-android", "davx5"; "mail", "full". */
extern const char *const device_app_names[DEVICE_APPS];
extern const char *const device_kind_names[PROFILE_FULL + 1];

struct device_order {
	struct store *store;
	const struct conf *conf;
	int64_t account;
	enum profile_kind kind; /* of a profile */
	enum profile_language language;
	bool app_password; /* make one and put it in */
	view label;        /* of that; "": the kind of device */
	struct signer *signer; /* NULL: unsigned */
	int64_t now;
};

struct device {
	struct buf out;          /* the profile, the link, the text */
	struct app_password app; /* id 0: none was made; its views are the
	                          * order's or literals */
};

/* An empty one; device_free wipes. */
struct device device_new(void);
void device_free(struct device *);

/* The .mobileconfig; unsigned, with a warning in the log, when a signature
 * would not verify or the signer does not answer.  NOT_FOUND: the server does
 * not offer what it would set up. */
CHECKED result device_profile(const struct device_order *, struct device *);

/* "https://host/p/TOKEN": the same, to be fetched once. */
CHECKED result device_link(const struct device_order *, struct device *);

/* What the QR code for `app` says; for DEVICE_IPHONE a device_link. */
CHECKED result device_text(const struct device_order *, enum device_app,
    struct device *);

/* Nobody was told the password: take it back. */
void device_undo(const struct device_order *, struct device *);

/* "ADDRESS-mail.mobileconfig", in `arena`; without what could end a quoted
 * file name (RFC 6266). */
view device_file_name(struct arena *, view address, enum profile_kind);

#endif
