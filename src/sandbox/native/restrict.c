/* What the command puts on before it becomes one: Landlock, limits, capabilities, system call filters. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers on every architecture. */
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_CREATE_RULESET_VERSION 1UL
#define LANDLOCK_RULE_PATH_BENEATH 1

/* include/uapi/linux/landlock.h, LANDLOCK_ACCESS_FS_* */
#define EXECUTE (UINT64_C(1) << 0)
#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR (UINT64_C(1) << 3)
#define REMOVE_DIR (UINT64_C(1) << 4)
#define REMOVE_FILE (UINT64_C(1) << 5)
#define MAKE_CHAR (UINT64_C(1) << 6)
#define MAKE_DIR (UINT64_C(1) << 7)
#define MAKE_REG (UINT64_C(1) << 8)
#define MAKE_SOCK (UINT64_C(1) << 9)
#define MAKE_FIFO (UINT64_C(1) << 10)
#define MAKE_BLOCK (UINT64_C(1) << 11)
#define MAKE_SYM (UINT64_C(1) << 12)
#define REFER (UINT64_C(1) << 13)
#define TRUNCATE (UINT64_C(1) << 14)
#define IOCTL_DEV (UINT64_C(1) << 15)
/* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL */
#define SCOPES 3
/* LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP */
#define TCP 3

#define SECCOMP_SET_MODE_FILTER 1

/* What the command may read about itself in tier B: OWN_PROC of ../helper.py, which says what is left out and why. */
static const char *const OWN_PROC[] = {
    "auxv", "cgroup", "cmdline", "comm", "environ", "fd", "fdinfo", "io", "limits", "maps", "mountinfo", "mounts",
    "oom_score", "smaps", "smaps_rollup", "stat", "statm", "status",
};

static int status_fd = -1;

static _Noreturn void tell_and_exit(const char *message)
{
    size_t length = strnlen(message, 1000);
    if (length > 0 && message[length - 1] == '\n')
        length--;
    (void)!write_again(status_fd, message, length); /* nobody reads it when the supervisor is gone */
    _exit(127);
}

void give_up(const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    tell_and_exit(message);
}

void give_up_of_error(const char *path)
{
    tell_and_exit(error_text(errno, path));
}

int landlock_version(void)
{
    long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0UL, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

static void add_rule(int ruleset, const char *path, uint64_t access)
{
    /* A link that appeared since the paths were looked up is not followed: a right to its target is not meant. */
    int fd = open_again(path, O_PATH | O_NOFOLLOW);
    if (fd < 0) {
        if (errno == ENOENT)
            return;
        give_up_of_error(path);
    }
    struct stat state;
    if (fstat(fd, &state) != 0)
        give_up_of_error(path);
    if (!S_ISDIR(state.st_mode))
        access &= WRITE_FILE | TRUNCATE | IOCTL_DEV | READ_FILE | EXECUTE;
    struct {
        uint64_t access;
        int32_t parent;
    } __attribute__((packed)) rule = {access, fd};
    if (syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0UL) != 0)
        give_up("landlock_add_rule failed for %s", path);
    close(fd);
}

static void add_rules(int ruleset, const struct strings *paths, uint64_t access)
{
    for (size_t at = 0; at < paths->count; at++)
        add_rule(ruleset, paths->items[at], access);
}

/** Landlock: what has no rule is refused. In tier A it is a second layer, and about writing alone. */
static void restrict_files(const struct options *options)
{
    int version = landlock_version();
    if (version < 1)
        return;
    uint64_t files = WRITE_FILE | (version >= 3 ? TRUNCATE : 0);
    uint64_t allowed = files | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM |
                       (version >= 2 ? REFER : 0);
    uint64_t device_control = version >= 5 ? IOCTL_DEV : 0;
    uint64_t reading = options->contained ? EXECUTE | READ_FILE | READ_DIR : 0;
    /* struct landlock_ruleset_attr; what a kernel does not know of it is not handed over. */
    const uint64_t attribute[3] = {
        allowed | MAKE_CHAR | MAKE_BLOCK | device_control | reading,
        options->contained ? TCP : 0,
        SCOPES,
    };
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    int ruleset = (int)syscall(LANDLOCK_CREATE_RULESET, attribute, size, 0UL);
    if (ruleset < 0)
        give_up("landlock_create_ruleset failed");
    add_rules(ruleset, &options->write, allowed | reading);
    add_rules(ruleset, &options->tmpfs, allowed | reading);
    if (options->contained) {
        add_rules(ruleset, &options->read, reading);
        add_rules(ruleset, &options->list, READ_DIR);
        for (size_t at = 0; at < sizeof OWN_PROC / sizeof *OWN_PROC; at++) {
            char path[64];
            snprintf(path, sizeof path, "/proc/self/%s", OWN_PROC[at]);
            add_rule(ruleset, path, reading);
        }
        add_rule(ruleset, "/dev/zero", READ_FILE);
    } else {
        add_rule(ruleset, "/dev/pts", files | device_control);
    }
    /* Not /dev/zero: mapped shared and writable, it is memory that could not be counted. */
    static const char *const DEVICES[] = {"/dev/null", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
    for (size_t at = 0; at < sizeof DEVICES / sizeof *DEVICES; at++)
        add_rule(ruleset, DEVICES[at], files | (reading & READ_FILE));
    if (syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0UL) != 0)
        give_up("landlock_restrict_self failed");
    close(ruleset);
}

static void lower(int limit, int64_t value)
{
    struct rlimit now;
    if (getrlimit(limit, &now) != 0)
        give_up_of_error(NULL);
    rlim_t wanted = (rlim_t)value;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted)
        wanted = now.rlim_max;
    const struct rlimit new = {wanted, wanted};
    if (setrlimit(limit, &new) != 0)
        give_up_of_error(NULL);
}

bool is_user_root_outside(void)
{
    char text[PROC_SIZE];
    long long inside, outside;
    if (!read_file("/proc/self/uid_map", text, sizeof text) || sscanf(text, "%lld %lld", &inside, &outside) != 2)
        die("/proc/self/uid_map cannot be read");
    return outside == 0;
}

/** The same without a namespace of our own, where the mapping is of all users. */
static bool is_root_of_machine(void)
{
    return getuid() == 0 && is_user_root_outside();
}

int limit_tasks(pid_t pid, int64_t others, int64_t processes, int64_t room)
{
    for (;;) {
        struct rlimit before, now;
        if (prlimit(pid, RLIMIT_NPROC, NULL, &before) != 0)
            return errno;
        rlim_t hard = (rlim_t)larger(0, others + processes + room);
        if (before.rlim_max != RLIM_INFINITY && before.rlim_max < hard)
            hard = before.rlim_max;
        rlim_t soft = (rlim_t)larger(0, others + processes + OTHERS_MAY_START_BETWEEN);
        const struct rlimit new = {soft < hard ? soft : hard, hard};
        if (prlimit(pid, RLIMIT_NPROC, &new, NULL) == 0)
            return 0;
        int error = errno;
        /* The supervisor and the command's process both do this: the other one was first, and the limit is lower now. */
        if (error != EPERM || prlimit(pid, RLIMIT_NPROC, NULL, &now) != 0 || now.rlim_max == before.rlim_max)
            return error;
    }
}

int64_t tasks_of_machine(void)
{
    char text[PROC_SIZE];
    long long tasks;
    if (!read_file("/proc/loadavg", text, sizeof text) || sscanf(text, "%*s %*s %*s %*[0-9]/%lld", &tasks) != 1)
        return 0;
    return tasks;
}

int64_t tasks_of_user(void)
{
    uid_t myself = getuid();
    int64_t total = 0;
    int proc = open_again("/proc", O_RDONLY | O_DIRECTORY);
    if (proc < 0)
        return 0;
    struct listing listing;
    struct entry entry;
    begin_listing(&listing, proc);
    while (next_entry(&listing, &entry)) {
        if (pid_of(entry.name) == 0)
            continue;
        char path[64];
        struct stat state;
        snprintf(path, sizeof path, "%.40s/task", entry.name);
        if (fstatat(proc, path, &state, 0) != 0)
            continue; /* gone since it was listed */
        if (state.st_uid == myself)
            total += (int64_t)state.st_nlink - 2;
    }
    close(proc);
    return total;
}

/** Root keeps its number and nothing that goes with it; others have nothing to lose. */
static void drop_capabilities(void)
{
    for (unsigned long capability = 0; capability < 64; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL) != 0)
            break; /* the last one that this kernel knows, or not root */
    const struct {
        uint32_t version;
        int32_t pid;
    } header = {0x20080522, 0}; /* _LINUX_CAPABILITY_VERSION_3, this process */
    const uint32_t none[6] = {0};
    if (syscall(SYS_capset, &header, none) != 0)
        give_up("capabilities could not be given up");
}

bool set_no_dump(void)
{
    return prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == 0;
}

void become_reaper(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) != 0)
        die("could not become the parent of orphans");
}

long load_filter(const void *instructions, size_t count, unsigned long flags)
{
    /* struct sock_fprog */
    const struct {
        unsigned short count;
        const void *instructions;
    } program = {(unsigned short)count, instructions};
    if (count > UINT16_MAX) {
        errno = EINVAL;
        return -1;
    }
    return syscall(SYS_seccomp, (unsigned long)SECCOMP_SET_MODE_FILTER, flags, &program);
}

extern char **environ;

static _Noreturn void execute(const struct options *options)
{
    char **environment = environ;
    struct strings own = options->environment;
    if (options->contained) {
        add_string(&own, NULL);
        environment = own.items;
    }
    char *program = options->command[0];
    if (strchr(program, '/')) {
        execve(program, options->command, environment);
        give_up_of_error(program);
    }
    const char *folders = "/usr/bin:/bin";
    for (char **variable = environment; *variable; variable++)
        if (strncmp(*variable, "PATH=", 5) == 0)
            folders = *variable + 5;
    for (;;) {
        size_t length = strcspn(folders, ":");
        char *path = format_text("%.*s/%s", (int)length, folders, program);
        if (access(path, X_OK) == 0) {
            execve(path, options->command, environment);
            give_up_of_error(path);
        }
        free(path);
        if (folders[length] == '\0')
            break;
        folders += length + 1;
    }
    give_up("%s: command not found", program);
}

static void limit_own_tasks(const struct options *options)
{
    int error = limit_tasks(0, tasks_of_user(), options->processes, OTHERS_MAY_START);
    if (error) {
        errno = error;
        give_up_of_error(NULL);
    }
}

void become_command(const struct options *options, const int *streams, int stream_count, int status, struct gate *gate,
                    struct broom *broom)
{
    status_fd = status;
    before_death = NULL;
    death_message = tell_and_exit;
    if (options->cgroup)
        enter_cgroup(options->cgroup, status);
    for (int number = 0; number < stream_count; number++)
        if (dup2(streams[number], number) < 0)
            give_up_of_error(NULL);
    close_others(stream_count, status, gate ? gate->theirs : -1, broom ? broom->theirs : -1);
    /* Slack above the watched limit, so that the watch sees the limit passed and names the reason. */
    lower(RLIMIT_FSIZE, options->disk + MEBIBYTE);
    lower(RLIMIT_DATA, 2 * options->memory + 1024 * MEBIBYTE);
    lower(RLIMIT_CORE, 0);
    lower(RLIMIT_NOFILE, 1024);
    lower(RLIMIT_MSGQUEUE, 0);
    lower(RLIMIT_MEMLOCK, 64 * 1024);
    /* Outside of a user namespace it counts all of the user's tasks, and it does not hold for the machine's root. */
    if (!options->contained)
        lower(RLIMIT_NPROC, options->processes + 9);
    else if (!options->cgroup && !is_root_of_machine())
        limit_own_tasks(options);
    /* A session of its own: where the kernel groups tasks by session, the supervisor keeps its share of the processor. */
    if (setsid() < 0)
        give_up_of_error(NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0)
        give_up("no_new_privs failed");
    if (options->cwd && chdir(options->cwd) != 0)
        give_up_of_error(options->cwd);
    restrict_files(options);
    if (options->contained)
        drop_capabilities();
    static const int OWN_SIGNALS[] = {SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGPIPE, SIGXFSZ, SIGCHLD, SIGALRM, SIGUSR1};
    for (size_t at = 0; at < sizeof OWN_SIGNALS / sizeof *OWN_SIGNALS; at++)
        signal(OWN_SIGNALS[at], SIG_DFL);
    bool swept = broom && start_broom(broom);
    errno = 0;
    if (nice(5) == -1 && errno != 0)
        give_up_of_error(NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (options->filter && load_filter(options->filter, options->filter_length / 8, 0) != 0)
        give_up("the system call filter was refused");
    if (gate)
        put_on_gate(gate, !swept && !options->cgroup);
    execute(options);
}
