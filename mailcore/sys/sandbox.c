#include "mailcore/sys/sandbox.h"

#include "mailcore/sys/log.h"
#include "mailcore/sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12. */
enum { ACCESS_TRUNCATE = 1 << 14 };

static const uint64_t read_file = LANDLOCK_ACCESS_FS_READ_FILE;
static const uint64_t read_tree = LANDLOCK_ACCESS_FS_READ_FILE
    | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t write_file = LANDLOCK_ACCESS_FS_READ_FILE
    | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
static const uint64_t write_tree = LANDLOCK_ACCESS_FS_READ_FILE
    | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE
    | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE
    | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG
    | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER
    | ACCESS_TRUNCATE;

/* What this kernel can forbid; all of it is, except where a rule allows. */
static uint64_t
known_rights(long abi)
{
	uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= ACCESS_TRUNCATE;
	return all;
}

static bool
is_folder(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A path that is not there needs no rule. */
static bool
allow(int rules, uint64_t known, const char *path, bool writable)
{
	struct landlock_path_beneath_attr rule = { 0 };
	long failed;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == EACCES;
	if (is_folder(rule.parent_fd))
		rule.allowed_access = writable ? write_tree : read_tree;
	else
		rule.allowed_access = writable ? write_file : read_file;
	rule.allowed_access &= known;
	failed = syscall(SYS_landlock_add_rule, rules,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	(void)close(rule.parent_fd);
	return failed == 0;
}

/* What libraries look up by themselves. */
static const char *const always_readable[] = {
	"/etc", /* hosts, resolv.conf, nsswitch.conf, ssl, localtime */
	"/run/systemd/resolve",
	"/usr/lib", "/usr/local/lib", "/lib", "/lib64", /* late dlopen */
	"/usr/share", /* zoneinfo, the DNS root key, ca-certificates */
	"/dev/urandom", "/dev/random",
	"/proc/self", "/proc/sys", "/proc/cpuinfo", "/proc/meminfo",
	"/sys/devices/system/cpu",
};

static bool
allow_all(int rules, uint64_t known, const struct sandbox *s)
{
	bool worked = allow(rules, known, "/dev/null", true);

	for (size_t i = 0; worked && i < s->writable_count; i++)
		worked = allow(rules, known, s->writable[i], true);
	for (size_t i = 0; worked && i < s->readable_count; i++)
		worked = allow(rules, known, s->readable[i], false);
	for (size_t i = 0; worked && i < COUNT(always_readable); i++)
		worked = allow(rules, known, always_readable[i], false);
	return worked;
}

static result
enter_landlock(const struct sandbox *s)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = { 0 };
	int rules;
	bool worked;

	if (abi < 1) {
		log_line(LOG_WARNING, "sandbox.landlock",
		    "error=\"%s\" meaning=\"files are not fenced off\"",
		    strerror(errno));
		return done();
	}
	attr.handled_access_fs = known_rights(abi);
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr,
	    0);
	worked = rules >= 0 && allow_all(rules, attr.handled_access_fs, s)
	    && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	if (!worked)
		log_line(LOG_ERROR, "sandbox.landlock", "error=\"%s\"",
		    strerror(errno));
	if (rules >= 0)
		(void)close(rules);
	return worked ? done() : fail(FAILED, "Landlock");
}

result
sandbox_enter(const struct sandbox *s)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_line(LOG_ERROR, "sandbox.privileges", "error=\"%s\"",
		    strerror(errno));
		return fail(FAILED, "no_new_privs");
	}
	TRY(enter_landlock(s));
	return syscalls_restrict(s->connect);
}
