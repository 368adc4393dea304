/* For each term, in order: the distance from the one before; how many bytes
 * tell of its texts, and how; then their numbers as distances, or a bit each
 * where that is shorter.  Numbers are of seven bits a byte, the low ones
 * first. */
#include "mailcore/store/posting.h"

#include "mailcore/base/heap.h"
#include "mailcore/base/scan.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS = 256, PAIR_BYTES = 4, BITS_MOST = 1 << POSTING_LARGE_BITS };

void
posting_add(struct posting_pairs *s, uint32_t pair)
{
	s->p = heap_more(s->p, s->n, &s->room, sizeof *s->p);
	s->p[s->n++] = pair;
}

void
posting_free(struct posting_pairs *s)
{
	free(s->p);
	*s = (struct posting_pairs){ 0 };
}

/* By one byte, keeping the order of those that have the same. */
static void
sort_by(const uint32_t *from, uint32_t *to, size_t n, int shift)
{
	size_t at[DIGITS] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[from[i] >> shift & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t count = at[d];

		at[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

void
posting_sort(struct posting_pairs *s)
{
	uint32_t *other = heap_resize(NULL, s->n, sizeof *other);
	uint32_t *from = s->p, *to = other;

	for (int i = 0; i < PAIR_BYTES && s->n > 0; i++) {
		uint32_t *swap = from;

		sort_by(from, to, s->n, 8 * i);
		from = to;
		to = swap;
	}
	free(other);
}

static size_t
put(unsigned char *to, uint32_t number)
{
	size_t n = 0;

	for (; number > 127; number >>= 7)
		to[n++] = (unsigned char)(number | 128);
	to[n++] = (unsigned char)number;
	return n;
}

static void
add(struct buf *out, uint32_t number)
{
	unsigned char bytes[5];

	buf_add(out, (view){ (char *)bytes, put(bytes, number) });
}

/* The texts of one term: as a list, unless bits are shorter. */
static void
add_texts(const uint32_t *pairs, uint32_t n, unsigned bits, struct buf *out)
{
	uint32_t mask = (1U << bits) - 1, last = 0;
	size_t whole = (size_t)1 << bits >> 3, used = 0;
	unsigned char list[2 * BITS_MOST];
	unsigned char all[BITS_MOST / 8] = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		uint32_t text = pairs[i] & mask;

		used += put(list + used, text - last);
		last = text;
		all[text / 8] |= (unsigned char)(1U << text % 8);
	}
	add(out, used > whole ? 1 : (uint32_t)used << 1);
	if (used > whole)
		buf_add(out, (view){ (char *)all, whole });
	else
		buf_add(out, (view){ (char *)list, used });
}

void
posting_write(const uint32_t *pairs, size_t n, unsigned bits, struct buf *out)
{
	uint32_t last = 0;

	for (size_t i = 0; i < n;) {
		uint32_t key = pairs[i] >> bits, count = 1;

		while (i + count < n && pairs[i + count] >> bits == key)
			count++;
		add(out, key - last);
		add_texts(pairs + i, count, bits, out);
		last = key;
		i += count;
	}
}

static uint32_t
take(struct scan *s)
{
	uint32_t number = 0;

	for (unsigned shift = 0; shift < 28; shift += 7) {
		view byte = scan_bytes(s, 1, "a posting is cut off");
		uint32_t bits = byte.n == 0 ? 0 : (unsigned char)byte.p[0];

		number |= (bits & 127) << shift;
		if (bits < 128)
			return number;
	}
	scan_fail(s, MALFORMED, "a posting's number is too long");
	return 0;
}

/* What tells of the texts of the term that comes; `*listed`: as a list. */
static view
take_bytes(struct scan *s, unsigned bits, bool *listed)
{
	uint32_t head = take(s);

	*listed = (head & 1) == 0;
	return scan_bytes(s, *listed ? head >> 1 : (size_t)1 << bits >> 3,
	    "a posting is cut off");
}

/* The same, as bits. */
static void
take_texts(struct scan *s, unsigned bits, unsigned char *texts)
{
	bool listed;
	view bytes = take_bytes(s, bits, &listed);
	struct scan list = scan_over(bytes);
	uint32_t text = 0;

	for (size_t i = 0; !listed && i < bytes.n; i++)
		texts[i] |= (unsigned char)bytes.p[i];
	while (listed && scan_ok(&list) && !scan_at_end(&list)) {
		text += take(&list);
		if (text >> bits != 0)
			scan_fail(&list, MALFORMED, "a posting of no text");
		else
			texts[text / 8] |= (unsigned char)(1U << text % 8);
	}
	if (!scan_ok(&list))
		scan_fail(s, MALFORMED, "a posting's list is broken");
}

result
posting_read(view bucket, uint32_t first, struct posting_pairs *out)
{
	struct scan s = scan_over(bucket);
	uint32_t key = 0;

	while (scan_ok(&s) && !scan_at_end(&s)) {
		unsigned char texts[POSTING_SMALL / 8] = { 0 };

		key += take(&s);
		take_texts(&s, POSTING_SMALL_BITS, texts);
		if (key >> (POSTING_TERM_BITS - POSTING_SMALL_BITS) != 0)
			scan_fail(&s, MALFORMED, "a posting of no term");
		for (uint32_t i = 0; i < POSTING_SMALL && scan_ok(&s); i++)
			if ((texts[i / 8] & 1U << i % 8) != 0)
				posting_add(out,
				    key << POSTING_LARGE_BITS | (first + i));
	}
	return scan_result(&s);
}

result
posting_find(view bucket, uint32_t key, unsigned bits, unsigned char *texts)
{
	struct scan s = scan_over(bucket);
	uint32_t at = 0;
	bool listed;

	while (scan_ok(&s) && !scan_at_end(&s)) {
		at += take(&s);
		if (at == key)
			take_texts(&s, bits, texts);
		if (at >= key)
			break;
		(void)take_bytes(&s, bits, &listed);
	}
	return scan_result(&s);
}
