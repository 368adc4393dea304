/*
 * secret.h - bytes that must not be guessed or left behind.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "mailcore/base/view.h"

/* Same bytes, in a time that depends on the lengths alone. */
bool secret_eq(view a, view b);

/* Overwrite; never optimised away. */
void secret_wipe(void *, size_t);

#endif
