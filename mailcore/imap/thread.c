/*
 * THREAD: RFC 5256 3.  A thread is an array of nodes that name their parents;
 * no step recurses, and the search for loops has a budget, so that no set of
 * References, however made, costs more than its size.
 */
#include "mailcore/base/heap.h"
#include "mailcore/imap/order.h"

#include <stdlib.h>

enum { NONE = -1, STEPS_A_NODE = 64 };

/* A message, or an id that only others name ("dummy"). */
struct node {
	view id;
	const struct ordered *message;
	int parent;
	int merged;   /* a dummy whose children are now those of another */
	int children; /* among the roots: of a dummy */
	int64_t date;
	uint32_t at; /* a dummy: of its first child */
	const struct ordered *first; /* whose subject it has */
	bool gone;
};

struct forest {
	struct node *nodes;
	size_t count;
	size_t steps;
	int *order; /* nodes by parent, then by date */
	int *begin; /* by node + 1: where its children stand in `order` */
};

static void *
room(size_t count, size_t size)
{
	void *p = calloc(count + 1, size);

	if (p == NULL)
		abort();
	return p;
}

static int
by_id(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	int order = view_order(x->id, y->id);

	if (order != 0 || (x->message == NULL && y->message == NULL))
		return order;
	if (x->message == NULL || y->message == NULL)
		return x->message == NULL ? 1 : -1;
	return x->message->at < y->message->at ? -1 : 1;
}

/* All ids, each once; a message whose id another has, or that has none, has a
 * node of its own. */
static void
make_nodes(struct forest *f, const struct ordering *o)
{
	size_t all = 0, n = 0;

	for (size_t i = 0; i < o->length; i++)
		all += o->list[i].id_count + 1;
	f->nodes = room(all, sizeof *f->nodes);
	for (size_t i = 0; i < o->length; i++) {
		const struct ordered *m = &o->list[i];

		f->nodes[n++] = (struct node){ .message = m,
			.id = m->id_count == 0 ? VIEW("") : m->ids[0] };
		for (size_t k = 1; k < m->id_count; k++)
			f->nodes[n++] = (struct node){ .id = m->ids[k] };
	}
	qsort(f->nodes, n, sizeof *f->nodes, by_id);
	for (size_t i = 0; i < n; i++)
		if (f->nodes[i].message != NULL || f->count == 0
		    || !view_eq(f->nodes[f->count - 1].id, f->nodes[i].id))
			f->nodes[f->count++] = f->nodes[i];
	for (size_t i = 0; i < f->count; i++)
		f->nodes[i].parent = f->nodes[i].merged = NONE;
	f->steps = STEPS_A_NODE * (n + 1000);
}

/* The first node of that id. */
static int
find(const struct forest *f, view id)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view_order(f->nodes[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (int)low;
}

/* Would `child` be above itself?  Also "yes" once the budget is spent. */
static bool
makes_loop(struct forest *f, int child, int parent)
{
	while (parent != NONE && parent != child && f->steps > 0) {
		parent = f->nodes[parent].parent;
		f->steps--;
	}
	return parent != NONE;
}

/* Steps 1.A and 1.B. */
static void
link_message(struct forest *f, int self)
{
	const struct ordered *m = f->nodes[self].message;
	int before = NONE;

	for (size_t k = 1; k < m->id_count; k++) {
		int node = find(f, m->ids[k]);

		if (before != NONE && f->nodes[node].parent == NONE
		    && !makes_loop(f, node, before))
			f->nodes[node].parent = before;
		before = node;
	}
	if (before == NONE)
		return;
	/* What others said of it is worth less, even where this makes a loop
	 * and so nothing is left. */
	f->nodes[self].parent = NONE;
	if (!makes_loop(f, self, before))
		f->nodes[self].parent = before;
}

/* Step 3: a dummy that is below something gives its children to it. */
static int
real_parent(const struct forest *f, int node)
{
	int parent = f->nodes[node].parent;

	while (parent != NONE && f->nodes[parent].message == NULL
	    && f->nodes[parent].parent != NONE)
		parent = f->nodes[parent].parent;
	return parent;
}

/* Chains of dummies are walked once: from each its end is remembered. */
static void
shorten(struct forest *f, int node)
{
	int end = real_parent(f, node);

	while (f->nodes[node].parent != NONE
	    && f->nodes[node].parent != end) {
		int next = f->nodes[node].parent;

		f->nodes[node].parent = end;
		node = next;
	}
}

static void
learn_from(struct node *dummy, const struct node *child)
{
	if (dummy->first == NULL || child->date < dummy->date
	    || (child->date == dummy->date && child->at < dummy->at)) {
		dummy->first = child->first;
		dummy->date = child->date;
		dummy->at = child->at;
	}
}

static void
prune(struct forest *f)
{
	for (size_t i = 0; i < f->count; i++)
		shorten(f, (int)i);
	for (size_t i = 0; i < f->count; i++) {
		struct node *n = &f->nodes[i];

		if (n->message == NULL) {
			n->gone = n->parent != NONE;
			continue;
		}
		n->date = n->message->sent;
		n->at = n->message->at;
		n->first = n->message;
		if (n->parent != NONE) {
			f->nodes[n->parent].children++;
			if (f->nodes[n->parent].message == NULL)
				learn_from(&f->nodes[n->parent], n);
		}
	}
	for (size_t i = 0; i < f->count; i++) {
		struct node *n = &f->nodes[i];

		/* A root that is a dummy needs two children. */
		if (n->message != NULL && n->parent != NONE
		    && f->nodes[n->parent].message == NULL
		    && f->nodes[n->parent].children < 2) {
			f->nodes[n->parent].gone = true;
			n->parent = NONE;
		}
	}
	for (size_t i = 0; i < f->count; i++)
		if (f->nodes[i].message == NULL && f->nodes[i].children == 0)
			f->nodes[i].gone = true;
}

static view
subject_of(const struct node *n)
{
	return n->first == NULL || n->first->texts == NULL
	    ? VIEW("")
	    : n->first->texts[0];
}

static bool
is_reply(const struct node *n)
{
	return n->message != NULL && n->message->reply;
}

/* Of two roots with one subject: which stands for it?  (Step 5.B) */
static bool
is_better(const struct node *a, const struct node *b)
{
	if ((a->message == NULL) != (b->message == NULL))
		return a->message == NULL;
	return is_reply(b) && !is_reply(a);
}

struct root {
	view subject;
	int node;
	int64_t date;
	uint32_t at;
};

static int
by_subject(const void *a, const void *b)
{
	const struct root *x = a, *y = b;
	int order = view_order(x->subject, y->subject);

	if (order == 0)
		order = x->date < y->date ? -1 : x->date > y->date;
	return order != 0 ? order : (x->at < y->at ? -1 : 1);
}

/* Step 5.C: one root joins the one that has the subject. */
static int
join(struct forest *f, int top, int other)
{
	struct node *t = &f->nodes[top], *n = &f->nodes[other];
	int dummy;

	if (t->message == NULL && n->message == NULL) {
		n->merged = top;
		n->gone = true;
		return top;
	}
	if (t->message == NULL || (is_reply(n) && !is_reply(t))) {
		n->parent = top;
		return top;
	}
	dummy = (int)f->count++; /* there is room: one for each message */
	f->nodes[dummy] = (struct node){ .parent = NONE, .merged = NONE };
	learn_from(&f->nodes[dummy], t);
	learn_from(&f->nodes[dummy], n);
	t->parent = n->parent = dummy;
	return dummy;
}

static void
join_subject(struct forest *f, const struct root *roots, size_t count)
{
	int top = roots[0].node;

	for (size_t i = 1; i < count; i++)
		if (is_better(&f->nodes[roots[i].node], &f->nodes[top]))
			top = roots[i].node;
	for (size_t i = 0, first = (size_t)top; i < count; i++)
		if (roots[i].node != (int)first)
			top = join(f, top, roots[i].node);
}

static void
join_subjects(struct forest *f)
{
	struct root *roots = room(f->count, sizeof *roots);
	size_t n = 0, to;

	for (size_t i = 0; i < f->count; i++) {
		const struct node *x = &f->nodes[i];

		if (!x->gone && x->parent == NONE && subject_of(x).n > 0)
			roots[n++] = (struct root){ .subject = subject_of(x),
				.node = (int)i, .date = x->date,
				.at = x->at };
	}
	if (n > 1)
		qsort(roots, n, sizeof *roots, by_subject);
	/* Room for the dummies that this makes: at most one for each root. */
	f->nodes = heap_resize(f->nodes, f->count + n + 1, sizeof *f->nodes);
	for (size_t i = 0; i < n; i = to) {
		for (to = i + 1; to < n
		     && view_eq(roots[i].subject, roots[to].subject);
		     to++)
			;
		join_subject(f, &roots[i], to - i);
	}
	free(roots);
}

struct place {
	int parent, node;
	int64_t date;
	uint32_t at;
};

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Step 6: children side by side, by date. */
static void
lay_out(struct forest *f)
{
	struct place *places = room(f->count, sizeof *places);
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct node *x = &f->nodes[i];
		int parent = x->parent;

		if (x->gone)
			continue;
		if (parent != NONE && f->nodes[parent].merged != NONE)
			parent = f->nodes[parent].merged;
		places[n++] = (struct place){ parent, (int)i, x->date,
			x->at };
	}
	if (n > 1)
		qsort(places, n, sizeof *places, by_place);
	f->order = room(n, sizeof *f->order);
	f->begin = room(f->count + 2, sizeof *f->begin);
	for (size_t i = 0; i < n; i++) {
		f->order[i] = places[i].node;
		f->begin[places[i].parent + 2]++;
	}
	for (size_t i = 1; i < f->count + 2; i++)
		f->begin[i] += f->begin[i - 1];
	free(places);
}

static int
children_of(const struct forest *f, int node)
{
	return f->begin[node + 2] - f->begin[node + 1];
}

/* What is written next: a node, or where `node` is NONE, a ")". */
struct task {
	int node;
	bool opens; /* in parentheses of its own */
};

/* `tasks` has room for all nodes and as many ")". */
static void
write_forest(const struct forest *f,
    uint32_t (*number)(void *, size_t at), void *context, struct buf *out)
{
	struct task *tasks = room(2 * f->count + 2, sizeof *tasks);
	size_t n = 0;

	for (int i = f->begin[1]; i-- > f->begin[0];)
		tasks[n++] = (struct task){ f->order[i], true };
	while (n > 0) {
		struct task t = tasks[--n];
		const struct node *x;

		if (t.node == NONE) {
			buf_add_byte(out, ')');
			continue;
		}
		x = &f->nodes[t.node];
		if (t.opens) {
			buf_add_byte(out, '(');
			tasks[n++].node = NONE;
		}
		if (x->message != NULL) {
			if (out->p[out->n - 1] != '(')
				buf_add_byte(out, ' ');
			buf_print(out, "%u", number(context, x->message->at));
		}
		if (children_of(f, t.node) > 1 && x->message != NULL)
			buf_add_byte(out, ' ');
		for (int i = f->begin[t.node + 2]; i-- > f->begin[t.node + 1];)
			tasks[n++] = (struct task){ f->order[i],
				children_of(f, t.node) > 1
				    || x->message == NULL };
	}
	free(tasks);
}

/* ORDEREDSUBJECT: the first of a subject is the parent of all the others. */
static void
link_subjects(struct forest *f)
{
	struct root *roots = room(f->count, sizeof *roots);

	for (size_t i = 0; i < f->count; i++)
		roots[i] = (struct root){ subject_of(&f->nodes[i]), (int)i,
			f->nodes[i].date, f->nodes[i].at };
	if (f->count > 1)
		qsort(roots, f->count, sizeof *roots, by_subject);
	for (size_t i = 1, first = 0; i < f->count; i++) {
		if (view_eq(roots[i].subject, roots[first].subject))
			f->nodes[roots[i].node].parent = roots[first].node;
		else
			first = i;
	}
	free(roots);
}

result
thread_write(struct ordering *o, uint32_t (*number)(void *, size_t at),
    void *context, struct buf *out)
{
	struct forest f = { .nodes = NULL };

	TRY(arena_result(o->arena));
	make_nodes(&f, o);
	for (size_t i = 0; i < f.count; i++)
		if (f.nodes[i].message != NULL && o->kind == ORDER_REFERENCES)
			link_message(&f, (int)i);
	prune(&f);
	if (o->kind == ORDER_REFERENCES)
		join_subjects(&f);
	else
		link_subjects(&f);
	lay_out(&f);
	write_forest(&f, number, context, out);
	free(f.nodes);
	free(f.order);
	free(f.begin);
	return done();
}
