/* The folder of a server: who owns it, its configuration, its certificate. */
#include "davd/cli_init.h"

#include "mailcore/sys/cert.h"
#include "mailcore/sys/file.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONF_TEXT = 65536, NAMES_MAX = 16 };

/* May everybody pass through to the folder?  Where not, a role without
 * privileges would not find its data. */
static bool
is_open_to_all(const char *path)
{
	char above[PATH_MAX];
	struct stat st;

	if (!view_copy(view_of(path), above, sizeof above))
		return false;
	for (char *slash = strrchr(above, '/'); slash != NULL && slash > above;
	     slash = strrchr(above, '/')) {
		*slash = '\0';
		if (stat(above, &st) != 0 || (st.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

/* Root hands a new folder to the server's own user where there is one, and
 * goes on as that user, so that every file gets the right owner. */
static result
hand_over(const char *path, struct conf *conf)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return done();
	user = getpwnam(conf->user);
	if (user == NULL || !is_open_to_all(path)) {
		(void)fprintf(stderr, "posthaste: warning: runs as root: %s;"
		    " see user in posthaste.conf(5)\n", user == NULL
		    ? "there is no user posthaste"
		    : "the user posthaste cannot reach the folder");
		conf->user = "root";
		return done();
	}
	if (chown(path, user->pw_uid, user->pw_gid) != 0
	    || initgroups(user->pw_name, user->pw_gid) != 0
	    || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return fail(FAILED, "the folder cannot be given to the user"
		    " posthaste");
	return done();
}

static void
fill_conf(struct cli *cli, const struct init *init, struct conf *conf)
{
	conf_defaults(conf, init->base_port);
	conf->hostname = init->hostname;
	conf->data = cli->data;
	if (cli->address != NULL) {
		conf->addresses[0] = cli->address;
		conf->address_count = 1;
	}
	/* A reverse proxy is believed whatever it says: only when asked. */
	if (!init->loopback)
		conf->ports[SERVICE_PROXY] = conf->public_ports[SERVICE_PROXY]
		    = 0;
}

static result
write_conf(const struct conf *conf, const char *path)
{
	struct buf text = buf_new(CONF_TEXT);
	result r;

	conf_write(conf, &text);
	r = buf_result(&text);
	if (r.is == OK)
		r = file_write(path, buf_view(&text), S_IRUSR | S_IWUSR);
	buf_free(&text);
	return r;
}

/* Was another address or port asked for than the file has? */
static bool
is_moved(const struct cli *cli, const struct init *init)
{
	const struct conf *conf = &cli->conf;
	unsigned https =
	    conf_services[SERVICE_HTTPS].standard + init->base_port;

	return (cli->address != NULL && (conf->address_count != 1
	           || strcmp(conf->addresses[0], cli->address) != 0))
	    || (cli->base_port != NULL && conf->ports[SERVICE_HTTPS] != https);
}

/* To where `init` says; all other settings stay. */
static result
move_conf(struct cli *cli, const struct init *init, const char *path)
{
	struct conf conf = cli->conf, asked;

	fill_conf(cli, init, &asked);
	if (cli->address != NULL) {
		conf.addresses[0] = cli->address;
		conf.address_count = 1;
	}
	if (cli->base_port != NULL) {
		memcpy(conf.ports, asked.ports, sizeof conf.ports);
		memcpy(conf.public_ports, asked.public_ports,
		    sizeof conf.public_ports);
	}
	if (!init->loopback)
		conf.ports[SERVICE_PROXY] = conf.public_ports[SERVICE_PROXY]
		    = 0;
	if (cli->hostname != NULL)
		conf.hostname = init->hostname;
	TRY(write_conf(&conf, path));
	return cli_configure(cli);
}

static result
make_certificate(struct cli *cli, const struct init *init, bool again)
{
	static const char *const hosts[] = { "mail", "autoconfig",
		"autodiscover", "ua-auto-config", "mta-sts", "imap", "smtp",
		"pop3", "dav", "www" };
	const char *file = arena_text(cli->arena, arena_print(cli->arena,
	    "%s/default.pem", cli->conf.certificates));
	view names[NAMES_MAX];
	size_t n = 0;

	TRY(arena_result(cli->arena));
	if (access(file, F_OK) == 0 && !again)
		return done();
	TRY(file_make_folder(cli->conf.certificates));
	names[n++] = view_of(init->hostname);
	names[n++] = init->domain;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		view name = arena_print(cli->arena, "%s.%.*s", hosts[i],
		    (int)init->domain.n, init->domain.p);

		if (!view_eq(name, names[0]))
			names[n++] = name;
	}
	names[n++] = VIEW("localhost");
	if (cli->address != NULL)
		names[n++] = view_of(cli->address);
	return cert_make(cli->conf.certificates, names, n);
}

static result
make_folder(struct cli *cli)
{
	char real[PATH_MAX];

	if (cli->data == NULL)
		cli->data = "/var/lib/posthaste";
	TRY(file_make_folder(cli->data));
	if (realpath(cli->data, real) == NULL)
		return fail(FAILED, "the data folder has no path");
	cli->data = arena_text(cli->arena, view_of(real));
	return arena_result(cli->arena);
}

result
init_place(struct cli *cli, const struct init *init)
{
	bool moved = false;
	const char *path;
	struct conf conf;

	TRY(make_folder(cli));
	path = cli->config != NULL ? cli->config
	                           : cli_path(cli, "posthaste.conf");
	if (access(path, F_OK) != 0) {
		fill_conf(cli, init, &conf);
		TRY(hand_over(cli->data, &conf));
		TRY(write_conf(&conf, path));
		TRY(cli_configure(cli));
	} else {
		TRY(cli_configure(cli));
		TRY(cli_become_owner(cli->conf.data));
		moved = is_moved(cli, init);
	}
	if (moved)
		TRY(move_conf(cli, init, path));
	return make_certificate(cli, init, moved);
}
