/*
 * schema.h - the schema files of mailcore/db/schema, embedded at build time;
 * steps for db_migrate.  search: of search.db, which stands beside account.db.
 */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include <stddef.h>

extern const char *const schema_house[];
extern const size_t schema_house_count;
extern const char *const schema_account[];
extern const size_t schema_account_count;
extern const char *const schema_search[];
extern const size_t schema_search_count;

#endif
