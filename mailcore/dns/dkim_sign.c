/* Signatures of ours: RFC 6376 5. */
#include "mailcore/dns/dkim_inside.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"

enum {
	SIGNATURE_MOST = 1024,
	TEXT_MOST = 16384,
	FOLD = 72 /* octets of a line of base64 */
};

/* RFC 6376 5.4.1, and what readers believe.  `sealed`: nobody may add one. */
static const struct {
	view name;
	bool sealed;
} names[] = {
	{ VIEW_INIT("From"), true },
	{ VIEW_INIT("To"), true },
	{ VIEW_INIT("Cc"), true },
	{ VIEW_INIT("Subject"), true },
	{ VIEW_INIT("Date"), true },
	{ VIEW_INIT("Message-ID"), true },
	{ VIEW_INIT("Reply-To"), true },
	{ VIEW_INIT("In-Reply-To"), true },
	{ VIEW_INIT("References"), true },
	{ VIEW_INIT("MIME-Version"), true },
	{ VIEW_INIT("Content-Type"), true },
	{ VIEW_INIT("Content-Transfer-Encoding"), true },
	{ VIEW_INIT("Content-Disposition"), false },
	{ VIEW_INIT("Sender"), false },
	{ VIEW_INIT("Auto-Submitted"), false },
	{ VIEW_INIT("List-Id"), false },
	{ VIEW_INIT("List-Unsubscribe"), false },
	{ VIEW_INIT("List-Unsubscribe-Post"), false },
};

static void
add_to_list(struct buf *h, view name, size_t *column)
{
	if (*column > 0)
		buf_add_byte(h, ':');
	if (*column + name.n > FOLD) {
		buf_add(h, VIEW("\r\n\t "));
		*column = 0;
	}
	buf_add(h, name);
	*column += name.n + 1;
}

void
dkim_choose_fields(const struct dkim_message *m, struct buf *h,
    struct buf *hashed)
{
	size_t column = 0;

	for (size_t n = 0; n < COUNT(names); n++) {
		for (size_t i = m->count; i > 0; i--) {
			const struct dkim_field *f = &m->fields[i - 1];

			if (!view_same(f->name, names[n].name))
				continue;
			add_to_list(h, names[n].name, &column);
			dkim_add_field(hashed, f, CANON_RELAXED);
		}
		if (names[n].sealed)
			add_to_list(h, names[n].name, &column);
	}
}

static void
add_folded(struct buf *out, view text)
{
	while (text.n > 0) {
		buf_add(out, VIEW("\r\n\t "));
		buf_add(out, view_first(text, FOLD));
		text = view_from(text, FOLD);
	}
}

static void
hash_with(view before, const struct dkim_field *f,
    unsigned char hash[DKIM_HASH])
{
	const struct dkim_hole end = { f->value.n, 0 };
	struct buf text = buf_new(before.n + f->field.n + 1);

	buf_add(&text, before);
	dkim_add_signing_field(&text, f, CANON_RELAXED, end);
	dkim_hash(buf_view(&text), hash);
	buf_free(&text);
}

result
dkim_seal_field(const struct dkim_signing *s, const struct dkim_signing_key *k,
    view head, view before, struct buf *out)
{
	struct dkim_field f = { .field = head, .value = head };
	struct buf bytes = buf_new(SIGNATURE_MOST);
	struct buf text = buf_new(TEXT_MOST);
	unsigned char hash[DKIM_HASH];
	result r;

	f.name = view_cut(&f.value, ':');
	hash_with(before, &f, hash);
	r = s->sign(s->context, s->domain, k->selector, hash, &bytes);
	if (r.is == OK)
		r = buf_result(&bytes);
	if (r.is == OK) {
		encode_base64(&text, buf_view(&bytes));
		buf_add(out, head);
		add_folded(out, buf_view(&text));
		buf_add(out, VIEW("\r\n"));
		r = buf_result(out);
	}
	buf_free(&bytes);
	buf_free(&text);
	return r;
}

static result
sign_once(const struct dkim_signing *s, const struct dkim_signing_key *k,
    struct dkim_message *m, struct buf *out)
{
	struct buf h = buf_new(TEXT_MOST), before = buf_new(2 * LIMIT_HEADER);
	struct buf head = buf_new(2 * TEXT_MOST);
	result r;

	dkim_body(m, CANON_RELAXED);
	dkim_choose_fields(m, &h, &before);
	buf_print(&head, "DKIM-Signature: v=1; a=%.*s; c=relaxed/relaxed;"
	    "\r\n\td=%.*s; s=%.*s; t=%lld;\r\n\th=", (int)k->algorithm.n,
	    k->algorithm.p, (int)s->domain.n, s->domain.p,
	    (int)k->selector.n, k->selector.p, (long long)s->now);
	buf_add(&head, buf_view(&h));
	buf_add(&head, VIEW(";\r\n\tbh="));
	encode_base64(&head, (view){
	    (const char *)m->bodies[CANON_RELAXED].hash, DKIM_HASH });
	buf_add(&head, VIEW(";\r\n\tb="));
	r = buf_result(&h);
	if (r.is == OK)
		r = buf_result(&before);
	if (r.is == OK)
		r = buf_result(&head);
	if (r.is == OK)
		r = dkim_seal_field(s, k, buf_view(&head), buf_view(&before),
		    out);
	buf_free(&h);
	buf_free(&before);
	buf_free(&head);
	return r;
}

result
dkim_sign(const struct dkim_signing *s, struct arena *arena, view header,
    view body, struct buf *out)
{
	struct dkim_message m;

	TRY(dkim_message_read(header, arena, &m));
	m.body = body;
	for (size_t i = 0; i < s->count; i++)
		TRY(sign_once(s, &s->keys[i], &m, out));
	return done();
}
