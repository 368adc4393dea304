#include "mailcore/smtp/judge.h"

#include "mailcore/store/sender.h"
#include "mailcore/sys/log.h"

#include <stdlib.h>

enum { FIELDS_MOST = 32768 };

result
judge_all(const struct findings *f, enum judge_dmarc dmarc)
{
	if (f->dmarc.result == DMARC_FAIL && f->dmarc.policy == DMARC_REJECT
	    && dmarc == JUDGE_DMARC_FOLLOW)
		return fail(DENIED,
		    "RFC 9989 5.3.6: the domain of From refuses this");
	if (f->later)
		return fail(BUSY, "Try again later");
	return done();
}

static bool
is_quarantined(const struct findings *f, enum judge_dmarc dmarc)
{
	return f->dmarc.result == DMARC_FAIL
	    && f->dmarc.policy != DMARC_ACCEPT && dmarc != JUDGE_DMARC_SCORE;
}

/* The envelope's sender and From; what denies one of them denies the mail. */
static result
ask_lists(struct store *store, struct arena *arena, int64_t account,
    const struct inspection *i, const struct findings *f,
    struct sender_verdict *out)
{
	struct sender_verdict envelope;

	TRY(sender_ask(store, arena, account, i->sender,
	    f->spf.result == SPF_PASS && i->sender.n > 0, &envelope));
	TRY(sender_ask(store, arena, account, f->author, f->proven, out));
	if (envelope.said != SENDER_UNKNOWN
	    && (out->said == SENDER_UNKNOWN || envelope.level < out->level
	        || (envelope.level == out->level
	            && envelope.said == SENDER_DENIED)))
		*out = envelope;
	return done();
}

/* -5 is "-0.5". */
static void
add_tenths(struct buf *out, int64_t n)
{
	buf_print(out, "%s%lld.%lld", n < 0 ? "-" : "",
	    llabs((long long)n) / 10, llabs((long long)n) % 10);
}

static void
add_status(struct buf *out, const struct findings *f, bool junk, int64_t mark,
    const struct sender_verdict *list)
{
	static const char *const levels[] = { "server", "domain", "mailbox" };

	buf_print(out, "X-Spam-Status: %s, score=", junk ? "Yes" : "No");
	add_tenths(out, f->score);
	buf_add(out, VIEW(" required="));
	add_tenths(out, mark);
	if (list->said != SENDER_UNKNOWN)
		buf_print(out, "\r\n\tlist=%s by=%s", list->said
		        == SENDER_ALLOWED ? "allow" : "deny",
		    levels[list->level]);
	if (f->rated)
		buf_add(out, VIEW("\r\n\tby=rspamd"));
	else if (f->hit_count == 0)
		buf_add(out, VIEW("\r\n\ttests=none"));
	for (size_t i = 0; i < f->hit_count && !f->rated; i++) {
		buf_add_text(out, i == 0 ? "\r\n\ttests=" : ",\r\n\t ");
		buf_print(out, "%s=", f->hits[i].name);
		add_tenths(out, f->hits[i].score);
	}
	buf_add(out, VIEW("\r\n"));
	if (junk)
		buf_add(out, VIEW("X-Spam-Flag: YES\r\n"));
}

static result
write_fields(struct arena *arena, const struct inspection *i,
    const struct findings *f, int64_t mark, const struct sender_verdict *list,
    struct verdict *out)
{
	struct buf text = buf_new(FIELDS_MOST);
	view name = VIEW("Authentication-Results: ");
	size_t results;
	result r;

	buf_add(&text, name);
	buf_add(&text, i->hostname);
	findings_results(f, i, VIEW("\r\n\t"), &text);
	results = text.n;
	buf_add(&text, VIEW("\r\n"));
	add_status(&text, f, out->junk, mark, list);
	r = buf_result(&text);
	out->fields = arena_copy(arena, buf_view(&text));
	out->results = view_from(view_first(out->fields, results), name.n);
	buf_free(&text);
	return r.is == OK ? arena_result(arena) : r;
}

static enum verdict_dmarc
dmarc_of(const struct findings *f)
{
	static const enum verdict_dmarc by_result[] = {
		[DMARC_NONE] = VERDICT_DMARC_NONE,
		[DMARC_PASS] = VERDICT_DMARC_PASS,
		[DMARC_FAIL] = VERDICT_DMARC_FAIL,
		[DMARC_TEMPERROR] = VERDICT_DMARC_UNKNOWN,
	};

	return by_result[f->dmarc.result];
}

/* Junk or not, by the lists first; DENIED: not at all. */
static result
decide(const struct findings *f, enum judge_dmarc dmarc,
    const struct sender_levels *levels, const struct sender_verdict *list,
    bool *junk)
{
	*junk = false;
	if (list->said == SENDER_ALLOWED)
		return done();
	if (list->said == SENDER_DENIED) {
		*junk = true;
		return fail(DENIED, "The recipient does not want your mail");
	}
	*junk = f->score >= levels->mark || is_quarantined(f, dmarc);
	return f->score < levels->reject ? done()
		: fail(DENIED, "This looks like spam");
}

static bool
says_the_same(const struct verdict *a, const struct verdict *b, int64_t mark)
{
	return a != NULL && a->junk == b->junk && a->mark == mark
	    && !a->listed;
}

result
judge(struct store *store, struct arena *arena, const struct inspection *i,
    const struct findings *f, enum judge_dmarc dmarc, int64_t account,
    const struct verdict *before, struct verdict *out)
{
	struct sender_levels levels;
	struct sender_verdict list;
	result decided;

	TRY(sender_levels_of(store, account, &levels));
	TRY(ask_lists(store, arena, account, i, f, &list));
	*out = (struct verdict){ .score = f->score, .dmarc = dmarc_of(f),
		.authenticated_from = f->proven ? f->author : VIEW(""),
		.forged = f->dmarc.result == DMARC_FAIL
		    || (f->spf.result == SPF_FAIL && !f->proven),
		.chain = &f->arc, .mark = (int)levels.mark,
		.listed = list.said != SENDER_UNKNOWN };
	decided = decide(f, dmarc, &levels, &list, &out->junk);
	/* Where others want it, it lies in Junk for this one. */
	out->junk = out->junk || decided.is == DENIED;
	if (!out->listed && says_the_same(before, out, levels.mark)) {
		out->fields = before->fields;
		out->results = before->results;
		return decided;
	}
	TRY(write_fields(arena, i, f, levels.mark, &list, out));
	return decided;
}
