#include "profiles/apple.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "profiles/link.h"
#include "profiles/plist.h"

#include <string.h>

/* What people read, in each language. */
struct words {
	const char *mail;       /* "NAME: mail" */
	const char *full;
	const char *calendars;
	const char *contacts;
	const char *about;      /* of the profile, mail only */
	const char *about_full;
	const char *consent;
	const char *with_password;
};

static const struct words texts[PROFILE_LANGUAGES] = {
	[PROFILE_EN] = {
		.mail = "mail",
		.full = "mail, calendars and contacts",
		.calendars = "calendars",
		.contacts = "contacts",
		.about = "Sets up the mail account on this device.",
		.about_full = "Sets up mail, calendars and contacts on this"
			      " device.",
		.consent = "This adds the accounts of your own address."
			   " Nothing else on this device is changed or"
			   " watched.",
		.with_password = "It holds a password made for this device;"
				 " do not pass it on.",
	},
	[PROFILE_FR] = {
		.mail = "courrier",
		.full = "courrier, calendriers et contacts",
		.calendars = "calendriers",
		.contacts = "contacts",
		.about = "Configure le compte de courrier sur cet appareil.",
		.about_full = "Configure le courrier, les calendriers et les"
			      " contacts sur cet appareil.",
		.consent = "Ceci ajoute les comptes de votre propre adresse."
			   " Rien d’autre n’est modifié ni surveillé sur cet"
			   " appareil.",
		.with_password = "Il contient un mot de passe créé pour cet"
				 " appareil ; ne le transmettez pas.",
	},
	[PROFILE_NL] = {
		.mail = "e-mail",
		.full = "e-mail, agenda’s en contacten",
		.calendars = "agenda’s",
		.contacts = "contacten",
		.about = "Stelt het e-mailaccount op dit apparaat in.",
		.about_full = "Stelt e-mail, agenda’s en contacten op dit"
			      " apparaat in.",
		.consent = "Dit voegt de accounts van uw eigen adres toe."
			   " Verder wordt er op dit apparaat niets gewijzigd"
			   " of gevolgd.",
		.with_password = "Het bevat een wachtwoord dat voor dit"
				 " apparaat is gemaakt; geef het niet door.",
	},
	[PROFILE_DE] = {
		.mail = "E-Mail",
		.full = "E-Mail, Kalender und Kontakte",
		.calendars = "Kalender",
		.contacts = "Kontakte",
		.about = "Richtet das E-Mail-Konto auf diesem Gerät ein.",
		.about_full = "Richtet E-Mail, Kalender und Kontakte auf"
			      " diesem Gerät ein.",
		.consent = "Damit werden die Konten Ihrer eigenen Adresse"
			   " hinzugefügt. Sonst wird auf diesem Gerät nichts"
			   " geändert oder überwacht.",
		.with_password = "Das Profil enthält ein für dieses Gerät"
				 " erzeugtes Passwort; geben Sie es nicht"
				 " weiter.",
	},
};

const char *const profile_language_tags[PROFILE_LANGUAGES] = {
	[PROFILE_EN] = "en",
	[PROFILE_FR] = "fr",
	[PROFILE_NL] = "nl",
	[PROFILE_DE] = "de",
};

enum profile_language
profile_language_of(view tag)
{
	view language = view_cut(&tag, '-');

	for (size_t i = 0; i < PROFILE_LANGUAGES; i++)
		if (view_same(language, view_of(profile_language_tags[i])))
			return (enum profile_language)i;
	return PROFILE_EN;
}

/* One document in the making. */
struct writer {
	const struct profile_order *order;
	const struct words *words;
	const struct service_entry *incoming;
	struct plist list;
	struct arena *arena;
	view title;  /* of the organisation, in one line */
	view person; /* the name, in one line */
	view login;
	result r;
};

/* Control bytes as spaces: names stand in one line. */
static view
one_line(struct arena *arena, view text)
{
	view copy = arena_copy(arena, text);
	char *p = arena_alloc(arena, copy.n + 1);

	for (size_t i = 0; p != NULL && i < copy.n; i++) {
		unsigned char c = (unsigned char)copy.p[i];

		p[i] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
	}
	return p == NULL ? VIEW("") : view_trim((view){ p, copy.n });
}

static view
titled(struct writer *w, const char *what)
{
	return arena_print(w->arena, "%.*s: %s", (int)w->title.n, w->title.p,
	    what);
}

/* What every payload begins with, the whole one too. */
static void
add_head(struct writer *w, const char *type, const char *part, view title,
    const char *about)
{
	struct profile_name name;
	result r = profile_name_make(&name, w->order->house,
	    w->order->address, part);

	if (r.is != OK) {
		w->r = r;
		return;
	}
	plist_string(&w->list, "PayloadType", view_of(type));
	plist_integer(&w->list, "PayloadVersion", 1);
	plist_string(&w->list, "PayloadIdentifier",
	    view_of(name.identifier));
	plist_string(&w->list, "PayloadUUID", view_of(name.uuid));
	plist_string(&w->list, "PayloadDisplayName", title);
	if (about != NULL)
		plist_string(&w->list, "PayloadDescription", view_of(about));
	plist_string(&w->list, "PayloadOrganization", w->title);
}

static void
add_incoming(struct writer *w, const struct service_entry *e)
{
	struct plist *p = &w->list;

	plist_string(p, "IncomingMailServerAuthentication",
	    VIEW("EmailAuthPassword"));
	plist_string(p, "IncomingMailServerHostName", e->host);
	plist_integer(p, "IncomingMailServerPortNumber", e->port);
	/* On 143 and 587 the device then demands STARTTLS. */
	plist_bool(p, "IncomingMailServerUseSSL", true);
	plist_string(p, "IncomingMailServerUsername", w->login);
	if (w->order->password.n > 0)
		plist_string(p, "IncomingPassword", w->order->password);
}

static void
add_outgoing(struct writer *w, const struct service_entry *e)
{
	struct plist *p = &w->list;

	plist_string(p, "OutgoingMailServerAuthentication",
	    VIEW("EmailAuthPassword"));
	plist_string(p, "OutgoingMailServerHostName", e->host);
	plist_integer(p, "OutgoingMailServerPortNumber", e->port);
	plist_bool(p, "OutgoingMailServerUseSSL", true);
	plist_string(p, "OutgoingMailServerUsername", w->login);
	if (w->order->password.n > 0)
		plist_string(p, "OutgoingPassword", w->order->password);
	plist_bool(p, "OutgoingPasswordSameAsIncomingPassword", true);
}

static void
add_mail(struct writer *w)
{
	const struct service_set *set = w->order->services;
	const struct service_entry *in = w->incoming;
	struct plist *p = &w->list;
	/* Without these a person could never add S/MIME to the account. */
	static const char *const switches[] = {
		"SMIMESigningUserOverrideable",
		"SMIMESigningCertificateUUIDUserOverrideable",
		"SMIMEEncryptByDefaultUserOverrideable",
		"SMIMEEncryptionCertificateUUIDUserOverrideable",
		"SMIMEEnableEncryptionPerMessageSwitch",
	};

	plist_dict(p, NULL);
	add_head(w, "com.apple.mail.managed", ".mail",
	    titled(w, w->words->mail), NULL);
	plist_string(p, "EmailAccountType",
	    strcmp(in->protocol, "imap") == 0 ? VIEW("EmailTypeIMAP")
					      : VIEW("EmailTypePOP"));
	plist_string(p, "EmailAccountDescription", w->title);
	if (w->person.n > 0)
		plist_string(p, "EmailAccountName", w->person);
	plist_string(p, "EmailAddress", w->order->address);
	add_incoming(w, in);
	add_outgoing(w, &set->outgoing[0]);
	plist_bool(p, "PreventMove", false);
	plist_bool(p, "PreventAppSheet", false);
	plist_bool(p, "disableMailRecentsSyncing", false);
	for (size_t i = 0; i < COUNT(switches); i++)
		plist_bool(p, switches[i], true);
	plist_dict_end(p);
}

/* CalDAV and CardDAV differ in the beginning of their keys. */
static const struct dav_keys {
	const char *type, *part, *description, *host, *port, *ssl, *user,
	    *password, *principal;
} caldav_keys = {
	"com.apple.caldav.account", ".caldav", "CalDAVAccountDescription",
	"CalDAVHostName", "CalDAVPort", "CalDAVUseSSL", "CalDAVUsername",
	"CalDAVPassword", "CalDAVPrincipalURL",
}, carddav_keys = {
	"com.apple.carddav.account", ".carddav", "CardDAVAccountDescription",
	"CardDAVHostName", "CardDAVPort", "CardDAVUseSSL", "CardDAVUsername",
	"CardDAVPassword", "CardDAVPrincipalURL",
};

/* "https://host[:port]/path/" in its parts. */
static bool
cut_url(view url, view *host, uint64_t *port, view *path)
{
	view rest = url;

	*port = 443;
	if (!view_starts(url, VIEW("https://")))
		return false;
	rest = view_from(rest, sizeof "https://" - 1);
	*path = view_from(rest, view_find_byte(rest, '/'));
	rest = view_first(rest, rest.n - path->n);
	*host = view_cut(&rest, ':');
	return path->n > 0 && host->n > 0
	    && (rest.n == 0 || view_number(rest, 65535, port));
}

static void
add_dav(struct writer *w, const struct dav_keys *keys, const char *what)
{
	struct buf principal = buf_new(4 * LIMIT_ADDRESS + LIMIT_HTTP_TARGET);
	struct plist *p = &w->list;
	view host, path;
	uint64_t port;

	if (!cut_url(w->order->services->dav, &host, &port, &path)) {
		w->r = fail(NOT_FOUND, "the server has no DAV to offer");
		return;
	}
	buf_add(&principal, path);
	/* How another server calls its principals nobody knows; the device
	 * asks for them there. */
	if (!w->order->services->foreign) {
		encode_percent(&principal, w->order->address, VIEW("@"));
		buf_add_byte(&principal, '/');
	}
	plist_dict(p, NULL);
	add_head(w, keys->type, keys->part, titled(w, what), NULL);
	plist_string(p, keys->description, w->title);
	plist_string(p, keys->host, host);
	plist_integer(p, keys->port, port);
	plist_bool(p, keys->ssl, true);
	plist_string(p, keys->principal, buf_view(&principal));
	plist_string(p, keys->user, w->login);
	if (w->order->password.n > 0)
		plist_string(p, keys->password, w->order->password);
	plist_dict_end(p);
	if (w->r.is == OK)
		w->r = buf_result(&principal);
	buf_free(&principal);
}

/* The device shows that of its own language before it installs. */
static void
add_consent(struct writer *w)
{
	plist_dict(&w->list, "ConsentText");
	for (size_t i = 0; i <= PROFILE_LANGUAGES; i++) {
		bool last = i == PROFILE_LANGUAGES;
		const struct words *t = last ? w->words : &texts[i];
		bool password = w->order->password.n > 0;

		plist_string(&w->list,
		    last ? "default" : profile_language_tags[i],
		    arena_print(w->arena, "%s%s%s", t->consent,
			password ? " " : "",
			password ? t->with_password : ""));
	}
	plist_dict_end(&w->list);
}

static void
add_all(struct writer *w)
{
	bool full = w->order->kind == PROFILE_FULL;

	add_head(w, "Configuration", "",
	    titled(w, full ? w->words->full : w->words->mail),
	    full ? w->words->about_full : w->words->about);
	plist_string(&w->list, "PayloadScope", VIEW("User"));
	plist_bool(&w->list, "PayloadRemovalDisallowed", false);
	add_consent(w);
	plist_array(&w->list, "PayloadContent");
	add_mail(w);
	if (full) {
		add_dav(w, &caldav_keys, w->words->calendars);
		add_dav(w, &carddav_keys, w->words->contacts);
	}
	plist_array_end(&w->list);
	plist_end(&w->list);
}

result
profile_apple(const struct profile_order *order, struct buf *out)
{
	struct writer w = { .order = order, .r = done(),
		.words = &texts[order->language],
		.incoming = link_incoming(order->services),
		.arena = arena_new(LIMIT_PROFILE) };

	if (w.incoming == NULL || order->services->outgoing_count == 0) {
		arena_free(&w.arena);
		return fail(NOT_FOUND, "the server has no mail to offer");
	}
	w.title = one_line(w.arena, order->services->display_name);
	w.person = one_line(w.arena, order->name);
	w.login = service_set_login(order->services, order->address);
	w.list = plist_to(out);
	add_all(&w);
	if (w.r.is == OK)
		w.r = arena_result(w.arena);
	arena_free(&w.arena);
	TRY(w.r);
	return buf_result(out);
}
