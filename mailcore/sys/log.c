#include "mailcore/sys/log.h"

#include "mailcore/base/ascii.h"
#include "mailcore/sys/count.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOG_TEXT = 2048, LOG_LINE = 4 * LOG_TEXT + 256 };

/* Set once, before there are threads; log_level also by a reload. */
static const char *log_role = "posthaste";
static _Atomic int log_most = LOG_INFO;

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

void
log_open(const char *role, enum log_level most)
{
	log_role = role;
	log_most = (int)most;
}

/* Control bytes become \xHH, so that a peer cannot begin a line of its own
 * nor move a terminal's cursor. */
static size_t
escape(char *to, const char *from)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; *from != '\0'; from++) {
		unsigned char c = (unsigned char)*from;

		if (ascii_is_control(*from)) {
			to[n++] = '\\';
			to[n++] = 'x';
			to[n++] = digits[c >> 4];
			to[n++] = digits[c & 15];
		} else {
			to[n++] = *from;
		}
	}
	return n;
}

static size_t
put_head(char *to, size_t room, enum log_level level, const char *event)
{
	struct timespec now;
	struct tm tm;
	char day[32];
	int n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	(void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(to, room, "%s.%03ldZ %s %s %s ", day,
	    now.tv_nsec / 1000000, level_names[level], log_role, event);
	return n < 0 || (size_t)n >= room ? 0 : (size_t)n;
}

void
log_line(enum log_level level, const char *event, const char *format, ...)
{
	char text[LOG_TEXT], line[LOG_LINE];
	int kept = errno;
	size_t n;
	ssize_t wrote;
	va_list args;

	count_event(event);
	if ((int)level > log_most)
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	va_end(args);
	n = put_head(line, 256, level, event);
	n += escape(line + n, text);
	line[n++] = '\n';
	/* One call, so that lines of several processes do not mix.  Nobody is
	 * left to tell when it fails. */
	wrote = write(STDERR_FILENO, line, n);
	(void)wrote;
	errno = kept;
}
