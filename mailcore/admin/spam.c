#include "mailcore/admin/spam.h"

#include "mailcore/admin/check.h"
#include "mailcore/base/ascii.h"
#include "mailcore/store/domain.h"

enum { LEAST = -200, MOST = 2000, WHOLE_MOST = 1000 };

result
spam_owner(struct store *store, struct arena *arena, view who,
    struct sender_owner *out)
{
	struct account_info account;
	struct domain domain;
	view name;

	*out = (struct sender_owner){ 0, 0 };
	if (view_eq(who, VIEW("server")))
		return done();
	if (view_find_byte(who, '@') != SIZE_MAX) {
		TRY(account_find(store, arena, who, &account));
		out->account = account.id;
		return done();
	}
	TRY(check_domain(who, arena, &name));
	TRY(domain_find(store, arena, name, &domain));
	out->domain = domain.id;
	return done();
}

result
spam_rule(struct store *store, struct arena *arena, view who, view pattern,
    enum spam_list list)
{
	struct sender_owner owner;
	view kept;

	TRY(spam_owner(store, arena, who, &owner));
	TRY(sender_pattern(pattern, arena, &kept));
	if (list == SPAM_FORGET)
		return sender_rule_remove(store, owner, kept);
	return sender_rule_set(store, owner, kept, list == SPAM_ALLOW);
}

result
spam_points(view text, int64_t *out)
{
	bool negative = view_starts(text, VIEW("-"));
	view fraction = negative ? view_from(text, 1) : text;
	view whole = view_cut(&fraction, '.');
	uint64_t points;

	if (!view_number(whole, WHOLE_MOST, &points) || fraction.n > 1
	    || (fraction.n == 1 && !ascii_is_digit(fraction.p[0]))
	    || view_ends(text, VIEW(".")))
		return fail(MALFORMED, "expected points, like 8 or 7.5");
	*out = (int64_t)points * 10
	    + (fraction.n == 1 ? fraction.p[0] - '0' : 0);
	if (negative)
		*out = -*out;
	return *out >= LEAST && *out <= MOST ? done()
		: fail(MALFORMED, "expected -20 to 200 points");
}

result
spam_levels(struct store *store, struct arena *arena, view who,
    const struct sender_levels *levels)
{
	struct sender_levels now;
	struct sender_owner owner;

	TRY(spam_owner(store, arena, who, &owner));
	TRY(sender_levels_get(store, owner, &now));
	if (levels->mark != SENDER_UNSET)
		now.mark = levels->mark;
	if (levels->reject != SENDER_UNSET)
		now.reject = levels->reject;
	if (now.mark != SENDER_UNSET && now.reject != SENDER_UNSET
	    && now.reject <= now.mark)
		return fail(MALFORMED,
		    "mail is to be marked at fewer points than refused");
	return sender_levels_set(store, owner, levels, false);
}
