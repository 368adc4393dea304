#include "autoconfig/pacc_roll.h"

#include "autoconfig/pacc.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/store/domain.h"

/* "SWITCH LENGTH\n", the old document of that length, the new one. */
struct kept {
	int64_t switches; /* 0: nothing new */
	view old;         /* "": nothing was ever given out */
	view new;
};

static view
name_of(const struct service_set *set, struct arena *arena)
{
	return arena_print(arena, "pacc/%.*s", (int)set->domain.n,
	    set->domain.p);
}

static bool
read_kept(view text, struct kept *out)
{
	struct scan s = scan_over(text);
	uint64_t switches, length;

	switches = scan_number(&s, INT64_MAX, "no time");
	scan_byte(&s, ' ', "no length");
	length = scan_number(&s, LIMIT_PACC_DOCUMENT, "too long");
	scan_byte(&s, '\n', "no document");
	out->old = scan_bytes(&s, (size_t)length, "too short");
	out->new = s.rest;
	out->switches = (int64_t)switches;
	return scan_result(&s).is == OK;
}

/* What cannot be read counts as nothing. */
static result
load(struct store *store, const struct service_set *set, struct arena *arena,
    struct kept *out)
{
	view text = VIEW("");
	result r = setting_get(store, arena, name_of(set, arena), &text);

	if (r.is != OK && r.is != NOT_FOUND)
		return r;
	if (r.is == NOT_FOUND || !read_kept(text, out))
		*out = (struct kept){ .old = VIEW(""), .new = VIEW("") };
	return done();
}

static result
save(struct store *store, const struct service_set *set, struct arena *arena,
    const struct kept *k)
{
	view text = arena_print(arena, "%lld %zu\n%.*s%.*s",
	    (long long)k->switches, k->old.n, (int)k->old.n, k->old.p,
	    (int)k->new.n, k->new.p);

	TRY(arena_result(arena));
	return setting_set(store, name_of(set, arena), text);
}

/* What the configuration says; "" when this format has no words for it. */
static result
present(const struct service_set *set, struct arena *arena, view *out)
{
	struct buf text = buf_new(LIMIT_PACC_DOCUMENT);
	result r = pacc_document(set, &text);

	*out = r.is == OK ? arena_copy(arena, buf_view(&text)) : VIEW("");
	buf_free(&text);
	return r.is == NOT_FOUND ? arena_result(arena) : r;
}

static void
judge(const struct kept *k, view computed, int64_t now,
    struct pacc_roll *out)
{
	bool later = k->switches > now;

	*out = (struct pacc_roll){ .served = computed, .other = VIEW("") };
	/* Without a document nothing is served, whatever was. */
	if (k->old.n == 0 || computed.n == 0)
		return;
	if (k->switches == 0) {
		out->served = k->old;
		out->unannounced = !view_eq(k->old, computed);
		return;
	}
	out->served = later ? k->old : k->new;
	out->unannounced = !view_eq(k->new, computed);
	if (later || now - k->switches < PACC_KEEP) {
		out->switches = k->switches;
		out->other = later ? k->new : k->old;
	}
}

result
pacc_roll_look(struct store *store, const struct service_set *set,
    int64_t now, struct arena *arena, struct pacc_roll *out)
{
	struct kept kept;
	view computed;

	*out = (struct pacc_roll){ .served = VIEW(""), .other = VIEW("") };
	TRY(present(set, arena, &computed));
	TRY(load(store, set, arena, &kept));
	judge(&kept, computed, now, out);
	return arena_result(arena);
}

result
pacc_roll_announce(struct store *store, const struct service_set *set,
    int64_t now, struct arena *arena, struct pacc_roll *out)
{
	struct kept kept;
	view computed;

	*out = (struct pacc_roll){ .served = VIEW(""), .other = VIEW("") };
	TRY(present(set, arena, &computed));
	TRY(load(store, set, arena, &kept));
	judge(&kept, computed, now, out);
	if (computed.n > 0 && (kept.old.n == 0 || out->unannounced)) {
		bool back = view_eq(out->served, computed);

		kept = (struct kept){ back ? 0 : now + PACC_DELAY,
			out->served, back ? VIEW("") : computed };
		TRY(save(store, set, arena, &kept));
		judge(&kept, computed, now, out);
	}
	return arena_result(arena);
}

result
pacc_roll_switch(struct store *store, const struct service_set *set,
    int64_t at, struct arena *arena)
{
	struct kept kept;

	TRY(load(store, set, arena, &kept));
	if (kept.switches == 0)
		return fail(NOT_FOUND, "nothing new is announced");
	kept.switches = at;
	return save(store, set, arena, &kept);
}
