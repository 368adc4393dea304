/* What every role does before and after its own work. */
#include "davd/role.h"

#include "mailcore/auth/signer_wire.h"
#include "mailcore/sys/count.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/proc.h"
#include "mailcore/sys/tls.h"

#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { CONF_MEMORY = 1 << 20, CONF_ERRORS = 65536, LARGE_BLOCK = 1 << 20 };

const struct role_kind role_kinds[ROLE_COUNT] = {
	[ROLE_WEB] = {
		.name = "web",
		.services = 1u << SERVICE_HTTP | 1u << SERVICE_HTTPS
		    | 1u << SERVICE_PROXY,
		.store = true,
		.certificates = true,
		.asks = 1u << SIGNER_OP_KEYS | 1u << SIGNER_OP_MAKE
		    | 1u << SIGNER_OP_DKIM | 1u << SIGNER_OP_CMS
		    | 1u << SIGNER_OP_PUSH_KEY,
		.run = role_web,
	},
	[ROLE_MAIL] = {
		.name = "mail",
		.services = 1u << SERVICE_IMAP | 1u << SERVICE_IMAPS
		    | 1u << SERVICE_POP3 | 1u << SERVICE_POP3S
		    | 1u << SERVICE_SMTP | 1u << SERVICE_SUBMISSION
		    | 1u << SERVICE_SUBMISSIONS | 1u << SERVICE_SIEVE
		    | 1u << SERVICE_LMTP,
		.store = true,
		.connects = true, /* name servers and rspamd */
		.certificates = true,
		.asks = 1u << SIGNER_OP_KEYS | 1u << SIGNER_OP_DKIM,
		.run = role_mail,
	},
	[ROLE_QUEUE] = {
		.name = "queue",
		.store = true,
		.connects = true,
		.asks = 1u << SIGNER_OP_KEYS | 1u << SIGNER_OP_DKIM
		    | 1u << SIGNER_OP_PUSH_KEY | 1u << SIGNER_OP_PUSH_SIGN,
		.run = role_queue,
	},
	[ROLE_SIGNER] = {
		.name = "signer",
		.certificates = true,
		.run = role_signer,
	},
};

void
role_start_write(const struct role_start *s, struct buf *out)
{
	buf_print(out, "%ld,%d", (long)s->supervisor, s->ready);
	for (size_t i = 0; i < s->socket_count; i++)
		buf_print(out, ",%s:%d",
		    conf_services[s->sockets[i].service].name,
		    s->sockets[i].fd);
	for (size_t i = 0; i < s->link_count; i++)
		buf_print(out, ",%s:%d", role_kinds[s->links[i].with].name,
		    s->links[i].fd);
}

static bool
read_number(view text, int *out)
{
	uint64_t n;

	if (!view_number(text, INT_MAX, &n))
		return false;
	*out = (int)n;
	return true;
}

static bool
read_link(view name, int fd, struct role_start *s)
{
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		if (!view_eq(name, view_of(role_kinds[i].name)))
			continue;
		if (s->link_count == ROLE_COUNT)
			return false;
		s->links[s->link_count++] =
		    (struct role_link){ (enum role_name)i, fd };
		return true;
	}
	return false;
}

/* "imaps:5" is a socket, "signer:9" a link: no name is of both. */
static bool
read_descriptor(view text, struct role_start *s)
{
	view number = text;
	view name = view_cut(&number, ':');
	int fd;

	if (!read_number(number, &fd))
		return false;
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		if (!view_eq(name, view_of(conf_services[i].name)))
			continue;
		if (s->socket_count == ROLE_SOCKETS)
			return false;
		s->sockets[s->socket_count++] =
		    (struct role_socket){ (enum service)i, fd };
		return true;
	}
	return read_link(name, fd, s);
}

result
role_start_read(struct role_start *s, view text)
{
	int pid;

	if (!read_number(view_cut(&text, ','), &pid)
	    || !read_number(view_cut(&text, ','), &s->ready))
		return fail(MALFORMED, "not from a supervisor");
	s->supervisor = (pid_t)pid;
	s->socket_count = s->link_count = 0;
	while (text.n > 0)
		if (!read_descriptor(view_cut(&text, ','), s))
			return fail(MALFORMED, "not from a supervisor");
	return done();
}

static result
load_conf(struct conf *conf, struct arena *arena, const char *path)
{
	struct buf errors = buf_new(CONF_ERRORS);
	result r = conf_load(conf, arena, path, &errors);
	view rest = buf_view(&errors), line;

	while (view_line(&rest, &line))
		log_line(LOG_ERROR, "configuration", "%.*s", LOG_VIEW(line));
	buf_free(&errors);
	return r;
}

/* Libraries put temporary files where the sandbox lets them. */
static result
set_environment(const struct conf *conf)
{
	char folder[PATH_MAX];

	if (snprintf(folder, sizeof folder, "%s/run", conf->data)
	    >= (int)sizeof folder
	    || setenv("TMPDIR", folder, 1) != 0
	    || setenv("SQLITE_TMPDIR", folder, 1) != 0)
		return fail(FAILED, "the data folder's path is too long");
	return done();
}

/* Memory of one password hash or message goes back at once: by default the C
 * library learns from the first large blocks to keep them (64 MiB after ten
 * logins, measured). */
static void
keep_little_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	(void)mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
}

/* A server that cannot count serves none the less. */
static void
open_counts(const struct role *r)
{
	char path[PATH_MAX];
	result opened;

	if (snprintf(path, sizeof path, "%s/run/count.%s", r->conf.data,
	        r->kind->name) >= (int)sizeof path)
		return;
	opened = count_open(path);
	if (opened.is == OK)
		count_event("role.start");
}

static result
give_up_rights(struct role *r)
{
	TRY(proc_become(r->conf.user));
	TRY(proc_bind_to(r->start->supervisor));
	TRY(set_environment(&r->conf));
	/* Its socket is bound while that is still allowed. */
	if (r->kind->store)
		TRY(post_open(&r->post, r->conf.data, r->kind->name));
	open_counts(r);
	return role_fence(r->kind, &r->conf);
}

static result
open_services(struct role *r)
{
	const struct store_options options = { .data = r->conf.data,
		.history_days = r->conf.history_days,
		.journal = r->kind->name };

	if (!r->kind->store)
		return done();
	for (size_t i = 0; i < r->start->link_count; i++)
		if (r->start->links[i].with == ROLE_SIGNER)
			TRY(signer_open(&r->signer, r->start->links[i].fd));
	if (r->signer == NULL)
		return fail(FAILED, "no way to the signer");
	TRY(store_open(&r->store, &options));
	TRY(auth_new(&r->auth, r->store));
	TRY(auth_scram_set(r->auth, (enum auth_scram)r->conf.scram));
	if (r->kind->certificates)
		TRY(certs_open(&r->certs, r->conf.certificates));
	/* The web role, which connects to nobody, has GnuTLS' in its front. */
	return r->kind->connects ? tls_new(&r->tls, r->certs, &r->conf.tls)
	                         : done();
}

static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	/* Threads inherit this: no signal is ever delivered but there. */
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int
role_signal(const struct role *r)
{
	struct signalfd_siginfo info;

	if (read(r->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	return (int)info.ssi_signo;
}

void
role_ready(const struct role *r)
{
	ssize_t n = write(r->start->ready, "r", 1);

	/* Without a supervisor there is nobody to tell. */
	(void)n;
	(void)close(r->start->ready);
	log_line(LOG_INFO, "role.ready", "sockets=%zu",
	    r->start->socket_count);
}

struct arena *
role_reload(struct role *r, struct conf *fresh)
{
	struct arena *arena = arena_new(CONF_MEMORY);

	if (r->certs != NULL && certs_reload(r->certs).is != OK)
		log_line(LOG_ERROR, "reload.certificates", "kept=old");
	if (load_conf(fresh, arena, r->start->config).is != OK) {
		log_line(LOG_ERROR, "reload.configuration", "kept=old");
		arena_free(&arena);
		return NULL;
	}
	log_open(r->kind->name, (enum log_level)fresh->log_level);
	if (r->auth != NULL
	    && auth_scram_set(r->auth, (enum auth_scram)fresh->scram).is != OK)
		log_line(LOG_ERROR, "reload.scram", "kept=old");
	log_line(LOG_INFO, "reload.done", "generation=%llu",
	    r->certs == NULL ? 0ull
	    : (unsigned long long)certs_generation(r->certs));
	return arena;
}

static void
close_services(struct role *r)
{
	tls_free(&r->tls);
	certs_close(&r->certs);
	auth_free(&r->auth);
	store_close(&r->store);
	signer_close(&r->signer);
	post_close(&r->post);
	arena_free(&r->arena);
}

/* For ps and top. */
static void
name_process(const char *role)
{
	char name[16]; /* what the kernel keeps */

	(void)snprintf(name, sizeof name, "posthaste-%s", role);
	(void)prctl(PR_SET_NAME, name);
}

int
role_main(const struct role_kind *kind, const struct role_start *start)
{
	struct role r = { .kind = kind, .start = start,
		.arena = arena_new(CONF_MEMORY) };
	result done;

	name_process(kind->name);
	keep_little_memory();
	log_open(kind->name, LOG_INFO);
	r.signals = open_signals();
	done = load_conf(&r.conf, r.arena, start->config);
	log_open(kind->name, (enum log_level)(done.is == OK
	    ? r.conf.log_level : LOG_INFO));
	if (done.is == OK)
		done = give_up_rights(&r);
	if (done.is == OK)
		done = open_services(&r);
	if (done.is == OK)
		done = kind->run(&r);
	if (done.is != OK)
		log_line(LOG_ERROR, "role.failed", "why=\"%s\"", done.why);
	close_services(&r);
	return done.is == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What prepare and the roles' own start have in common is small: it opens
 * no sockets and serves nobody. */
int
prepare(const struct conf *conf, pid_t supervisor)
{
	struct certs *certs = NULL;
	result r = proc_become(conf->user);

	log_open("prepare", (enum log_level)conf->log_level);
	if (r.is == OK)
		r = proc_bind_to(supervisor);
	if (r.is == OK)
		r = set_environment(conf);
	if (r.is == OK)
		r = role_fence(NULL, conf);
	if (r.is == OK)
		r = certs_open(&certs, conf->certificates);
	certs_close(&certs);
	if (r.is == OK)
		r = store_recover(conf->data);
	if (r.is != OK)
		log_line(LOG_ERROR, "prepare.failed", "why=\"%s\"", r.why);
	return r.is == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
