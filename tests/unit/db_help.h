/*
 * db_help.h - a database of a test, opened or made.
 */
#ifndef TESTS_DB_HELP_H
#define TESTS_DB_HELP_H

#include "mailcore/db/db.h"

#include <stdio.h>
#include <stdlib.h>

static inline struct db *
db_at(const char *folder, const char *name, const char *const *steps,
    size_t count)
{
	char path[512];
	struct db *db;
	result r;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	r = db_open(&db, path);
	if (r.is == OK)
		r = db_migrate(db, steps, count);
	if (r.is != OK) {
		printf("Bail out! %s\n", r.why);
		exit(1);
	}
	return db;
}

#endif
