/*
 * Which folders a role may touch.  Landlock allows a folder with all below
 * it and cannot take anything out again, so no role is given the data folder
 * itself: the keys of DKIM lie in it, the private CA's, and the configuration
 * that the supervisor starts from.
 */
#include "davd/role.h"

#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"
#include "mailcore/sys/sandbox.h"

#include <stdio.h>

/* Who may do what to a folder of <data>. */
enum fence {
	FENCE_STORE = 1, /* writes: every role with a store */
	FENCE_KEYS = 2,  /* writes: the signer */
	FENCE_ALL = 4,   /* reads: everybody */
	FENCE_WEB = 8    /* reads: the web role */
};

static const struct {
	const char *name;
	enum fence fence;
} folders[] = {
	{ "house", FENCE_STORE },
	{ "accounts", FENCE_STORE },
	{ "journal", FENCE_STORE },
	{ "queue", FENCE_STORE },
	{ "tmp", FENCE_STORE },
	{ "run", FENCE_STORE },
	{ "keys", FENCE_KEYS },
	{ "roles", FENCE_ALL },
	{ "acme", FENCE_WEB },
};

static result
folder_path(const struct conf *conf, const char *name, char to[PATH_MAX])
{
	int n = snprintf(to, PATH_MAX, "%s/%s", conf->data, name);

	return n > 0 && n < PATH_MAX
	    ? done() : fail(FAILED, "the data folder's path is too long");
}

result
role_config_path(const struct conf *conf, char to[PATH_MAX])
{
	return folder_path(conf, "roles/posthaste.conf", to);
}

static result
make_folders(const struct conf *conf)
{
	for (size_t i = 0; i < COUNT(folders); i++) {
		char path[PATH_MAX];

		TRY(folder_path(conf, folders[i].name, path));
		TRY(file_make_folder(path));
	}
	return file_sync_folder(conf->data); /* no role could, later */
}

static result
prepare_fence(const struct conf *conf)
{
	const char *const writable[] = { conf->data };
	const char *const readable[] = { conf->certificates };
	const struct sandbox s = { .writable = writable,
		.writable_count = COUNT(writable), .readable = readable,
		.readable_count = COUNT(readable) };

	TRY(make_folders(conf));
	return conf->sandbox ? sandbox_enter(&s) : done();
}

result
role_fence(const struct role_kind *kind, const struct conf *conf)
{
	char paths[COUNT(folders)][PATH_MAX];
	const char *writable[COUNT(folders)];
	const char *readable[COUNT(folders) + 1];
	struct sandbox s = { .writable = writable, .readable = readable };
	unsigned writes, reads = FENCE_ALL;

	if (kind == NULL)
		return prepare_fence(conf);
	if (!conf->sandbox) {
		log_line(LOG_WARNING, "sandbox.off", "by=configuration");
		return done();
	}
	writes = kind->store ? FENCE_STORE : FENCE_KEYS;
	if (kind == &role_kinds[ROLE_WEB])
		reads |= FENCE_WEB;
	for (size_t i = 0; i < COUNT(folders); i++) {
		TRY(folder_path(conf, folders[i].name, paths[i]));
		if ((folders[i].fence & writes) != 0)
			writable[s.writable_count++] = paths[i];
		else if ((folders[i].fence & reads) != 0)
			readable[s.readable_count++] = paths[i];
	}
	if (kind->certificates)
		readable[s.readable_count++] = conf->certificates;
	s.connect = kind->connects;
	return sandbox_enter(&s);
}
