/* What reception does about strangers: greylisting at RCPT, and at the end of
 * the text a look at it, made into a verdict of each recipient. */
#include "mailcore/base/ascii.h"
#include "mailcore/smtp/session.h"
#include "mailcore/store/sender.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <arpa/inet.h>
#include <string.h>

enum { NETWORK_TEXT = INET6_ADDRSTRLEN + 8, SENDER_MOST = 400 };

const struct smtp_code smtp_policy_codes[FAILED + 1] = {
	[DENIED] = { 550, "5.7.26" }, /* RFC 7372 3.2 */
	[BUSY] = { 451, "4.7.1" },
};

static const struct smtp_code refused_codes[FAILED + 1] = {
	[DENIED] = { 550, "5.7.1" },
};

/* NULL: nothing looks at it.  A reload may put another in its place, or none,
 * so it is read once. */
static struct verify *
verify_of(const struct smtp *s)
{
	struct verify *v = __atomic_load_n(&s->services->verify,
	    __ATOMIC_ACQUIRE);

	return !s->services->submission && verify_wants(v, s->peer->loopback)
	    ? v : NULL;
}

bool
smtp_is_forged(const struct smtp *s, view header)
{
	bool stranger = !s->peer->loopback && !s->services->lmtp;

	return (stranger || verify_of(s) != NULL)
	    && findings_are_forged(header, view_of(s->services->hostname));
}

result
smtp_check_begin(struct smtp *s)
{
	struct verify *v = verify_of(s);
	struct transaction *t = &s->mail;
	view *to;
	struct inspection i = {
		.peer = view_of(s->peer->address),
		.hello = view_of(s->hello),
		.hostname = view_of(s->services->hostname),
		.sender = t->mail.sender,
		.id = view_of(t->id),
		.recipient_count = t->recipients,
		.now = clock_now(),
	};
	size_t n = 0;

	if (v == NULL)
		return done();
	to = arena_array(t->arena, t->recipients, sizeof *to);
	TRY(arena_result(t->arena));
	for (const struct recipient *r = t->first; r != NULL; r = r->next)
		to[n++] = r->address;
	i.recipients = to;
	TRY(spool_view(t->text, &i.message));
	i.message = view_from(i.message, t->trace);
	t->job = verify_begin(v, &i);
	return done();
}

static void
log_findings(const struct smtp *s, const struct findings *f)
{
	log_line(LOG_INFO, "smtp.checked",
	    "id=%s spf=%s dkim=%s dmarc=%s arc=%s score=%d from=%.*s",
	    s->mail.id, spf_name(f->spf.result),
	    f->dkim.count == 0 ? "none"
	                       : dkim_name(f->dkim.check[0].result),
	    dmarc_name(f->dmarc.result), arc_name(f->arc.result), f->score,
	    LOG_VIEW(f->author_domain));
}

/* Who wants it and who does not; one answer stands for all. */
static result
judge_each(struct smtp *s, const struct findings *f)
{
	struct transaction *t = &s->mail;
	const struct verdict *before = NULL;
	result refused = done();
	size_t wanted = 0;

	for (struct recipient *r = t->first; r != NULL; r = r->next) {
		struct verdict *v = arena_alloc(t->arena, sizeof *v);
		result said;

		TRY(arena_result(t->arena));
		said = judge(s->services->store, t->arena,
		    verify_inspection(t->job), f, s->services->dmarc,
		    r->account, before, v);
		if (said.is != OK && said.is != DENIED)
			return said;
		if (said.is == DENIED)
			refused = said;
		else
			wanted++;
		r->verdict = v;
		before = v;
	}
	return wanted > 0 ? done() : refused;
}

result
smtp_check_end(struct smtp *s, const struct smtp_code **codes)
{
	const struct findings *f = verify_findings(s->mail.job);

	log_findings(s, f);
	*codes = smtp_policy_codes;
	TRY(judge_all(f, s->services->dmarc));
	*codes = refused_codes;
	return judge_each(s, f);
}

/* The client's /24 or /64: pools of senders try from several machines. */
static bool
network_of(const char *address, char out[NETWORK_TEXT])
{
	unsigned char bytes[16] = { 0 };
	char text[INET6_ADDRSTRLEN];
	struct buf b = buf_new(NETWORK_TEXT);
	bool four = inet_pton(AF_INET, address, bytes) == 1;
	bool fits;

	if (!four && inet_pton(AF_INET6, address, bytes) != 1)
		return false;
	memset(bytes + (four ? 3 : 8), 0, four ? 1 : 8);
	(void)inet_ntop(four ? AF_INET : AF_INET6, bytes, text, sizeof text);
	buf_print(&b, "%s/%d", text, four ? 24 : 64);
	fits = view_copy(buf_view(&b), out, NETWORK_TEXT);
	buf_free(&b);
	return fits;
}

/* Lower case, and digits of the local part as one: lists number theirs. */
static view
folded(view address, struct arena *arena)
{
	struct buf out = buf_new(SENDER_MOST);
	view domain = address;
	view local = view_cut_last(&domain, '@');
	bool digit = false;
	view text;

	for (size_t i = 0; i < local.n; i++) {
		bool is = ascii_is_digit(local.p[i]);

		if (!is || !digit)
			buf_add_byte(&out, is ? '#' : ascii_lower(local.p[i]));
		digit = is;
	}
	buf_add_byte(&out, '@');
	for (size_t i = 0; i < domain.n; i++)
		buf_add_byte(&out, ascii_lower(domain.p[i]));
	text = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return text;
}

result
smtp_check_recipient(struct smtp *s, view address, int64_t account)
{
	struct transaction *t = &s->mail;
	char network[NETWORK_TEXT];
	struct greylist_key key;
	struct sender_levels levels;
	int64_t wait = 0;
	result r;

	if (account == 0 || verify_of(s) == NULL)
		return done();
	TRY(sender_levels_of(s->services->store, account, &levels));
	if (levels.greylist == 0 || !network_of(s->peer->address, network))
		return done();
	key = (struct greylist_key){ view_of(network),
		folded(t->mail.sender, t->arena), address };
	TRY(arena_result(t->arena));
	r = greylist_ask(s->services->store, &key, clock_now(),
	    s->services->greylist_seconds, &wait);
	if (r.is == BUSY)
		log_line(LOG_INFO, "smtp.greylist", "network=%s wait=%lld",
		    network, (long long)wait);
	return r;
}
