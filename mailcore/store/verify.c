#include "mailcore/store/verify.h"

#include "mailcore/store/body.h"
#include "mailcore/store/inside.h"

#include <openssl/sha.h>

/* What is wrong, and the statement that finds it: rows of a collection (or 0)
 * and a number in it. */
struct rule {
	const char *what;
	const char *sql;
};

/* Who holds a body: items, and versions that history kept. */
#define HOLDERS                                                            \
	"(SELECT account_id, body FROM item UNION ALL SELECT account_id," \
	" body FROM history)"

static const struct rule rules[] = {
	{ "the account's sum of sizes is not that of its items",
	    "SELECT 0, s.used FROM state s WHERE s.account_id = $1"
	    " AND s.used <> (SELECT COALESCE(SUM(i.size + i.properties), 0)"
	    " FROM item i WHERE i.account_id = s.account_id)" },
	{ "a collection's counts are not those of its items",
	    "SELECT c.id, c.items FROM collection c LEFT JOIN"
	    " (SELECT collection, COUNT(*) AS items, SUM(CASE WHEN flags & 1"
	    " = 1 THEN 0 ELSE 1 END) AS unseen, SUM(size + properties) AS"
	    " bytes FROM item WHERE account_id = $1 GROUP BY collection) i"
	    " ON i.collection = c.id WHERE c.account_id = $1"
	    " AND (c.items <> COALESCE(i.items, 0)"
	    " OR c.unseen <> COALESCE(i.unseen, 0)"
	    " OR c.bytes <> COALESCE(i.bytes, 0))" },
	{ "a uid that is yet to be given out is in use",
	    "SELECT i.collection, i.uid FROM item i JOIN collection c"
	    " ON c.account_id = i.account_id AND c.id = i.collection"
	    " WHERE i.account_id = $1 AND i.uid >= c.uid_next" },
	{ "a uid that is yet to be given out was in use",
	    "SELECT g.collection, g.uid FROM item_gone g JOIN collection c"
	    " ON c.account_id = g.account_id AND c.id = g.collection"
	    " WHERE g.account_id = $1 AND g.uid >= c.uid_next" },
	{ "an item is in no collection",
	    "SELECT i.collection, i.uid FROM item i WHERE i.account_id = $1"
	    " AND NOT EXISTS (SELECT 1 FROM collection c WHERE c.account_id"
	    " = i.account_id AND c.id = i.collection)" },
	{ "an item has a change number above its collection's",
	    "SELECT i.collection, i.uid FROM item i JOIN collection c"
	    " ON c.account_id = i.account_id AND c.id = i.collection"
	    " WHERE i.account_id = $1 AND i.modseq > c.modseq" },
	{ "a tombstone has a change number above its collection's",
	    "SELECT g.collection, g.uid FROM item_gone g JOIN collection c"
	    " ON c.account_id = g.account_id AND c.id = g.collection"
	    " WHERE g.account_id = $1 AND g.modseq > c.modseq" },
	{ "a collection has a change number above the account's",
	    "SELECT c.id, c.modseq FROM collection c JOIN state s"
	    " ON s.account_id = c.account_id WHERE c.account_id = $1"
	    " AND c.modseq > s.modseq" },
	{ "an item has its own tombstone",
	    "SELECT i.collection, i.uid FROM item i JOIN item_gone g"
	    " ON g.account_id = i.account_id AND g.collection = i.collection"
	    /* One that was given another name left its old one behind. */
	    " AND g.uid = i.uid AND g.name = i.name"
	    " WHERE i.account_id = $1" },
	{ "a collection has a number that is yet to be given out",
	    "SELECT c.id, c.uid_validity FROM collection c JOIN state s"
	    " ON s.account_id = c.account_id WHERE c.account_id = $1"
	    " AND (c.id >= s.next_collection"
	    " OR c.uid_validity >= s.next_uid_validity)" },
	{ "two collections have one UIDVALIDITY",
	    "SELECT MAX(id), uid_validity FROM collection"
	    " WHERE account_id = $1 GROUP BY uid_validity"
	    " HAVING COUNT(*) > 1" },
	{ "an item's body is gone",
	    "SELECT i.collection, i.uid FROM item i WHERE i.account_id = $1"
	    " AND NOT EXISTS (SELECT 1 FROM body b WHERE b.account_id ="
	    " i.account_id AND b.id = i.body AND b.size = i.size)" },
	{ "a body has another number of holders than was counted",
	    "SELECT 0, b.id FROM body b LEFT JOIN (SELECT body, COUNT(*) AS n"
	    " FROM " HOLDERS " x WHERE account_id = $1 GROUP BY body) h"
	    " ON h.body = b.id LEFT JOIN body_share s"
	    " ON s.account_id = b.account_id AND s.body = b.id"
	    " WHERE b.account_id = $1"
	    " AND COALESCE(h.n, 0) <> 1 + COALESCE(s.extra, 0)" },
	{ "a body has a number that is yet to be given out",
	    "SELECT 0, b.id FROM body b JOIN state s"
	    " ON s.account_id = b.account_id WHERE b.account_id = $1"
	    " AND b.id >= s.next_body" },
	{ "a body has not the length that was noted",
	    "SELECT 0, id FROM body WHERE account_id = $1 AND file = ''"
	    " AND LENGTH(data) <> size" },
	{ "a summary is of no body",
	    "SELECT 0, s.body FROM summary s WHERE s.account_id = $1"
	    " AND NOT EXISTS (SELECT 1 FROM body b WHERE b.account_id ="
	    " s.account_id AND b.id = s.body)" },
	{ "an item's properties are not those that were counted",
	    "SELECT i.collection, i.uid FROM item i WHERE i.account_id = $1"
	    " AND (i.properties <> 0) <> EXISTS (SELECT 1 FROM item_property"
	    " p WHERE p.account_id = i.account_id AND p.collection ="
	    " i.collection AND p.uid = i.uid)" },
	{ "a property is of no item",
	    "SELECT p.collection, p.uid FROM item_property p"
	    " WHERE p.account_id = $1 AND NOT EXISTS (SELECT 1 FROM item i"
	    " WHERE i.account_id = p.account_id AND i.collection ="
	    " p.collection AND i.uid = p.uid)" },
};

static const char every_body[] = "SELECT id, hash FROM body"
				 " WHERE account_id = $1 ORDER BY id";

struct look {
	verify_report *report;
	void *context;
	bool bodies;
	size_t faults;
};

static void
found(struct look *l, const char *what, int64_t collection, int64_t number)
{
	const struct verify_finding f = { what, collection, number };

	l->faults++;
	l->report(l->context, &f);
}

static result
look_by(struct account *a, struct look *l, const struct rule *rule)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;
	size_t n = 0;

	db_ask(a->db, &q, rule->sql, args, COUNT(args));
	while (db_next(&q))
		if (n++ < LIMIT_VERIFY_FINDINGS)
			found(l, rule->what, db_int_at(&q, 0),
			    db_int_at(&q, 1));
	return db_end(&q);
}

static bool
has_hash(struct account *a, int64_t id, view wanted)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct body body;
	bool same = false;

	if (body_open(a, id, &body).is == OK) {
		(void)SHA256((const unsigned char *)body.bytes.p,
		    body.bytes.n, hash);
		same = view_eq(wanted,
		    (view){ (const char *)hash, sizeof hash });
		body_close(&body);
	}
	return same;
}

static result
read_bodies(struct account *a, struct look *l)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;
	size_t n = 0;

	db_ask(a->db, &q, every_body, args, COUNT(args));
	while (db_next(&q)) {
		int64_t id = db_int_at(&q, 0);

		if (!has_hash(a, id, db_blob_at(&q, 1))
		    && n++ < LIMIT_VERIFY_FINDINGS)
			found(l, "a body is not what was stored", 0, id);
	}
	return db_end(&q);
}

static result
look_at_all(struct account *a, void *context)
{
	struct look *l = context;

	for (size_t i = 0; i < COUNT(rules); i++)
		TRY(look_by(a, l, &rules[i]));
	return l->bodies ? read_bodies(a, l) : done();
}

result
account_verify(struct account *a, bool bodies, verify_report *report,
    void *context, size_t *faults)
{
	struct look l = { .report = report, .context = context,
		.bodies = bodies };
	result r = account_read(a, look_at_all, &l);

	*faults = l.faults;
	return r;
}
