/* The sockets that the supervisor binds for its roles. */
#include "davd/role.h"

#include "mailcore/sys/proc.h"

#include <string.h>

static bool
is_loopback(const char *address)
{
	return view_starts(view_of(address), VIEW("127."))
	    || strcmp(address, "::1") == 0;
}

/* Whoever reaches the proxy's port can claim any address, and the one of LMTP
 * is not looked at closely, so they listen to this machine alone. */
static const char *
address_for(enum service service, const char *address)
{
	if ((service != SERVICE_PROXY && service != SERVICE_LMTP)
	    || is_loopback(address))
		return address;
	return strchr(address, ':') == NULL ? "127.0.0.1" : "::1";
}

/* Two addresses may come to the same loopback one. */
static bool
is_repeated(const struct conf *conf, enum service service,
    const char *address, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (strcmp(address_for(service, conf->addresses[i]), address)
		    == 0)
			return true;
	return false;
}

static result
open_service(const struct conf *conf, enum service service,
    struct role_start *out)
{
	size_t opened = 0;

	for (size_t i = 0; i < conf->address_count; i++) {
		const char *address = address_for(service,
		    conf->addresses[i]);
		int fd;
		result r;

		if (is_repeated(conf, service, address, i))
			continue;
		r = proc_listen(address, conf->ports[service], &fd);
		/* A machine without IPv6 serves IPv4. */
		if (r.is == NOT_FOUND)
			continue;
		TRY(r);
		out->sockets[out->socket_count++] =
		    (struct role_socket){ service, fd };
		opened++;
	}
	return opened > 0 ? done()
	                  : fail(FAILED, "no address to listen on works");
}

/* For another server of this machine; whoever may write there is believed. */
static result
open_path(const struct conf *conf, struct role_start *out)
{
	const struct proc_socket s = { .path = conf->lmtp_socket.path,
		.owner = conf->lmtp_socket.owner,
		.group = conf->lmtp_socket.group,
		.mode = conf->lmtp_socket.mode };
	int fd;

	TRY(proc_listen_at(&s, &fd));
	out->sockets[out->socket_count++]
	    = (struct role_socket){ SERVICE_LMTP, fd };
	return done();
}

result
sockets_open(const struct conf *conf, unsigned services,
    struct role_start *out)
{
	out->socket_count = 0;
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		if (conf->ports[i] == 0 || (services & 1u << i) == 0)
			continue;
		TRY(open_service(conf, (enum service)i, out));
	}
	if (conf->lmtp_socket.path != NULL
	    && (services & 1u << SERVICE_LMTP) != 0)
		return open_path(conf, out);
	return done();
}
