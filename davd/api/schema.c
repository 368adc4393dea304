#include "davd/api/schema.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

#include <string.h>

static const char missing[] = "a required field is missing";
static const char unknown[] = "there is no such field here";

/* Characters, as JSON Schema counts. */
static int64_t
length(view text)
{
	int64_t n = 0;

	for (; text.n > 0; n++)
		(void)utf8_next(&text);
	return n;
}

static view
text_of(const json_t *v)
{
	return (view){ json_string_value(v), json_string_length(v) };
}

size_t
api_word(const char *const *words, view text)
{
	size_t i = 0;

	while (words[i] != NULL && !view_eq(view_of(words[i]), text))
		i++;
	return i;
}

static result
check_string(const struct api_field *f, const json_t *v)
{
	view text;

	if (!json_is_string(v))
		return fail(MALFORMED, "expected a string");
	text = text_of(v);
	if (f->words != NULL && f->words[api_word(f->words, text)] == NULL)
		return fail(MALFORMED, "expected one of the known words");
	if (f->words == NULL && length(text) < f->least)
		return fail(MALFORMED, "expected more characters");
	if (f->words == NULL && f->most != 0 && length(text) > f->most)
		return fail(MALFORMED, "expected fewer characters");
	return done();
}

static result
check_strings(const struct api_field *f, const json_t *v)
{
	size_t count = json_array_size(v);

	if (!json_is_array(v))
		return fail(MALFORMED, "expected an array of strings");
	if (f->items != 0 && count > (size_t)f->items)
		return fail(MALFORMED, "expected fewer elements");
	for (size_t i = 0; i < count; i++) {
		TRY(check_string(f, json_array_get(v, i)));
		for (size_t j = 0; j < i; j++)
			if (json_equal(json_array_get(v, i),
			        json_array_get(v, j)))
				return fail(MALFORMED,
				    "expected different elements");
	}
	return done();
}

static result
check_integer(const struct api_field *f, const json_t *v)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v))
		return fail(MALFORMED, "expected a whole number");
	if (n < f->least || (f->most != 0 && n > f->most))
		return fail(MALFORMED, "the number is out of its range");
	return done();
}

static result
check_objects(const struct api_field *f, const json_t *v, struct arena *arena,
    view *field)
{
	if (!json_is_array(v))
		return fail(MALFORMED, "expected an array of objects");
	if (f->items != 0 && json_array_size(v) > (size_t)f->items)
		return fail(MALFORMED, "expected fewer elements");
	for (size_t i = 0; i < json_array_size(v); i++)
		TRY(api_check(f->of, json_array_get(v, i), arena, field));
	return done();
}

static result
check_value(const struct api_field *f, const json_t *v, struct arena *arena,
    view *field)
{
	switch (f->type) {
	case API_STRING:
		return check_string(f, v);
	case API_INTEGER:
		return check_integer(f, v);
	case API_BOOLEAN:
		return json_is_boolean(v)
		    ? done()
		    : fail(MALFORMED, "expected true or false");
	case API_STRINGS:
		return check_strings(f, v);
	case API_OBJECT:
		return api_check(f->of, v, arena, field);
	case API_OBJECTS:
		return check_objects(f, v, arena, field);
	}
	return fail(FAILED, "a field of no type");
}

static const struct api_field *
field_find(const struct api_schema *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->fields[i].name, name) == 0)
			return &s->fields[i];
	return NULL;
}

static result
no_unknown(const struct api_schema *s, const json_t *object,
    struct arena *arena, view *field)
{
	union {
		const json_t *in;
		json_t *out;
	} o = { .in = object }; /* iterating changes nothing */
	const char *name;
	json_t *value;

	json_object_foreach(o.out, name, value) {
		if (field_find(s, name) != NULL)
			continue;
		*field = arena_copy(arena, view_of(name));
		return fail(MALFORMED, unknown);
	}
	return done();
}

result
api_check(const struct api_schema *s, const json_t *object,
    struct arena *arena, view *field)
{
	if (!json_is_object(object))
		return fail(MALFORMED, "expected an object");
	TRY(no_unknown(s, object, arena, field));
	for (size_t i = 0; i < s->count; i++) {
		const struct api_field *f = &s->fields[i];
		const json_t *v = json_object_get(object, f->name);
		result r = done();

		if (v == NULL && !f->optional)
			r = fail(MALFORMED, missing);
		else if (v != NULL)
			r = check_value(f, v, arena, field);
		if (r.is != OK && field->n == 0)
			*field = view_of(f->name);
		TRY(r);
	}
	return done();
}

result
api_read(const struct api_schema *s, view text, struct arena *arena,
    json_t **out, view *field)
{
	json_error_t error;
	json_t *object;
	result r;

	*out = NULL;
	*field = VIEW("");
	if (text.n > LIMIT_API_BODY)
		return fail(OVER_LIMIT, "the body is larger than allowed");
	object = json_loadb(text.p == NULL ? "" : text.p, text.n,
	    JSON_REJECT_DUPLICATES, &error);
	if (object == NULL)
		return fail(MALFORMED, "RFC 8259: the body is not one JSON"
		    " object with different names");
	r = api_check(s, object, arena, field);
	if (r.is == OK)
		*out = object;
	else
		json_decref(object);
	return r;
}

view
api_text(const json_t *body, const char *name)
{
	const json_t *v = json_object_get(body, name);

	return json_is_string(v) ? text_of(v) : VIEW("");
}

bool
api_is(const json_t *body, const char *name)
{
	return json_is_true(json_object_get(body, name));
}
