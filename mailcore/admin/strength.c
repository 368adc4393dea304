#include "mailcore/admin/strength.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/base/utf8.h"

#include <stdlib.h>
#include <zxcvbn.h>

enum {
	/* What comes after that makes no password weaker, and the cost grows
	 * faster than the length. */
	LOOKED_AT = 100,
	WORDS = 24,
	WORD = 64,
	SHORT = 3 /* words up to there are in every password */
};

/* log2 of 10^3, 10^6, 10^8, 10^10 guesses, as zxcvbn's own scores. */
static const double bits[] = { 9.97, 19.93, 26.58, 33.22 };

struct words {
	char text[WORDS][WORD];
	const char *list[WORDS + 1]; /* ends with NULL */
	size_t count;
};

static void
add_word(struct words *w, view word)
{
	if (word.n <= SHORT || w->count == WORDS
	    || !view_copy(word, w->text[w->count], WORD))
		return;
	for (char *p = w->text[w->count]; *p != '\0'; p++)
		*p = ascii_lower(*p);
	w->list[w->count] = w->text[w->count];
	w->count++;
}

static bool
joins(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80;
}

/* The whole, and each word in it. */
static void
add_words(struct words *w, view text)
{
	add_word(w, text);
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && joins(text.p[n]))
			n++;
		add_word(w, view_first(text, n));
		text = view_from(text, n + 1);
	}
}

unsigned
strength_score(view password, view address, view name)
{
	char text[LOOKED_AT + 1];
	struct words *w = calloc(1, sizeof *w);
	double found = 0;
	unsigned score = 0;

	if (w == NULL)
		abort();
	add_words(w, address);
	add_words(w, name);
	if (view_copy(view_first(password, LOOKED_AT), text, sizeof text))
		found = ZxcvbnMatch(text, w->list, NULL);
	secret_wipe(text, sizeof text);
	free(w);
	while (score < COUNT(bits) && found >= bits[score])
		score++;
	return score;
}

result
strength_check(view password, view address, view name, unsigned least)
{
	if (password.n > LIMIT_PASSWORD)
		return fail(OVER_LIMIT, "the password is too long");
	if (password.n == 0 || !utf8_is_valid(password)
	    || view_find_byte(password, '\0') != SIZE_MAX)
		return fail(MALFORMED, "a password is UTF-8, and not empty");
	if (strength_score(password, address, name) < least)
		return fail(DENIED, "that password is too easy to guess:"
		    " a few words that do not belong together are better");
	return done();
}
