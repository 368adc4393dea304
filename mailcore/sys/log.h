/*
 * log.h - one line per event on standard error: time, level, role, event,
 * then key=value.  No secrets, no message content.  Thread-safe; control
 * bytes are escaped, so a line stays a line.  Events are counted
 * (mailcore/sys/count.h), also those of a level that is not written.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* `role` must be a literal. */
void log_open(const char *role, enum log_level most);

/* log_line(LOG_INFO, "smtp.accept", "id=%lld size=%zu", ...); */
void log_line(enum log_level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For a view in a format: log_line(..., "user=%.*s", LOG_VIEW(user)). */
#define LOG_VIEW(v) (int)((v).n > 400 ? 400 : (v).n), (v).p

#endif
