#include "davd/role.h"

#include "davd/bearer.h"
#include "davd/children.h"
#include "davd/moved.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CONF_MEMORY = 1 << 20,
	CONF_ERRORS = 65536,
	LOCK_SECONDS = 15,
	LOCK_PAUSE_MS = 50,
	STOP_MS = 10000,
	AGAIN_MS = 5000,
	FILES_BESIDE_CONNECTIONS = 5000
};

struct supervisor {
	const char *config;
	char copy[PATH_MAX]; /* of it, for the roles */
	struct arena *arena;
	struct conf conf;
	struct children *children;
	int signals;
	int lock;
	bool announced;
	bool reload_due; /* it was asked for before the roles ran */
};

static void
log_errors(const struct buf *errors)
{
	view rest = buf_view(errors), line;

	while (view_line(&rest, &line))
		log_line(LOG_ERROR, "configuration", "%.*s", LOG_VIEW(line));
}

static result
load(struct conf *conf, struct arena *arena, const char *path)
{
	struct buf errors = buf_new(CONF_ERRORS);
	result r = conf_load(conf, arena, path, &errors);

	log_errors(&errors);
	buf_free(&errors);
	if (r.is == OK)
		log_open("supervisor", (enum log_level)conf->log_level);
	return r;
}

static bool
run_path(const struct supervisor *s, const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/run/%s", s->conf.data, name)
	    < PATH_MAX;
}

/* What root makes belongs to the user that the roles run as: another time
 * the server may be started as that user. */
static result
give_away(const char *path, const char *user)
{
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0 || stat(path, &st) != 0 || st.st_uid != 0)
		return done();
	if (!proc_user(user, &uid, &gid))
		return fail(FAILED, "no such user");
	if (lchown(path, uid, gid) != 0) {
		log_line(LOG_ERROR, "file.owner", "file=%s error=\"%s\"",
		    path, strerror(errno));
		return fail(FAILED, "a file cannot be given to its user");
	}
	return done();
}

/* One server for one data folder.  The roles hold the lock too, so that the
 * next supervisor waits for those of one that was killed. */
static result
take_lock(struct supervisor *s)
{
	int64_t end = clock_steady_ms() + LOCK_SECONDS * 1000;
	char path[PATH_MAX];

	TRY(file_make_folder(s->conf.data));
	TRY(give_away(s->conf.data, s->conf.user));
	if (!run_path(s, "", path))
		return fail(FAILED, "the data folder's path is too long");
	TRY(file_make_folder(path));
	TRY(give_away(path, s->conf.user));
	(void)run_path(s, "lock", path);
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock >= 0)
		TRY(give_away(path, s->conf.user));
	while (s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || clock_steady_ms() > end) {
			log_line(LOG_ERROR, "already.running",
			    "data=%s do=\"stop the other server first\"",
			    s->conf.data);
			return fail(BUSY, "another server has this data");
		}
		(void)poll(NULL, 0, LOCK_PAUSE_MS);
	}
	if (s->lock >= 0)
		return done();
	log_line(LOG_ERROR, "lock.failed", "file=%s error=\"%s\"", path,
	    strerror(errno));
	return fail(FAILED, "the lock cannot be taken");
}

/* Roles cannot read the configuration's folder, which may hold anything, but
 * only a copy in a folder that they cannot write. */
static result
publish_file(const char *from, const char *to, size_t most, const char *user)
{
	struct buf text = buf_new(most);
	result r = file_read(from, &text);

	if (r.is == OK)
		r = file_write_fleeting(to, buf_view(&text),
		    S_IRUSR | S_IWUSR);
	if (r.is != OK)
		log_line(LOG_ERROR, "configuration.copy", "file=%s why=\"%s\"",
		    from, r.why);
	buf_free(&text);
	TRY(r);
	return give_away(to, user);
}

/* `conf`: as the file is now. */
static result
publish(struct supervisor *s, const struct conf *conf)
{
	char folder[PATH_MAX], keys[PATH_MAX];
	view file, above;

	TRY(role_config_path(&s->conf, s->copy));
	file = view_of(s->copy);
	above = view_cut_last(&file, '/');
	if (!view_copy(above, folder, sizeof folder))
		return fail(FAILED, "the data folder's path is too long");
	TRY(file_make_folder(folder));
	TRY(give_away(folder, s->conf.user));
	if (view_starts(view_of(conf->oauth.keys), VIEW("/"))) {
		TRY(bearer_keys_path(&s->conf, keys));
		TRY(publish_file(conf->oauth.keys, keys, LIMIT_TOKEN_ANSWER,
		    s->conf.user));
	}
	return publish_file(s->config, s->copy, LIMIT_CONFIGURATION,
	    s->conf.user);
}

static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int
next_signal(const struct supervisor *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	return (int)info.ssi_signo;
}

/* Migration and recovery may take long; a stop must not wait for them. */
static result
run_prepare(struct supervisor *s)
{
	struct pollfd p = { .fd = s->signals, .events = POLLIN };
	pid_t self = getpid(), pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(prepare(&s->conf, self));
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		int signal;

		(void)poll(&p, 1, -1);
		signal = next_signal(s);
		if (signal == SIGTERM || signal == SIGINT) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return fail(BUSY, "stopped");
		}
		s->reload_due = s->reload_due || signal == SIGHUP;
	}
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return done();
	return fail(FAILED, "the server cannot start; see above");
}

/* For the CLI and tests: who runs, once all serve. */
static void
announce(struct supervisor *s)
{
	struct buf text = buf_new(4096);
	char path[PATH_MAX];

	if (!children_changed(s->children) || !run_path(s, "ready", path)) {
		buf_free(&text);
		return;
	}
	buf_print(&text, "supervisor %ld\n", (long)getpid());
	children_list(s->children, &text);
	if (file_write_fleeting(path, buf_view(&text), 0644).is == OK) {
		children_told(s->children);
		if (!s->announced) {
			proc_notify("READY=1");
			log_line(LOG_INFO, "serving", "data=%s hostname=%s",
			    s->conf.data, s->conf.hostname);
		}
		s->announced = true;
	}
	buf_free(&text);
}

static void
forget(const struct supervisor *s)
{
	char path[PATH_MAX];

	if (run_path(s, "ready", path))
		(void)unlink(path);
}

/* What the roles cannot take over while they run. */
static void
tell_waiting(const struct supervisor *s, const struct conf *fresh)
{
	struct buf names = buf_new(LIMIT_CONFIGURATION);

	conf_add_waiting(&s->conf, fresh, &names);
	if (names.n > 0)
		log_line(LOG_WARNING, "reload.partly", "settings=\"%.*s\""
		    " do=\"restart for these to count\"",
		    LOG_VIEW(view_from(buf_view(&names), 1)));
	buf_free(&names);
}

static void
reload(struct supervisor *s)
{
	struct arena *arena = arena_new(CONF_MEMORY);
	struct conf fresh;

	if (load(&fresh, arena, s->config).is == OK
	    && publish(s, &fresh).is == OK) {
		tell_waiting(s, &fresh);
		children_signal(s->children, SIGHUP);
	} else {
		log_line(LOG_ERROR, "reload.refused", "kept=old");
	}
	arena_free(&arena);
}

static void
stop(struct supervisor *s)
{
	int64_t end = clock_steady_ms() + STOP_MS;
	struct pollfd p = { .fd = s->signals, .events = POLLIN };

	proc_notify("STOPPING=1");
	log_line(LOG_INFO, "stopping", "data=%s", s->conf.data);
	forget(s);
	children_stop(s->children);
	for (;;) {
		int64_t left = end - clock_steady_ms();

		children_reap(s->children);
		if (children_gone(s->children))
			break;
		if (left <= 0)
			children_signal(s->children, SIGKILL);
		(void)poll(&p, 1, left > 0 ? (int)left : 100);
		while (next_signal(s) != 0)
			;
	}
	log_line(LOG_INFO, "stopped", "data=%s", s->conf.data);
}

static void
supervise_roles(struct supervisor *s)
{
	struct pollfd p[1 + ROLE_COUNT];

	if (s->reload_due)
		reload(s);
	for (;;) {
		int timeout = children_start_due(s->children);
		size_t n = 1;
		int signal;

		p[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
		n += children_poll(s->children, p + 1);
		/* What could not be announced is tried again. */
		if (children_changed(s->children))
			timeout = AGAIN_MS;
		(void)poll(p, n, timeout);
		while ((signal = next_signal(s)) != 0) {
			if (signal == SIGTERM || signal == SIGINT)
				return;
			if (signal == SIGHUP)
				reload(s);
		}
		children_hear(s->children);
		children_reap(s->children);
		announce(s);
	}
}

/* A copy of a folder does not serve the original's data, nor makes new ones
 * where the folder was before it was moved. */
static result
check_folder(const struct supervisor *s, const char *folder)
{
	if (folder == NULL || !moved_here(folder, s->conf.data))
		return done();
	log_line(LOG_ERROR, "data.elsewhere", "file=%s data=%s found=%s"
	    " do=\"write the folder to be served after data in that file\"",
	    s->config, s->conf.data, folder);
	return fail(FAILED, "the folder was copied or moved, and its"
	    " configuration names another");
}

static result
begin(struct supervisor *s, const char *folder, const char *only)
{
	TRY(load(&s->conf, s->arena, s->config));
	TRY(check_folder(s, folder));
	proc_raise_files(s->conf.connections + FILES_BESIDE_CONNECTIONS);
	TRY(take_lock(s));
	forget(s);
	TRY(publish(s, &s->conf));
	TRY(children_new(&s->children, &s->conf, s->copy, only, s->lock));
	return run_prepare(s);
}

int
supervise(const char *config, const char *folder, const char *only)
{
	struct supervisor s = { .config = config,
		.arena = arena_new(CONF_MEMORY), .lock = -1 };
	result r;

	log_open("supervisor", LOG_INFO);
	s.signals = open_signals();
	r = begin(&s, folder, only);
	if (r.is == OK) {
		supervise_roles(&s);
		stop(&s);
	} else if (r.is != BUSY) {
		log_line(LOG_ERROR, "start.failed", "why=\"%s\"", r.why);
	}
	children_free(&s.children);
	arena_free(&s.arena);
	return r.is == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
