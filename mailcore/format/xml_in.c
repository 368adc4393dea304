#include "mailcore/format/xml_in.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/xml_out.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include <pthread.h>
#include <string.h>

/*
 * The tree is built from SAX2 events straight into the arena, so that the
 * arena's budget bounds what a document may cost; libxml2 itself keeps none.
 */
struct builder {
	struct arena *arena;
	xmlParserCtxtPtr parser;
	struct xml_element *root;
	struct xml_element *open[LIMIT_XML_DEPTH];
	struct xml_element *last[LIMIT_XML_DEPTH]; /* child of open[i] */
	struct buf text[LIMIT_XML_DEPTH];
	size_t depth;
	size_t kept; /* depth of the element whose inside is kept; 0: none */
	struct xml_out inner;
	struct buf inner_bytes;
	result r;
};

static const xmlChar xml[] = "xml", xmlns[] = "xmlns";

static view
view_of_xml(const xmlChar *text)
{
	return view_of((const char *)text);
}

static void
stop(struct builder *b, enum status is, const char *why)
{
	if (b->r.is == OK)
		b->r = fail(is, why);
	xmlStopParser(b->parser);
}

/* Most elements share the namespace of the one around them. */
static view
keep_namespace(struct builder *b, const xmlChar *uri)
{
	view ns = view_of_xml(uri);

	if (b->depth > 0 && view_eq(b->open[b->depth - 1]->ns, ns))
		return b->open[b->depth - 1]->ns;
	return arena_copy(b->arena, ns);
}

/* libxml2 hands attributes over as five pointers each: local name, prefix,
 * URI, begin and end of the value. */
static view
attribute_value(const xmlChar **attribute)
{
	return (view){ (const char *)attribute[3],
		(size_t)(attribute[4] - attribute[3]) };
}

/* Its own xml:lang, or that of the element around it. */
static view
language_of(const struct builder *b, const struct xml_element *e)
{
	static const view space =
	    VIEW_INIT("http://www.w3.org/XML/1998/namespace");

	for (size_t i = 0; i < e->attribute_count; i++)
		if (view_eq(e->attributes[i].name, VIEW("lang"))
		    && view_eq(e->attributes[i].ns, space))
			return e->attributes[i].value;
	return b->depth > 0 ? b->open[b->depth - 1]->language : VIEW("");
}

static void
keep_attributes(struct builder *b, struct xml_element *e, size_t count,
    const xmlChar **attributes)
{
	e->attributes = arena_array(b->arena, count, sizeof *e->attributes);
	if (e->attributes == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		const xmlChar **from = attributes + i * 5;
		struct xml_attribute *to = &e->attributes[i];

		to->ns = arena_copy(b->arena, view_of_xml(from[2]));
		to->name = arena_copy(b->arena, view_of_xml(from[0]));
		to->value = arena_copy(b->arena, attribute_value(from));
	}
	e->attribute_count = count;
}

/* "prefix:name" or "name", as a C string of the arena. */
static const char *
qualified(struct builder *b, const xmlChar *prefix, const xmlChar *name)
{
	view v = prefix == NULL ? arena_copy(b->arena, view_of_xml(name))
				: arena_print(b->arena, "%s:%s",
				    (const char *)prefix, (const char *)name);

	return arena_result(b->arena).is == OK ? v.p : "x";
}

/* Every element declares the prefixes that it and its attributes use: more
 * than needed, but right wherever the piece is put. */
static void
inner_start(struct builder *b, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, size_t count, const xmlChar **attributes)
{
	xml_start(&b->inner, qualified(b, prefix, name));
	if (prefix != NULL)
		xml_set(
		    &b->inner, qualified(b, xmlns, prefix), view_of_xml(uri));
	else
		xml_set(&b->inner, "xmlns", view_of_xml(uri));
	for (size_t i = 0; i < count; i++) {
		const xmlChar **a = attributes + i * 5;
		bool declare = a[1] != NULL && !xmlStrEqual(a[1], prefix)
		    && !xmlStrEqual(a[1], xml);

		for (size_t k = 0; k < i; k++)
			declare = declare
			    && !xmlStrEqual(a[1], attributes[k * 5 + 1]);
		if (declare)
			xml_set(&b->inner, qualified(b, xmlns, a[1]),
			    view_of_xml(a[2]));
		xml_set(
		    &b->inner, qualified(b, a[1], a[0]), attribute_value(a));
	}
}

static void
append(struct builder *b, struct xml_element *e)
{
	if (b->depth == 0)
		b->root = e;
	else if (b->last[b->depth - 1] == NULL)
		b->open[b->depth - 1]->first = e;
	else
		b->last[b->depth - 1]->next = e;
	if (b->depth > 0)
		b->last[b->depth - 1] = e;
	b->open[b->depth] = e;
	b->last[b->depth] = NULL;
	buf_reset(&b->text[b->depth]);
}

static void
on_start(void *context, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int namespaces, const xmlChar **declared, int count,
    int defaulted, const xmlChar **attributes)
{
	struct builder *b = ((xmlParserCtxtPtr)context)->_private;
	struct xml_element *e;

	(void)declared;
	(void)defaulted;
	if (b->r.is != OK)
		return;
	if (b->depth == LIMIT_XML_DEPTH) {
		stop(b, OVER_LIMIT, "XML: too deep");
		return;
	}
	if (count > LIMIT_XML_ATTRIBUTES || namespaces > LIMIT_XML_ATTRIBUTES) {
		stop(b, OVER_LIMIT, "XML: too many attributes");
		return;
	}
	if (b->kept > 0)
		inner_start(b, name, prefix, uri, (size_t)count, attributes);
	e = arena_alloc(b->arena, sizeof *e);
	if (e == NULL) {
		stop(b, OVER_LIMIT, "XML: larger than one request may use");
		return;
	}
	e->ns = keep_namespace(b, uri);
	e->name = arena_copy(b->arena, view_of_xml(name));
	e->text = e->inner = VIEW("");
	if (count > 0)
		keep_attributes(b, e, (size_t)count, attributes);
	e->language = language_of(b, e);
	if (b->kept == 0 && b->depth > 0
	    && xml_is(b->open[b->depth - 1], VIEW("DAV:"), VIEW("prop"))) {
		b->kept = b->depth + 1;
		buf_reset(&b->inner_bytes);
		b->inner = (struct xml_out){ .to = &b->inner_bytes };
	}
	append(b, e);
	b->depth++;
}

static void
on_end(void *context, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct builder *b = ((xmlParserCtxtPtr)context)->_private;
	struct xml_element *e;

	(void)uri;
	if (b->r.is != OK || b->depth == 0)
		return;
	e = b->open[--b->depth];
	e->text = arena_copy(b->arena, buf_view(&b->text[b->depth]));
	if (b->kept == b->depth + 1) {
		e->inner = arena_copy(b->arena, buf_view(&b->inner_bytes));
		b->kept = 0;
	} else if (b->kept > 0) {
		xml_end(&b->inner, qualified(b, prefix, name));
	}
}

static void
on_text(void *context, const xmlChar *text, int n)
{
	struct builder *b = ((xmlParserCtxtPtr)context)->_private;
	view v = { (const char *)text, (size_t)n };

	if (b->r.is != OK || b->depth == 0)
		return;
	buf_add(&b->text[b->depth - 1], v);
	if (b->kept > 0)
		xml_text(&b->inner, v);
}

/* RFC 4918 20.6 and common sense: a DTD is never needed. */
static void
on_dtd(void *context, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	stop(((xmlParserCtxtPtr)context)->_private, MALFORMED,
	    "RFC 4918 20.6: no document type declarations");
}

static void
start_library(void)
{
	xmlInitParser();
}

static void
set_handlers(xmlSAXHandler *sax)
{
	*sax = (xmlSAXHandler){
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_dtd,
		.externalSubset = on_dtd,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.ignorableWhitespace = on_text,
	};
}

/* Some failures of decoding bypass XML_PARSE_NOERROR and go to stderr, which
 * is our log; the result tells them. */
static void __attribute__((format(printf, 2, 3)))
say_nothing(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

static void
parse_document(struct builder *b, view text)
{
	/* NOENT: without it "&amp;" in an attribute comes as "&#38;".  Other
	 * entities than the five there cannot be: no handler declares any,
	 * and on_dtd ends the parsing before. */
	int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING
	    | XML_PARSE_NOENT;
	xmlDocPtr document;

	xmlSetGenericErrorFunc(NULL, say_nothing); /* of this thread */
	set_handlers(b->parser->sax);
	b->parser->_private = b;
	document = xmlCtxtReadMemory(
	    b->parser, text.p, (int)text.n, NULL, NULL, options);
	if (b->r.is == OK && !b->parser->wellFormed)
		b->r = fail(MALFORMED, "XML: not well-formed");
	if (b->r.is == OK && !b->parser->nsWellFormed)
		b->r = fail(MALFORMED, "XML: a prefix without a namespace");
	if (document != NULL)
		xmlFreeDoc(document);
}

result
xml_parse(view text, struct arena *arena, struct xml_element **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct builder *b = arena_alloc(arena, sizeof *b);

	*out = NULL;
	if (b == NULL)
		return arena_result(arena);
	if (text.n == 0)
		return fail(MALFORMED, "XML: empty");
	if (text.n > LIMIT_XML)
		return fail(OVER_LIMIT, "XML: larger than LIMIT_XML");
	(void)pthread_once(&once, start_library);
	b->arena = arena;
	b->r = done();
	b->inner_bytes = buf_new(4 * (size_t)LIMIT_XML);
	for (size_t i = 0; i < LIMIT_XML_DEPTH; i++)
		b->text[i] = buf_new(LIMIT_XML);
	b->parser = xmlNewParserCtxt();
	if (b->parser == NULL)
		return fail(FAILED, "XML: no memory");
	parse_document(b, text);
	xmlFreeParserCtxt(b->parser);
	for (size_t i = 0; i < LIMIT_XML_DEPTH; i++)
		buf_free(&b->text[i]);
	if (b->r.is == OK)
		b->r = buf_result(&b->inner_bytes);
	buf_free(&b->inner_bytes);
	TRY(arena_result(arena));
	TRY(b->r);
	if (b->root == NULL)
		return fail(MALFORMED, "XML: no element");
	*out = b->root;
	return done();
}

bool
xml_is(const struct xml_element *e, view ns, view name)
{
	return view_eq(e->name, name) && view_eq(e->ns, ns);
}

struct xml_element *
xml_child(const struct xml_element *e, view ns, view name)
{
	for (struct xml_element *c = e->first; c != NULL; c = c->next)
		if (xml_is(c, ns, name))
			return c;
	return NULL;
}

size_t
xml_count(const struct xml_element *e, view ns, view name)
{
	size_t n = 0;

	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		n += view_eq(c->ns, ns)
		    && (name.n == 0 || view_eq(c->name, name));
	return n;
}

view
xml_attribute(const struct xml_element *e, view name)
{
	for (size_t i = 0; i < e->attribute_count; i++)
		if (e->attributes[i].ns.n == 0
		    && view_eq(e->attributes[i].name, name))
			return e->attributes[i].value;
	return VIEW("");
}
