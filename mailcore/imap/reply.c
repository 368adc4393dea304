#include "mailcore/imap/reply.h"

#include "mailcore/format/nstring.h"
#include "mailcore/imap/utf7.h"

/* RFC 5530 names the codes. */
static const struct {
	const char *word;
	const char *code;
} ends[] = {
	[OK] = { "OK", "" },
	[MALFORMED] = { "BAD", "" },
	[OVER_LIMIT] = { "NO", "[LIMIT] " },
	[NOT_FOUND] = { "NO", "[NONEXISTENT] " },
	[EXISTS] = { "NO", "[ALREADYEXISTS] " },
	[STALE] = { "NO", "[EXPUNGEISSUED] " },
	[DENIED] = { "NO", "[NOPERM] " },
	[BUSY] = { "NO", "[INUSE] " },
	[NO_SPACE] = { "NO", "[OVERQUOTA] " },
	[FAILED] = { "NO", "[UNAVAILABLE] " },
};

void
reply_end(struct imap *s, struct command *c, result r, struct buf *out)
{
	(void)s;
	buf_add(out, c->tag.n > 0 ? c->tag : VIEW("*"));
	buf_add_byte(out, ' ');
	buf_add_text(out, ends[r.is].word);
	buf_add_byte(out, ' ');
	if (r.is == OK) {
		buf_add(out, buf_view(&c->ok_code));
		buf_add_text(out,
		    c->text_ok != NULL ? c->text_ok : "done");
	} else {
		buf_add_text(out,
		    c->code != NULL && r.is != MALFORMED ? c->code
							 : ends[r.is].code);
		buf_add_text(out, r.why);
	}
	buf_add(out, VIEW("\r\n"));
}

static bool
is_in(const char *words, view capability)
{
	view rest = words == NULL ? VIEW("") : view_of(words);

	while (rest.n > 0)
		if (view_same(view_cut(&rest, ' '), capability))
			return true;
	return false;
}

bool
reply_is_without(const struct imap *s, view capability)
{
	const char *house = __atomic_load_n(&s->services->without,
	    __ATOMIC_ACQUIRE);

	return is_in(house, capability) || is_in(s->without, capability);
}

static void
add_all(const struct imap *s, struct buf *out)
{
	bool early = s->state == STATE_EARLY;

	buf_add(out, VIEW("IMAP4rev2 IMAP4rev1"));
	/* RFC 7888 5: small literals need not wait, before login. */
	buf_add_text(out, early ? " LITERAL-" : " LITERAL+");
	buf_add(out, VIEW(" SASL-IR ID ENABLE IDLE"));
	if (early && !s->peer->tls) {
		if (s->services->starttls)
			buf_add(out, VIEW(" STARTTLS"));
		buf_add(out, VIEW(" LOGINDISABLED"));
	} else if (early) {
		sasl_login_list(&s->sasl.way, " AUTH=", out);
	} else {
		buf_add(out, VIEW(" NAMESPACE CHILDREN UNSELECT UIDPLUS MOVE"
				  " SPECIAL-USE LIST-EXTENDED LIST-STATUS"
				  " CONDSTORE ESEARCH WITHIN STATUS=SIZE"
				  " MULTIAPPEND REPLACE QRESYNC SEARCHRES"
				  " PARTIAL SORT SORT=DISPLAY ESORT"
				  " THREAD=ORDEREDSUBJECT"
				  " THREAD=REFERENCES CREATE-SPECIAL-USE"
				  " QUOTA QUOTA=RES-STORAGE OBJECTID"
				  " PREVIEW SAVEDATE BINARY UTF8=ACCEPT"
				  " ACL RIGHTS=texk LIST-MYRIGHTS"
				  " METADATA LIST-METADATA NOTIFY"
				  " INPROGRESS"));
		if (!s->deflate)
			buf_add(out, VIEW(" COMPRESS=DEFLATE"));
		buf_print(out, " APPENDLIMIT=%llu",
		    (unsigned long long)s->services->message_limit);
	}
}

void
reply_capabilities(const struct imap *s, struct buf *out)
{
	struct buf all = buf_new(LIMIT_IMAP_LINE);
	view rest;
	bool first = true;

	add_all(s, &all);
	for (rest = buf_view(&all); rest.n > 0;) {
		view word = view_cut(&rest, ' '), name = word;

		/* "APPENDLIMIT" is the name of "APPENDLIMIT=1000" too. */
		if (reply_is_without(s, word)
		    || reply_is_without(s, view_cut(&name, '=')))
			continue;
		if (!first)
			buf_add_byte(out, ' ');
		buf_add(out, word);
		first = false;
	}
	buf_free(&all);
}

/* UTF-8 in quotes; names of mailboxes hold no control characters. */
static void
add_quoted(struct buf *out, view text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.p[i]);
	}
	buf_add_byte(out, '"');
}

void
reply_mailbox(const struct imap *s, struct buf *out, view name)
{
	struct buf wire = buf_new(8 * LIMIT_IMAP_MAILBOX_NAME);

	if (s->utf8 || s->rev2) { /* RFC 9755 3: in quotes */
		add_quoted(out, name);
		return;
	}
	utf7_encode(name, &wire);
	nstring_add(out, buf_view(&wire));
	buf_free(&wire);
}

static void
add_list(const struct imap *s, struct buf *out, const char *attributes,
    view name, view spelled)
{
	buf_print(out, "* LIST (%s) \"/\" ", attributes);
	reply_mailbox(s, out, name);
	if (spelled.n > 0) {
		buf_add(out, VIEW(" (\"OLDNAME\" ("));
		reply_mailbox(s, out, spelled);
		buf_add(out, VIEW("))"));
	}
	buf_add(out, VIEW("\r\n"));
}

void
reply_list(const struct imap *s, struct buf *out, view name, view spelled)
{
	add_list(s, out, "", name, spelled);
}

void
reply_spelled(const struct imap *s, struct buf *out, bool gone, view name,
    view spelled)
{
	if (s->rev2 && spelled.n > 0)
		add_list(s, out, gone ? "\\NonExistent" : "", name, spelled);
}

void
reply_bye(struct buf *out, const char *why)
{
	buf_print(out, "* BYE %s\r\n", why);
}
