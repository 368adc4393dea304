#include "mailcore/smtp/retry.h"

#include "mailcore/sys/random.h"

enum {
	/* RFC 5321 4.5.4.1: retries for 4 to 5 days, the first ones sooner. */
	RETRY_FIRST = 300,
	RETRY_MOST = 4 * 3600,
	RETRY_DOUBLINGS = 6,
	GIVE_UP_AFTER = 5 * 24 * 3600,
	LATE_AFTER = 4 * 3600
};

int64_t
retry_next(int64_t now, int attempts)
{
	int64_t wait = RETRY_MOST;

	if (attempts < RETRY_DOUBLINGS)
		wait = (int64_t)RETRY_FIRST << attempts;
	if (wait > RETRY_MOST)
		wait = RETRY_MOST;
	return now + wait + (int64_t)random_number(RETRY_FIRST / 10);
}

bool
retry_is_over(int64_t now, int64_t since)
{
	return now >= retry_end(since);
}

int64_t
retry_end(int64_t since)
{
	return since + GIVE_UP_AFTER;
}

bool
retry_is_late(int64_t now, int64_t since)
{
	return now - since >= LATE_AFTER;
}
