/* load JOB [--option value]...: see load.h for the options. */
#include "tests/bench/load/load.h"
#include "tests/bench/load/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 24 };

#define TEXT(member)                                                      \
	{                                                                 \
		"--" #member, true, offsetof(struct load_options, member) \
	}
#define NUMBER(member)                                                     \
	{                                                                  \
		"--" #member, false, offsetof(struct load_options, member) \
	}

static const struct {
	const char *name;
	bool text;
	size_t at;
} options[] = { TEXT(host), TEXT(name), TEXT(users), TEXT(mailbox),
	TEXT(command), TEXT(path), TEXT(method), TEXT(headers), TEXT(body),
	TEXT(cipher), TEXT(greeting), TEXT(anonymous), NUMBER(port),
	NUMBER(smtp_port), NUMBER(tls), NUMBER(sessions), NUMBER(count),
	NUMBER(seconds), NUMBER(size), NUMBER(first), NUMBER(spread),
	NUMBER(objects), NUMBER(batch), NUMBER(expect), NUMBER(base),
	NUMBER(recur), NUMBER(quickack), NUMBER(pace) };

static bool
set_option(struct load_options *o, const char *name, const char *value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		char *member = (char *)o + options[i].at;

		if (strcmp(name, options[i].name) != 0)
			continue;
		if (options[i].text) {
			memcpy(member, &value, sizeof(value));
			return true;
		}
		if (!view_number(view_of(value), INT32_MAX, &number))
			return false;
		memcpy(
		    member, &(unsigned){ (unsigned)number }, sizeof(unsigned));
		return true;
	}
	return false;
}

static bool
read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd < 0)
		return false;
	do {
		char *room = buf_reserve(out, 65536);

		n = room == NULL ? -1 : read(fd, room, 65536);
		if (n > 0)
			out->n += (size_t)n;
	} while (n > 0);
	close(fd);
	return n == 0;
}

/* A C string of its own, for as long as the program runs. */
static const char *
keep(view v)
{
	char *p = malloc(v.n + 1);

	if (p == NULL || !view_copy(v, p, v.n + 1))
		abort();
	return p;
}

static bool
read_users(struct load *l)
{
	struct buf file = buf_new(FILE_MAX);
	view rest, line;
	size_t room = 0;

	if (!read_file(l->o.users, &file))
		return false;
	rest = buf_view(&file);
	while (view_line(&rest, &line)) {
		if (l->user_count == room) {
			room = room * 2 + 64;
			l->users = realloc(l->users, room * sizeof(*l->users));
			if (l->users == NULL)
				abort();
		}
		l->users[l->user_count].address = keep(view_cut(&line, ' '));
		l->users[l->user_count++].password = keep(line);
	}
	buf_free(&file);
	return l->user_count > 0;
}

static const struct job *
find_job(const char *name)
{
	const struct job *const tables[] = { mail_jobs, imap_jobs, web_jobs };
	const size_t counts[] = { mail_job_count, imap_job_count,
		web_job_count };

	for (size_t t = 0; t < 3; t++)
		for (size_t i = 0; i < counts[t]; i++)
			if (strcmp(name, tables[t][i].name) == 0)
				return &tables[t][i];
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct load l = {
		.o = { .host = "127.0.0.1",
		    .name = "localhost",
		    .greeting = "EHLO",
		    .mailbox = "INBOX",
		    .method = "GET",
		    .path = "/",
		    .sessions = 1,
		    .count = 1,
		    .seconds = 60,
		    .size = 4096,
		    .objects = 1,
		    .batch = 1,
		    .expect = 200 },
	};
	const struct job *job = argc > 1 ? find_job(argv[1]) : NULL;

	if (job == NULL) {
		fprintf(stderr, "usage: load JOB [--option value]...\n");
		return 2;
	}
	for (int i = 2; i < argc; i += 2)
		if (i + 1 == argc || !set_option(&l.o, argv[i], argv[i + 1])) {
			fprintf(stderr, "load: bad %s\n", argv[i]);
			return 2;
		}
	signal(SIGPIPE, SIG_IGN);
	l.body = buf_new(FILE_MAX);
	if ((l.o.users != NULL && !read_users(&l))
	    || (l.o.body != NULL && !read_file(l.o.body, &l.body))
	    || !wire_begin(&l)) {
		fprintf(stderr, "load: cannot begin\n");
		return 2;
	}
	return job->alone != NULL ? job->alone(&l) : load_run(&l, job);
}
