#include "mailcore/imap/search.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/text.h"

/* How a key goes on behind its name. */
enum argument {
	NOTHING,
	WORD,
	STRING,
	DAY,
	NUMBER,
	SECONDS,
	UIDS,
	MODSEQ,
	OBJECT,
	FIELD,
	ONE_KEY,
	TWO_KEYS
};

static const struct name {
	const char *name;
	enum key_kind kind;
	enum argument argument;
	enum cost cost;
	uint32_t flag;
	const char *field;
} names[] = {
	{ "ALL", KEY_ALL, NOTHING, COST_MEMORY, 0, NULL },
	{ "ANSWERED", KEY_FLAG, NOTHING, COST_MEMORY, FLAG_ANSWERED, NULL },
	{ "BCC", KEY_HEADER, STRING, COST_SUMMARY, 0, "Bcc" },
	{ "BEFORE", KEY_BEFORE, DAY, COST_ITEM, 0, NULL },
	{ "BODY", KEY_BODY, STRING, COST_BODY, 0, NULL },
	{ "CC", KEY_HEADER, STRING, COST_SUMMARY, 0, "Cc" },
	{ "DELETED", KEY_FLAG, NOTHING, COST_MEMORY, FLAG_DELETED, NULL },
	{ "DRAFT", KEY_FLAG, NOTHING, COST_MEMORY, FLAG_DRAFT, NULL },
	{ "EMAILID", KEY_EMAILID, OBJECT, COST_ITEM, 0, NULL },
	{ "FLAGGED", KEY_FLAG, NOTHING, COST_MEMORY, FLAG_FLAGGED, NULL },
	{ "FROM", KEY_HEADER, STRING, COST_SUMMARY, 0, "From" },
	{ "HEADER", KEY_HEADER, FIELD, COST_SUMMARY, 0, NULL },
	{ "KEYWORD", KEY_KEYWORD, WORD, COST_MEMORY, 0, NULL },
	{ "LARGER", KEY_LARGER, NUMBER, COST_ITEM, 0, NULL },
	{ "MODSEQ", KEY_MODSEQ, MODSEQ, COST_MEMORY, 0, NULL },
	{ "NEW", KEY_NEW, NOTHING, COST_MEMORY, 0, NULL },
	{ "NOT", KEY_NOT, ONE_KEY, COST_MEMORY, 0, NULL },
	{ "OLD", KEY_OLD, NOTHING, COST_MEMORY, 0, NULL },
	{ "OLDER", KEY_OLDER, SECONDS, COST_ITEM, 0, NULL },
	{ "ON", KEY_ON, DAY, COST_ITEM, 0, NULL },
	{ "OR", KEY_OR, TWO_KEYS, COST_MEMORY, 0, NULL },
	{ "RECENT", KEY_RECENT, NOTHING, COST_MEMORY, 0, NULL },
	{ "SAVEDATESUPPORTED", KEY_ALL, NOTHING, COST_MEMORY, 0, NULL },
	{ "SAVEDBEFORE", KEY_SAVEDBEFORE, DAY, COST_ITEM, 0, NULL },
	{ "SAVEDON", KEY_SAVEDON, DAY, COST_ITEM, 0, NULL },
	{ "SAVEDSINCE", KEY_SAVEDSINCE, DAY, COST_ITEM, 0, NULL },
	{ "SEEN", KEY_FLAG, NOTHING, COST_MEMORY, FLAG_SEEN, NULL },
	{ "SENTBEFORE", KEY_SENTBEFORE, DAY, COST_SUMMARY, 0, NULL },
	{ "SENTON", KEY_SENTON, DAY, COST_SUMMARY, 0, NULL },
	{ "SENTSINCE", KEY_SENTSINCE, DAY, COST_SUMMARY, 0, NULL },
	{ "SINCE", KEY_SINCE, DAY, COST_ITEM, 0, NULL },
	{ "SMALLER", KEY_SMALLER, NUMBER, COST_ITEM, 0, NULL },
	{ "SUBJECT", KEY_HEADER, STRING, COST_SUMMARY, 0, "Subject" },
	{ "TEXT", KEY_TEXT, STRING, COST_BODY, 0, NULL },
	/* No message has one. */
	{ "THREADID", KEY_NONE, WORD, COST_MEMORY, 0, NULL },
	{ "TO", KEY_HEADER, STRING, COST_SUMMARY, 0, "To" },
	{ "UID", KEY_UIDS, UIDS, COST_MEMORY, 0, NULL },
	{ "UNANSWERED", KEY_NO_FLAG, NOTHING, COST_MEMORY, FLAG_ANSWERED,
	    NULL },
	{ "UNDELETED", KEY_NO_FLAG, NOTHING, COST_MEMORY, FLAG_DELETED, NULL },
	{ "UNDRAFT", KEY_NO_FLAG, NOTHING, COST_MEMORY, FLAG_DRAFT, NULL },
	{ "UNFLAGGED", KEY_NO_FLAG, NOTHING, COST_MEMORY, FLAG_FLAGGED, NULL },
	{ "UNKEYWORD", KEY_NO_KEYWORD, WORD, COST_MEMORY, 0, NULL },
	{ "UNSEEN", KEY_NO_FLAG, NOTHING, COST_MEMORY, FLAG_SEEN, NULL },
	{ "YOUNGER", KEY_YOUNGER, SECONDS, COST_ITEM, 0, NULL },
};

struct reading {
	struct parse *in;
	const struct box *box;
	unsigned keys;
	unsigned depth;
};

static struct key *parse_keys(struct reading *, int end);
static struct key *parse_key(struct reading *);

static void
parse_text(struct reading *r, struct key *k)
{
	view raw = parse_astring(r->in);
	struct buf folded = buf_new(LIMIT_IMAP_LINE * 4);

	if (scan_ok(&r->in->s) && !utf8_is_valid(raw))
		scan_fail(&r->in->s, MALFORMED,
		    "RFC 3501 6.4.4: text is not in that charset");
	text_fold(raw, &folded);
	k->text = arena_copy(r->in->arena, buf_view(&folded));
	buf_free(&folded);
}

/* "MODSEQ 12" or "MODSEQ "/flags/\\seen" all 12" (RFC 7162 3.1.5): we keep
 * one modseq a message, and so the entry makes no difference. */
static void
parse_modseq(struct reading *r, struct key *k)
{
	struct parse *in = r->in;

	if (scan_peek(&in->s) == '"') {
		(void)parse_string(in);
		parse_space(in);
		if (!scan_try(&in->s, VIEW("priv"))
		    && !scan_try(&in->s, VIEW("shared")))
			scan_word(&in->s, VIEW("all"),
			    "RFC 7162 3.1.5: priv, shared or all");
		parse_space(in);
	}
	k->number = (int64_t)parse_number(in, INT64_MAX);
}

static void
parse_uids(struct reading *r, struct key *k)
{
	const struct box *b = r->box;

	parse_set(r->in, &k->set);
	idset_resolve(&k->set,
	    b->told == 0 ? 0 : b->messages[b->told - 1].uid);
}

/* A number that no message has finds nothing. */
static void
parse_numbers(struct reading *r, struct key *k)
{
	k->kind = scan_peek(&r->in->s) == '$' ? KEY_UIDS : KEY_NUMBERS;
	parse_set(r->in, &k->set);
	idset_resolve(&k->set, (uint32_t)r->box->told);
}

/* "M12"; what is no EMAILID of ours finds nothing. */
static void
parse_object(struct reading *r, struct key *k)
{
	view id = parse_atom(r->in);
	uint64_t n = 0;

	if (view_at(id, 0) != 'M'
	    || !view_number(view_from(id, 1), INT64_MAX, &n))
		k->kind = KEY_NONE;
	k->number = (int64_t)n;
}

static void
parse_argument(struct reading *r, const struct name *n, struct key *k)
{
	if (n->argument != NOTHING)
		parse_space(r->in);
	switch (n->argument) {
	case NOTHING:
		break;
	case WORD:
		k->word = parse_atom(r->in);
		break;
	case OBJECT:
		parse_object(r, k);
		break;
	case FIELD:
		k->word = parse_astring(r->in);
		parse_space(r->in);
		parse_text(r, k);
		break;
	case STRING:
		k->word = view_of(n->field);
		parse_text(r, k);
		break;
	case DAY:
		k->number = parse_date(r->in);
		break;
	case NUMBER:
	case SECONDS:
		k->number = (int64_t)parse_number(r->in, INT64_MAX);
		break;
	case UIDS:
		parse_uids(r, k);
		break;
	case MODSEQ:
		parse_modseq(r, k);
		break;
	case ONE_KEY:
		k->first = parse_key(r);
		break;
	case TWO_KEYS:
		k->first = parse_key(r);
		parse_space(r->in);
		if (k->first != NULL)
			k->first->next = parse_key(r);
		break;
	}
}

static void
add_costs(struct key *k)
{
	for (const struct key *inside = k->first; inside != NULL;
	     inside = inside->next)
		if (inside->cost > k->cost)
			k->cost = inside->cost;
}

static bool
is_letter(char c)
{
	return ascii_is_alpha(c);
}

static void
parse_named(struct reading *r, struct key *k)
{
	view word = scan_while(&r->in->s, is_letter);

	for (size_t i = 0; i < COUNT(names); i++) {
		if (!view_same(word, view_of(names[i].name)))
			continue;
		k->kind = names[i].kind;
		k->cost = names[i].cost;
		k->flag = names[i].flag;
		parse_argument(r, &names[i], k);
		return;
	}
	scan_fail(&r->in->s, MALFORMED, "RFC 3501 6.4.4: no such search key");
}

/* Bounded: LIMIT_IMAP_NESTING. */
static struct key *
parse_key(struct reading *r)
{
	struct key *k = arena_alloc(r->in->arena, sizeof *k);
	int c = scan_peek(&r->in->s);

	if (k == NULL || ++r->keys > LIMIT_IMAP_SEARCH_KEYS
	    || r->depth >= LIMIT_IMAP_NESTING) {
		scan_fail(&r->in->s, OVER_LIMIT, "too many search keys");
		return NULL;
	}
	r->depth++;
	if (c == '(') {
		(void)scan_try_byte(&r->in->s, '(');
		k->kind = KEY_AND;
		k->first = parse_keys(r, ')');
		scan_byte(&r->in->s, ')', "RFC 3501 9: not a list of keys");
	} else if (c == '*' || c == '$' || (c >= '0' && c <= '9')) {
		parse_numbers(r, k);
	} else {
		parse_named(r, k);
	}
	r->depth--;
	add_costs(k);
	return k;
}

/* Keep the cheap ones in front. */
static void
insert(struct key **list, struct key *k)
{
	while (*list != NULL && (*list)->cost <= k->cost)
		list = &(*list)->next;
	k->next = *list;
	*list = k;
}

static struct key *
parse_keys(struct reading *r, int end)
{
	struct key *list = NULL;

	do {
		struct key *k = parse_key(r);

		if (k == NULL || !scan_ok(&r->in->s))
			return list;
		insert(&list, k);
	} while (scan_peek(&r->in->s) != end && parse_more(r->in));
	return list;
}

struct key *
search_parse(struct parse *in, const struct box *box)
{
	struct reading r = { .in = in, .box = box };
	struct key *all = arena_alloc(in->arena, sizeof *all);

	if (all == NULL)
		return NULL;
	all->kind = KEY_AND;
	all->first = parse_keys(&r, -1);
	add_costs(all);
	parse_end(in);
	return all;
}

/* Recursion is bounded by the parser: LIMIT_IMAP_NESTING. */
static bool
has_kind(const struct key *k, enum key_kind kind)
{
	if (k->kind == kind)
		return true;
	for (k = k->first; k != NULL; k = k->next)
		if (has_kind(k, kind))
			return true;
	return false;
}

bool
search_wants_modseq(const struct key *k)
{
	return has_kind(k, KEY_MODSEQ);
}

bool
search_has_numbers(const struct key *k)
{
	return has_kind(k, KEY_NUMBERS);
}
