/*
 * limits.h - every bound that the network can reach, with its reason.
 *
 * Those that an operator may want to change have a twin in the configuration
 * (posthaste.conf(5)) and are the defaults there.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
	/* RFC 5321 4.5.3.1: local part 64, domain 255, path 256. */
	LIMIT_LOCAL_PART = 64,
	LIMIT_DOMAIN = 255,
	LIMIT_ADDRESS = LIMIT_LOCAL_PART + 1 + LIMIT_DOMAIN,

	/* RFC 5321 4.5.3.1.4 asks for 512; extensions add to it (RFC 4954:
	 * AUTH lines of 12,288). */
	LIMIT_SMTP_LINE = 12288,
	/* RFC 5321 4.5.3.1.6 asks for 1,000; real mail has longer ones. */
	LIMIT_SMTP_DATA_LINE = 65536,
	/* RFC 5321 4.5.3.1.8 asks for at least 100. */
	LIMIT_SMTP_RECIPIENTS = 1000,
	/* Unknown recipients of one connection at full speed; then each costs
	 * a second, so that nobody tries a dictionary. */
	LIMIT_SMTP_UNKNOWN = 20,
	/* RFC 5321 6.3: at least 100 Received fields before a loop is seen. */
	LIMIT_SMTP_HOPS = 100,

	/* RFC 9051 has no bound; 64 KiB is what Dovecot takes. */
	LIMIT_IMAP_LINE = 65536,
	/* Before login only LOGIN and AUTHENTICATE are worth a literal. */
	LIMIT_IMAP_LINE_UNAUTHENTICATED = 33792, /* RFC 2971 3.3: an ID */
	LIMIT_IMAP_NESTING = 32,
	LIMIT_IMAP_MAILBOX_NAME = 512,
	LIMIT_IMAP_MAILBOXES = 10000,
	LIMIT_IMAP_KEYWORDS = 64, /* in one mailbox */
	LIMIT_IMAP_KEYWORD = 128, /* bytes of one */
	LIMIT_IMAP_KEYWORD_SETS = 60000, /* different ones in one mailbox */
	LIMIT_IMAP_ID_PAIRS = 30,        /* RFC 2971 3.3 */
	LIMIT_IMAP_ID = 1024,
	LIMIT_IMAP_PATTERNS = 64,    /* of one LIST */
	LIMIT_IMAP_SEARCH_KEYS = 1000,
	LIMIT_IMAP_FETCH_ITEMS = 64,
	LIMIT_IMAP_SECTION_FIELDS = 128,
	LIMIT_IMAP_LITERAL_EARLY = 4096, /* RFC 7888 5, before login */
	LIMIT_IMAP_COMMAND_MEMORY = 16777216, /* beside message bytes */
	LIMIT_IMAP_PIECE = 262144,   /* of output made in one go */
	LIMIT_IMAP_BOX_CACHE = 67108864, /* flags of mailboxes, in a process */
	LIMIT_IMAP_SORT_KEYS = 16,
	LIMIT_IMAP_SORT = 200000,    /* messages put in order by one command */
	LIMIT_IMAP_SORT_MEMORY = 134217728, /* their subjects, names, ids */
	LIMIT_IMAP_SORT_TEXT = 512,  /* bytes of one that count */
	LIMIT_IMAP_REFERENCES = 32,  /* of one message, the last ones */
	LIMIT_IMAP_LOST = 100, /* names subscribed, of mailboxes deleted */
	LIMIT_IMAP_SHARERS = 500,       /* others whose mailboxes LIST shows */
	LIMIT_IMAP_SHARED = 5000,       /* of all of them together */
	LIMIT_IMAP_METADATA = 64,       /* entries of one command */
	LIMIT_IMAP_METADATA_NAME = 512,
	LIMIT_IMAP_METADATA_VALUE = 32768, /* said as METADATA MAXSIZE */
	LIMIT_IMAP_NOTIFY_GROUPS = 32,  /* of one NOTIFY */
	LIMIT_IMAP_NOTIFY_NAMES = 1000, /* of mailboxes in it */
	LIMIT_IMAP_NOTIFY_MEMORY = 1048576,
	LIMIT_ANNOTATIONS = 1000,       /* of one account */
	LIMIT_ANNOTATION_BYTES = 4194304,
	LIMIT_IMAP_APPENDS = 256,    /* messages of one APPEND: RFC 3502 */
	LIMIT_IMAP_APPEND_BYTES = 209715200, /* of all of them */

	/* RFC 2449 4: 255 octets with CRLF; AUTH lines (RFC 5034) longer. */
	LIMIT_POP3_LINE = 8192,

	/* Unparsable commands in a row before the connection is closed. */
	LIMIT_BAD_COMMANDS = 10,
	LIMIT_BAD_COMMANDS_UNAUTHENTICATED = 3,

	/* All that a message from outside is looked at: name servers, rspamd.
	 * RFC 5321 4.5.3.2.6 has clients wait ten minutes. */
	LIMIT_VERIFY_MS = 10000,
	LIMIT_RSPAMD_REPLY = 1048576,
	/* Lines of allow and deny lists of one level, and octets of one. */
	LIMIT_SENDER_RULES = 1000,
	LIMIT_SENDER_RULE = 255,
	/* Senders, clients and recipients remembered by greylisting. */
	LIMIT_GREYLIST = 1000000,

	LIMIT_MESSAGE = 52428800, /* 50 MiB, as most hosters */
	LIMIT_HEADER = 262144,    /* of one message, in bytes */
	LIMIT_HEADER_FIELDS = 1000,
	LIMIT_MIME_DEPTH = 32,
	LIMIT_MIME_PARTS = 1000,
	LIMIT_MIME_PARAMETERS = 64,  /* of one field; RFC 2231 pieces too */
	LIMIT_MIME_HEADERS = 1048576, /* of all parts together */
	LIMIT_MIME_WORK = 67108864,  /* memory to look at one message */
	LIMIT_ENVELOPE = 262144,     /* larger: an empty one is shown */
	LIMIT_BODYSTRUCTURE = 524288, /* larger: one opaque part is shown */
	LIMIT_HEADER_ADDRESSES = 2000, /* read from one field */

	LIMIT_PASSWORD = 1024,
	/* Right passwords remembered, and for how long. */
	LIMIT_AUTH_CACHE = 4096,
	LIMIT_AUTH_CACHE_MS = 300000,
	/* Wrong ones from one network within so many seconds; then 4xx. */
	LIMIT_AUTH_FAILURES = 50,
	LIMIT_AUTH_WINDOW = 600,
	/* RFC 4865: so long (in seconds) the queue keeps what is to be sent
	 * later. */
	LIMIT_FUTURE_RELEASE = 5184000,
	/* Access tokens (OAuth): signed ones have some 1,000 bytes. */
	LIMIT_TOKEN = 8192,
	LIMIT_TOKEN_ANSWER = 65536, /* of a server asked, a set of keys */
	LIMIT_TOKEN_KEYS = 32,
	LIMIT_TOKEN_KEY_ID = 255,
	LIMIT_TOKEN_WORD = 255,    /* a claim's name, a scope */
	LIMIT_TOKEN_URL = 1024,
	LIMIT_TOKEN_JOBS = 256,    /* tokens looked at at once; then 4xx */
	LIMIT_TOKEN_MS = 8000,     /* for one, with all that is asked */
	LIMIT_TOKEN_CACHE = 1024,  /* good ones remembered, */
	LIMIT_TOKEN_CACHE_SECONDS = 60, /* and for how long at most */
	LIMIT_SCRAM_NONCE = 256, /* of a client; RFC 5802 names no bound */

	/* App passwords of one account: a person has this many devices. */
	LIMIT_APP_PASSWORDS = 100,
	LIMIT_APP_LABEL = 100,    /* bytes */
	LIMIT_APP_NETWORKS = 400, /* bytes of all that one may come from */
	LIMIT_APP_DAYS = 3650,

	/* Sieve: what a person may keep, and what one run may do.  A step is
	 * about a byte compared; a run of all of them takes some 50 ms. */
	LIMIT_SIEVE_SCRIPT = 131072,
	LIMIT_SIEVE_SCRIPTS = 32,
	LIMIT_SIEVE_SCRIPT_NAME = 512, /* RFC 5804 1.6: 128 signs of 4 bytes */
	LIMIT_SIEVE_NODES = 10000,
	LIMIT_SIEVE_NESTING = 32,
	LIMIT_SIEVE_MEMORY = 16777216, /* of a compiled script; of a run */
	LIMIT_SIEVE_STEPS = 20000000,
	LIMIT_SIEVE_STEPS_HOUR = 400000000, /* of all runs of one person */
	LIMIT_SIEVE_ACTIONS = 32,
	LIMIT_SIEVE_REDIRECTS = 4,
	LIMIT_SIEVE_INCLUDES = 32, /* RFC 6609 5, of one run */
	LIMIT_SIEVE_INCLUDE_DEPTH = 8,
	LIMIT_SIEVE_NOTIFIES = 4, /* RFC 5435 8, of one run */
	LIMIT_NOTIFY_ADDRESSES = 4,
	LIMIT_NOTIFIES_HOUR = 30, /* of one person */
	LIMIT_SIEVE_VARIABLES = 128, /* RFC 5229 6 */
	LIMIT_SIEVE_VARIABLE = 4096, /* bytes of one; the rest is cut off */
	LIMIT_REMEMBERED = 10000, /* senders replied to, duplicates: of one */
	LIMIT_VACATION_TEXT = 65536,
	LIMIT_FORWARDS = 20, /* of one mailbox */
	LIMIT_ALIAS_DEPTH = 10, /* aliases behind aliases */
	LIMIT_ALIAS_ADDRESSES = 1000, /* that one comes to in the end */
	LIMIT_ALIAS_TEXT = 65536,     /* all targets of one */
	LIMIT_DOMAIN_ALIASES = 10000, /* that its administrators may make */
	LIMIT_DOMAIN_ALIAS_TEXT = 4194304, /* all their targets together */

	LIMIT_PROFILE = 262144, /* a configuration profile, and to make one */
	LIMIT_ONE_TIME_SECONDS = 600, /* a link to one works so long */
	/* Characters in a QR code that a phone reads off a screen. */
	LIMIT_QR_TEXT = 800,
	LIMIT_QR_IMAGE = 1048576,

	LIMIT_SESSIONS = 50,      /* browsers that one is signed in by */
	LIMIT_SESSION_AGENT = 200, /* bytes of what they call themselves */
	LIMIT_LOGIN_SECONDS = 60, /* a last login is written so often */
	LIMIT_SESSION_IDLE = 10800, /* seconds without use */
	LIMIT_SESSION_END = 604800, /* seconds in all */

	LIMIT_API_BODY = 131072, /* a reply of 8,000 characters, all escaped */
	/* A file of events or contacts that is sent to it, and what is
	 * in it; an import holds a thread for so long. */
	LIMIT_IMPORT = 10485760,
	LIMIT_IMPORT_ITEMS = 10000,
	/* Of an archive: mailboxes; octets of properties and settings; how
	 * often a message is compared with one that is there; and refusals
	 * of one kind that are told in words. */
	LIMIT_IMPORT_MAILBOXES = 500,
	LIMIT_IMPORT_ASIDE = 1048576,
	LIMIT_IMPORT_COMPARED = 100000,
	LIMIT_IMPORT_REFUSALS = 20,
	/* Requests in one window: of one session, those of them that change
	 * something, and of one network (an office behind one address). */
	LIMIT_API_WINDOW = 60,
	LIMIT_API_REQUESTS = 300,
	LIMIT_API_CHANGES = 60,
	LIMIT_API_NETWORK = 3000,
	/* Event streams at once; a person has this many tabs open. */
	LIMIT_STREAMS = 2000,
	LIMIT_STREAMS_PER_ACCOUNT = 8,

	LIMIT_DISPLAY_NAME = 200, /* of a person or a domain, in bytes */

	/* Bodies up to here lie in the database (measured crossover). */
	LIMIT_BODY_INLINE = 65536,
	/* Account databases in use at once, at 3 descriptors each. */
	LIMIT_OPEN_ACCOUNTS = 2048,
	/* Different runs of three bytes of one message that are indexed; one
	 * with more (text of some 500 KiB) is read by each search. */
	LIMIT_SEARCH_TERMS = 16384,
	/* Accounts that wait for the searcher; others wait for their next
	 * change. */
	LIMIT_SEARCH_WAITING = 10000,
	/* Of one collection; who was away for more removals than that reads
	 * all of it again. */
	LIMIT_TOMBSTONES = 10000,
	/* One transaction in the journal; a larger one is synced by itself. */
	LIMIT_JOURNAL_RECORD = 33554432,
	LIMIT_JOURNAL_BATCH = 67108864,   /* what gathers between two syncs */
	LIMIT_JOURNAL_SEGMENT = 67108864, /* a file; at most two a process */

	LIMIT_HTTP_HEADER = 32768, /* all header fields of one request */
	LIMIT_HTTP_TARGET = 8192,  /* path and query */
	LIMIT_HTTP_ARENA = 33554432, /* of one request, beside its body */
	LIMIT_HTTP_BODIES = 268435456, /* all bodies being received at once */
	LIMIT_HTTP_BODY_SECONDS = 300, /* until a body must be whole */
	LIMIT_HTTP_IDLE_SECONDS = 60,
	/* Until the handshake and the header of a request are whole. */
	LIMIT_HTTP_HEADER_SECONDS = 60,
	LIMIT_HTTP_CONNECTIONS = 4096,
	LIMIT_XML = 1048576,       /* request bodies of PROPFIND, REPORT... */
	LIMIT_XML_DEPTH = 64,
	LIMIT_XML_ATTRIBUTES = 64,
	LIMIT_FORM = 16384, /* of a page; the largest has 1500 characters */
	LIMIT_AUTODISCOVER = 65536, /* request bodies; real ones: 500 */
	LIMIT_PACC_DOCUMENT = 16384, /* ours; real ones: 600 */
	LIMIT_CALENDAR_OBJECT = 10485760,
	/* Lines, parameters and list values of one calendar object. */
	LIMIT_ICAL_PIECES = 100000,
	/* Of this system: some 420, of 0.8 MiB in all, 11 KiB the largest. */
	LIMIT_ZONES = 1024,
	LIMIT_ZONES_SHELF = 8388608,
	LIMIT_ZONES_ANSWER = 262144, /* about one of them */
	LIMIT_ZONE_PATTERN = 64,
	LIMIT_ZONE_NAME = 63,
	LIMIT_ZONE_LABEL = 16,   /* "CEST"; POSIX asks for 6 at least */
	LIMIT_ZONE_FILE = 65536, /* real ones: 3.6 KiB, 240 turns */
	LIMIT_ZONE_TURNS = 2000,
	LIMIT_ZONE_FOOTER = 128,
	LIMIT_ZONE_TABLE = 524288, /* tzdata.zi has 107 KiB */
	LIMIT_ICAL_ZONES = 200, /* of a calendar that is cut into objects */
	LIMIT_FILTER_NODES = 256, /* of a calendar-query or addressbook-query */
	LIMIT_VCARD = 5242880,
	LIMIT_VCARD_WORDS = 640, /* so that a row stays in its page */
	LIMIT_LIST_LOOKUPS = 5000, /* members of one VLIST */
	LIMIT_DAV_NAME = 255, /* last segment of a path, decoded */
	LIMIT_DAV_PROPERTIES = 256,    /* asked for, or set, in one request */
	LIMIT_DAV_PROPERTY = 65536,    /* the value of one */
	LIMIT_DAV_DEAD = 262144, /* names and values of one resource's own */
	LIMIT_MULTIGET = 5000,
	LIMIT_BULK = 100, /* objects of one bulk change */
	LIMIT_CONTENT_LINE = 8388608, /* photos are one line */
	LIMIT_COLLECTIONS = 500,      /* of one home */
	LIMIT_FILE = 10485760, /* a request is held in memory */
	LIMIT_FOLDERS = 2000,  /* of one person's files */
	LIMIT_FILE_PATH = 1024, /* of a folder, with those around it */
	LIMIT_FILES_CARRIED = 10000, /* by one COPY of a folder */

	/* Scheduling (RFC 6638). */
	LIMIT_ATTENDEES = 1000,       /* of one calendar object */
	LIMIT_SCHEDULE_REFRESH = 50,  /* told when another one answers */
	LIMIT_SCHEDULE_INBOX = 500,   /* messages kept there, newest ones */
	LIMIT_SCHEDULE_DEPTH = 4,     /* answers to answers */
	LIMIT_SCHEDULE_MAILED = 2000, /* people one account writes to in */
	LIMIT_SCHEDULE_WINDOW = 3600, /* so many seconds, and then no more */
	LIMIT_ITIP = 1048576,         /* a message that came by mail */
	LIMIT_BUSY_RECIPIENTS = 100,  /* of one free-busy request */
	LIMIT_BUSY_ANSWERS = 1000, /* of attendees, until all count as busy */
	LIMIT_AVAILABLE = 100, /* components that say when one can be had */
	LIMIT_ATTACHMENTS = 100,      /* of one calendar object */
	LIMIT_ATTACHMENT = 8388608,   /* one; below LIMIT_CALENDAR_OBJECT */
	LIMIT_ATTACHMENT_NAME = 200,  /* bytes of a file's name */
	LIMIT_ATTACHMENTS_KEPT = 10000, /* of one account */
	LIMIT_GRANTS = 10000, /* of one owner; all are read at once */
	LIMIT_ACES = 1000,    /* in one ACL request */
	LIMIT_DIRECTORY = 1000, /* people that one search finds */

	/* What `posthaste doctor` takes of one answer, and how long it waits;
	 * Thunderbird gives a settings document 5 s. */
	LIMIT_DOCTOR_BODY = 1048576,
	LIMIT_DOCTOR_MS = 5000, /* for each wait of ... */
	LIMIT_DOCTOR_CALL_MS = 30000, /* ... a connection, which has this */
	LIMIT_DOCTOR_LINE = 8192, /* of what is said to log in */
	LIMIT_DOCTOR_LINES = 128, /* of one answer */

	/* Clients to be told of one person's changes, half of them of others
	 * he shares with, and for how long: the draft asks for at least three
	 * days. */
	LIMIT_PUSH = 400,
	LIMIT_PUSH_SECONDS = 2592000,
	LIMIT_PUSH_URL = 2000,
	LIMIT_PUSH_MUTED = 20,    /* named in one Push-Dont-Notify */
	LIMIT_PUSH_WINDOW_MS = 2000, /* what changes meanwhile goes together */
	LIMIT_PUSH_EVERY = 5,     /* seconds between two to one client */
	LIMIT_PUSH_MS = 10000,    /* for one message to be taken */
	LIMIT_PUSH_LINES = 100,   /* of what a push service answers */
	LIMIT_PUSH_FAILURES = 12, /* in a row, then it is forgotten */
	LIMIT_PUSH_WAIT = 86400,  /* most that Retry-After may say */
	LIMIT_PUSH_ACCOUNTS = 65536, /* remembered to have some, or none */

	/* What was there before changes, of one person: the oldest goes. */
	LIMIT_HISTORY = 20000,
	LIMIT_HISTORY_BYTES = 268435456,
	LIMIT_HISTORY_DAYS = 365,
	LIMIT_HISTORY_GONE = 200, /* whole collections, with properties */
	LIMIT_HISTORY_SHOWN = 1000, /* changes in one list */

	/* An answer of the signer takes a millisecond, a new key a second. */
	LIMIT_SIGNER_MS = 5000,
	/* One message to it or from it: below what a socket takes at once. */
	LIMIT_SIGNER_MESSAGE = 131072,
	LIMIT_SIGNER_KEYS = 16,     /* of one domain */
	LIMIT_SIGNER_FILES = 50000, /* keys of all domains */

	/* RFC 8555 8.1: at least 128 bits in base64url; real ones have 43. */
	LIMIT_ACME_TOKEN = 128,
	LIMIT_ACME_ANSWER = 1024,

	/* Of a mail server's certificate in the DNS, and a domain's policy. */
	LIMIT_TLSA = 8192,      /* octets of one record */
	LIMIT_TLSA_RECORDS = 32,
	LIMIT_STS_POLICY = 65536, /* RFC 8461 3.3 names 64 KiB */
	LIMIT_STS_MX = 64,
	LIMIT_STS_DOMAINS = 10000, /* policies that are remembered */
	LIMIT_TLS_SESSIONS = 256, /* kinds of them that one report tells */
	LIMIT_ROUTES = 256, /* domains whose mail goes a way of its own */

	LIMIT_VERIFY_FINDINGS = 20, /* of a kind, of one account */

	LIMIT_CONFIGURATION = 65536, /* bytes of posthaste.conf */
	LIMIT_GATEWAY_LINES = 1024, /* of them about other mail systems */
	LIMIT_GATEWAY_URL = 1024,
	/* Descriptors allow as many; at 20 KiB each that is 200 MiB. */
	LIMIT_CONNECTIONS = 10000,
	/* An office behind one address: 50 people, 5 connections each. */
	LIMIT_CONNECTIONS_PER_PEER = 256
};

#endif
