/* resolve.h against a name server of our own: where mail goes. */
#include "mailcore/base/buf.h"
#include "mailcore/dns/resolve.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, A = 1, MX = 15, AAAA = 28 };

/* Names as they are on the wire, without their last octet. */
static const struct zone {
	view name;
	int type;
	int rcode;
	view data; /* one record's, empty: none */
} zone[] = {
	{ VIEW_INIT("\3two\4test"), MX, NOERROR,
	    VIEW_INIT("\0\24\1b\3two\4test\0") },
	{ VIEW_INIT("\3two\4test"), MX, NOERROR,
	    VIEW_INIT("\0\12\1a\3two\4test\0") },
	{ VIEW_INIT("\3two\4test"), MX, NOERROR,
	    VIEW_INIT("\0\1\3bad\2 x\0") },
	{ VIEW_INIT("\4null\4test"), MX, NOERROR, VIEW_INIT("\0\0\0") },
	{ VIEW_INIT("\5plain\4test"), MX, NOERROR, VIEW_INIT("") },
	{ VIEW_INIT("\5plain\4test"), A, NOERROR, VIEW_INIT("\300\0\2\1") },
	{ VIEW_INIT("\5plain\4test"), AAAA, NOERROR,
	    VIEW_INIT("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1") },
	{ VIEW_INIT("\4four\4test"), AAAA, NOERROR, VIEW_INIT("") },
	{ VIEW_INIT("\4four\4test"), A, NOERROR, VIEW_INIT("\300\0\2\2") },
	{ VIEW_INIT("\4none\4test"), AAAA, NOERROR, VIEW_INIT("") },
	{ VIEW_INIT("\4none\4test"), A, NOERROR, VIEW_INIT("") },
	{ VIEW_INIT("\4sick\4test"), MX, SERVFAIL, VIEW_INIT("") },
	{ VIEW_INIT("\4sick\4test"), AAAA, SERVFAIL, VIEW_INIT("") },
	{ VIEW_INIT("\4sick\4test"), A, SERVFAIL, VIEW_INIT("") },
};

static void
add_record(struct buf *out, const struct zone *z)
{
	buf_add(out, VIEW("\300\14\0"));
	buf_add_byte(out, (char)z->type);
	buf_add(out, VIEW("\0\1\0\0\0\74\0"));
	buf_add_byte(out, (char)z->data.n);
	buf_add(out, z->data);
}

/* The answer to one query of one question. */
static void
answer(view query, struct buf *out)
{
	view question = view_from(query, 12);
	view name = view_first(question, view_find_byte(question, '\0'));
	int type = view_at(question, name.n + 2);
	struct buf records = buf_new(512);
	int rcode = NXDOMAIN, count = 0;

	for (size_t i = 0; i < COUNT(zone); i++) {
		if (!view_same(name, zone[i].name) || type != zone[i].type)
			continue;
		rcode = zone[i].rcode;
		if (zone[i].data.n == 0)
			continue;
		add_record(&records, &zone[i]);
		count++;
	}
	buf_add(out, view_first(query, 2));
	buf_add_byte(out, (char)0x81);
	buf_add_byte(out, (char)(0x80 | rcode));
	buf_add(out, VIEW("\0\1\0"));
	buf_add_byte(out, (char)count);
	buf_add(out, VIEW("\0\0\0\0"));
	buf_add(out, view_first(question, name.n + 5));
	buf_add(out, buf_view(&records));
	buf_free(&records);
}

static void *
serve(void *context)
{
	const int *fd = context;

	for (;;) {
		char query[4096];
		struct sockaddr_in from;
		socklen_t room = sizeof from;
		ssize_t n = recvfrom(*fd, query, sizeof query, 0,
		    (struct sockaddr *)&from, &room);
		struct buf out = buf_new(4096);

		if (n <= 12) /* the word to stop */
			return NULL;
		answer((view){ query, (size_t)n }, &out);
		(void)sendto(*fd, out.p, out.n, 0, (struct sockaddr *)&from,
		    room);
		buf_free(&out);
	}
}

static void
test_mx(struct resolver *r)
{
	struct arena *arena = arena_new(1 << 20);
	struct mx *mx;
	size_t n;

	ok(resolve_mx(r, arena, VIEW("two.test"), &mx, &n).is == OK && n == 2,
	    "two good ones of three");
	same(mx[0].host, VIEW("a.two.test"), "the lower preference first");
	is_number(mx[1].preference, 20, "then the other");
	ok(resolve_mx(r, arena, VIEW("null.test"), &mx, &n).is == DENIED,
	    "RFC 7505: a null MX");
	ok(resolve_mx(r, arena, VIEW("plain.test"), &mx, &n).is == OK
		&& n == 1,
	    "RFC 5321 5.1: no MX");
	same(mx[0].host, VIEW("plain.test"), "the domain itself");
	ok(resolve_mx(r, arena, VIEW("nowhere.test"), &mx, &n).is
		== NOT_FOUND,
	    "no such domain");
	ok(resolve_mx(r, arena, VIEW("sick.test"), &mx, &n).is == BUSY,
	    "the name server is in trouble");
	arena_free(&arena);
}

static void
test_host(struct resolver *r)
{
	struct arena *arena = arena_new(1 << 20);
	view *list;
	size_t n;

	ok(resolve_host(r, arena, VIEW("plain.test"), &list, &n).is == OK
		&& n == 2,
	    "both families");
	same(list[0], VIEW("2001:db8::1"), "IPv6 first");
	same(list[1], VIEW("192.0.2.1"), "then IPv4");
	ok(resolve_host(r, arena, VIEW("four.test"), &list, &n).is == OK
		&& n == 1,
	    "one family");
	ok(resolve_host(r, arena, VIEW("none.test"), &list, &n).is
		== NOT_FOUND,
	    "a name without addresses");
	ok(resolve_host(r, arena, VIEW("nowhere.test"), &list, &n).is
		== NOT_FOUND,
	    "no such name");
	ok(resolve_host(r, arena, VIEW("sick.test"), &list, &n).is == BUSY,
	    "no answer is not a no");
	arena_free(&arena);
}

int
main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t room = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct resolver *r = NULL;
	pthread_t thread;
	char server[32];

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0
	    || getsockname(fd, (struct sockaddr *)&a, &room) != 0
	    || pthread_create(&thread, NULL, serve, &fd) != 0)
		return 1;
	(void)snprintf(server, sizeof server, "127.0.0.1@%d",
	    ntohs(a.sin_port));
	if (resolver_new(&r, server).is != OK)
		return 1;
	test_mx(r);
	test_host(r);
	resolver_free(&r);
	(void)sendto(fd, "", 1, 0, (struct sockaddr *)&a, sizeof a);
	(void)pthread_join(thread, NULL);
	(void)close(fd);
	return tap_done();
}
