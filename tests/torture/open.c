#include "tests/torture/open.h"

#include <fcntl.h>
#include <stdarg.h>

/* Only then is there a third argument. */
static mode_t
mode_of(int flags, va_list *args)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(*args, mode_t) : 0;
}

int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, &args);
	va_end(args);
	return open_instead(path, flags, mode, __builtin_return_address(0));
}

int
open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, &args);
	va_end(args);
	return open_instead(path, flags, mode, __builtin_return_address(0));
}
