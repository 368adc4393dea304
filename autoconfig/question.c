#include "autoconfig/question.h"

/* Names under which a domain's clients reach us. */
static const char *const prefixes[] = { "autoconfig.", "autodiscover.",
	"ua-auto-config.", "mail.", "mta-sts.", "www.", "imap.", "smtp.",
	"pop3.", "dav." };

static view
without_dot(view name)
{
	return view_ends(name, VIEW(".")) ? view_first(name, name.n - 1)
	                                  : name;
}

static void
add(struct autoconfig_question *question, view name, struct arena *arena)
{
	view domain;

	if (name.n > 0 && domain_normalise(name, arena, &domain).is == OK)
		question->domains[question->count++] = domain;
}

result
autoconfig_address(view text, struct arena *arena, struct address *out)
{
	text = without_dot(view_trim(text));
	if (address_parse(text, arena, out).is != OK)
		return fail(MALFORMED, "RFC 5321 4.1.2: no address");
	return arena_result(arena);
}

result
autoconfig_ask(view text, view host, struct arena *arena,
    struct autoconfig_question *out)
{
	struct address address;

	*out = (struct autoconfig_question){ .count = 0 };
	text = view_trim(text);
	if (text.n > 0) {
		TRY(autoconfig_address(text, arena, &address));
		add(out, address.domain, arena);
		return arena_result(arena);
	}
	host = without_dot(host);
	add(out, host, arena);
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (!view_starts_same(host, view_of(prefixes[i])))
			continue;
		(void)view_cut(&host, '.');
		add(out, host, arena);
		break;
	}
	return arena_result(arena);
}
