/* The demo's mailboxes, and the note that keeps their passwords. */
#include "davd/cli_init.h"

#include "davd/cli_demo.h"
#include "mailcore/admin/admin.h"
#include "mailcore/base/encode.h"
#include "mailcore/store/collection.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/random.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	NOTE_TEXT = 16384,
	HASH_TEXT = 512,
	/* More users than that are for load tests: their hashes are made by
	 * one SHA-512 each, so that init does not take minutes. */
	SLOW_HASHES = 32
};

static bool
take(const json_t *from, const char *name, char *to, size_t room)
{
	return view_copy(view_of(json_string_value(json_object_get(from,
	    name))), to, room);
}

result
demo_note_read(struct cli *cli, struct demo_note *out)
{
	struct buf text = buf_new(NOTE_TEXT);
	result r = file_read(cli_path(cli, "demo.json"), &text);
	json_t *note = NULL;

	*out = (struct demo_note){ .users = 0 };
	if (r.is == OK) {
		note = json_loadb(buf_text(&text), text.n, 0, NULL);
		if (!take(note, "address", out->address, sizeof out->address)
		    || !take(note, "password", out->password,
		        sizeof out->password)
		    || !take(note, "calendar", out->calendar,
		        sizeof out->calendar)
		    || !take(note, "addressbook", out->addressbook,
		        sizeof out->addressbook)
		    || out->address[0] == '\0' || out->password[0] == '\0')
			r = fail(MALFORMED, "demo.json is damaged; remove it"
			    " and run init again");
		out->users = (unsigned)json_integer_value(
		    json_object_get(note, "users"));
	}
	json_decref(note);
	buf_free(&text);
	return r;
}

result
demo_note_write(struct cli *cli, const struct demo_note *note)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:i}", "address",
	    note->address, "password", note->password, "calendar",
	    note->calendar, "addressbook", note->addressbook, "users",
	    (int)note->users);
	char *text = json_dumps(object, JSON_INDENT(2));
	result r;

	if (text == NULL)
		abort();
	r = file_write(cli_path(cli, "demo.json"), view_of(text),
	    S_IRUSR | S_IWUSR);
	free(text);
	json_decref(object);
	return r;
}

struct names {
	struct arena *arena;
	struct demo_note *note;
};

static result
read_names(struct account *account, void *context)
{
	struct names *names = context;
	struct collection found;

	TRY(collection_find(account, names->arena, COLLECTION_CALENDAR,
	    VIEW("personal"), &found));
	(void)view_copy(found.display_name, names->note->calendar,
	    sizeof names->note->calendar);
	TRY(collection_find(account, names->arena, COLLECTION_ADDRESSBOOK,
	    VIEW("personal"), &found));
	(void)view_copy(found.display_name, names->note->addressbook,
	    sizeof names->note->addressbook);
	return done();
}

static result
note_names(struct cli *cli, int64_t id, struct demo_note *note)
{
	struct names names = { cli->arena, note };
	struct account *account = NULL;
	result r = account_open(cli->store, id, &account);

	if (r.is == OK)
		r = account_read(account, read_names, &names);
	if (account != NULL)
		account_close(&account);
	return r;
}

static void
make_password(struct demo_note *note)
{
	struct buf made = buf_new(sizeof note->password);

	admin_password_make(&made);
	(void)view_copy(buf_view(&made), note->password,
	    sizeof note->password);
	buf_free(&made);
}

/* {SSHA512}: base64 of the digest and the salt behind it. */
static result
hash_quickly(view password, struct buf *out)
{
	unsigned char bytes[EVP_MAX_MD_SIZE + 16];
	struct buf input = buf_new(256);
	unsigned n = 0;
	result r = done();

	random_bytes(bytes + EVP_MAX_MD_SIZE, 16);
	buf_add(&input, password);
	buf_add(&input, (view){ (const char *)bytes + EVP_MAX_MD_SIZE, 16 });
	if (EVP_Digest(buf_text(&input), input.n, bytes, &n, EVP_sha512(),
	        NULL) != 1 || n != EVP_MAX_MD_SIZE)
		r = fail(FAILED, "no SHA-512 in OpenSSL");
	buf_add(out, VIEW("{SSHA512}"));
	encode_base64(out, (view){ (const char *)bytes, sizeof bytes });
	buf_free(&input);
	return r.is == OK ? buf_result(out) : r;
}

static result
add_user(struct cli *cli, const struct init *init, unsigned number)
{
	view local = arena_print(cli->arena, "user%02u", number);
	view address = arena_print(cli->arena, "%.*s@%.*s", (int)local.n,
	    local.p, (int)init->domain.n, init->domain.p);
	struct buf hash = buf_new(HASH_TEXT);
	struct account_info there;
	int64_t id;
	result r = account_find(cli->store, cli->arena, address, &there);

	if (r.is == NOT_FOUND) {
		r = init->users > SLOW_HASHES ? hash_quickly(local, &hash)
		                              : auth_hash(local, &hash);
		if (r.is == OK)
			r = account_add(cli->store, address, local,
			    buf_view(&hash), &id);
	}
	buf_free(&hash);
	return r;
}

/* A mailbox that is there gets a new password when its old one is lost. */
static result
add_demo(struct cli *cli, const struct init *init, struct demo_note *note)
{
	view address = arena_print(cli->arena, "demo@%.*s",
	    (int)init->domain.n, init->domain.p);
	struct account_info account;
	result r = account_find(cli->store, cli->arena, address, &account);
	bool fresh = r.is == NOT_FOUND;

	if (r.is != OK && !fresh)
		return r;
	if (!fresh && view_eq(address, view_of(note->address)))
		return done();
	if (note->password[0] == '\0')
		make_password(note);
	(void)view_copy(address, note->address, sizeof note->address);
	/* The note first: a password that nobody knows were worse than one
	 * that fits nothing yet. */
	TRY(demo_note_write(cli, note));
	if (fresh)
		TRY(admin_mailbox_add(cli->store, address, VIEW("Demo"),
		    view_of(note->password)));
	else
		TRY(admin_password_set(cli->store, address,
		    view_of(note->password)));
	TRY(account_find(cli->store, cli->arena, address, &account));
	if (fresh)
		TRY(cli_demo_fill(cli->store, account.id, address,
		    clock_now()));
	return note_names(cli, account.id, note);
}

result
init_demo(struct cli *cli, const struct init *init)
{
	struct demo_note note;
	result r = demo_note_read(cli, &note);

	if (r.is != OK && r.is != NOT_FOUND)
		return r;
	TRY(add_demo(cli, init, &note));
	for (unsigned i = 1; i <= init->users; i++)
		TRY(add_user(cli, init, i));
	if (init->users > note.users)
		note.users = init->users;
	return demo_note_write(cli, &note);
}
