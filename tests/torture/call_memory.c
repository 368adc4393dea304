/* Memory and threads.  These are asked for very often, and by what looks names
 * up, too: so the function behind each is looked up once. */
#include "tests/torture/call.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BEHIND(name)                                                      \
	static _Atomic(void *) known;                                     \
	void *found = atomic_load_explicit(&known, memory_order_relaxed); \
	if (found == NULL) {                                              \
		found = dlsym(RTLD_NEXT, #name);                          \
		atomic_store_explicit(&known, found,                      \
		    memory_order_relaxed);                                \
	}                                                                 \
	__extension__ __typeof__(&name) behind = (__typeof__(&name))found

void *
malloc(size_t n)
{
	BEHIND(malloc);
	return call_fails("malloc", CALLER) ? NULL : behind(n);
}

void *
calloc(size_t count, size_t n)
{
	BEHIND(calloc);
	return call_fails("calloc", CALLER) ? NULL : behind(count, n);
}

void *
realloc(void *p, size_t n)
{
	BEHIND(realloc);
	return call_fails("realloc", CALLER) ? NULL : behind(p, n);
}

char *
strdup(const char *text)
{
	BEHIND(strdup);
	return call_fails("strdup", CALLER) ? NULL : behind(text);
}

char *
strndup(const char *text, size_t n)
{
	BEHIND(strndup);
	return call_fails("strdup", CALLER) ? NULL : behind(text, n);
}

/* This one gives its error back. */
int
pthread_create(pthread_t *to, const pthread_attr_t *how, void *(*run)(void *),
    void *with)
{
	BEHIND(pthread_create);
	return call_fails("pthread_create", CALLER)
	    ? EAGAIN : behind(to, how, run, with);
}
