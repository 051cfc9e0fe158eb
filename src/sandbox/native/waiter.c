/*
 * A command that has everything put on and stands still until it is told what to do: class Waiter of ../helper.py. It is used
 * once. It declines when what it was started with is not what a start would meet now.
 */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of one order: what the caller sends is a command line. */
#define MOST_WORK (UINT32_C(64) << 20)

/** The mounts, without the pipe of an observed run, which has no name on the host any more once it is mounted. */
static char *mounts_without_pipe(void)
{
    int fd = open_again("/proc/self/mountinfo", O_RDONLY);
    if (fd < 0)
        die_of_error("/proc/self/mountinfo");
    size_t length;
    char *text = read_all(fd, &length);
    char *to = text;
    for (char *line = text; *line;) {
        size_t size = strcspn(line, "\n") + 1;
        if (line[size - 1] == '\0')
            size--;
        static const char PIPE[] = " /run/toka/observed ";
        if (!memmem(line, size, PIPE, sizeof PIPE - 1)) {
            memmove(to, line, size);
            to += size;
        }
        line += size;
    }
    *to = '\0';
    return text;
}

/** Which files the rules are about. */
static void identify_files(const struct options *options, struct waiter *waiter)
{
    const struct strings *lists[] = {&options->root, &options->write, &options->read, &options->list};
    size_t count = 0;
    for (size_t at = 0; at < 4; at++)
        count += lists[at]->count;
    waiter->files = allocate(count * sizeof *waiter->files);
    waiter->found = allocate(count * sizeof *waiter->found);
    waiter->file_count = 0;
    for (size_t at = 0; at < 4; at++) {
        for (size_t item = 0; item < lists[at]->count; item++) {
            size_t file = waiter->file_count++;
            waiter->found[file] = identify(lists[at]->items[item], &waiter->files[file]);
        }
    }
}

/** The mounts and which files the rules are about. (A mount keeps its folder; one whose place is gone is not listed.) */
static void note_surroundings(const struct options *options, struct waiter *waiter)
{
    waiter->mounts = mounts_without_pipe();
    identify_files(options, waiter);
}

static void forget_surroundings(struct waiter *waiter)
{
    free(waiter->mounts);
    free(waiter->files);
    free(waiter->found);
}

static bool are_same(const struct options *options, const struct waiter *waiter)
{
    struct waiter now = {0};
    note_surroundings(options, &now);
    bool same = strcmp(now.mounts, waiter->mounts) == 0 && now.file_count == waiter->file_count;
    for (size_t at = 0; same && at < now.file_count; at++)
        same = now.found[at] == waiter->found[at] && (!now.found[at] || same_identity(now.files[at], waiter->files[at]));
    forget_surroundings(&now);
    return same;
}

struct waiter *make_waiter(const struct options *options)
{
    struct waiter *waiter = allocate(sizeof *waiter);
    *waiter = (struct waiter){0};
    int ends[2];
    make_socket_pair(ends);
    waiter->ours = ends[0];
    waiter->theirs = ends[1];
    note_surroundings(options, waiter);
    return waiter;
}

void end_waiter(struct waiter *waiter)
{
    close(waiter->ours);
    forget_surroundings(waiter);
    free(waiter);
}

bool waiter_is_up(struct waiter *waiter)
{
    char word;
    return receive_within(waiter->ours, &word, 1, 0) == 1 && word == 'r';
}

static bool decline(const char *why)
{
    char *text = json_string(why);
    emit("{\"type\":\"declined\",\"message\":%s}", text);
    free(text);
    return false;
}

/** What stands on the events' descriptor: a length of four bytes, and so many bytes, both passed on; NULL for nothing. */
static char *receive_work(struct supervisor *supervisor, size_t *length)
{
    size_t used = 0, room = CHUNK, wanted = 4;
    char *work = allocate(room);
    while (used < wanted) {
        struct pollfd polled[2] = {{.fd = EVENTS, .events = POLLIN}, {.fd = supervisor->wake, .events = POLLIN}};
        if (poll(polled, 2, -1) < 0)
            continue;
        bool is_over = false;
        if (polled[1].revents) {
            clear_wake(supervisor);
            reap(supervisor);
            is_over = supervisor->has_status;
        }
        if (polled[0].revents && !is_over) {
            ssize_t got = read_again(EVENTS, work + used, room - used);
            if (got > 0)
                used += (size_t)got;
            else
                is_over = got == 0 || errno != EAGAIN;
        }
        if (used >= 4) {
            uint32_t size;
            memcpy(&size, work, sizeof size); /* little-endian, as both architectures are */
            is_over = is_over || size > MOST_WORK;
            wanted = 4 + (size_t)size;
        }
        if (is_over) {
            free(work);
            return NULL;
        }
        if (used == room) {
            room *= 2;
            work = reallocate(work, room);
        }
    }
    *length = used;
    return work;
}

bool wait_for_work(struct waiter *waiter, struct supervisor *supervisor)
{
    const struct options *options = supervisor->options;
    close(waiter->theirs);
    look(supervisor, true);
    /* One that has printed or started something has begun what only a run may. */
    if (supervisor->tasks != 1 || supervisor->printed > 0)
        return decline("the interpreter's start prints or starts something");
    if (!are_same(options, waiter))
        return decline("mounts or files changed while it started");
    signal_processes(&supervisor->processes, SIGSTOP);
    emit("{\"type\":\"ready\",\"memoryBytes\":%lld}", (long long)(supervisor->memory + exact_memory("/proc/self")));
    size_t length = 0;
    char *work = receive_work(supervisor, &length);
    if (!work)
        return false;
    if (!are_same(options, waiter)) {
        free(work);
        return decline("mounts or files have changed");
    }
    if (supervisor->gate && supervisor->gate->kept) {
        struct kept *before = supervisor->gate->kept;
        supervisor->gate->kept = make_kept(options, &before->umask);
        free_kept(before);
    }
    begin_use(supervisor);
    signal_processes(&supervisor->processes, SIGCONT);
    char answer = 0;
    /* No answer says nothing about what it has begun. */
    if (!send_within(waiter->ours, work, length, WAITER_LONGEST) ||
        receive_within(waiter->ours, &answer, 1, WAITER_LONGEST) != 1)
        answer = 0;
    free(work);
    if (answer == 'n')
        return decline("files that the interpreter read have changed, or this is nothing for it");
    return answer == 'y';
}
