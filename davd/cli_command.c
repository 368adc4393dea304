#include "davd/cli_command.h"

#include "davd/moved.h"
#include "mailcore/admin/person.h"
#include "mailcore/sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { CLI_TEXT = 1 << 20 };

static const char default_data[] = "/var/lib/posthaste";

int
cli_fail(const char *format, ...)
{
	va_list args;

	/* In one log with it, what was found before stands before. */
	(void)fflush(stdout);
	va_start(args, format);
	(void)fputs("posthaste: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	return CLI_FAILED;
}

int
cli_failed(const char *what, result r)
{
	return cli_fail("%s: %s", what, r.why);
}

const char *
cli_path(struct cli *cli, const char *name)
{
	const char *data = cli->conf.data != NULL ? cli->conf.data : cli->data;

	return arena_text(cli->arena, arena_print(cli->arena, "%s/%s",
	    data != NULL ? data : default_data, name));
}

/* Who names a folder means what is in it: a backup that is looked at is not
 * the server that it was made of. */
static result
stay_in_folder(struct cli *cli)
{
	struct conf *conf = &cli->conf;
	char folder[PATH_MAX];
	view before;

	if (cli->data == NULL || !moved_here(cli->data, conf->data))
		return done();
	if (realpath(cli->data, folder) == NULL)
		return fail(FAILED, "the folder has no path");
	before = arena_print(cli->arena, "%s/tls", conf->data);
	conf->data = arena_text(cli->arena, view_of(folder));
	if (view_eq(view_of(conf->certificates), before))
		conf->certificates = arena_text(cli->arena,
		    arena_print(cli->arena, "%s/tls", folder));
	return arena_result(cli->arena);
}

result
cli_configure(struct cli *cli)
{
	const char *path = cli->config;
	struct buf errors = buf_new(CLI_TEXT);
	result r;

	if (path == NULL)
		path = cli_path(cli, "posthaste.conf");
	if (access(path, F_OK) != 0) {
		(void)cli_fail("expected a configuration at %s, found none;"
		    " make one by: posthaste init --data DIR --domain NAME",
		    path);
		return fail(NOT_FOUND, "no configuration");
	}
	r = conf_load(&cli->conf, cli->arena, path, &errors);
	if (r.is != OK && errors.n > 0)
		(void)fwrite(errors.p, 1, errors.n, stderr);
	else if (r.is != OK)
		(void)cli_failed(path, r);
	buf_free(&errors);
	return r.is == OK ? stay_in_folder(cli) : r;
}

result
cli_become_owner(const char *data)
{
	struct stat st;

	if (geteuid() != 0 || stat(data, &st) != 0 || st.st_uid == 0)
		return done();
	if (setgroups(0, NULL) != 0 || setgid(st.st_gid) != 0
	    || setuid(st.st_uid) != 0)
		return fail(FAILED, "root may not become the folder's owner");
	return done();
}

result
cli_open(struct cli *cli)
{
	struct store_options options = { .journal = "cli" };
	result r;

	TRY(cli_configure(cli));
	options.data = cli->conf.data;
	options.history_days = cli->conf.history_days;
	if (access(cli->conf.data, F_OK) != 0) {
		(void)cli_fail("expected the folder %s, found none; make it"
		    " by: posthaste init --data %s --domain NAME",
		    cli->conf.data, cli->conf.data);
		return fail(NOT_FOUND, "no data");
	}
	r = cli_become_owner(cli->conf.data);
	if (r.is == OK)
		r = store_open(&cli->store, &options);
	if (r.is == OK)
		r = signer_open_keys(&cli->signer, cli->conf.data,
		    cli->conf.certificates);
	if (r.is != OK)
		(void)cli_failed(cli->conf.data, r);
	return r;
}

void
cli_tell(struct cli *cli, int64_t account)
{
	struct post *post = NULL;

	/* Without a running server there is nobody to be told. */
	if (post_open(&post, cli->conf.data, NULL).is == OK)
		person_tell(post, account);
	post_close(&post);
}

bool
cli_number(const char *option, const char *text, unsigned most, unsigned *out)
{
	uint64_t n;

	if (view_number(view_of(text), most, &n)) {
		*out = (unsigned)n;
		return true;
	}
	(void)cli_fail("expected --%s 0 to %u, found \"%s\"", option, most,
	    text);
	return false;
}

result
cli_secret(const char *prompt, struct buf *out)
{
	struct termios before, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	char c = '\0';

	if (terminal) {
		(void)fputs(prompt, stderr);
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		buf_add_byte(out, c);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		(void)fputc('\n', stderr);
	}
	if (out->n > 0 && out->p[out->n - 1] == '\r')
		buf_cut(out, out->n - 1);
	if (out->n == 0) {
		(void)cli_fail("expected a line on standard input,"
		    " found nothing");
		return fail(MALFORMED, "no input");
	}
	return buf_result(out);
}

/* The supervisor and its roles hold the lock as long as they live. */
static bool
is_held(const char *lock)
{
	int fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held;

	if (fd < 0)
		return errno != ENOENT;
	held = flock(fd, LOCK_SH | LOCK_NB) != 0;
	(void)close(fd);
	return held;
}

size_t
cli_processes(struct cli *cli, struct cli_process out[CLI_PROCESSES])
{
	struct buf text = buf_new(4096);
	result r = file_read(cli_path(cli, "run/ready"), &text);
	view rest = r.is == OK ? buf_view(&text) : VIEW(""), line;
	size_t n = 0;

	while (n < CLI_PROCESSES && view_line(&rest, &line)) {
		view role = view_cut(&line, ' ');
		uint64_t pid;

		if (!view_number(view_trim(line), INT32_MAX, &pid) || pid == 0
		    || !view_copy(role, out[n].role, sizeof out[n].role))
			continue;
		out[n++].pid = (pid_t)pid;
	}
	buf_free(&text);
	/* A supervisor that died cannot remove the file, whose number may be
	 * another's by now; and a copied folder has that of the original. */
	if (n > 0 && ((kill(out[0].pid, 0) != 0 && errno == ESRCH)
	        || !is_held(cli_path(cli, "run/lock"))))
		return 0;
	return n;
}

const char *
cli_connect_address(const struct conf *conf)
{
	const char *first =
	    conf->address_count > 0 ? conf->addresses[0] : "0.0.0.0";

	if (strcmp(first, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(first, "::") == 0 ? "::1" : first;
}

static socklen_t
socket_address(const char *address, unsigned port,
    struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof *four;
	}
	if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return sizeof *six;
	}
	return 0;
}

int
cli_connect(const char *address, unsigned port, unsigned timeout_ms)
{
	struct sockaddr_storage to;
	socklen_t n = socket_address(address, port, &to);
	struct pollfd waiting = { .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;
	int fd;

	if (n == 0)
		return -1;
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0)
		return -1;
	waiting.fd = fd;
	if (connect(fd, (struct sockaddr *)&to, n) != 0
	    && (errno != EINPROGRESS
	        || poll(&waiting, 1, (int)timeout_ms) != 1
	        || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0
	        || error != 0)) {
		(void)close(fd);
		return -1;
	}
	(void)fcntl(fd, F_SETFL, 0);
	return fd;
}
