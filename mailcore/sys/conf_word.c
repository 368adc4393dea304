/* Settings that are one of a few words, a plain number, or a record. */
#include "mailcore/sys/conf_set.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"

bool
conf_choose(view value, const char *const *words, size_t count, size_t *which)
{
	for (*which = 0; *which < count; ++*which)
		if (view_eq(value, view_of(words[*which])))
			return true;
	return false;
}

static bool
set_word(view value, const char *const *words, size_t n, int *to)
{
	size_t which;

	if (!conf_choose(value, words, n, &which))
		return false;
	*to = (int)which;
	return true;
}

bool
conf_set_check_mail(struct arena *a, void *to, view value)
{
	static const char *const words[] = {
		[CONF_CHECK_REMOTE] = "remote", [CONF_CHECK_ALL] = "all",
		[CONF_CHECK_OFF] = "off",
	};

	(void)a;
	return set_word(value, words, COUNT(words), to);
}

bool
conf_set_dmarc(struct arena *a, void *to, view value)
{
	static const char *const words[] = { "follow", "junk", "score" };

	(void)a;
	return set_word(value, words, COUNT(words), to);
}

bool
conf_set_scram(struct arena *a, void *to, view value)
{
	static const char *const words[] = { "sha-256", "sha-1", "off" };

	(void)a;
	return set_word(value, words, COUNT(words), to);
}

/* 0: as many as they like. */
bool
conf_set_sending(struct arena *a, void *to, view value)
{
	uint64_t n;

	(void)a;
	if (!view_number(value, 1000000, &n))
		return false;
	*(unsigned *)to = (unsigned)n;
	return true;
}

bool
conf_set_push(struct arena *a, void *to, view value)
{
	static const char *const words[] = { "public", "any", "off" };

	(void)a;
	return set_word(value, words, COUNT(words), to);
}

/* The digests of DS records (RFC 4034 5.3, RFC 4509, RFC 6605): octets. */
static const size_t digests[] = { [1] = 20, [2] = 32, [4] = 48 };

static view
next_word(view *rest)
{
	view word;

	*rest = view_trim(*rest);
	word = view_first(*rest, view_find_byte(*rest, ' '));
	word = view_first(word, view_find_byte(word, '\t'));
	*rest = view_from(*rest, word.n);
	return word;
}

static bool
is_digest(view rest, size_t octets)
{
	size_t digits = 0;

	for (size_t i = 0; i < rest.n; i++) {
		char c = ascii_lower(rest.p[i]);

		if (ascii_is_digit(c) || (c >= 'a' && c <= 'f'))
			digits++;
		else if (c != ' ' && c != '\t')
			return false;
	}
	return octets > 0 && digits == 2 * octets;
}

static bool
is_owner(view name)
{
	bool root = view_eq(name, VIEW("."));

	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '-'
		    && name.p[i] != '.' && name.p[i] != '_')
			return false;
	while (name.n > 0 && !root) {
		view label = view_cut(&name, '.');

		if (label.n == 0 || label.n > 63)
			return false;
	}
	return true;
}

/* RFC 4034 5.3: OWNER [TTL] [IN] DS TAG ALGORITHM TYPE DIGEST */
static bool
is_ds(view text)
{
	view owner = next_word(&text), word = next_word(&text);
	uint64_t tag, algorithm, type;

	if (owner.n == 0 || owner.n > LIMIT_DOMAIN || !is_owner(owner))
		return false;
	if (word.n > 0 && view_number(word, INT32_MAX, &tag))
		word = next_word(&text);
	if (view_same(word, VIEW("IN")))
		word = next_word(&text);
	return view_same(word, VIEW("DS"))
	    && view_number(next_word(&text), UINT16_MAX, &tag)
	    && view_number(next_word(&text), UINT8_MAX, &algorithm)
	    && view_number(next_word(&text), COUNT(digests) - 1, &type)
	    && is_digest(text, digests[type]);
}

bool
conf_set_anchor(struct arena *a, void *to, view value)
{
	const char **text = to;

	if (!view_eq(value, VIEW("auto")) && !view_eq(value, VIEW("off"))
	    && !is_ds(value))
		return false;
	*text = arena_text(a, value);
	return *text != NULL;
}
