#include "mailcore/sys/cert.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/sys/cert_load.h"
#include "mailcore/sys/log.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CERTS_MAX = 10000 };

struct named {
	const char *name; /* belongs to the cert */
	struct cert *cert;
};

/* One reading of the folder.  Does not change once it is in place. */
struct set {
	struct cert *certs[CERTS_MAX];
	size_t count;
	struct named *names; /* sorted */
	size_t name_count;
	struct cert *standard;
};

struct certs {
	char *folder;
	pthread_mutex_t lock; /* for the two below */
	struct set *set;
	_Atomic uint64_t generation;
};

static void
set_free(struct set **ss)
{
	struct set *s = *ss;

	*ss = NULL;
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		cert_release(&s->certs[i]);
	free(s->names);
	free(s);
}

static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
set_index(struct set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; cert_name(s->certs[i], k) != NULL; k++)
			n++;
	s->names = calloc(n + 1, sizeof *s->names);
	if (s->names == NULL)
		abort();
	for (size_t i = 0; i < s->count; i++) {
		const char *name;

		for (size_t k = 0; (name = cert_name(s->certs[i], k)) != NULL;
		    k++)
			s->names[s->name_count++] =
			    (struct named){ name, s->certs[i] };
	}
	qsort(s->names, s->name_count, sizeof *s->names, by_name);
	s->standard = s->certs[0];
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(cert_file(s->certs[i]), "default.pem") == 0)
			s->standard = s->certs[i];
}

static struct cert *
of_file(const struct set *s, const char *file)
{
	for (size_t i = 0; s != NULL && i < s->count; i++)
		if (strcmp(cert_file(s->certs[i]), file) == 0)
			return s->certs[i];
	return NULL;
}

static int
is_pem(const struct dirent *e)
{
	view name = view_of(e->d_name);

	return view_ends(name, VIEW(".pem")) && name.p[0] != '.';
}

/* `old`: where a certificate is taken from whose file is now unusable. */
static void
set_add(struct set *s, const char *folder, const char *file,
    const struct set *old)
{
	struct cert *c = NULL;

	if (s->count == CERTS_MAX)
		return;
	if (cert_load(&c, folder, file).is != OK) {
		c = of_file(old, file);
		if (c == NULL)
			return;
		log_line(LOG_WARNING, "cert.kept", "file=%s", file);
		(void)cert_hold(c);
	}
	s->certs[s->count++] = c;
}

static result
set_read(struct set **out, const char *folder, const struct set *old)
{
	struct dirent **files;
	int n = scandir(folder, &files, is_pem, alphasort);
	struct set *s;

	if (n < 0) {
		log_line(LOG_ERROR, "cert.folder", "folder=%s error=\"%s\"",
		    folder, strerror(errno));
		return fail(FAILED, "the certificate folder is unreadable");
	}
	s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	for (int i = 0; i < n; i++) {
		set_add(s, folder, files[i]->d_name, old);
		free(files[i]);
	}
	free(files);
	if (s->count == 0) {
		log_line(LOG_ERROR, "cert.none", "folder=%s", folder);
		set_free(&s);
		return fail(FAILED, "no usable certificate");
	}
	set_index(s);
	*out = s;
	return done();
}

static bool
set_same(const struct set *a, const struct set *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!cert_same(a->certs[i], b->certs[i]))
			return false;
	return true;
}

result
certs_open(struct certs **out, const char *folder)
{
	struct set *s;
	struct certs *c;

	TRY(set_read(&s, folder, NULL));
	c = calloc(1, sizeof *c);
	if (c == NULL || (c->folder = strdup(folder)) == NULL)
		abort();
	(void)pthread_mutex_init(&c->lock, NULL);
	c->set = s;
	c->generation = 1;
	*out = c;
	return done();
}

void
certs_close(struct certs **cc)
{
	struct certs *c = *cc;

	*cc = NULL;
	if (c == NULL)
		return;
	set_free(&c->set);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->folder);
	free(c);
}

result
certs_reload(struct certs *c)
{
	struct set *fresh = NULL, *old;

	/* Only a reload changes c->set, and reloads come one at a time: from
	 * the role's own loop. */
	TRY(set_read(&fresh, c->folder, c->set));
	if (set_same(fresh, c->set)) {
		set_free(&fresh);
		return done();
	}
	(void)pthread_mutex_lock(&c->lock);
	old = c->set;
	c->set = fresh;
	(void)pthread_mutex_unlock(&c->lock);
	c->generation++;
	log_line(LOG_INFO, "cert.reloaded", "count=%zu", fresh->count);
	set_free(&old);
	return done();
}

uint64_t
certs_generation(const struct certs *c)
{
	return c->generation;
}

static struct cert *
find_exact(const struct set *s, const char *name)
{
	const struct named key = { name, NULL };
	const struct named *found = bsearch(&key, s->names, s->name_count,
	    sizeof key, by_name);

	return found == NULL ? NULL : found->cert;
}

/* RFC 6125 6.4.3: a wildcard stands for the one leftmost label. */
static struct cert *
find_in(const struct set *s, char *name)
{
	struct cert *c = find_exact(s, name);
	char *dot = strchr(name, '.');

	if (c != NULL || dot == NULL || dot == name)
		return c == NULL ? s->standard : c;
	dot[-1] = '*';
	c = find_exact(s, dot - 1);
	return c == NULL ? s->standard : c;
}

struct cert *
certs_find(struct certs *c, view name)
{
	char lower[LIMIT_DOMAIN + 1];
	struct cert *found;

	if (view_ends(name, VIEW(".")))
		name = view_first(name, name.n - 1);
	if (!view_copy(name, lower, sizeof lower))
		lower[0] = '\0';
	for (char *p = lower; *p != '\0'; p++)
		*p = ascii_lower(*p);
	(void)pthread_mutex_lock(&c->lock);
	found = cert_hold(find_in(c->set, lower));
	(void)pthread_mutex_unlock(&c->lock);
	return found;
}
