/* Settings of logins by access tokens, and of the Unix socket. */
#include "mailcore/sys/conf_set.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/url.h"

#include <sys/un.h>

enum { USER_MOST = 32, SOCKET_MODE = 0600 };

static bool
keep(struct arena *a, const char **to, view value)
{
	*to = arena_text(a, value);
	return value.n > 0 && *to != NULL;
}

/* Tokens and what proves us go there: in clear only to this machine. */
bool
conf_set_url(struct arena *a, void *to, view value)
{
	struct url u;

	if (value.n > LIMIT_TOKEN_URL || url_parse(value, &u).is != OK)
		return false;
	return (u.tls || view_eq(u.host, VIEW("localhost"))
	        || view_eq(u.host, VIEW("127.0.0.1"))
	        || view_eq(u.host, VIEW("::1")))
	    && keep(a, to, value);
}

static bool
is_path(view value)
{
	return view_starts(value, VIEW("/")) && value.n < LIMIT_TOKEN_URL;
}

bool
conf_set_keys(struct arena *a, void *to, view value)
{
	return is_path(value) ? keep(a, to, value)
			      : conf_set_url(a, to, value);
}

/* What JSON would not have to escape. */
bool
conf_set_claim(struct arena *a, void *to, view value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is_graph(value.p[i]) || value.p[i] == '"'
		    || value.p[i] == '\\')
			return false;
	return value.n <= LIMIT_TOKEN_WORD && keep(a, to, value);
}

bool
conf_set_secret(struct arena *a, void *to, view value)
{
	return value.n <= LIMIT_TOKEN_WORD && keep(a, to, value);
}

/* RFC 9068 4: signed tokens are checked for both. */
const char *
conf_oauth_lacks(const struct conf_oauth *o)
{
	if (o->keys == NULL || (o->issuer != NULL && o->audience != NULL))
		return NULL;
	return "oauth-issuer and oauth-audience beside oauth-keys";
}

static bool
read_mode(view text, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return false;
		*out = *out * 8 + (unsigned)(text.p[i] - '0');
	}
	/* Whoever may write there delivers to everybody. */
	return text.n >= 3 && text.n <= 4 && *out <= 0777;
}

static bool
is_user(view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_graph(name.p[i]))
			return false;
	return name.n > 0 && name.n <= USER_MOST;
}

/* A path that begins at the root and fits into an address. */
static bool
is_socket_path(view path)
{
	return view_starts(path, VIEW("/"))
	    && path.n < sizeof((struct sockaddr_un *)0)->sun_path
	    && view_find_byte(path, '\0') == SIZE_MAX;
}

bool
conf_set_socket(struct arena *a, void *to, view value)
{
	struct conf_socket *s = to;
	view mode = value;
	view path = view_cut(&mode, ' ');
	view owner, group;

	mode = view_trim(mode);
	group = view_cut(&mode, ' ');
	mode = view_trim(mode);
	owner = view_cut(&group, ':');
	*s = (struct conf_socket){ .mode = SOCKET_MODE };
	if (!is_socket_path(path) || (mode.n > 0 && !read_mode(mode, &s->mode)))
		return false;
	if (owner.n > 0 && (!is_user(owner) || !keep(a, &s->owner, owner)))
		return false;
	if (group.n > 0 && (!is_user(group) || !keep(a, &s->group, group)))
		return false;
	return (group.n == 0 || owner.n > 0) && keep(a, &s->path, path);
}
