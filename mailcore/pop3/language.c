/* UTF8 and LANG (RFC 6856). */
#include "mailcore/base/utf8.h"
#include "mailcore/format/word.h"
#include "mailcore/pop3/session.h"

/* RFC 6856 2.1: from here on headers are shown as they are. */
struct step
pop3_utf8(struct pop3 *s, view argument, struct buf *out)
{
	if (view_trim(argument).n > 0) {
		buf_add(out, VIEW("-ERR RFC 6856 2.1: UTF8 takes no argument"
				  "\r\n"));
		return pop3_next();
	}
	s->utf8 = true;
	buf_add(out, VIEW("+OK UTF-8 it is\r\n"));
	return pop3_next();
}

static const struct {
	view tag;
	const char *name;
} languages[] = {
	{ VIEW_INIT("en"), "English" },
	{ VIEW_INIT("i-default"), "English" },
};

/* RFC 4647 3.4: "en-GB" is content with "en". */
static bool
fits(view range, view tag)
{
	return view_same(range, tag)
	    || (view_starts_same(range, tag) && view_at(range, tag.n) == '-');
}

/* RFC 6856 3: all that is said here is English. */
struct step
pop3_lang(struct pop3 *s, view argument, struct buf *out)
{
	view range = view_trim(argument);

	(void)s;
	if (range.n == 0) {
		buf_add(out, VIEW("+OK languages follow\r\n"));
		for (size_t i = 0; i < COUNT(languages); i++)
			buf_print(out, "%s %s\r\n", languages[i].tag.p,
			    languages[i].name);
		buf_add(out, VIEW(".\r\n"));
		return pop3_next();
	}
	for (size_t i = 0; i < COUNT(languages); i++) {
		if (!fits(range, languages[i].tag)
		    && !view_eq(range, VIEW("*")))
			continue;
		buf_print(out, "+OK %s this is %s\r\n", languages[i].tag.p,
		    languages[i].name);
		return pop3_next();
	}
	buf_add(out, VIEW("-ERR RFC 6856 3: no such language here\r\n"));
	return pop3_next();
}

/* RFC 6856 2: in the spirit of RFC 6858.  What is not UTF-8 either is nobody's
 * internationalized header, and is shown as it came to all. */
bool
pop3_surrogate(view header, struct buf *out)
{
	view line;

	if (utf8_is_ascii(header) || !utf8_is_valid(header))
		return false;
	while (view_line(&header, &line)) {
		if (utf8_is_ascii(line))
			buf_add(out, line);
		else
			word_encode(line, out);
		buf_add(out, VIEW("\r\n"));
	}
	if (buf_result(out).is == OK)
		return true;
	buf_reset(out);
	return false;
}
