#include "mailcore/imap/flags.h"

#include "mailcore/base/limits.h"
#include "mailcore/imap/keywords.h"
#include "mailcore/imap/parse.h"
#include "mailcore/store/item.h"

static const struct {
	const char *name;
	uint32_t bit;
} names[] = {
	{ "\\Answered", FLAG_ANSWERED },
	{ "\\Flagged", FLAG_FLAGGED },
	{ "\\Deleted", FLAG_DELETED },
	{ "\\Seen", FLAG_SEEN },
	{ "\\Draft", FLAG_DRAFT },
};

uint32_t
flag_of(view name)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (view_same(name, view_of(names[i].name)))
			return names[i].bit;
	return 0;
}

static void
add_word(struct buf *out, size_t begin, view word)
{
	if (out->n > begin)
		buf_add_byte(out, ' ');
	buf_add(out, word);
}

void
flags_add(struct buf *out, uint32_t flags, view keywords)
{
	size_t begin;

	buf_add_byte(out, '(');
	begin = out->n;
	for (size_t i = 0; i < COUNT(names); i++)
		if ((flags & names[i].bit) != 0)
			add_word(out, begin, view_of(names[i].name));
	if ((flags & FLAGS_RECENT) != 0)
		add_word(out, begin, VIEW("\\Recent"));
	if (keywords.n > 0)
		add_word(out, begin, keywords);
	buf_add_byte(out, ')');
}

static void
parse_flag(struct parse *p, struct flag_list *out, struct buf *words)
{
	view name;
	uint32_t bit;

	if (!scan_try_byte(&p->s, '\\')) {
		name = parse_atom(p);
		if (name.n > LIMIT_IMAP_KEYWORD)
			scan_fail(&p->s, OVER_LIMIT, "keyword too long");
		buf_add(words, name);
		buf_add_byte(words, ' ');
		return;
	}
	name = parse_atom(p);
	if (!scan_ok(&p->s))
		return;
	/* With its backslash, which stands in front of it in the text. */
	bit = flag_of((view){ name.p - 1, name.n + 1 });
	if (bit == 0 && !view_same(name, VIEW("Recent")))
		scan_fail(&p->s, MALFORMED,
		    "RFC 3501 2.3.2: no such system flag");
	out->flags |= bit;
}

void
parse_flags(struct parse *p, bool bare, struct flag_list *out)
{
	struct buf words = buf_new(LIMIT_IMAP_LINE);
	bool list = scan_try_byte(&p->s, '(');

	*out = (struct flag_list){ 0 };
	if (!list && !bare)
		scan_fail(&p->s, MALFORMED, "RFC 3501 9: not a flag-list");
	if (!list || scan_peek(&p->s) != ')')
		do
			parse_flag(p, out, &words);
		while (parse_more(p));
	if (list)
		scan_byte(&p->s, ')', "RFC 3501 9: not a flag-list");
	out->keywords = keywords_make(buf_view(&words), p->arena);
	if (keywords_count(out->keywords) > LIMIT_IMAP_KEYWORDS)
		scan_fail(&p->s, OVER_LIMIT, "too many keywords");
	buf_free(&words);
}
