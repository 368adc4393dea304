#include "mailcore/smtp/parse.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"

/* A quoted local part may double every byte; a source route comes on top. */
enum { PATH_MAX_OCTETS = 2 * LIMIT_ADDRESS + 1024 };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_keyword(char c)
{
	return ascii_is_alnum(c) || c == '-';
}

/* esmtp-value (RFC 5321 4.1.2), with RFC 6531's octets above 127. */
static bool
is_value(char c)
{
	return !ascii_is_control(c) && c != ' ' && c != '=';
}

static bool
is_hello(char c)
{
	return !ascii_is_control(c) && c != ' ';
}

/* Where the path's '>' stands, or SIZE_MAX: quoted strings may hold one. */
static size_t
path_length(view v)
{
	bool quoted = false;

	for (size_t i = 0; i < v.n; i++) {
		int c = view_at(v, i);

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
		else if (c == '>' && !quoted)
			return i;
	}
	return SIZE_MAX;
}

/* "<" [source route] address ">"; the route is ignored (RFC 5321 F.2). */
static view
take_path(struct scan *s)
{
	size_t n;
	view path;

	scan_while(s, is_blank);
	scan_byte(s, '<', "RFC 5321 4.1.2: a path starts with <");
	n = path_length(s->rest);
	if (n == SIZE_MAX)
		scan_fail(s, MALFORMED, "RFC 5321 4.1.2: a path ends with >");
	if (n > PATH_MAX_OCTETS)
		scan_fail(s, MALFORMED, "RFC 5321 4.5.3.1.3: path too long");
	path = scan_bytes(s, n, "RFC 5321 4.1.2: a path ends with >");
	scan_byte(s, '>', "RFC 5321 4.1.2: a path ends with >");
	if (view_at(path, 0) == '@') {
		(void)view_cut(&path, ':');
		if (path.n == 0)
			scan_fail(s, MALFORMED, "RFC 5321 4.1.2: no mailbox");
	}
	return path;
}

struct parameter {
	view name;
	view value;
	bool has_value;
};

/* The next " KEYWORD[=value]"; false at the end and after a failure. */
static bool
next_parameter(struct scan *s, struct parameter *out)
{
	size_t blanks = scan_while(s, is_blank).n;

	if (!scan_ok(s) || scan_at_end(s))
		return false;
	if (blanks == 0)
		scan_fail(s, MALFORMED, "RFC 5321 4.1.1: junk after the path");
	*out = (struct parameter){ .value = VIEW("") };
	out->name = scan_run(s, is_keyword, LIMIT_DOMAIN,
	    "RFC 5321 4.1.2: bad parameter name");
	out->has_value = scan_try_byte(s, '=');
	if (out->has_value)
		out->value = scan_run(s, is_value, LIMIT_SMTP_LINE,
		    "RFC 5321 4.1.2: a parameter's value is missing");
	return scan_ok(s);
}

static result
take_size(const struct parameter *p, struct smtp_mail *mail)
{
	struct scan s = scan_over(p->value);

	mail->size = scan_number(&s, INT64_MAX, "RFC 1870 3: bad SIZE");
	scan_end(&s, "RFC 1870 3: bad SIZE");
	return scan_result(&s);
}

static result
take_body(const struct parameter *p, struct smtp_mail *mail)
{
	mail->eightbit = view_same(p->value, VIEW("8BITMIME"));
	if (!mail->eightbit && !view_same(p->value, VIEW("7BIT")))
		return fail(MALFORMED, "RFC 6152 2: unknown BODY");
	return done();
}

static result
take_utf8(const struct parameter *p, struct smtp_mail *mail)
{
	if (p->has_value)
		return fail(MALFORMED, "RFC 6531 3.4: SMTPUTF8 has no value");
	mail->utf8 = true;
	return done();
}

static result
take_auth(const struct parameter *p, struct smtp_mail *mail)
{
	if (!p->has_value)
		return fail(MALFORMED, "RFC 4954 5: AUTH= has a value");
	mail->auth = true;
	return done();
}

static const struct {
	view name;
	result (*take)(const struct parameter *, struct smtp_mail *);
} mail_parameters[] = {
	{ VIEW_INIT("SIZE"), take_size },
	{ VIEW_INIT("BODY"), take_body },
	{ VIEW_INIT("SMTPUTF8"), take_utf8 },
	{ VIEW_INIT("AUTH"), take_auth },
};

static result
mail_parameter(const struct parameter *p, struct arena *arena,
    struct smtp_mail *mail)
{
	for (size_t i = 0; i < COUNT(mail_parameters); i++)
		if (view_same(p->name, mail_parameters[i].name))
			return mail_parameters[i].take(p, mail);
	return ask_mail(&mail->ask, arena, p->name, p->value);
}

/* All that is wrong with an address is bad syntax to the peer. */
static result
read_address(view path, struct arena *arena, struct address *address,
    view *text)
{
	result r = address_parse(path, arena, address);

	if (r.is == OK)
		*text = address_text(address, arena);
	else if (r.is == OVER_LIMIT)
		r = fail(MALFORMED, r.why);
	return r;
}

result
smtp_parse_mail(view argument, struct arena *arena, struct smtp_mail *out)
{
	struct scan s = scan_over(argument);
	struct parameter p;
	struct address address;
	view path;

	*out = (struct smtp_mail){ .sender = VIEW("") };
	scan_word(&s, VIEW("FROM:"), "RFC 5321 4.1.1.2: MAIL FROM:<path>");
	path = take_path(&s);
	out->bad_path = !scan_ok(&s);
	while (next_parameter(&s, &p)) {
		result r = mail_parameter(&p, arena, out);

		if (r.is != OK)
			scan_fail(&s, r.is, r.why);
	}
	TRY(scan_result(&s));
	if (path.n == 0)
		return done();
	if (!out->utf8 && !utf8_is_ascii(path))
		return fail(DENIED, "RFC 6531 3.5: needs SMTPUTF8");
	out->bad_path = true;
	TRY(read_address(path, arena, &address, &out->sender));
	out->bad_path = false;
	return arena_result(arena);
}

result
smtp_parse_rcpt(view argument, struct arena *arena, struct smtp_rcpt *out)
{
	struct scan s = scan_over(argument);
	struct parameter p;
	struct address address;
	view path;

	*out = (struct smtp_rcpt){ .address = VIEW("") };
	scan_word(&s, VIEW("TO:"), "RFC 5321 4.1.1.3: RCPT TO:<path>");
	path = take_path(&s);
	out->bad_path = !scan_ok(&s);
	while (next_parameter(&s, &p)) {
		result r = ask_rcpt(&out->want, arena, p.name, p.value);

		if (r.is != OK)
			scan_fail(&s, r.is, r.why);
		out->asks = true;
	}
	TRY(scan_result(&s));
	if (view_same(path, VIEW("postmaster"))) {
		out->address = VIEW("postmaster");
		out->domain = VIEW("");
		return done();
	}
	out->utf8 = !utf8_is_ascii(path);
	out->bad_path = true;
	TRY(read_address(path, arena, &address, &out->address));
	out->bad_path = false;
	out->domain = address.domain;
	return arena_result(arena);
}

result
smtp_parse_hello(view argument, view *name)
{
	struct scan s = scan_over(view_trim(argument));

	*name = scan_run(&s, is_hello, LIMIT_DOMAIN,
	    "RFC 5321 4.1.1.1: a domain or an address literal");
	scan_end(&s, "RFC 5321 4.1.1.1: a domain or an address literal");
	return scan_result(&s);
}

result
smtp_parse_bdat(view argument, uint64_t *size, bool *last)
{
	struct scan s = scan_over(view_trim(argument));

	*size = scan_number(&s, INT64_MAX, "RFC 3030 2: BDAT size [LAST]");
	*last = scan_while(&s, is_blank).n > 0 && scan_try(&s, VIEW("LAST"));
	scan_end(&s, "RFC 3030 2: BDAT size [LAST]");
	return scan_result(&s);
}
