/*
 * json_text.h - a string as JSON has it (RFC 8259 7): quoted and escaped,
 * UTF-8 left as it is, bytes that are none as U+FFFD.
 */
#ifndef AUTOCONFIG_JSON_TEXT_H
#define AUTOCONFIG_JSON_TEXT_H

#include "mailcore/base/buf.h"

void json_add_text(struct buf *, view text);

#endif
