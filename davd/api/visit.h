/*
 * visit.h - who is behind a browser's request, and did a page of ours make
 * it?  For the API and for the pages alike.
 *
 * A request that changes something must be visit_from_here (the browser's own
 * word: Origin, Sec-Fetch-Site) and carry the form token; so neither another
 * site nor somebody with the cookie alone can do anything.
 */
#ifndef API_VISIT_H
#define API_VISIT_H

#include "davd/api/api.h"
#include "mailcore/auth/session.h"

/* Cookies: Secure, HttpOnly, SameSite=Lax, Path=/, no Domain. */
#define VISIT_COOKIE "__Host-posthaste"
#define VISIT_GUEST_COOKIE "__Host-posthaste-guest"

/* In a form, and as a header field. */
#define VISIT_FORM_FIELD "form-token"
#define VISIT_FORM_HEADER "X-Form-Token"

/* Of one name in the Cookie field, as sent; false: none, or two. */
bool visit_cookie(const struct request *, view name, view *value);

/* OK: signed in by cookie.  DENIED: nobody is, or no longer.  Others: the
 * store. */
CHECKED result visit_find(const struct api_services *,
    const struct request *, struct auth_session *out);

/* DENIED: another site made this request. */
CHECKED result visit_from_here(const struct request *);

/* All of the above for a request that changes something; `token` as given in
 * the form or the header.  DENIED. */
CHECKED result visit_may_change(const struct request *,
    const struct auth_session *, view token);

/* For a page with a form before there is a session (signing in): its form
 * token; sets the guest's cookie when there is none. */
void visit_guest(const struct api_services *, const struct request *,
    struct answer *, char form[AUTH_FORM_TOKEN + 1]);

/* Does `token` fit the guest's cookie, and is it visit_from_here?  DENIED. */
CHECKED result visit_guest_may(const struct api_services *,
    const struct request *, view token);

/* Sign in and set the cookie; the session that the browser had ends.  Sets
 * answer->delay_ms.  DENIED: no.  BUSY: too many guesses.  MALFORMED: not over
 * https, where alone browsers keep the cookie. */
CHECKED result visit_sign_in(const struct api_services *,
    const struct request *, struct answer *, view address, view password,
    struct auth_session *out);

/* End the session and take the cookie back. */
CHECKED result visit_sign_out(const struct api_services *,
    const struct request *, struct answer *, const struct auth_session *);

/* The session ended by itself (sign out everywhere): take the cookie back. */
void visit_forget(struct answer *);

/* One more request of a session (of the account when its id is 0; of nobody:
 * NULL) and of a network; `changes`: one that is to change something.  Sets
 * the RateLimit fields.  OVER_LIMIT: too many; status 429 and Retry-After are
 * set, and the words are the caller's. */
CHECKED result visit_rate(const struct api_services *,
    const struct request *, struct answer *, const struct auth_session *,
    bool changes);

/* The rules of the configuration. */
struct auth_session_rules visit_rules(const struct conf *);

#endif
