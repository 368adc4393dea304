#include "mailcore/sys/syscalls.h"

#include "mailcore/sys/log.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { UNDER_SANITIZER = 1 };
#else
enum { UNDER_SANITIZER = 0 };
#endif

/* Allowed with any arguments.  By what needs them, so that one can be taken
 * out again with what needed it. */
static const int allowed[] = {
	/* every process: memory, time, signals, its own numbers */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
	SCMP_SYS(madvise), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(getrandom), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage),
	SCMP_SYS(getrlimit), SCMP_SYS(times), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(umask), SCMP_SYS(getcpu),
	/* threads */
	SCMP_SYS(futex), SCMP_SYS(futex_waitv), SCMP_SYS(set_robust_list),
	SCMP_SYS(get_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
	SCMP_SYS(sched_get_priority_max), SCMP_SYS(sched_get_priority_min),
	SCMP_SYS(arch_prctl), SCMP_SYS(membarrier),
	/* descriptors */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(dup),
	SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(pipe), SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2), SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
	SCMP_SYS(fcntl), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select),
	SCMP_SYS(pselect6), SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	/* files: SQLite, bodies, certificates, libraries loaded late */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2),
	SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs),
	SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(lseek),
	SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(preadv2),
	SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(pwritev2),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range),
	SCMP_SYS(syncfs), SCMP_SYS(ftruncate), SCMP_SYS(truncate),
	SCMP_SYS(fallocate), SCMP_SYS(fadvise64), SCMP_SYS(readahead),
	SCMP_SYS(flock), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(chmod),
	SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(utimensat),
	SCMP_SYS(futimesat), SCMP_SYS(copy_file_range), SCMP_SYS(sendfile),
	SCMP_SYS(msync), SCMP_SYS(mincore),
	/* sockets that are there already, and those accepted */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(shutdown),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(socketpair),
};

/* Asked for and not missed: told that they are not there, or not allowed. */
static const struct {
	int call;
	int error;
} declined[] = {
	/* Its flags lie in memory, where no filter sees them; glibc then takes
	 * clone, whose flags are looked at. */
	{ SCMP_SYS(clone3), ENOSYS },
	{ SCMP_SYS(io_uring_setup), ENOSYS },
	{ SCMP_SYS(memfd_create), ENOSYS },
	{ SCMP_SYS(mbind), EPERM },
	{ SCMP_SYS(get_mempolicy), ENOSYS },
	{ SCMP_SYS(sched_setaffinity), EPERM },
	{ SCMP_SYS(sched_setscheduler), EPERM },
	{ SCMP_SYS(setpriority), EPERM },
	{ SCMP_SYS(chown), EPERM },
	{ SCMP_SYS(fchown), EPERM },
	{ SCMP_SYS(fchownat), EPERM },
	{ SCMP_SYS(setrlimit), EPERM },
	{ SCMP_SYS(inotify_init1), ENOSYS },
};

static int
add_lists(scmp_filter_ctx f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(allowed); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; r == 0 && i < COUNT(declined); i++)
		r = seccomp_rule_add(f,
		    SCMP_ACT_ERRNO((uint16_t)declined[i].error),
		    declined[i].call, 0);
	return r;
}

/* Allow `call` when its argument number `arg`, under `mask`, is `value`. */
static int
allow_when(scmp_filter_ctx f, int call, unsigned arg, scmp_datum_t mask,
    scmp_datum_t value)
{
	const struct scmp_arg_cmp is = { .arg = arg,
		.op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value };

	return seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, 1, &is);
}

static const struct {
	int call;
	unsigned arg;
	scmp_datum_t mask, value;
} checked[] = {
	/* Threads, but no processes. */
	{ SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD },
	/* Executable memory is only what the loader of a library maps from a
	 * file. */
	{ SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
	{ SCMP_SYS(mmap), 3, MAP_ANONYMOUS, 0 },
	{ SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO },
	{ SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME },
	{ SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_NAME },
	{ SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_DUMPABLE },
	{ SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_VMA },
	/* Limits are read, not set. */
	{ SCMP_SYS(prlimit64), 2, UINT64_MAX, 0 },
};

static int
add_checked(scmp_filter_ctx f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(checked); i++)
		r = allow_when(f, checked[i].call, checked[i].arg,
		    checked[i].mask, checked[i].value);
	/* abort(3) */
	if (r == 0)
		r = allow_when(f, SCMP_SYS(tgkill), 0, UINT32_MAX,
		    (scmp_datum_t)getpid());
	return r;
}

/* listen is on no list: nobody but the supervisor opens doors. */
static int
add_sockets(scmp_filter_ctx f, bool connects)
{
	const struct scmp_arg_cmp not_local = { .arg = 0, .op = SCMP_CMP_NE,
		.datum_a = AF_UNIX };
	const uint32_t act = connects ? SCMP_ACT_ALLOW
	                              : SCMP_ACT_ERRNO(EACCES);
	int r = seccomp_rule_add(f, act, SCMP_SYS(connect), 0);

	if (r == 0)
		r = seccomp_rule_add(f, act, SCMP_SYS(bind), 0);
	if (r == 0)
		r = allow_when(f, SCMP_SYS(socket), 0, UINT64_MAX, AF_UNIX);
	if (r == 0)
		r = seccomp_rule_add_array(f, act, SCMP_SYS(socket), 1,
		    &not_local);
	return r;
}

result
syscalls_restrict(bool connects)
{
	scmp_filter_ctx f;
	int r;

	/* The address sanitizer makes calls of its own (ptrace of itself to
	 * look for leaks, personality, mprotect of its shadow). */
	if (UNDER_SANITIZER) {
		log_line(LOG_WARNING, "sandbox.seccomp", "off=sanitizer");
		return done();
	}
	f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (f == NULL)
		return fail(FAILED, "seccomp: out of memory");
	r = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_lists(f);
	if (r == 0)
		r = add_checked(f);
	if (r == 0)
		r = add_sockets(f, connects);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	if (r == 0)
		return done();
	log_line(LOG_ERROR, "sandbox.seccomp", "error=\"%s\"", strerror(-r));
	return fail(FAILED, "seccomp");
}
