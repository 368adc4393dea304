#include "mailcore/admin/person.h"

#include "mailcore/admin/strength.h"
#include "mailcore/auth/scram_keys.h"

enum { PERSON_ARENA = 65536, HASH_TEXT = 512 };

void
person_tell(struct post *post, int64_t account)
{
	if (post != NULL)
		post_send(post, (struct msg){ MSG_STANDING, account });
}

/* `r` is of a change to who may be logged in. */
static result
told(const struct person *p, result r)
{
	if (r.is == OK)
		person_tell(p->post, p->account);
	return r;
}

static result
check_old(const struct person *p, const struct person_password *w,
    unsigned *delay_ms)
{
	struct identity who;
	result r = auth_password(w->auth, &w->old, &who, delay_ms);

	if (r.is == DENIED
	    || (r.is == OK && (who.account != p->account || who.app != 0)))
		return fail(DENIED, "the present password is wrong");
	return r;
}

static result
set_password(const struct person *p, const struct person_password *w,
    struct arena *arena, bool *weak, unsigned *delay_ms)
{
	struct buf hash = buf_new(HASH_TEXT);
	struct account_info account;
	result r;

	TRY(check_old(p, w, delay_ms));
	TRY(account_get(p->store, arena, p->account, &account));
	r = strength_check(w->fresh, account.address, account.name, w->least);
	*weak = r.is == DENIED;
	if (r.is == OK)
		r = auth_hash(w->fresh, &hash);
	if (r.is == OK)
		r = session_set_password(p->store, p->account,
		    buf_view(&hash), w->keep);
	if (r.is == OK)
		r = auth_scram_keep(p->store, p->account, buf_view(&hash),
		    w->fresh);
	buf_free(&hash);
	return r;
}

result
person_set_password(const struct person *p, const struct person_password *w,
    bool *weak, unsigned *delay_ms)
{
	struct arena *arena = arena_new(PERSON_ARENA);
	result r;

	*weak = false;
	*delay_ms = 0;
	r = set_password(p, w, arena, weak, delay_ms);
	arena_free(&arena);
	return told(p, r);
}

result
person_app_add(const struct person *p, struct app_password *wanted,
    int64_t now, struct buf *password)
{
	wanted->account = p->account;
	return auth_app_add(p->store, wanted, now, password);
}

result
person_app_revoke(const struct person *p, int64_t id)
{
	return told(p, app_password_remove(p->store, p->account, id));
}

result
person_session_end(const struct person *p, int64_t id)
{
	return told(p, session_remove(p->store, p->account, id));
}

result
person_sign_out_everywhere(const struct person *p)
{
	return told(p, session_end_all(p->store, p->account));
}
