/*
 * What is said about each system call that waits to be judged: the methods judge_… of class Gate in ../helper.py. A call
 * that is let pass is judged by its numbers alone; one that names a file is done here, by this process, so that nothing can
 * change between the look and the deed.
 */
#define _GNU_SOURCE
#include "judges.h"

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

int judge(struct gate *gate, struct supervisor *supervisor, enum kind kind, pid_t caller, const uint64_t *values)
{
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
    default:
        return judge_change(gate, kind, caller, values);
    }
}
