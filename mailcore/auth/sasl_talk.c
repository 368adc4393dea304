#include "mailcore/auth/sasl_talk.h"

static struct step
say(struct sasl_talk *x, const struct sasl_words *words, void *session,
    const struct sasl_login_turn *t, struct buf *out)
{
	struct step step = { .next = STEP_READ };

	x->waits = t->next == SASL_WAITS;
	switch (t->next) {
	case SASL_WAITS:
		step.next = STEP_CONTINUE;
		break;
	case SASL_MORE:
		step = words->more(session, t, out);
		break;
	case SASL_PASSED:
		step = words->passed(session, t, out);
		break;
	case SASL_REFUSED:
		step = words->refused(session, t, out);
		break;
	case SASL_BROKEN:
		step = words->broken(session, t, out);
		break;
	}
	step.delay_ms = t->delay_ms;
	if (t->next != SASL_WAITS && t->next != SASL_MORE)
		sasl_talk_end(x);
	return step;
}

struct step
sasl_talk_begin(struct sasl_talk *x, const struct sasl_words *words,
    void *session, view mechanism, const view *initial, struct buf *out)
{
	struct sasl_login_turn t;

	sasl_login_begin(&x->login, &x->way, mechanism, initial, &t);
	return say(x, words, session, &t, out);
}

struct step
sasl_talk_answer(struct sasl_talk *x, const struct sasl_words *words,
    void *session, view answer, struct buf *out)
{
	struct sasl_login_turn t;

	sasl_login_go_on(x->login, answer, &t);
	return say(x, words, session, &t, out);
}

struct step
sasl_talk_wait(struct sasl_talk *x, const struct sasl_words *words,
    void *session, struct buf *out)
{
	struct sasl_login_turn t;

	sasl_login_wait(x->login, &t);
	return say(x, words, session, &t, out);
}

void
sasl_talk_end(struct sasl_talk *x)
{
	x->waits = false;
	sasl_login_free(&x->login);
}
