/* Scripts in scripts (RFC 6609). */
#include "mailcore/sieve/run.h"

#include <string.h>

/* What looking for one costs, in steps. */
enum { FETCH = 1000 };

static bool
is_in(view name, const view *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq(name, list[i]))
			return true;
	return false;
}

/* RFC 6609 3.2: that one is missing, recurs or is too deep is found when it
 * is run, for scripts may come in any order. */
static result
check(struct run *r, view name)
{
	if (is_in(name, r->including, r->depth))
		return run_fault(r, "RFC 6609 3.2: it includes itself", name);
	if (r->depth == LIMIT_SIEVE_INCLUDE_DEPTH)
		return run_fault(r, "RFC 6609 3.2: too many scripts in"
		    " scripts", name);
	if (r->included_count == LIMIT_SIEVE_INCLUDES)
		return run_fault(r, "RFC 6609 3.2: too many included scripts",
		    name);
	return done();
}

/* There are no global scripts here. */
static result
fetch(struct run *r, const struct sieve_node *node, view name, view *text)
{
	const struct sieve_host *host = r->mail->host;

	TRY(run_spend(r, FETCH));
	if (node->values[SLOT_WHERE].number == 1)
		return fail(NOT_FOUND, "");
	TRY(host->script(host->context, r->arena, name, text));
	return run_spend(r, text->n);
}

/* Its own variables and match variables, and its own requires. */
static result
run_frame(struct run *r, view name, const struct sieve *script)
{
	const struct sieve *outer = r->script;
	view captures[CAPTURES];
	result done_so_far;

	memcpy(captures, r->captures, sizeof captures);
	memset(r->captures, 0, sizeof r->captures);
	r->included[r->included_count++] = name;
	r->including[r->depth++] = name;
	r->script = script;
	done_so_far = run_block(r, script->first);
	run_forget(r);
	r->returned = false;
	r->script = outer;
	r->depth--;
	memcpy(r->captures, captures, sizeof captures);
	return done_so_far;
}

/* RFC 6609 3.2: the name is a constant. */
result
act_include(struct run *r, const struct sieve_node *node)
{
	view name = node->values[SLOT_1].strings[0], text = VIEW("");
	struct sieve *script;
	result found;

	if (run_has(node, SLOT_ONCE)
	    && is_in(name, r->included, r->included_count))
		return done();
	TRY(check(r, name));
	found = fetch(r, node, name, &text);
	if (found.is == NOT_FOUND)
		return run_has(node, SLOT_OPTIONAL) ? done()
		    : run_fault(r, "RFC 6609 3.2: there is no such script",
			name);
	TRY(found);
	TRY(sieve_compile_stored(r->arena, text, &script, &r->out->error));
	r->out->error = (struct sieve_error){ .line = 0 };
	return run_frame(r, name, script);
}

result
act_return(struct run *r, const struct sieve_node *node)
{
	(void)node;
	r->returned = true;
	return done();
}
