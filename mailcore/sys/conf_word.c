/* Settings that are one of a few words, or a plain number. */
#include "mailcore/sys/conf_set.h"

bool
conf_choose(view value, const char *const *words, size_t count, size_t *which)
{
	for (*which = 0; *which < count; ++*which)
		if (view_eq(value, view_of(words[*which])))
			return true;
	return false;
}

bool
conf_set_check_mail(struct arena *a, void *to, view value)
{
	static const char *const words[] = {
		[CONF_CHECK_REMOTE] = "remote", [CONF_CHECK_ALL] = "all",
		[CONF_CHECK_OFF] = "off",
	};
	size_t which;

	(void)a;
	if (!conf_choose(value, words, COUNT(words), &which))
		return false;
	*(int *)to = (int)which;
	return true;
}

bool
conf_set_dmarc(struct arena *a, void *to, view value)
{
	static const char *const words[] = { "follow", "junk", "score" };
	size_t which;

	(void)a;
	if (!conf_choose(value, words, COUNT(words), &which))
		return false;
	*(int *)to = (int)which;
	return true;
}

bool
conf_set_scram(struct arena *a, void *to, view value)
{
	static const char *const words[] = { "sha-256", "sha-1", "off" };
	size_t which;

	(void)a;
	if (!conf_choose(value, words, COUNT(words), &which))
		return false;
	*(int *)to = (int)which;
	return true;
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
	size_t which;

	(void)a;
	if (!conf_choose(value, words, COUNT(words), &which))
		return false;
	*(int *)to = (int)which;
	return true;
}
