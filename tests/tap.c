#include "tests/tap.h"

#include <stdarg.h>
#include <stdio.h>

static int count, failed;

static bool
point(bool passed, const char *format, va_list args)
{
	char what[500];

	count++;
	failed += !passed;
	(void)vsnprintf(what, sizeof what, format, args);
	/* A '#' would begin a TAP directive, a line end another line. */
	for (char *c = what; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == '#')
			*c = ' ';
	printf("%sok %d - %s\n", passed ? "" : "not ", count, what);
	fflush(stdout);
	return passed;
}

bool
ok(bool condition, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)point(condition, format, args);
	va_end(args);
	return condition;
}

static void
show(const char *label, view v)
{
	printf("# %s (%zu): ", label, v.n);
	for (size_t i = 0; i < v.n && i < 2000; i++) {
		if (v.p[i] >= ' ' && v.p[i] < 127)
			putchar(v.p[i]);
		else
			printf("\\x%02x", (unsigned char)v.p[i]);
	}
	putchar('\n');
}

bool
same(view found, view wanted, const char *what)
{
	if (ok(view_eq(found, wanted), "%s", what))
		return true;
	show("found ", found);
	show("wanted", wanted);
	return false;
}

bool
is_number(int64_t found, int64_t wanted, const char *what)
{
	return ok(found == wanted, "%s (found %lld, wanted %lld)", what,
	    (long long)found, (long long)wanted);
}

void
note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

int
tap_done(void)
{
	printf("1..%d\n", count);
	return failed > 0;
}
