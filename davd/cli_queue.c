/* posthaste queue: mail on its way out, as an operator handles it. */
#include "davd/cli_command.h"

#include "mailcore/base/date.h"
#include "mailcore/store/queue.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/msg.h"

#include <jansson.h>
#include <stdio.h>

enum { WHEN_ROOM = 64 };

/* A field of somebody else's making, on a line of ours. */
static void
print_text(view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		(void)fputc(c < ' ' || c == 127 ? '?' : c, stdout);
	}
}

static void
print_when(int64_t when)
{
	struct buf text = buf_new(WHEN_ROOM);

	if (when == QUEUE_HELD)
		buf_add(&text, VIEW("held"));
	else
		date_add_rfc3339(&text, when);
	(void)fputs(buf_text(&text), stdout);
	buf_free(&text);
}

static void
print_recipient(const struct queue_recipient *r)
{
	(void)fputs("  ", stdout);
	print_text(r->address);
	(void)printf("  attempts %d, next ", r->attempts);
	print_when(r->next);
	if (r->error.n > 0) {
		(void)fputs(", last: ", stdout);
		print_text(r->error);
	}
	(void)fputc('\n', stdout);
}

static void
print_message(const struct queue_message *m)
{
	(void)printf("%lld  %llu bytes, since ", (long long)m->id,
	    (unsigned long long)m->size);
	print_when(m->created);
	(void)fputs(", from <", stdout);
	print_text(m->sender);
	(void)fputs(">\n", stdout);
}

/* What `queue list` has got so far. */
struct listing {
	json_t *all; /* NULL: people read */
	json_t *recipients;
	int64_t last;
};

static json_t *
json_of(view v)
{
	json_t *text = json_stringn(v.p, v.n);

	return text != NULL ? text : json_string("");
}

static json_t *
json_of_recipient(const struct queue_recipient *r)
{
	json_t *out = json_object();

	(void)json_object_set_new(out, "address", json_of(r->address));
	(void)json_object_set_new(out, "attempts", json_integer(r->attempts));
	(void)json_object_set_new(out, "held",
	    json_boolean(r->next == QUEUE_HELD));
	(void)json_object_set_new(out, "next", r->next == QUEUE_HELD
	    ? json_null() : json_integer(r->next));
	(void)json_object_set_new(out, "error", json_of(r->error));
	return out;
}

static json_t *
json_of_message(const struct queue_message *m, json_t *recipients)
{
	json_t *out = json_object();

	(void)json_object_set_new(out, "id", json_integer(m->id));
	(void)json_object_set_new(out, "sender", json_of(m->sender));
	(void)json_object_set_new(out, "created", json_integer(m->created));
	(void)json_object_set_new(out, "size",
	    json_integer((json_int_t)m->size));
	(void)json_object_set_new(out, "recipients", recipients);
	return out;
}

static result
list_one(void *context, const struct queue_message *m,
    const struct queue_recipient *r)
{
	struct listing *l = context;
	bool first = m->id != l->last;

	l->last = m->id;
	if (l->all == NULL) {
		if (first)
			print_message(m);
		print_recipient(r);
		return done();
	}
	if (first) {
		l->recipients = json_array();
		(void)json_array_append_new(l->all,
		    json_of_message(m, l->recipients));
	}
	(void)json_array_append_new(l->recipients, json_of_recipient(r));
	return done();
}

int
cli_queue_list(struct cli *cli)
{
	struct listing l = { .last = 0 };
	result r;

	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	if (cli->json != NULL)
		l.all = json_array();
	r = queue_each(cli->store, list_one, &l);
	if (r.is == OK && l.all != NULL) {
		(void)json_dumpf(l.all, stdout, JSON_INDENT(2));
		(void)fputc('\n', stdout);
	}
	json_decref(l.all);
	return r.is == OK ? CLI_OK : cli_failed("queue", r);
}

static bool
read_id(struct cli *cli, int64_t *out)
{
	uint64_t n;

	if (!view_number(view_of(cli->arguments[0]), INT64_MAX, &n)) {
		(void)cli_fail("expected the number of a message, as `posthaste"
		    " queue list` shows it, found: %s", cli->arguments[0]);
		return false;
	}
	*out = (int64_t)n;
	return true;
}

int
cli_queue_show(struct cli *cli)
{
	struct queue_lease m;
	int64_t id;
	view rest, line;
	result r;

	if (!read_id(cli, &id) || cli_open(cli).is != OK)
		return CLI_FAILED;
	r = queue_get(cli->store, cli->arena, id, &m);
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	print_message(&m.message);
	for (size_t i = 0; i < m.count; i++)
		print_recipient(&m.recipients[i]);
	(void)fputc('\n', stdout);
	rest = m.message.data;
	while (view_line(&rest, &line) && line.n > 0) {
		print_text(line);
		(void)fputc('\n', stdout);
	}
	return CLI_OK;
}

/* A server that runs need not wait for its next look. */
static void
tell_queue(struct cli *cli)
{
	struct post *post = NULL;

	if (post_open(&post, cli->conf.data, NULL).is == OK)
		post_send(post, (struct msg){ .kind = MSG_QUEUE });
	if (post != NULL)
		post_close(&post);
}

static int
change(struct cli *cli, enum queue_change what, const char *said)
{
	int64_t id;
	result r;

	if (!read_id(cli, &id) || cli_open(cli).is != OK)
		return CLI_FAILED;
	r = queue_change(cli->store, id, what, clock_now());
	if (r.is != OK)
		return cli_failed(cli->arguments[0], r);
	tell_queue(cli);
	(void)printf("%s %s\n", cli->arguments[0], said);
	return CLI_OK;
}

int
cli_queue_retry(struct cli *cli)
{
	result r;

	if (!view_eq(view_of(cli->arguments[0]), VIEW("all")))
		return change(cli, QUEUE_RETRY_NOW, "is due now");
	if (cli_open(cli).is != OK)
		return CLI_FAILED;
	r = queue_retry_all(cli->store, clock_now());
	if (r.is != OK)
		return cli_failed("queue", r);
	tell_queue(cli);
	(void)printf("all that is not held is due now\n");
	return CLI_OK;
}

int
cli_queue_hold(struct cli *cli)
{
	return change(cli, QUEUE_HOLD, "is held");
}

int
cli_queue_release(struct cli *cli)
{
	return change(cli, QUEUE_RELEASE, "is held no longer");
}

int
cli_queue_delete(struct cli *cli)
{
	return change(cli, QUEUE_DELETE, "is deleted");
}
