/* What has changed between two configurations: told by their texts, in which
 * conf_write puts every setting. */
#include "mailcore/base/limits.h"
#include "mailcore/sys/conf.h"

enum { TEXT_MOST = 4 * LIMIT_CONFIGURATION, NAME_MOST = 64 };

/* What is bound, opened or given up at the start, or is so in one of the roles
 * (connections: in the web role). */
static const char *const at_start[] = { "data", "certificates", "user",
	"listen", "lmtp-socket", "tls-minimum", "connections",
	"connections-per-peer", "history-days", "sandbox" };

/* All lines of that setting; one in a comment is not set. */
static void
add_lines(view text, view name, struct buf *out)
{
	view line;

	while (view_line(&text, &line))
		if (view_starts(line, name)) {
			buf_add(out, line);
			buf_add_byte(out, '\n');
		}
}

static bool
is_same(view a, view b, const char *name)
{
	struct buf start = buf_new(NAME_MOST);
	struct buf one = buf_new(TEXT_MOST), other = buf_new(TEXT_MOST);
	bool same;

	buf_print(&start, "%s ", name);
	add_lines(a, buf_view(&start), &one);
	add_lines(b, buf_view(&start), &other);
	same = view_eq(buf_view(&one), buf_view(&other));
	buf_free(&start);
	buf_free(&one);
	buf_free(&other);
	return same;
}

static void
add_ports(const struct conf *a, const struct conf *b, struct buf *out)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (a->ports[i] != b->ports[i])
			buf_print(out, " port.%s", conf_services[i].name);
}

void
conf_add_waiting(const struct conf *a, const struct conf *b, struct buf *out)
{
	struct buf one = buf_new(TEXT_MOST), other = buf_new(TEXT_MOST);

	conf_write(a, &one);
	conf_write(b, &other);
	for (size_t i = 0; i < COUNT(at_start); i++)
		if (!is_same(buf_view(&one), buf_view(&other), at_start[i]))
			buf_print(out, " %s", at_start[i]);
	add_ports(a, b, out);
	buf_free(&one);
	buf_free(&other);
}
