#include "mailcore/smtp/sts.h"

#include "mailcore/base/ascii.h"

enum {
	ID_MOST = 32,
	MAX_AGE_MOST = 31557600, /* RFC 8461 3.2 */
	LINES_MOST = 1000
};

/* What was said already; the first one counts. */
struct reading {
	struct sts_policy *policy;
	bool version, mode, age;
};

static bool
is_pattern(view name)
{
	if (view_starts(name, VIEW("*.")))
		name = view_from(name, 2);
	if (name.n == 0 || name.n > LIMIT_DOMAIN)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '-'
		    && name.p[i] != '.' && name.p[i] != '_')
			return false;
	return true;
}

static bool
take_version(struct reading *r, view value)
{
	r->version = true;
	return view_eq(value, VIEW("STSv1"));
}

static bool
take_mode(struct reading *r, view value)
{
	static const char *const words[] = { [STS_NONE] = "none",
		[STS_TESTING] = "testing", [STS_ENFORCE] = "enforce" };

	if (r->mode)
		return true;
	r->mode = true;
	for (size_t i = 0; i < COUNT(words); i++) {
		r->policy->mode = (enum sts_mode)i;
		if (view_eq(value, view_of(words[i])))
			return true;
	}
	return false;
}

static bool
take_age(struct reading *r, view value)
{
	uint64_t n;

	if (r->age)
		return true;
	r->age = true;
	if (value.n > 10 || !view_number(value, 9999999999, &n))
		return false;
	r->policy->max_age = n < MAX_AGE_MOST ? (int64_t)n : MAX_AGE_MOST;
	return true;
}

static bool
take_mx(struct reading *r, view value)
{
	if (!is_pattern(value))
		return false;
	if (r->policy->count < LIMIT_STS_MX)
		r->policy->mx[r->policy->count++] = value;
	return true;
}

static const struct {
	const char *key;
	bool (*take)(struct reading *, view);
} keys[] = {
	{ "version", take_version },
	{ "mode", take_mode },
	{ "max_age", take_age },
	{ "mx", take_mx },
};

/* Keys that nobody knows yet are passed over. */
static bool
take_line(struct reading *r, view line)
{
	view value = line, key;

	if (view_find_byte(line, ':') == SIZE_MAX)
		return view_trim(line).n == 0;
	key = view_trim(view_cut(&value, ':'));
	for (size_t i = 0; i < COUNT(keys); i++)
		if (view_eq(key, view_of(keys[i].key)))
			return keys[i].take(r, view_trim(value));
	return true;
}

result
sts_parse(view text, struct sts_policy *out)
{
	struct reading r = { .policy = out };
	size_t lines = 0;
	view line;

	*out = (struct sts_policy){ .mode = STS_NONE };
	if (text.n > LIMIT_STS_POLICY)
		return fail(MALFORMED, "RFC 8461 3.3: the policy is too long");
	while (view_line(&text, &line))
		if (++lines > LINES_MOST || !take_line(&r, line))
			return fail(MALFORMED, "RFC 8461 3.2: not a policy");
	if (!r.version || !r.mode || !r.age)
		return fail(MALFORMED, "RFC 8461 3.2: a field is missing");
	if (out->mode != STS_NONE && out->count == 0)
		return fail(MALFORMED, "RFC 8461 3.2: no mx");
	return done();
}

static bool
is_id(view id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_is_alnum(id.p[i]))
			return false;
	return id.n > 0 && id.n <= ID_MOST;
}

bool
sts_find_id(const view *records, size_t count, view *id)
{
	size_t found = 0;

	*id = VIEW("");
	for (size_t i = 0; i < count; i++) {
		view rest = records[i];

		if (!view_eq(view_trim(view_cut(&rest, ';')),
		        VIEW("v=STSv1")))
			continue;
		found++;
		while (rest.n > 0) {
			view field = view_trim(view_cut(&rest, ';'));

			if (view_starts(field, VIEW("id=")) && id->n == 0)
				*id = view_from(field, 3);
		}
	}
	return found == 1 && is_id(*id);
}

bool
sts_matches(const struct sts_policy *policy, view host)
{
	view above = host;

	if (view_ends(host, VIEW(".")))
		host = above = view_first(host, host.n - 1);
	(void)view_cut(&above, '.');
	for (size_t i = 0; i < policy->count; i++) {
		view mx = policy->mx[i];

		/* RFC 8461 4.1: one label, the leftmost. */
		if (view_starts(mx, VIEW("*."))
		        ? above.n > 0 && view_same(view_from(mx, 2), above)
		        : view_same(mx, host))
			return true;
	}
	return false;
}
