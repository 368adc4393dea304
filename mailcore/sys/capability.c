#include "mailcore/sys/capability.h"

/* Those that no client can do without are not among them. */
static const char *const names[] = { "ACL", "APPENDLIMIT", "BINARY",
	"CHILDREN", "COMPRESS=DEFLATE", "CONDSTORE", "CREATE-SPECIAL-USE",
	"ESEARCH", "ESORT", "ID", "IDLE", "IMAP4rev2", "INPROGRESS",
	"LIST-EXTENDED", "LIST-METADATA", "LIST-MYRIGHTS", "LIST-STATUS",
	"LITERAL+", "LITERAL-", "METADATA", "MOVE", "MULTIAPPEND",
	"NAMESPACE", "NOTIFY", "OBJECTID", "PARTIAL", "PREVIEW", "QRESYNC",
	"QUOTA", "QUOTA=RES-STORAGE", "REPLACE", "RIGHTS=texk", "SAVEDATE",
	"SEARCHRES", "SORT", "SORT=DISPLAY", "SPECIAL-USE", "STATUS=SIZE",
	"THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES", "UIDPLUS", "UNSELECT",
	"UTF8=ACCEPT", "WITHIN" };

static bool
is_known(view word)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		view rest = view_of(names[i]);
		view begin = view_cut(&rest, '=');

		if (view_same(word, view_of(names[i]))
		    || view_same(word, begin))
			return true;
	}
	return false;
}

result
capability_check(view words, view *bad)
{
	while (words.n > 0) {
		view word = view_cut(&words, ' ');

		if (is_known(word))
			continue;
		if (bad != NULL)
			*bad = word;
		return fail(MALFORMED,
		    "no capability of IMAP here that can be switched off:"
		    " docs/imap.md lists their names");
	}
	return done();
}
