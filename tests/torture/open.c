#include "tests/torture/open.h"

#include <fcntl.h>
#include <stdarg.h>

/* Only then is there a third argument. */
#define MODE_OF(mode, flags)                          \
	do {                                          \
		if ((flags) & (O_CREAT | __O_TMPFILE)) { \
			va_list args;                 \
                                                      \
			va_start(args, flags);        \
			(mode) = va_arg(args, mode_t); \
			va_end(args);                 \
		}                                     \
	} while (0)

int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(mode, flags);
	return open_instead(path, flags, mode, __builtin_return_address(0));
}

int
open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(mode, flags);
	return open_instead(path, flags, mode, __builtin_return_address(0));
}
