/*
 * qr.h - text as a QR code (ISO/IEC 18004), with its quiet zone: as a picture
 * or for a terminal.
 */
#ifndef PROFILES_QR_H
#define PROFILES_QR_H

#include "mailcore/base/buf.h"

enum qr_form { QR_SVG, QR_PNG, QR_TERMINAL };

/* OVER_LIMIT: more than LIMIT_QR_TEXT bytes, which no phone reads well. */
CHECKED result qr_write(view text, enum qr_form, struct buf *out);

#endif
