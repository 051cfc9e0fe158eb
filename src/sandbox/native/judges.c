/*
 * What is said about each system call that waits to be judged: the methods judge_… of class Gate in ../helper.py. A call
 * that is let pass is judged by its numbers alone; one that names a file is done here, by this process, so that nothing can
 * change between the look and the deed.
 */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PIDFD_OPEN 434
#define PIDFD_GETFD 438

/* Bytes that a path of the caller may have; what is longer has no end there, and the kernel refuses it. */
#define TEXT_SIZE 4097
/* A path of the caller as one of this process. */
#define RESOLVED_SIZE (TEXT_SIZE + 64)

#define FILE_TYPE 0170000u

/** One place of a change: the open folder, and the name inside. */
struct spot {
    int folder;
    char name[TEXT_SIZE];
};

/** A C int out of a register. */
static int signed_of(uint64_t value)
{
    return (int)(uint32_t)value;
}

/** Bytes of the caller's memory, up to the end of the page where what follows is not mapped; an error number, negative. */
static ssize_t memory_of(pid_t caller, uint64_t address, void *data, size_t size)
{
    if (address > INT64_MAX)
        return -EPERM;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)caller);
    int fd = open_again(path, O_RDONLY);
    if (fd < 0)
        return -errno;
    ssize_t got = pread(fd, data, size, (off_t)address);
    if (got < 0) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        size_t left = page - (size_t)(address % page);
        got = pread(fd, data, size < left ? size : left, (off_t)address);
    }
    int error = errno;
    close(fd);
    return got < 0 ? -error : got;
}

/** A text of the caller's memory, which may be empty; 0 or an error number. */
static int text_at(pid_t caller, uint64_t address, char text[TEXT_SIZE])
{
    ssize_t got = memory_of(caller, address, text, TEXT_SIZE - 1);
    if (got < 0)
        return (int)-got;
    text[got] = '\0';
    return 0;
}

/** A path without slashes at its end; 0 or an error number. */
static int path_text(pid_t caller, uint64_t address, char text[TEXT_SIZE])
{
    int error = text_at(caller, address, text);
    if (error)
        return error;
    size_t length = strlen(text);
    if (length == 0)
        return ENOENT;
    while (length > 1 && text[length - 1] == '/')
        text[--length] = '\0';
    return 0;
}

/** A path of the caller as one of this process; what it leads to is looked at when it is opened. */
static int resolve(pid_t caller, int folder, const char *path, char resolved[RESOLVED_SIZE])
{
    int length;
    if (*path == '\0')
        return ENOENT;
    if (strncmp(path, "/proc/self/", 11) == 0)
        length = snprintf(resolved, RESOLVED_SIZE, "/proc/%d/%s", (int)caller, path + 11);
    else if (*path == '/')
        length = snprintf(resolved, RESOLVED_SIZE, "%s", path);
    else if (folder == AT_FDCWD)
        length = snprintf(resolved, RESOLVED_SIZE, "/proc/%d/cwd/%s", (int)caller, path);
    else
        length = snprintf(resolved, RESOLVED_SIZE, "/proc/%d/fd/%d/%s", (int)caller, folder, path);
    return length < 0 || length >= RESOLVED_SIZE ? ENAMETOOLONG : 0;
}

static int path_at(pid_t caller, int folder, uint64_t address, char resolved[RESOLVED_SIZE])
{
    char text[TEXT_SIZE];
    int error = text_at(caller, address, text);
    return error ? error : resolve(caller, folder, text, resolved);
}

/** The part of a path before its last component, `/` or `.` where there is none; and that component. */
static int split(const char *path, char head[TEXT_SIZE], char name[TEXT_SIZE])
{
    size_t length = strlen(path);
    if (length >= TEXT_SIZE)
        return ENAMETOOLONG;
    const char *slash = strrchr(path, '/');
    memcpy(name, slash ? slash + 1 : path, strlen(slash ? slash + 1 : path) + 1);
    size_t head_length = slash ? (size_t)(slash - path) : 0;
    memcpy(head, path, head_length);
    head[head_length] = '\0';
    if (head_length == 0)
        memcpy(head, slash ? "/" : ".", 2);
    return 0;
}

/** Opens the folder that holds a path's last component. `base`: the folder that it is relative to, or -1: the caller's. */
static int open_spot(pid_t caller, int folder, const char *path, int base, struct spot *spot)
{
    char head[TEXT_SIZE], where[RESOLVED_SIZE];
    int error = split(path, head, spot->name);
    if (error)
        return error;
    if (base < 0) {
        error = resolve(caller, folder, head, where);
        if (error)
            return error;
    } else if (*head == '/') {
        memcpy(where, head, strlen(head) + 1);
    } else {
        snprintf(where, sizeof where, "/proc/self/fd/%d/%s", base, head);
    }
    spot->folder = open_again(where, O_PATH | O_DIRECTORY);
    return spot->folder < 0 ? errno : 0;
}

/** The number behind a name at the start of a line in /proc/PID/status. */
static long status_number(pid_t pid, const char *name, int base, long otherwise)
{
    char path[64], text[PROC_SIZE];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (!read_file(path, text, sizeof text))
        return otherwise;
    const char *at = strstr(text, name);
    return at ? strtol(at + strlen(name), NULL, base) : otherwise;
}

static mode_t umask_of(pid_t caller)
{
    return (mode_t)status_number(caller, "\nUmask:", 8, 0022);
}

static pid_t leader_of(pid_t caller)
{
    return (pid_t)status_number(caller, "\nTgid:", 10, 0);
}

/* -- processes and sockets -- */

/** The first value is a process, a group (negative), the own group (0), or everything (-1). */
static int judge_kill(struct supervisor *supervisor, const uint64_t *values)
{
    int target = signed_of(values[0]);
    if (target == 0 || (target > 0 && contains_process(&supervisor->processes, target)))
        return GATE_PASS;
    if (target >= -1)
        return EPERM;
    struct pids pids = {0};
    list_processes(&supervisor->processes, &pids);
    int said = EPERM;
    for (size_t at = 0; at < pids.count && said == EPERM; at++)
        if (getpgid(pids.items[at]) == -(int64_t)target)
            said = GATE_PASS;
    free(pids.items);
    return said;
}

static int judge_task(struct supervisor *supervisor, const uint64_t *values)
{
    pid_t leader = leader_of(signed_of(values[0]));
    return leader > 0 && contains_process(&supervisor->processes, leader) ? GATE_PASS : EPERM;
}

static void count_sockets(struct supervisor *supervisor)
{
    supervisor->sockets += 2;
    if (supervisor->sockets <= FREE_SOCKETS)
        return;
    struct pids pids = {0};
    list_processes(&supervisor->processes, &pids);
    supervisor->sockets = 2;
    for (size_t at = 0; at < pids.count; at++)
        supervisor->sockets += open_sockets(pids.items[at]);
    free(pids.items);
}

/** Opens a file for changing its attributes, when it lies in a folder that the command may write to; -error otherwise. */
static int open_writable(const struct gate *gate, const struct supervisor *supervisor, const char *path)
{
    char link[64], real[PATH_MAX];
    int fd = open_again(path, O_PATH);
    if (fd < 0)
        return -errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, real, sizeof real - 1);
    int error = length < 0 ? errno : EPERM;
    if (length >= 0) {
        real[length] = '\0';
        const struct strings *roots = &supervisor->options->write;
        for (size_t at = 0; at < roots->count; at++) {
            size_t root = strlen(roots->items[at]);
            if (strncmp(real, roots->items[at], root) == 0 && (real[root] == '\0' || real[root] == '/'))
                return fd;
        }
        int is_free = gate->kept ? is_changeable(gate->kept, real) : 0;
        if (is_free > 0)
            return fd;
        if (is_free < 0)
            error = -is_free;
    }
    close(fd);
    return -error;
}

/** Connects the caller's own socket, without waiting for long; 0 or an error number. */
static int connect_for(pid_t caller, int socket_number, const struct sockaddr_un *address, socklen_t length)
{
    int process = (int)syscall(PIDFD_OPEN, leader_of(caller), 0U);
    if (process < 0)
        return ECONNREFUSED;
    int client = (int)syscall(PIDFD_GETFD, process, socket_number, 0U);
    close(process);
    if (client < 0)
        return ECONNREFUSED;
    /* A listener whose queue is full makes this wait, and the command must not make this process wait: the caller's
     * socket could be set not to block, but the caller could set it back. */
    struct itimerval timer = {{0, LONGEST_CONNECT_MICROSECONDS}, {0, LONGEST_CONNECT_MICROSECONDS}};
    setitimer(ITIMER_REAL, &timer, NULL);
    int result = connect(client, (const struct sockaddr *)address, length);
    timer = (struct itimerval){0};
    setitimer(ITIMER_REAL, &timer, NULL);
    close(client);
    return result < 0 ? ECONNREFUSED : 0;
}

/** connect(socket, address, length): to unix sockets below the writable folders only, and done here. */
static int judge_connect(struct gate *gate, struct supervisor *supervisor, pid_t caller, const uint64_t *values)
{
    struct {
        uint16_t family;
        char path[110 - 2 + 1];
    } given = {0};
    ssize_t got = memory_of(caller, values[1], &given, values[2] < 110 ? (size_t)values[2] : 110);
    if (got < 0)
        return (int)-got;
    if (got < 4 || given.family != AF_UNIX || given.path[0] == '\0')
        return EPERM;
    given.path[got - 2] = '\0';
    char path[RESOLVED_SIZE];
    int error = resolve(caller, AT_FDCWD, given.path, path);
    if (error)
        return error;
    int target = open_writable(gate, supervisor, path);
    if (target < 0)
        return -target;
    count_sockets(supervisor);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", target);
    error = connect_for(caller, signed_of(values[0]), &address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1));
    close(target);
    return error;
}

/* -- attributes -- */

static int change_mode(const struct gate *gate, const struct supervisor *supervisor, const char *path, uint64_t mode)
{
    int fd = open_writable(gate, supervisor, path);
    if (fd < 0)
        return -fd;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int error = chmod(link, (mode_t)(mode & 01777)) != 0 ? errno : 0;
    close(fd);
    return error;
}

static int change_mode_at(const struct gate *gate, const struct supervisor *supervisor, pid_t caller, int folder,
                          uint64_t address, uint64_t mode)
{
    char path[RESOLVED_SIZE];
    int error = path_at(caller, folder, address, path);
    return error ? error : change_mode(gate, supervisor, path, mode);
}

static void descriptor_path(pid_t caller, uint64_t number, char path[RESOLVED_SIZE])
{
    snprintf(path, RESOLVED_SIZE, "/proc/%d/fd/%d", (int)caller, signed_of(number));
}

/** utimensat(folder, path, times, flags); no path means the descriptor itself. */
static int judge_utime(const struct gate *gate, const struct supervisor *supervisor, pid_t caller, const uint64_t *values)
{
    char path[RESOLVED_SIZE], link[64];
    int error = 0;
    if (values[1] == 0)
        descriptor_path(caller, values[0], path);
    else
        error = path_at(caller, signed_of(values[0]), values[1], path);
    if (error)
        return error;
    bool is_given = values[2] != 0;
    struct timespec times[2] = {{0}};
    if (is_given) {
        uint64_t raw[4] = {0};
        ssize_t got = memory_of(caller, values[2], raw, sizeof raw);
        if (got < 0)
            return (int)-got;
        for (int at = 0; at < 2; at++) {
            if (raw[2 * at + 1] > 999999999)
                is_given = false; /* UTIME_NOW or UTIME_OMIT: now is near enough */
            times[at].tv_sec = (time_t)raw[2 * at];
            times[at].tv_nsec = (long)(raw[2 * at + 1] % 1000000000);
        }
    }
    int fd = open_writable(gate, supervisor, path);
    if (fd < 0)
        return -fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    error = utimensat(AT_FDCWD, link, is_given ? times : NULL, 0) != 0 ? errno : 0;
    close(fd);
    return error;
}

/* -- files in folders with something kept in them -- */

/** Whether a change goes on here: 0, or what is said instead. */
static int judge_places(const struct gate *gate, const struct spot *spots, size_t count)
{
    bool are_ruled = true, is_refused = false;
    for (size_t at = 0; at < count; at++) {
        int place = place_of(gate->kept, spots[at].folder, spots[at].name);
        if (place < 0)
            return -place;
        are_ruled = are_ruled && (place == PLACE_RULED || place == PLACE_OUTSIDE);
        is_refused = is_refused || place == PLACE_KEPT || place == PLACE_OUTSIDE;
    }
    if (are_ruled)
        return GATE_PASS;
    return is_refused ? EACCES : 0;
}

/** What is done with the names of a change, and what for it is needed beside them. */
struct change {
    enum kind kind;
    mode_t mode;
    unsigned flags;
    const char *target;
};

static int do_change(const struct change *change, const struct spot *spots)
{
    const struct spot *one = &spots[0], *other = &spots[1];
    int result = -1;
    switch (change->kind) {
    case KIND_MKDIRAT:
        result = mkdirat(one->folder, one->name, change->mode);
        break;
    case KIND_MKNODAT:
        result = mknodat(one->folder, one->name, change->mode, 0);
        break;
    case KIND_UNLINKAT:
        result = unlinkat(one->folder, one->name, change->flags & AT_REMOVEDIR ? AT_REMOVEDIR : 0);
        break;
    case KIND_SYMLINKAT:
        result = symlinkat(change->target, one->folder, one->name);
        break;
    case KIND_LINKAT:
        result = linkat(one->folder, one->name, other->folder, other->name, 0);
        break;
    case KIND_RENAMEAT2:
        if (change->flags != 0)
            return EINVAL;
        result = renameat(one->folder, one->name, other->folder, other->name);
        break;
    default:
        return EPERM;
    }
    return result != 0 ? errno : 0;
}

/** A name of a change: the folder's number and the address of the path. */
struct name {
    uint64_t folder, address;
};

/** Does a change of folders here when one of them has something kept in it; Landlock judges all others. */
static int make_change(const struct gate *gate, pid_t caller, const struct change *change, const struct name *names,
                       size_t count)
{
    if (!gate->kept)
        return GATE_PASS;
    struct spot spots[2];
    size_t opened = 0;
    int said = 0;
    while (opened < count && said == 0) {
        char text[TEXT_SIZE];
        said = path_text(caller, names[opened].address, text);
        if (said == 0)
            said = open_spot(caller, signed_of(names[opened].folder), text, -1, &spots[opened]);
        if (said == 0)
            opened++;
    }
    if (said == 0)
        said = judge_places(gate, spots, count);
    if (said == 0)
        said = do_change(change, spots);
    for (size_t at = 0; at < opened; at++)
        close(spots[at].folder);
    return said;
}

static int judge_mkdirat(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t path, uint64_t mode)
{
    const struct change change = {.kind = KIND_MKDIRAT, .mode = (mode_t)(mode & 01777) & ~umask_of(caller)};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_mknodat(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t path, uint64_t mode)
{
    mode_t kind = (mode_t)mode & FILE_TYPE;
    if (kind != 0 && kind != S_IFREG && kind != S_IFIFO)
        return kind == S_IFSOCK ? GATE_PASS : EPERM;
    const struct change change = {.kind = KIND_MKNODAT, .mode = kind | ((mode_t)(mode & 0777) & ~umask_of(caller))};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_unlinkat(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t path, uint64_t flags)
{
    const struct change change = {.kind = KIND_UNLINKAT, .flags = (unsigned)flags};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_symlinkat(const struct gate *gate, pid_t caller, uint64_t target, uint64_t folder, uint64_t path)
{
    char text[TEXT_SIZE];
    int error = path_text(caller, target, text);
    if (error)
        return error;
    const struct change change = {.kind = KIND_SYMLINKAT, .target = text};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_two(const struct gate *gate, pid_t caller, enum kind kind, struct name old, struct name new, uint64_t flags)
{
    const struct change change = {.kind = kind, .flags = (unsigned)flags};
    const struct name names[2] = {old, new};
    return make_change(gate, caller, &change, names, 2);
}

static int hand_over(const struct gate *gate, int mine, uint32_t flags, const uint64_t *size)
{
    struct stat state;
    if (fstat(mine, &state) != 0)
        return errno;
    if (!S_ISREG(state.st_mode))
        return EACCES;
    if (size) {
        if (*size > INT64_MAX)
            return EPERM;
        return ftruncate(mine, (off_t)*size) != 0 ? errno : 0;
    }
    if (!set_blocking(mine, !(flags & O_NONBLOCK)))
        return errno;
    int error = answer_with_file(gate, mine, flags & O_CLOEXEC);
    return error ? error : GATE_SILENT;
}

/** Follows the links that the last name may be; the spot stays the one that is open. 0 or an error number. */
static int follow_links(pid_t caller, struct spot *spot)
{
    for (int count = 0; count < 40; count++) {
        char target[TEXT_SIZE];
        ssize_t length = readlinkat(spot->folder, spot->name, target, sizeof target - 1);
        if (length < 0)
            break; /* no link */
        target[length] = '\0';
        struct spot next;
        int error = open_spot(caller, AT_FDCWD, target, spot->folder, &next);
        if (error)
            return error;
        close(spot->folder);
        *spot = next;
    }
    return 0;
}

static int open_at_spot(const struct gate *gate, pid_t caller, const struct spot *spot, uint32_t flags, uint64_t mode,
                        const uint64_t *size)
{
    int place = place_of(gate->kept, spot->folder, spot->name);
    if (place < 0)
        return -place;
    if (place == PLACE_RULED || place == PLACE_OUTSIDE || flags & O_DIRECTORY)
        return GATE_PASS;
    if (place == PLACE_KEPT)
        return EACCES;
    if (flags > INT_MAX)
        return EPERM;
    mode_t own_mode = (mode_t)(mode & 0777) & ~umask_of(caller);
    int mine = openat(spot->folder, spot->name, (int)flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, own_mode);
    if (mine < 0)
        return errno;
    int said = hand_over(gate, mine, flags, size);
    close(mine);
    return said;
}

/** open(2) for writing, or truncate(2) to a size. */
static int judge_opening(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t address, uint64_t given_flags,
                         uint64_t mode, const uint64_t *size)
{
    if (!gate->kept)
        return GATE_PASS;
    uint32_t flags = (uint32_t)given_flags;
    char text[TEXT_SIZE];
    struct spot spot;
    int said = path_text(caller, address, text);
    if (said == 0)
        said = open_spot(caller, signed_of(folder), text, -1, &spot);
    if (said != 0)
        return said;
    if (!(flags & (O_NOFOLLOW | O_EXCL)))
        said = follow_links(caller, &spot);
    if (said == 0)
        said = open_at_spot(gate, caller, &spot, flags, mode, size);
    close(spot.folder);
    return said;
}

int judge(struct gate *gate, struct supervisor *supervisor, enum kind kind, pid_t caller, const uint64_t *values)
{
    const uint64_t here = (uint64_t)AT_FDCWD;
    char path[RESOLVED_SIZE];
    switch (kind) {
    case KIND_FORK:
        return may_start_task(supervisor) ? GATE_PASS : GATE_SILENT;
    case KIND_KILL:
        return judge_kill(supervisor, values);
    case KIND_TASK:
        return judge_task(supervisor, values);
    case KIND_REFUSE:
        return EPERM;
    case KIND_CHMOD:
        return change_mode_at(gate, supervisor, caller, AT_FDCWD, values[0], values[1]);
    case KIND_FCHMOD:
        descriptor_path(caller, values[0], path);
        return change_mode(gate, supervisor, path, values[1]);
    case KIND_FCHMODAT:
        return change_mode_at(gate, supervisor, caller, signed_of(values[0]), values[1], values[2]);
    case KIND_UTIME:
        return judge_utime(gate, supervisor, caller, values);
    case KIND_SOCKETPAIR:
        count_sockets(supervisor);
        return GATE_PASS;
    case KIND_CONNECT:
        return judge_connect(gate, supervisor, caller, values);
    case KIND_OPEN:
        return judge_opening(gate, caller, here, values[0], values[1], values[2], NULL);
    case KIND_OPENAT:
        return judge_opening(gate, caller, values[0], values[1], values[2], values[3], NULL);
    case KIND_CREAT:
        return judge_opening(gate, caller, here, values[0], O_CREAT | O_WRONLY | O_TRUNC, values[1], NULL);
    case KIND_TRUNCATE:
        return judge_opening(gate, caller, here, values[0], O_WRONLY, 0, &values[1]);
    case KIND_MKDIR:
        return judge_mkdirat(gate, caller, here, values[0], values[1]);
    case KIND_MKDIRAT:
        return judge_mkdirat(gate, caller, values[0], values[1], values[2]);
    case KIND_MKNOD:
        return judge_mknodat(gate, caller, here, values[0], values[1]);
    case KIND_MKNODAT:
        return judge_mknodat(gate, caller, values[0], values[1], values[2]);
    case KIND_RMDIR:
        return judge_unlinkat(gate, caller, here, values[0], AT_REMOVEDIR);
    case KIND_UNLINK:
        return judge_unlinkat(gate, caller, here, values[0], 0);
    case KIND_UNLINKAT:
        return judge_unlinkat(gate, caller, values[0], values[1], values[2]);
    case KIND_SYMLINK:
        return judge_symlinkat(gate, caller, values[0], here, values[1]);
    case KIND_SYMLINKAT:
        return judge_symlinkat(gate, caller, values[0], values[1], values[2]);
    case KIND_LINK:
        return judge_two(gate, caller, KIND_LINKAT, (struct name){here, values[0]}, (struct name){here, values[1]}, 0);
    case KIND_LINKAT:
        return judge_two(gate, caller, KIND_LINKAT, (struct name){values[0], values[1]}, (struct name){values[2], values[3]}, 0);
    case KIND_RENAME:
        return judge_two(gate, caller, KIND_RENAMEAT2, (struct name){here, values[0]}, (struct name){here, values[1]}, 0);
    case KIND_RENAMEAT:
        return judge_two(gate, caller, KIND_RENAMEAT2, (struct name){values[0], values[1]}, (struct name){values[2], values[3]}, 0);
    case KIND_RENAMEAT2:
        return judge_two(gate, caller, KIND_RENAMEAT2, (struct name){values[0], values[1]}, (struct name){values[2], values[3]},
                         values[4]);
    }
    return EPERM;
}
