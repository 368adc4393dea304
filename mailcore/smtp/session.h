/*
 * session.h - one SMTP connection, as its own files see it.
 *
 * session.c cuts the input into units and runs verbs; login.c is AUTH;
 * envelope.c is MAIL and RCPT; accept.c takes the text and answers for it.
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "mailcore/auth/sasl_talk.h"
#include "mailcore/smtp/data.h"
#include "mailcore/smtp/parse.h"
#include "mailcore/smtp/smtp.h"
#include "mailcore/store/body.h"

/* Sets of these say where a verb is allowed. */
enum smtp_state {
	SMTP_START = 1,  /* before EHLO */
	SMTP_READY = 2,  /* no transaction */
	SMTP_MAIL = 4,   /* a sender */
	SMTP_RCPT = 8,   /* and a recipient */
	SMTP_CHUNKS = 16 /* and some BDAT */
};

/* What the next bytes are. */
enum smtp_mode {
	MODE_COMMAND,
	MODE_SKIP, /* the rest of a line that was too long */
	MODE_SASL,
	MODE_DATA,
	MODE_CHUNK,
	MODE_WAIT, /* for what is found out about the text, or a login */
	MODES
};

struct recipient {
	struct recipient *next;
	view address;
	int64_t account; /* 0: somewhere else */
	view via;        /* the alias that sends it on there; empty: none */
	view asked;      /* as the sender wrote it */
	unsigned rcpt;   /* which RCPT led to it */
	bool full;       /* has no room for this mail */
	bool failed;     /* trouble of ours: the queue tries again */
	view refusal;    /* what the person's script says against it */
	bool loops;      /* `refusal` is of mail that was here before */
	const struct verdict *verdict; /* NULL: nothing was looked at */
};

/* A RCPT that goes through the queue, wherever it leads: its mail waits for
 * its time (RFC 4865), or its sender wants to hear what becomes of it. */
struct asked {
	struct asked *next;
	view address;
	struct queue_want want;
};

enum { SMTP_ID = 16 };

/* One mail, from MAIL to the answer for its text. */
struct transaction {
	struct arena *arena; /* NULL: none */
	struct smtp_mail mail;
	struct recipient *first, *last;
	size_t recipients;
	struct asked *asked;
	size_t asked_count;
	int64_t release; /* RFC 4865; 0: at once */
	unsigned rcpts; /* taken; an alias may lead to many recipients */
	struct spool *text;
	size_t trace; /* octets of `text` that are our Received field */
	struct data data;
	view refusal; /* of all recipients: the answer to the text */
	bool loops;   /* that is what it says */
	struct verify_job *job; /* looks at `text`; or NULL */
	char id[SMTP_ID + 1];
};

struct smtp {
	const struct smtp_services *services;
	const struct peer *peer;
	enum smtp_state state;
	enum smtp_mode mode;
	unsigned bad;     /* commands in a row */
	unsigned guesses; /* failed logins */
	unsigned unknown; /* recipients */
	size_t skipped;
	bool extended; /* EHLO, not HELO */
	char hello[LIMIT_DOMAIN + 1];
	struct sasl_talk sasl;
	struct identity identity; /* account 0: nobody */
	struct auth_watch login;
	struct transaction mail;
	uint64_t chunk; /* octets of it to come */
	bool last_chunk;
	bool refuse_chunk; /* out of order: read it, then say so */
};

typedef struct step smtp_run(struct smtp *, view argument, struct buf *out);

static inline struct step
smtp_next(void)
{
	return (struct step){ .next = STEP_READ };
}

struct smtp_code {
	int code;
	const char *enhanced;
};

/* "code enhanced text". */
void smtp_say(struct buf *, int code, const char *enhanced, const char *text);

/* The same by a table over enum status of FAILED + 1 rows; where it has none,
 * 451 4.3.0. */
void smtp_say_why(struct buf *, const struct smtp_code *, result);

/* The same with words of our people: made one printable line. */
void smtp_say_text(struct buf *, int code, const char *enhanced, view text);

/* Forget the transaction. */
void smtp_reset(struct smtp *);

/* A command that made no sense; too many in a row end the connection. */
struct step smtp_bad_command(struct smtp *, struct buf *out, int code,
    const char *enhanced, const char *text);

/* hello.c */
struct step smtp_helo(struct smtp *, view argument, struct buf *out);
struct step smtp_ehlo(struct smtp *, view argument, struct buf *out);

/* login.c */
struct step smtp_auth(struct smtp *, view argument, struct buf *out);
struct step smtp_auth_answer(struct smtp *, view line, struct buf *out);
struct step smtp_auth_wait(struct smtp *, struct buf *out);

/* envelope.c */
struct step smtp_mail(struct smtp *, view argument, struct buf *out);
struct step smtp_rcpt(struct smtp *, view argument, struct buf *out);

/* accept.c */
struct step smtp_data(struct smtp *, view argument, struct buf *out);
struct step smtp_data_text(struct smtp *, view unit, struct buf *out);
struct step smtp_bdat(struct smtp *, view argument, struct buf *out);
struct step smtp_chunk(struct smtp *, view unit, struct buf *out);
struct step smtp_waited(struct smtp *, struct buf *out);

/* keep.c */

/* Into the mailboxes and the queue.  DENIED: nobody takes it; then there is
 * no room, or `refusal` says why. */
CHECKED result smtp_keep(struct smtp *, view message, bool *queued);

/* Why a mail that was heard is not taken; `loops`: RFC 3463 3.5, X.4.6. */
void smtp_say_refusal(struct buf *, view why, bool loops);

/* RFC 2033 4.2: an answer for each RCPT that was taken.  `r` is that of all
 * that are not refused by themselves. */
void smtp_answer_each(const struct smtp *, const struct smtp_code *, result r,
    struct buf *out);

/* allowance.c: may they send to so many?  BUSY, OVER_LIMIT. */
CHECKED result smtp_allowance(struct smtp *);
extern const struct smtp_code smtp_allowance_codes[FAILED + 1];

/* check.c */

/* Does somebody look at this mail?  Then `t->job` is begun. */
CHECKED result smtp_check_begin(struct smtp *);

/* What was found, made into verdicts of the recipients.  DENIED: nobody wants
 * it, and `*codes` say how to put it. */
CHECKED result smtp_check_end(struct smtp *, const struct smtp_code **codes);

/* Does a stranger's header claim what only we can say? */
bool smtp_is_forged(const struct smtp *, view header);

/* Greylisting.  BUSY: not yet. */
CHECKED result smtp_check_recipient(struct smtp *, view address,
    int64_t account);

/* BUSY and DENIED, when it is ours to decide. */
extern const struct smtp_code smtp_policy_codes[FAILED + 1];

#endif
