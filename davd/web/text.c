#include "davd/web/text.h"

#include "mailcore/base/date.h"

const struct text_name text_names[TEXT_LANGUAGES] = {
	[TEXT_EN] = { "en", "English" },
	[TEXT_FR] = { "fr", "Français" },
	[TEXT_NL] = { "nl", "Nederlands" },
	[TEXT_DE] = { "de", "Deutsch" },
};

bool
text_language_of(view tag, enum text_language *out)
{
	view primary = view_cut(&tag, '-');

	for (size_t i = 0; i < TEXT_LANGUAGES; i++)
		if (view_same(primary, view_of(text_names[i].tag))) {
			*out = (enum text_language)i;
			return true;
		}
	return false;
}

/* "q=0.8" as thousandths; what is none counts as 0 (RFC 9110 12.4.2). */
static unsigned
weight_of(view parameters)
{
	static const unsigned scale[] = { 1000, 100, 10, 1 };
	view p = view_trim(parameters), whole;
	uint64_t before, after = 0;

	if (p.n == 0)
		return 1000;
	if (!view_starts_same(p, VIEW("q=")))
		return 0;
	p = view_from(p, 2);
	whole = view_cut(&p, '.');
	if (p.n > 3 || !view_number(whole, 1, &before)
	    || (p.n > 0 && !view_number(p, 999, &after)))
		return 0;
	after = before * 1000 + after * scale[p.n];
	return after > 1000 ? 1000 : (unsigned)after;
}

enum text_language
text_accepted(view field)
{
	enum text_language best = TEXT_EN, language;
	unsigned most = 0;

	while (field.n > 0) {
		view range = view_cut(&field, ',');
		view tag = view_trim(view_cut(&range, ';'));
		unsigned weight = weight_of(range);

		if (weight > most && text_language_of(tag, &language)) {
			best = language;
			most = weight;
		}
	}
	return best;
}

const char *
text_find(enum text_language language, view key)
{
	size_t low = 0, high = text_row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = view_order(key, view_of(text_rows[middle].key));

		if (order == 0)
			return text_rows[middle].sentence[language];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const char *const months[TEXT_LANGUAGES][12] = {
	[TEXT_EN] = { "January", "February", "March", "April", "May", "June",
	    "July", "August", "September", "October", "November",
	    "December" },
	[TEXT_FR] = { "janvier", "février", "mars", "avril", "mai", "juin",
	    "juillet", "août", "septembre", "octobre", "novembre",
	    "décembre" },
	[TEXT_NL] = { "januari", "februari", "maart", "april", "mei", "juni",
	    "juli", "augustus", "september", "oktober", "november",
	    "december" },
	[TEXT_DE] = { "Januar", "Februar", "März", "April", "Mai", "Juni",
	    "Juli", "August", "September", "Oktober", "November",
	    "Dezember" },
};

void
text_moment(enum text_language language, int64_t seconds, struct buf *out)
{
	struct date d = date_of(seconds);

	buf_print(out, "%d%s %s %d, %02d:%02d UTC", d.day,
	    language == TEXT_DE ? "." : "", months[language][d.month - 1],
	    d.year, d.hour, d.minute);
}

static const char *const units[TEXT_LANGUAGES][5] = {
	[TEXT_EN] = { "B", "KiB", "MiB", "GiB", "TiB" },
	[TEXT_FR] = { "o", "Kio", "Mio", "Gio", "Tio" },
	[TEXT_NL] = { "B", "KiB", "MiB", "GiB", "TiB" },
	[TEXT_DE] = { "B", "KiB", "MiB", "GiB", "TiB" },
};

void
text_size(enum text_language language, int64_t bytes, struct buf *out)
{
	const size_t last = COUNT(units[language]) - 1;
	uint64_t n = bytes > 0 ? (uint64_t)bytes : 0;
	uint64_t scale = 1, tenths;
	size_t i = 0;

	for (; i < last && n / scale >= 1024; i++)
		scale *= 1024;
	/* 1023.96 of one are 1.0 of the next. */
	if (i < last && n % scale * 20 >= scale * 19 && n / scale == 1023) {
		scale *= 1024;
		i++;
	}
	tenths = n / scale * 10 + (n % scale * 10 + scale / 2) / scale;
	buf_print(out, "%llu", (unsigned long long)(tenths / 10));
	if (tenths % 10 != 0)
		buf_print(out, "%c%d", language == TEXT_EN ? '.' : ',',
		    (int)(tenths % 10));
	buf_print(out, "\xc2\xa0%s", units[language][i]);
}
