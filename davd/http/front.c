#include "davd/http/credentials.h"
#include "davd/http/delay.h"
#include "davd/http/exchange.h"
#include "davd/http/held.h"
#include "davd/http/patience.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/count.h"
#include "mailcore/sys/log.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Handlers wait for disks and password hashes on these threads. */
	THREADS = 8,
	STREAM_BLOCK = 65536,
	GRACE_SECONDS = 10,
	ADDRESS_ROOM = 64
};

struct front {
	struct front_options options;
	struct MHD_Daemon *daemon;
	struct credentials *credentials;
	struct delay *delay;
	struct patience *patience;
	_Atomic uint64_t bodies;
	_Atomic bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	unsigned running; /* requests begun and not yet completed */
};

/* What belongs to a connection. */
struct link {
	struct held *held; /* NULL without TLS */
	struct visitor *visitor;
};

static struct link *
link_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static void
count_running(struct front *f, int by)
{
	(void)pthread_mutex_lock(&f->lock);
	f->running += (unsigned)by;
	if (f->running == 0)
		(void)pthread_cond_signal(&f->idle);
	(void)pthread_mutex_unlock(&f->lock);
}

/* The address as text, IPv4 also when it came mapped into IPv6. */
static void
address_text(
    const struct sockaddr *address, char to[ADDRESS_ROOM], bool *loopback)
{
	const void *bytes = NULL;
	int family = address == NULL ? AF_UNSPEC : address->sa_family;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	to[0] = '\0';
	*loopback = false;
	if (family == AF_INET) {
		memcpy(&in, address, sizeof in);
		bytes = &in.sin_addr;
		*loopback = ntohl(in.sin_addr.s_addr) >> 24 == 127;
	} else if (family == AF_INET6) {
		memcpy(&in6, address, sizeof in6);
		bytes = &in6.sin6_addr;
		*loopback = IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
			family = AF_INET;
			bytes = in6.sin6_addr.s6_addr + 12;
			*loopback = in6.sin6_addr.s6_addr[12] == 127;
		}
	}
	if (bytes != NULL && inet_ntop(family, bytes, to, ADDRESS_ROOM) == NULL)
		to[0] = '\0';
}

static void *
on_target(void *context, const char *target, struct MHD_Connection *c)
{
	struct front *f = context;
	struct exchange *x = exchange_new(
	    &f->options, &f->bodies, view_of(target));

	x->connection = c;
	count_running(f, 1);
	return x;
}

static void
on_completed(void *context, struct MHD_Connection *c, void **request,
    enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *request;
	struct link *link = link_of(c);
	struct front *f = context;

	(void)why;
	if (x == NULL)
		return;
	exchange_free(&x);
	*request = NULL;
	if (link != NULL)
		patience_answered(f->patience, link->visitor);
	count_running(f, -1);
}

static enum MHD_Result
on_field(void *context, enum MHD_ValueKind kind, const char *name, size_t n,
    const char *value, size_t value_n)
{
	(void)kind;
	exchange_field(context, (view){ name, n },
	    value == NULL ? VIEW("") : (view){ value, value_n });
	return MHD_YES;
}

static bool
begin(struct exchange *x, struct MHD_Connection *c, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	int count = MHD_get_connection_values(c, MHD_HEADER_KIND, NULL, NULL);
	char peer[ADDRESS_ROOM];
	bool loopback;

	address_text(info == NULL ? NULL : info->client_addr, peer, &loopback);
	exchange_field_room(x, count < 0 ? 0 : (size_t)count);
	(void)MHD_get_connection_values_n(c, MHD_HEADER_KIND, on_field, x);
	return exchange_begin(x, method, view_of(peer), loopback);
}

static void
on_due(void *connection)
{
	MHD_resume_connection(connection);
}

static ssize_t
on_read(void *context, uint64_t at, char *to, size_t room)
{
	struct exchange *x = context;
	size_t n = exchange_read(x, to, room);

	(void)at;
	if (n == 0 && x->stream_broken)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0 && x->stream_done)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		MHD_suspend_connection(x->connection);
		x->answer.stream_wait(
		    x->answer.context, on_due, x->connection);
	}
	return (ssize_t)n;
}

static struct MHD_Response *
make_response(struct exchange *x)
{
	static char nothing[1];
	struct buf *body = &x->answer.body;
	struct MHD_Response *r;

	if (x->answer.stream != NULL)
		return MHD_create_response_from_callback(
		    MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_read, x, NULL);
	if (body->n == 0)
		return MHD_create_response_from_buffer(
		    0, nothing, MHD_RESPMEM_PERSISTENT);
	r = MHD_create_response_from_buffer(
	    body->n, body->p, MHD_RESPMEM_MUST_FREE);
	if (r != NULL) { /* its now */
		body->p = NULL;
		body->n = body->room = 0;
	}
	return r;
}

/* An answer whose body is written right behind its head. */
static void
hold_head(const struct exchange *x, struct MHD_Connection *c)
{
	const struct link *link = link_of(c);

	if (link != NULL && link->held != NULL && x->answer.stream == NULL
	    && x->answer.body.n > 0 && x->answer.status >= 200
	    && x->answer.status != 204
	    && x->answer.status != 304
	    && !view_eq(x->request.method, VIEW("HEAD")))
		held_next(link->held);
}

static void
count_answer(unsigned status)
{
	static const char *const classes[] = { NULL, "http.1xx", "http.2xx",
		"http.3xx", "http.4xx", "http.5xx" };

	if (status / 100 > 0 && status / 100 < COUNT(classes))
		count_event(classes[status / 100]);
}

static enum MHD_Result
send_answer(struct front *f, struct exchange *x, struct MHD_Connection *c)
{
	struct MHD_Response *response;
	view headers = buf_view(&x->answer.headers);
	const char *name, *value;
	enum MHD_Result sent;

	hold_head(x, c);
	response = make_response(x);
	if (response == NULL)
		return MHD_NO;
	while (exchange_header(&headers, &name, &value))
		(void)MHD_add_response_header(response, name, value);
	(void)MHD_add_response_header(
	    response, "X-Content-Type-Options", "nosniff");
	if (f->stopping)
		(void)MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CONNECTION, "close");
	count_answer(x->answer.status);
	sent = MHD_queue_response(c, x->answer.status, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **request)
{
	struct front *f = context;
	struct exchange *x = *request;

	(void)url;
	(void)version;
	if (x == NULL)
		return MHD_NO;
	if (x->request.method.n == 0) {
		struct link *link = link_of(c);

		if (link != NULL)
			patience_begun(f->patience, link->visitor);
		if (begin(x, c, method))
			return MHD_YES;
		return send_answer(f, x, c);
	}
	if (*size > 0) {
		view bytes = { data, *size };

		*size = 0;
		return exchange_body(x, bytes) ? MHD_YES : MHD_NO;
	}
	if (!x->answered) {
		exchange_run(x);
		if (x->answer.delay_ms > 0) {
			MHD_suspend_connection(c);
			delay_add(f->delay, x->answer.delay_ms, c);
			return MHD_YES;
		}
	}
	return send_answer(f, x, c);
}

static struct held *
begin_tls(struct front *f, struct MHD_Connection *c, int fd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    c, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (f->credentials == NULL || info == NULL
	    || info->tls_session == NULL)
		return NULL;
	credentials_attach(f->credentials, info->tls_session);
	return held_attach(info->tls_session, fd);
}

static void
begin_link(struct front *f, struct MHD_Connection *c, void **own)
{
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(
	    c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct link *link;

	if (fd == NULL)
		return;
	link = calloc(1, sizeof *link);
	if (link == NULL)
		abort();
	link->held = begin_tls(f, c, fd->connect_fd);
	link->visitor = patience_enter(f->patience, fd->connect_fd);
	*own = link;
}

static void
on_connection(void *context, struct MHD_Connection *c, void **own,
    enum MHD_ConnectionNotificationCode what)
{
	struct front *f = context;
	struct link *link = *own;

	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		begin_link(f, c, own);
	if (what != MHD_CONNECTION_NOTIFY_CLOSED || link == NULL)
		return;
	patience_leave(f->patience, &link->visitor);
	held_free(&link->held);
	free(link);
	*own = NULL;
}

/* Paths are decoded by request_target, once. */
static size_t
leave_escapes(void *context, struct MHD_Connection *c, char *text)
{
	(void)context;
	(void)c;
	return strlen(text);
}

static void __attribute__((format(printf, 2, 0)))
on_log(void *context, const char *format, va_list args)
{
	char line[256];
	int n;

	(void)context;
	n = vsnprintf(line, sizeof line, format, args);
	if (n > 0)
		log_line(LOG_DEBUG, "http.library", "why=\"%s\"", line);
}

static void
start_daemon(struct front *f)
{
	const struct front_options *o = &f->options;
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL
	    | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, NULL },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	union {
		const char *in;
		void *out;
	} priority;
	union {
		gnutls_certificate_retrieve_function3 *in;
		void *out;
	} choose = { credentials_choose };

	if (o->kind == FRONT_HTTPS) {
		flags |= MHD_USE_TLS;
		priority.in = tls_gnutls_priority(o->tls);
		tls[0].ptr_value = priority.out;
		tls[1].ptr_value = choose.out;
	} else {
		tls[0].option = MHD_OPTION_END;
	}
	/* The logger first: it is used while the others are read. */
	f->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, f,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, f, MHD_OPTION_LISTEN_SOCKET,
	    o->fd, MHD_OPTION_THREAD_POOL_SIZE, o->threads,
	    MHD_OPTION_CONNECTION_LIMIT, o->connections,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    o->kind == FRONT_PROXY ? 0u : o->connections_per_peer,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_HTTP_IDLE_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)LIMIT_HTTP_HEADER + LIMIT_HTTP_TARGET + 32768,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
	    on_target, f, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, f,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, f,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, f, MHD_OPTION_ARRAY,
	    tls, MHD_OPTION_END);
}

static void
front_free(struct front *f)
{
	delay_free(&f->delay);
	patience_free(&f->patience);
	credentials_free(&f->credentials);
	(void)pthread_cond_destroy(&f->idle);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}

result
front_start(struct front **out, const struct front_options *options)
{
	struct front *f = calloc(1, sizeof *f);
	pthread_condattr_t steady;

	if (f == NULL)
		abort();
	f->options = *options;
	if (f->options.threads == 0)
		f->options.threads = THREADS;
	if (f->options.connections == 0)
		f->options.connections = LIMIT_HTTP_CONNECTIONS;
	if (f->options.connections < f->options.threads)
		f->options.connections = f->options.threads;
	if (f->options.body_limit == 0)
		f->options.body_limit = LIMIT_CALENDAR_OBJECT;
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&f->idle, &steady);
	(void)pthread_condattr_destroy(&steady);
	f->delay = delay_new(on_due);
	f->patience = patience_new(LIMIT_HTTP_HEADER_SECONDS * 1000,
	    (LIMIT_HTTP_IDLE_SECONDS + LIMIT_HTTP_HEADER_SECONDS) * 1000);
	if (f->options.kind == FRONT_HTTPS)
		f->credentials = credentials_new(f->options.certs);
	start_daemon(f);
	if (f->daemon == NULL) {
		(void)close(f->options.fd);
		front_free(f);
		return fail(FAILED, "the HTTP front did not start");
	}
	*out = f;
	return done();
}

void
front_stop(struct front **at)
{
	struct front *f = *at;
	struct timespec until;
	int fd;

	if (f == NULL)
		return;
	f->stopping = true;
	fd = (int)MHD_quiesce_daemon(f->daemon);
	delay_flush(f->delay);
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += GRACE_SECONDS;
	(void)pthread_mutex_lock(&f->lock);
	while (f->running > 0
	    && pthread_cond_timedwait(&f->idle, &f->lock, &until) == 0)
		continue;
	(void)pthread_mutex_unlock(&f->lock);
	MHD_stop_daemon(f->daemon);
	if (fd >= 0)
		(void)close(fd);
	front_free(f);
	*at = NULL;
}
