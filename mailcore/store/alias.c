#include "mailcore/store/alias.h"

#include "mailcore/store/inside.h"

enum { LIST };

static const char *const sql[] = {
	/* A host name holds neither % nor _. */
	[LIST] = "SELECT d.address, a.address FROM address d, account a"
		 " WHERE d.is_primary = 0 AND d.address LIKE $1"
		 " AND a.id = d.account_id ORDER BY d.address",
};

static result
list(struct account *house, struct arena *arena, view domain,
    struct alias **out, size_t *count)
{
	view pattern = arena_print(arena, "%%@%.*s", (int)domain.n, domain.p);
	const struct db_arg args[] = { db_text(pattern) };
	struct db_query q;
	size_t room = 0;

	TRY(arena_result(arena));
	db_ask(house->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q) && arena_result(arena).is == OK) {
		if (*count == room) {
			struct alias *more;

			room = room == 0 ? 8 : 2 * room;
			more = arena_array(arena, room, sizeof *more);
			for (size_t i = 0; more != NULL && i < *count; i++)
				more[i] = (*out)[i];
			*out = more;
		}
		if (*out != NULL)
			(*out)[(*count)++] = (struct alias){
				arena_copy(arena, db_text_at(&q, 0)),
				arena_copy(arena, db_text_at(&q, 1)) };
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
alias_list(struct store *s, struct arena *arena, view domain,
    struct alias **out, size_t *count)
{
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = list(house, arena, domain, out, count);
	account_close(&house);
	return r;
}
