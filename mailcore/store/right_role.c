#include "mailcore/store/right_role.h"

const struct right_role right_roles[] = {
	{ "PublicViewer", true, false, RIGHTS_READ, RIGHT_READ },
	{ "PublicDAndTViewer", true, false, RIGHTS_TIMES, RIGHT_TIMES },
	{ "PublicModifier", true, false,
	    RIGHTS_READ | RIGHT_CHANGE | RIGHT_PROPERTIES,
	    RIGHT_READ | RIGHT_CHANGE },
	{ "PublicResponder", true, false, RIGHTS_READ, 0 },
	{ "PrivateViewer", true, false,
	    RIGHTS_TIMES | RIGHT_PRIVATE, RIGHT_READ | RIGHT_PRIVATE },
	{ "PrivateDAndTViewer", true, false, RIGHTS_TIMES, RIGHT_TIMES },
	{ "PrivateModifier", true, false,
	    RIGHTS_TIMES | RIGHT_PRIVATE,
	    RIGHT_READ | RIGHT_CHANGE | RIGHT_PRIVATE },
	{ "PrivateResponder", true, false, RIGHTS_TIMES | RIGHT_PRIVATE, 0 },
	{ "ConfidentialViewer", true, false,
	    RIGHTS_TIMES | RIGHT_CONFIDENTIAL,
	    RIGHT_READ | RIGHT_CONFIDENTIAL },
	{ "ConfidentialDAndTViewer", true, false, RIGHTS_TIMES, RIGHT_TIMES },
	{ "ConfidentialModifier", true, false,
	    RIGHTS_TIMES | RIGHT_CONFIDENTIAL,
	    RIGHT_READ | RIGHT_CHANGE | RIGHT_CONFIDENTIAL },
	{ "ConfidentialResponder", true, false,
	    RIGHTS_TIMES | RIGHT_CONFIDENTIAL, 0 },
	{ "ObjectViewer", false, true, RIGHTS_READ, RIGHT_READ },
	{ "ObjectEditor", false, true,
	    RIGHTS_READ | RIGHT_CHANGE | RIGHT_PROPERTIES,
	    RIGHT_READ | RIGHT_CHANGE },
	{ "ObjectCreator", true, true,
	    RIGHT_LOOKUP | RIGHT_INSERT, RIGHT_INSERT },
	{ "ObjectEraser", true, true,
	    RIGHT_LOOKUP | RIGHT_DELETE | RIGHT_EXPUNGE, RIGHT_DELETE },
};
const size_t right_role_count = COUNT(right_roles);

bool
right_role_add(enum collection_kind kind, view name, unsigned *rights)
{
	for (size_t i = 0; i < COUNT(right_roles); i++) {
		const struct right_role *r = &right_roles[i];

		if ((kind == COLLECTION_CALENDAR ? r->of_calendars
		                                 : r->of_books)
		    && view_eq(name, view_of(r->name))) {
			*rights |= r->gives;
			return true;
		}
	}
	return false;
}
