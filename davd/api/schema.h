/*
 * schema.h - what requests and answers look like, as tables: bodies are
 * checked by them, and openapi.json is made of them.
 */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H

#include "mailcore/base/arena.h"

#include <jansson.h>

enum api_type {
	API_STRING,
	API_INTEGER,
	API_BOOLEAN,
	API_STRINGS, /* an array of different ones */
	API_OBJECT,
	API_OBJECTS /* an array of them */
};

struct api_schema;

struct api_field {
	const char *name;
	const char *about;
	enum api_type type;
	bool optional;
	/* Characters of each string, the number itself.  `most` 0: no bound
	 * is told (answers). */
	int64_t least, most;
	int64_t items;            /* of an array, at most */
	const char *const *words; /* the only values; NULL at the end */
	const struct api_schema *of;
	const char *format; /* of JSON Schema: "uri"; NULL: none */
};

struct api_schema {
	const char *name;
	const char *about;
	const struct api_field *fields;
	size_t count;
	/* Not JSON at all, but a file of that type, which the operation reads:
	 * of at most LIMIT_IMPORT.  NULL: JSON. */
	const char *media;
};

/* A JSON text that is one object of that schema and nothing else.  `*out` is
 * the caller's.  MALFORMED: `*field` names what is wrong, in `arena`, or is
 * "". */
CHECKED result api_read(const struct api_schema *, view text, struct arena *,
    json_t **out, view *field);

/* The same of an object that is there. */
CHECKED result api_check(const struct api_schema *, const json_t *,
    struct arena *, view *field);

/* Of a checked body: "" and false for what is not there. */
view api_text(const json_t *body, const char *name);
bool api_is(const json_t *body, const char *name);

/* Where `text` stands among `words`; their count: nowhere. */
size_t api_word(const char *const *words, view text);

#endif
