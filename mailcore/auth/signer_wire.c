#include "mailcore/auth/signer_wire.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

enum {
	ID_BYTES = 8,
	LENGTH_BYTES = 4,
	SELECTOR_MAX = 63, /* RFC 1035 2.3.4: one label */
	LABEL_MAX = 63
};

static const char *const not_ours = "not a message of the signer";

static void
put_number(struct buf *to, uint64_t number, unsigned bytes)
{
	while (bytes-- > 0)
		buf_add_byte(to, (char)(number >> 8 * bytes & 0xff));
}

static uint64_t
take_number(struct scan *s, unsigned bytes)
{
	view digits = scan_bytes(s, bytes, not_ours);
	uint64_t n = 0;

	for (size_t i = 0; i < digits.n; i++)
		n = n << 8 | (unsigned char)digits.p[i];
	return n;
}

static void
put_field(struct buf *to, view field)
{
	put_number(to, field.n, LENGTH_BYTES);
	buf_add(to, field);
}

static view
take_field(struct scan *s)
{
	uint64_t n = take_number(s, LENGTH_BYTES);

	return scan_bytes(s, (size_t)n, not_ours);
}

static unsigned
take_below(struct scan *s, unsigned below)
{
	uint64_t n = take_number(s, 1);

	if (n >= below)
		scan_fail(s, MALFORMED, not_ours);
	return scan_ok(s) ? (unsigned)n : 0;
}

static bool
is_label_byte(char c)
{
	return ascii_is_digit(c) || c == '-'
	    || (ascii_is_alpha(c) && !ascii_is_upper(c));
}

bool
signer_is_name(view name)
{
	if (name.n == 0 || name.n > LIMIT_DOMAIN
	    || view_ends(name, VIEW(".")))
		return false;
	while (name.n > 0) {
		view label = view_cut(&name, '.');

		if (label.n == 0 || label.n > LABEL_MAX)
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_label_byte(label.p[i]))
				return false;
	}
	return true;
}

bool
signer_is_selector(view selector)
{
	if (selector.n == 0 || selector.n > SELECTOR_MAX)
		return false;
	for (size_t i = 0; i < selector.n; i++)
		if (!is_label_byte(selector.p[i]) && selector.p[i] != '_')
			return false;
	return true;
}

void
signer_request_write(const struct signer_request *q, struct buf *to)
{
	put_number(to, q->op, 1);
	put_number(to, q->algorithm, 1);
	put_number(to, q->id, ID_BYTES);
	put_field(to, q->name);
	put_field(to, q->selector);
	put_field(to, q->bytes);
}

result
signer_request_read(view packet, struct signer_request *q)
{
	struct scan s = scan_over(packet);

	q->op = (enum signer_op)take_below(&s, SIGNER_OPS);
	q->algorithm = (enum signer_algorithm)take_below(&s,
	    COUNT(signer_algorithms));
	q->id = take_number(&s, ID_BYTES);
	q->name = take_field(&s);
	q->selector = take_field(&s);
	q->bytes = take_field(&s);
	scan_end(&s, not_ours);
	if (scan_ok(&s) && !signer_is_name(q->name))
		scan_fail(&s, MALFORMED, "not a domain name");
	if (scan_ok(&s) && q->selector.n > 0
	    && !signer_is_selector(q->selector))
		scan_fail(&s, MALFORMED, "not a selector");
	return scan_result(&s);
}

void
signer_answer_write(const struct signer_answer *a, struct buf *to)
{
	put_number(to, a->is, 1);
	put_number(to, a->algorithm, 1);
	put_number(to, a->id, ID_BYTES);
	put_field(to, a->bytes);
}

result
signer_answer_read(view packet, struct signer_answer *a)
{
	struct scan s = scan_over(packet);

	a->is = (enum status)take_below(&s, FAILED + 1);
	a->algorithm = (enum signer_algorithm)take_below(&s,
	    COUNT(signer_algorithms));
	a->id = take_number(&s, ID_BYTES);
	a->bytes = take_field(&s);
	scan_end(&s, not_ours);
	return scan_result(&s);
}

void
signer_key_write(const struct signer_key *k, struct buf *to)
{
	put_number(to, k->algorithm, 1);
	put_field(to, k->selector);
	put_field(to, k->key);
}

result
signer_key_read(view *rest, struct signer_key *k)
{
	struct scan s = scan_over(*rest);

	k->algorithm = (enum signer_algorithm)take_below(&s,
	    COUNT(signer_algorithms));
	k->selector = take_field(&s);
	k->key = take_field(&s);
	if (scan_ok(&s) && !signer_is_selector(k->selector))
		scan_fail(&s, MALFORMED, not_ours);
	*rest = s.rest;
	return scan_result(&s);
}
