/* Would an http-01 challenge for a name come to this server?  A token of our
 * own is put where an ACME client puts its, and asked for. */
#include "davd/cert_cover.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/random.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SECRET = 16,
	ADDRESS = 64,
	ADDRESSES_TRIED = 4,
	ANSWER_MOST = 8192,
	HTTP_PORT = 80
};

/* `token` is the name of the file and what is in it. */
static bool
is_answer(view answer, view token)
{
	view line;

	if (!view_line(&answer, &line)
	    || !view_starts(line, VIEW("HTTP/1.")))
		return false;
	(void)view_cut(&line, ' ');
	return view_starts(line, VIEW("200"))
	    && view_ends(view_trim(answer), token);
}

static void
read_answer(int fd, struct buf *to)
{
	int64_t end = clock_steady_ms() + LIMIT_DOCTOR_MS;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_steady_ms();
		char piece[1024];
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return;
		n = recv(fd, piece, sizeof piece, 0);
		if (n <= 0)
			return;
		buf_add(to, (view){ piece, (size_t)n });
		if (buf_result(to).is != OK)
			return;
	}
}

static bool
ask_at(const char *address, unsigned port, view name, view token)
{
	struct buf request = buf_new(LIMIT_HTTP_HEADER);
	struct buf answer = buf_new(ANSWER_MOST);
	int fd = cli_connect(address, port, LIMIT_DOCTOR_MS);
	bool good = false;

	buf_print(&request, "GET /.well-known/acme-challenge/%.*s HTTP/1.1\r\n"
	    "Host: %.*s\r\nConnection: close\r\n\r\n", (int)token.n, token.p,
	    (int)name.n, name.p);
	if (fd >= 0 && send(fd, request.p, request.n, MSG_NOSIGNAL)
	    == (ssize_t)request.n) {
		read_answer(fd, &answer);
		good = is_answer(buf_view(&answer), token);
	}
	if (fd >= 0)
		(void)close(fd);
	buf_free(&request);
	buf_free(&answer);
	return good;
}

/* Every address that it has must lead here: the authority takes any. */
static bool
ask_by_name(const char *host, view name, view token)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	bool good = true;
	unsigned tried = 0;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	for (const struct addrinfo *a = found; good && a != NULL
	     && tried < ADDRESSES_TRIED; a = a->ai_next) {
		char address[ADDRESS];

		good = getnameinfo(a->ai_addr, a->ai_addrlen, address,
		           sizeof address, NULL, 0, NI_NUMERICHOST) == 0
		    && ask_at(address, HTTP_PORT, name, token);
		tried++;
	}
	freeaddrinfo(found);
	return good && tried > 0;
}

static result
put_token(struct cli *cli, struct buf *token, const char **path)
{
	unsigned char secret[SECRET];

	random_bytes(secret, sizeof secret);
	encode_hex(token, (view){ (const char *)secret, sizeof secret });
	TRY(file_make_folder(cli_path(cli, "acme")));
	*path = arena_text(cli->arena, arena_print(cli->arena, "%s/%s",
	    cli_path(cli, "acme"), buf_text(token)));
	TRY(arena_result(cli->arena));
	return file_write(*path, buf_view(token), 0644);
}

result
cert_reach(struct cli *cli, const struct cover *cover, bool *reached)
{
	struct buf token = buf_new(4 * SECRET);
	const char *path = NULL;
	result r = put_token(cli, &token, &path);

	for (size_t i = 0; r.is == OK && i < cover->name_count; i++) {
		view name = cover->names[i].name;
		const char *host = arena_text(cli->arena, name);

		reached[i] = cli->resolve != NULL
		    ? ask_at(cli->resolve, cli->conf.ports[SERVICE_HTTP],
		        name, buf_view(&token))
		    : host != NULL && ask_by_name(host, name,
		        buf_view(&token));
	}
	if (r.is == OK)
		(void)unlink(path);
	buf_free(&token);
	return r;
}
