/*
 * conf_set.h - the settings of a configuration file as a table: their names,
 * where their values go, and what to say when one is wrong.
 */
#ifndef SYS_CONF_SET_H
#define SYS_CONF_SET_H

#include "mailcore/sys/conf.h"

struct setting {
	const char *name;
	size_t at; /* in struct conf */

	/* Puts `value` at `to`; false when it is not what is expected. */
	bool (*set)(struct arena *, void *to, view value);

	const char *expected;
	const char *advice;
};

enum { CONF_SETTINGS = 47, CONF_PORT_MAX = 65535, CONF_MESSAGE_MAX = 1 << 30 };

extern const struct setting conf_settings[CONF_SETTINGS];
extern const struct setting conf_port_setting; /* port.*, public-port.* */

/* conf_word.c: which of `words` it is; and the setters made of that. */
bool conf_choose(view value, const char *const *words, size_t count,
    size_t *which);
bool conf_set_check_mail(struct arena *, void *to, view value);
bool conf_set_dmarc(struct arena *, void *to, view value);
bool conf_set_scram(struct arena *, void *to, view value);
bool conf_set_sending(struct arena *, void *to, view value);
bool conf_set_push(struct arena *, void *to, view value);
bool conf_set_anchor(struct arena *, void *to, view value);

/* conf_oauth.c */
bool conf_set_url(struct arena *, void *to, view value);
bool conf_set_keys(struct arena *, void *to, view value);
bool conf_set_claim(struct arena *, void *to, view value);
bool conf_set_secret(struct arena *, void *to, view value);
bool conf_set_socket(struct arena *, void *to, view value);

/* Do they stand together?  NULL: yes; else what is expected beside them. */
const char *conf_oauth_lacks(const struct conf_oauth *);

/* May it stand in several lines, which add up? */
bool conf_setting_repeats(const struct setting *);

/* Before the first such line: what the default was is no more. */
void conf_setting_begin(const struct setting *, struct conf *);

/* After a line was taken: from where it was. */
void conf_setting_taken(const struct setting *, struct conf *,
    unsigned line);

#endif
