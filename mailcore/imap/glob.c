#include "mailcore/imap/glob.h"

#include "mailcore/base/limits.h"

#include <string.h>

enum { STATES = 2 * LIMIT_IMAP_MAILBOX_NAME + 2 };

/* After a wildcard may come the next state at once: it matches nothing. */
static void
close_states(view pattern, bool *on)
{
	for (size_t i = 0; i < pattern.n; i++)
		if (on[i] && (pattern.p[i] == '*' || pattern.p[i] == '%'))
			on[i + 1] = true;
}

static void
step(view pattern, char c, const bool *from, bool *to)
{
	memset(to, 0, pattern.n + 1);
	for (size_t i = 0; i < pattern.n; i++) {
		char p = pattern.p[i];

		if (!from[i])
			continue;
		if (p == '*' || (p == '%' && c != '/'))
			to[i] = true;
		else if (p != '%' && p == c)
			to[i + 1] = true;
	}
	close_states(pattern, to);
}

bool
glob_matches(view pattern, view name)
{
	bool states[2][STATES];

	if (pattern.n + 1 > STATES)
		return false;
	memset(states[0], 0, pattern.n + 1);
	states[0][0] = true;
	close_states(pattern, states[0]);
	for (size_t i = 0; i < name.n; i++)
		step(pattern, name.p[i], states[i & 1], states[~i & 1]);
	return states[name.n & 1][pattern.n];
}
