#include "mailcore/format/message.h"

#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"

/* For a message whose structure is beyond all bounds: one opaque leaf. */
static void
add_opaque(struct buf *out, const struct mime_part *root, bool extended)
{
	buf_print(out,
	    "(\"application\" \"octet-stream\" NIL NIL NIL \"7bit\" %zu%s)",
	    root->body.n, extended ? " NIL NIL NIL NIL" : "");
}

static view
structure(const struct mime_part *root, bool extended, struct arena *work,
    struct arena *arena)
{
	struct buf b = buf_new(LIMIT_BODYSTRUCTURE);
	view copy;

	message_structure(&b, root, extended, work);
	if (buf_result(&b).is != OK || arena_result(work).is != OK) {
		buf_reset(&b);
		add_opaque(&b, root, extended);
	}
	copy = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return copy;
}

static view
envelope(view header, struct arena *work, struct arena *arena)
{
	struct buf b = buf_new(LIMIT_ENVELOPE + 1024);
	view copy;

	message_envelope(&b, header, work);
	copy = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return copy;
}

static int64_t
date_of_message(view header, struct arena *work)
{
	int64_t sent = 0;
	view value;

	if (!header_find(header, VIEW("Date"), work, &value)
	    || date_parse_rfc5322(value, &sent).is != OK)
		return 0;
	return sent;
}

result
message_summarise(view message, struct arena *arena,
    struct message_summary *out)
{
	struct arena *work = arena_new(LIMIT_MIME_WORK);
	struct mime_part *root;
	result r = mime_parse(message, work, &root);

	*out = (struct message_summary){ 0 };
	if (r.is == OK) {
		out->envelope = envelope(root->header, work, arena);
		out->body = structure(root, false, work, arena);
		out->bodystructure = structure(root, true, work, arena);
		if (root->header.n <= LIMIT_HEADER)
			out->header = root->header;
		out->sent = date_of_message(root->header, work);
		r = arena_result(arena);
	}
	arena_free(&work);
	return r;
}
