/* The processes of a run: classes Namespace, Descendants and Broom of ../helper.py. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void begin_processes(struct processes *processes, bool contained)
{
    *processes = (struct processes){.contained = contained, .myself = getpid()};
    if (!contained) {
        /* Everything that it can see is ended at last. */
        if (processes->myself != 1)
            die("not the first process of a namespace");
        add_own(processes, 1);
        return;
    }
    become_reaper();
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)processes->myself);
    if (access(path, R_OK) != 0)
        die("the kernel does not list the children of processes (CONFIG_PROC_CHILDREN)");
}

void add_own(struct processes *processes, pid_t pid)
{
    if (processes->own_count == sizeof processes->own / sizeof *processes->own)
        die("too many processes of the supervisor");
    processes->own[processes->own_count++] = pid;
}

static bool is_own(const struct processes *processes, pid_t pid)
{
    for (size_t at = 0; at < processes->own_count; at++)
        if (processes->own[at] == pid)
            return true;
    return false;
}

bool remove_own(struct processes *processes, pid_t pid)
{
    for (size_t at = 0; at < processes->own_count; at++) {
        if (processes->own[at] != pid)
            continue;
        processes->own[at] = processes->own[--processes->own_count];
        return true;
    }
    return false;
}

static void add_pid(struct pids *pids, pid_t pid)
{
    if (pids->count == pids->room) {
        pids->room = pids->room ? 2 * pids->room : 64;
        pids->items = reallocate(pids->items, pids->room * sizeof *pids->items);
    }
    pids->items[pids->count++] = pid;
}

static void list_namespace(const struct processes *processes, struct pids *pids)
{
    int proc = open_again("/proc", O_RDONLY | O_DIRECTORY);
    if (proc < 0)
        die_of_error("/proc");
    struct listing listing;
    struct entry entry;
    begin_listing(&listing, proc);
    while (next_entry(&listing, &entry)) {
        pid_t pid = pid_of(entry.name);
        if (pid > 0 && !is_own(processes, pid))
            add_pid(pids, pid);
    }
    close(proc);
}

static void add_children(const struct processes *processes, struct pids *pids, const char *path)
{
    char *text = read_long_file(path, 1 << 20);
    if (!text)
        return; /* gone */
    char *rest;
    for (char *at = strtok_r(text, " \n", &rest); at; at = strtok_r(NULL, " \n", &rest)) {
        pid_t pid = pid_of(at);
        if (pid > 0 && !is_own(processes, pid))
            add_pid(pids, pid);
    }
    free(text);
}

static void list_children(const struct processes *processes, struct pids *pids, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    int tasks = open_again(path, O_RDONLY | O_DIRECTORY);
    if (tasks < 0)
        return; /* gone */
    struct listing listing;
    struct entry entry;
    begin_listing(&listing, tasks);
    while (next_entry(&listing, &entry)) {
        pid_t task = pid_of(entry.name);
        if (task == 0)
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)task);
        add_children(processes, pids, path);
    }
    close(tasks);
}

void list_processes(const struct processes *processes, struct pids *pids)
{
    pids->count = 0;
    if (!processes->contained) {
        list_namespace(processes, pids);
        return;
    }
    list_children(processes, pids, processes->myself);
    for (size_t at = 0; at < pids->count; at++)
        list_children(processes, pids, pids->items[at]);
}

bool contains_process(const struct processes *processes, pid_t pid)
{
    if (is_own(processes, pid))
        return false;
    if (!processes->contained)
        return true;
    while (pid > 1 && pid != processes->myself) {
        char path[64], text[PROC_SIZE], *fields[2];
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        if (!read_file(path, text, sizeof text) || !stat_fields(text, fields, 2))
            return false;
        pid_t parent = (pid_t)strtol(fields[1], NULL, 10);
        if (parent == processes->myself)
            return true;
        pid = parent;
    }
    return false;
}

static bool signal_by_broom(const struct broom *broom, int number)
{
    char order = (char)number, done;
    return send_within(broom->ours, &order, 1, BROOM_LONGEST) && receive_within(broom->ours, &done, 1, BROOM_LONGEST) == 1 &&
           done == 'd';
}

void signal_processes(struct processes *processes, int number)
{
    if (!processes->contained) {
        /* Every process at one moment: no fork in progress escapes. (The relay is stopped and continued, too.) */
        kill(-1, number); /* there may be none */
        return;
    }
    if (processes->has_broom) {
        bool swept = signal_by_broom(&processes->broom, number);
        if (number == SIGKILL) {
            close(processes->broom.ours); /* it ends by that */
            processes->has_broom = false;
            processes->own_count = 0;
        }
        if (swept)
            return;
    }
    /* Parents are stopped first and continued last, so that what they are told of their children finds them at rest. */
    struct pids pids = {0};
    list_processes(processes, &pids);
    for (size_t at = 0; at < pids.count; at++)
        kill(pids.items[number == SIGCONT ? pids.count - 1 - at : at], number); /* it may be gone since it was listed */
    free(pids.items);
}

void make_broom(struct broom *broom)
{
    int ends[2];
    make_socket_pair(ends);
    *broom = (struct broom){ends[0], ends[1]};
}

/** Whether a process of the same user may not be signalled from here, or is gone. */
static bool is_out_of_reach(pid_t pid)
{
    return kill(pid, 0) != 0 && (errno == EPERM || errno == ESRCH);
}

/** When the supervisor has gone without a word, everything is ended. */
static _Noreturn void sweep(pid_t supervisor, int mine, int tells)
{
    setsid();
    if (dup2(tells, 0) < 0)
        _exit(0);
    /* Not by the list of /proc, which Landlock refuses here: it has a rule for the command alone, whose child this is. */
    for (int fd = 1; fd < 256; fd++)
        if (fd != mine)
            close(fd);
    static const int IGNORED[] = {SIGTERM, SIGHUP, SIGUSR1, SIGCHLD};
    for (size_t at = 0; at < sizeof IGNORED / sizeof *IGNORED; at++)
        signal(IGNORED[at], SIG_IGN);
    int32_t myself = getpid();
    if (!send_within(mine, &myself, sizeof myself, -1) || write_again(0, "u", 1) != 1)
        _exit(0);
    close(0);
    for (;;) {
        char number = 0;
        ssize_t got = receive_within(mine, &number, 1, -1);
        if (got <= 0)
            number = SIGKILL;
        if (!is_out_of_reach(supervisor))
            break; /* nothing but the domain says what -1 means */
        if (kill(-1, number) != 0 && errno != ESRCH)
            break;
        if (!send_within(mine, "d", 1, -1))
            break;
    }
    _exit(0);
}

bool start_broom(struct broom *broom)
{
    pid_t supervisor = getppid();
    bool swept = false;
    if (landlock_version() >= 6 && is_out_of_reach(supervisor)) {
        int is_up[2];
        if (pipe2(is_up, O_CLOEXEC) != 0)
            give_up_of_error(NULL);
        pid_t middle = fork();
        if (middle < 0)
            give_up_of_error(NULL);
        if (middle == 0) {
            if (fork() == 0)
                sweep(supervisor, broom->theirs, is_up[1]);
            _exit(0);
        }
        wait_again(middle, NULL, 0, NULL);
        close(is_up[1]);
        char answer = 0;
        swept = read_again(is_up[0], &answer, 1) == 1 && answer == 'u';
        close(is_up[0]);
    }
    close(broom->theirs);
    return swept;
}

void take_broom(struct processes *processes, struct broom *broom)
{
    close(broom->theirs);
    int32_t pid = 0;
    if (receive_within(broom->ours, &pid, sizeof pid, BROOM_LONGEST) != sizeof pid || pid <= 0) {
        close(broom->ours);
        return;
    }
    add_own(processes, pid);
    processes->broom = *broom;
    processes->has_broom = true;
}
