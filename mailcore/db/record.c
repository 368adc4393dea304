#include "mailcore/db/record.h"

#include "mailcore/base/scan.h"

static void
add_number(struct buf *b, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_add_byte(b, (char)(number >> (8 * i) & 255));
}

static void
add_bytes(struct buf *b, view v)
{
	if (v.n > UINT32_MAX)
		buf_fail(b, OVER_LIMIT, "a value of more than 4 GiB");
	add_number(b, v.n, 4);
	buf_add(b, v);
}

void
record_add(struct buf *b, const char *sql, const struct db_arg *args,
    size_t count)
{
	add_bytes(b, view_of(sql));
	add_number(b, count, 1);
	for (size_t i = 0; i < count; i++) {
		add_number(b, args[i].kind, 1);
		if (args[i].kind == DB_INT)
			add_number(b, (uint64_t)args[i].number, 8);
		else if (args[i].kind != DB_NULL)
			add_bytes(b, args[i].bytes);
	}
}

static uint64_t
take_number(struct scan *s, size_t bytes)
{
	view v = scan_bytes(s, bytes, "a record ends too early");
	uint64_t number = 0;

	for (size_t i = v.n; i > 0; i--)
		number = number << 8 | (unsigned char)v.p[i - 1];
	return number;
}

static view
take_bytes(struct scan *s)
{
	size_t n = take_number(s, 4);

	return scan_bytes(s, n, "a record ends too early");
}

static struct db_arg
take_arg(struct scan *s)
{
	uint64_t kind = take_number(s, 1);

	switch (kind) {
	case DB_NULL:
		return db_null();
	case DB_INT:
		return db_int((int64_t)take_number(s, 8));
	case DB_TEXT:
		return db_text(take_bytes(s));
	case DB_BLOB:
		return db_blob(take_bytes(s));
	default:
		scan_fail(s, MALFORMED, "no such kind of value");
		return db_null();
	}
}

result
record_take(view *record, view *sql, struct db_arg args[DB_ARGS_MAX],
    size_t *count)
{
	struct scan s = scan_over(*record);

	*sql = take_bytes(&s);
	*count = take_number(&s, 1);
	if (*count > DB_ARGS_MAX)
		scan_fail(&s, MALFORMED, "too many values in a record");
	for (size_t i = 0; i < *count && scan_ok(&s); i++)
		args[i] = take_arg(&s);
	*record = s.rest;
	return scan_result(&s);
}
