/* What a POX request asks for. */
#include "autoconfig/autodiscover.h"

#include "mailcore/format/xml_in.h"

static const struct schema {
	const char *request; /* namespaces, without their "http://" */
	const char *response;
	enum autodiscover_schema is;
} schemas[] = {
	{ "schemas.microsoft.com/exchange/autodiscover/outlook/requestschema"
	  "/2006", "schemas.microsoft.com/exchange/autodiscover/outlook"
	  "/responseschema/2006a", AUTODISCOVER_OUTLOOK },
	{ "schemas.microsoft.com/exchange/autodiscover/mobilesync"
	  "/requestschema/2006", "schemas.microsoft.com/exchange/autodiscover"
	  "/mobilesync/responseschema/2006", AUTODISCOVER_MOBILESYNC },
};

/* Microsoft's documents show "https://" too, by an accident of editing. */
static view
without_scheme(view uri)
{
	uri = view_trim(uri);
	if (view_starts_same(uri, VIEW("http://")))
		return view_from(uri, 7);
	if (view_starts_same(uri, VIEW("https://")))
		return view_from(uri, 8);
	return VIEW("");
}

static const struct schema *
schema_asked(view ns)
{
	for (size_t i = 0; i < COUNT(schemas); i++)
		if (view_same(without_scheme(ns),
		        view_of(schemas[i].request)))
			return &schemas[i];
	return NULL;
}

static const struct schema *
schema_wanted(view ns)
{
	for (size_t i = 0; i < COUNT(schemas); i++)
		if (view_same(without_scheme(ns),
		        view_of(schemas[i].response)))
			return &schemas[i];
	return NULL;
}

struct asked {
	const struct xml_element *address;
	const struct schema *schema; /* an acceptable one that we know */
	bool names_schema;
	bool legacy; /* LegacyDN instead of an address */
};

/* The one Request; NULL: none, or several. */
static const struct xml_element *
only_request(const struct xml_element *root)
{
	const struct xml_element *found = NULL;

	for (const struct xml_element *e = root->first; e != NULL;
	     e = e->next) {
		if (!xml_is(e, root->ns, VIEW("Request")))
			continue;
		if (found != NULL)
			return NULL;
		found = e;
	}
	return found;
}

/* false: an element that may not be so. */
static bool
read_request(const struct xml_element *request, struct asked *a)
{
	for (const struct xml_element *e = request->first; e != NULL;
	     e = e->next) {
		if (!view_eq(e->ns, request->ns))
			continue;
		if (view_same(e->name, VIEW("EMailAddress"))) {
			if (a->address != NULL || e->first != NULL)
				return false;
			a->address = e;
		} else if (view_eq(e->name,
		               VIEW("AcceptableResponseSchema"))) {
			a->names_schema = true;
			if (a->schema == NULL)
				a->schema = schema_wanted(e->text);
		} else if (view_eq(e->name, VIEW("LegacyDN"))) {
			a->legacy = true;
		}
	}
	return true;
}

static enum autodiscover_error
judge(const struct asked *a, const struct schema *root, struct arena *arena,
    struct autodiscover_question *out)
{
	const struct schema *schema = a->schema;
	struct address address;

	if (!a->names_schema && root->is == AUTODISCOVER_OUTLOOK)
		schema = root;
	if (schema == NULL && !a->names_schema)
		return AUTODISCOVER_INVALID;
	if (schema != NULL)
		out->schema = schema->is;
	if (a->address == NULL || view_trim(a->address->text).n == 0)
		return a->legacy ? AUTODISCOVER_NO_ADDRESS
				 : AUTODISCOVER_INVALID;
	/* ActiveSync is not spoken here. */
	if (schema == NULL || schema->is != AUTODISCOVER_OUTLOOK)
		return AUTODISCOVER_NO_SCHEMA;
	if (autoconfig_address(a->address->text, arena, &address).is != OK)
		return AUTODISCOVER_NO_ADDRESS;
	out->login = address_text(&address, arena);
	out->domain = address.domain;
	return AUTODISCOVER_FINE;
}

/* Where the XML begins: some clients send a byte order mark or an empty line
 * first, and XML 1.0 2.8 wants the declaration at the very start. */
static view
trimmed(view body)
{
	if (view_starts(body, VIEW("\xef\xbb\xbf")))
		body = view_from(body, 3);
	return view_trim(body);
}

static bool
is_utf16(view body)
{
	return view_starts(body, VIEW("\xfe\xff"))
	    || view_starts(body, VIEW("\xff\xfe"));
}

void
autodiscover_ask(view body, struct arena *arena,
    struct autodiscover_question *out)
{
	const struct xml_element *request;
	const struct schema *schema;
	struct xml_element *root;
	struct asked a = { .address = NULL };

	*out = (struct autodiscover_question){
		.schema = AUTODISCOVER_OUTLOOK,
		.error = AUTODISCOVER_INVALID,
	};
	if (!is_utf16(body)) {
		body = trimmed(body);
		/* The parser takes a NUL for the end. */
		if (view_find_byte(body, '\0') != SIZE_MAX)
			return;
	}
	if (xml_parse(body, arena, &root).is != OK
	    || !view_eq(root->name, VIEW("Autodiscover")))
		return;
	schema = schema_asked(root->ns);
	if (schema == NULL)
		return;
	out->schema = schema->is;
	request = only_request(root);
	if (request == NULL || !read_request(request, &a))
		return;
	out->error = judge(&a, schema, arena, out);
	if (out->error == AUTODISCOVER_FINE
	    && arena_result(arena).is != OK)
		out->error = AUTODISCOVER_INTERNAL;
}
