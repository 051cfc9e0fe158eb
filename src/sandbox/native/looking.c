/* What a run uses: the part “looking” of class Supervisor in ../helper.py. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool read_of(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return read_file(path, text, size);
}

/** Threads of a process; 0 when it is gone. */
static int64_t task_count(pid_t pid)
{
    char text[PROC_SIZE], *fields[18];
    return read_of(pid, "stat", text, sizeof text) && stat_fields(text, fields, 18) ? strtoll(fields[17], NULL, 10) : 0;
}

int64_t open_sockets(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    int folder = open_again(path, O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return 0; /* gone */
    int64_t count = 0;
    struct listing listing;
    struct entry entry;
    begin_listing(&listing, folder);
    while (next_entry(&listing, &entry)) {
        char target[16];
        ssize_t length = readlinkat(folder, entry.name, target, sizeof target);
        count += length >= 7 && memcmp(target, "socket:", 7) == 0;
    }
    close(folder);
    return count;
}

/** Bytes caused to be written to storage, from /proc/PID/io; includes children that were waited for. */
static int64_t io_bytes(const char *text)
{
    static const char NAME[] = "\nwrite_bytes: ";
    const char *at = strstr(text, NAME);
    return at ? strtoll(at + sizeof NAME - 1, NULL, 10) : 0;
}

int64_t exact_memory(const char *folder)
{
    char path[64], text[PROC_SIZE], *fields[22];
    snprintf(path, sizeof path, "%s/smaps_rollup", folder);
    if (read_file(path, text, sizeof text)) {
        const char *at = strstr(text, "\nPss:");
        if (at)
            return strtoll(at + 5, NULL, 10) * 1024;
    }
    snprintf(path, sizeof path, "%s/stat", folder);
    if (!read_file(path, text, sizeof text) || !stat_fields(text, fields, 22))
        return 0;
    return strtoll(fields[21], NULL, 10) * sysconf(_SC_PAGESIZE);
}

static int64_t exact_memory_of(pid_t pid)
{
    char folder[32];
    snprintf(folder, sizeof folder, "/proc/%d", (int)pid);
    return exact_memory(folder);
}

/** What waits in the TCP connections of a table, whose buffers the kernel lets grow to several megabytes each. */
static int64_t queued_bytes(const char *path)
{
    char *text = read_long_file(path, 1 << 20);
    if (!text)
        return 0;
    int64_t total = 0;
    char *rest;
    bool is_head = true;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), is_head = false) {
        unsigned long long sent, received;
        if (!is_head && sscanf(line, "%*s %*s %*s %*s %llx:%llx", &sent, &received) == 2)
            total += (int64_t)(sent + received);
    }
    free(text);
    return total;
}

int64_t kernel_sockets(int64_t *tcp)
{
    char text[PROC_SIZE];
    long long count = 0;
    *tcp = 0;
    if (!read_file("/proc/net/sockstat", text, sizeof text) || sscanf(text, "%*s %*s %lld", &count) != 1)
        return 0;
    const char *at = strstr(text, " mem ");
    if (at)
        *tcp = strtoll(at + 5, NULL, 10) * sysconf(_SC_PAGESIZE);
    return count;
}

void pause_run(struct supervisor *supervisor)
{
    /* A call that waits to be judged would be interrupted, and fork knows no way to say that. */
    if (supervisor->gate)
        drain_gate(supervisor->gate, supervisor);
    signal_processes(&supervisor->processes, SIGSTOP);
}

/**
 * What the run's sockets hold in the kernel, where no process is charged for it, or could hold beyond a fair number. The tables
 * of connections are read only where it may matter: see socket_buffers() of ../helper.py.
 */
static int64_t socket_buffers(struct supervisor *supervisor, bool exact)
{
    if (supervisor->options->contained)
        return larger(0, supervisor->sockets - FREE_SOCKETS) * SOCKET_BUFFER;
    int64_t tcp;
    int64_t count = kernel_sockets(&tcp);
    if (tcp < supervisor->least_tcp)
        supervisor->least_tcp = tcp;
    supervisor->tcp = count > FREE_TCP_SOCKETS ? tcp - supervisor->least_tcp : 0;
    bool suspicious = supervisor->tcp > supervisor->most_memory / 4;
    bool pauses = suspicious && !supervisor->stopped;
    if (pauses)
        pause_run(supervisor);
    bool reads = suspicious || (exact && count > FREE_TCP_SOCKETS);
    int64_t queued = reads ? queued_bytes("/proc/net/tcp") + queued_bytes("/proc/net/tcp6") : 0;
    if (reads) /* the rest is of others; buffers are larger than what is in them */
        supervisor->least_tcp = larger(supervisor->least_tcp, tcp - 2 * queued);
    if (pauses)
        signal_processes(&supervisor->processes, SIGCONT);
    return larger(0, count - FREE_SOCKETS) * SOCKET_BUFFER + queued;
}

/**
 * Measures what was written; returns the memory of the processes with shared pages counted once. These files of /proc wait
 * for locks that a process holds while it forks: see look_closely() of ../helper.py.
 */
static int64_t look_closely(struct supervisor *supervisor, const struct pids *pids, int64_t temporary, bool near, int64_t buffers)
{
    bool pauses = supervisor->unbounded && !supervisor->stopped;
    if (pauses)
        pause_run(supervisor);
    char text[PROC_SIZE];
    ssize_t got = pread(supervisor->own_io, text, sizeof text - 1, 0);
    if (got < 0)
        die_of_error(NULL);
    text[got] = '\0';
    int64_t written = io_bytes(text);
    for (size_t at = 0; at < pids->count; at++)
        if (read_of(pids->items[at], "io", text, sizeof text))
            written += io_bytes(text);
    written = larger(written, measure_disk(&supervisor->disk, near, pids));
    supervisor->next_close_look = monotonic() + (supervisor->unbounded ? LOOK_CLOSELY_EVERY_UNBOUNDED : LOOK_CLOSELY_EVERY);
    supervisor->written = larger(supervisor->written, written + temporary);
    int64_t resident = buffers;
    for (size_t at = 0; at < pids->count; at++)
        resident += exact_memory_of(pids->items[at]);
    if (pauses)
        signal_processes(&supervisor->processes, SIGCONT);
    return resident;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/**
 * Sums CPU, memory, tasks and bytes written over every process of the run. The number of tasks is checked before anything
 * that costs time per process: a fork bomb competes with this process for the processor, and must not be given time to grow.
 */
void look(struct supervisor *supervisor, bool exact)
{
    const struct options *options = supervisor->options;
    struct pids *pids = &supervisor->pids;
    supervisor->granted[1] = supervisor->granted[0];
    supervisor->granted[0] = 0;
    if (supervisor->unbounded)
        supervisor->all_tasks = tasks_of_machine(); /* first, so that what starts meanwhile counts as growth */
    list_processes(&supervisor->processes, pids);
    supervisor->tasks = (int64_t)pids->count;
    if (supervisor->tasks > options->processes)
        return;
    struct rusage children;
    if (getrusage(RUSAGE_CHILDREN, &children) != 0)
        die_of_error(NULL);
    const double tick = (double)sysconf(_SC_CLK_TCK);
    const int64_t page = sysconf(_SC_PAGESIZE);
    double cpu = seconds_of(children.ru_utime) + seconds_of(children.ru_stime);
    int64_t resident = 0, most = 0, tasks = 0;
    for (size_t at = 0; at < pids->count; at++) {
        char text[PROC_SIZE], *fields[22];
        if (!read_of(pids->items[at], "stat", text, sizeof text) || !stat_fields(text, fields, 22))
            continue;
        int64_t ticks = 0;
        for (size_t field = 11; field < 15; field++)
            ticks += strtoll(fields[field], NULL, 10);
        cpu += (double)ticks / tick;
        tasks += strtoll(fields[17], NULL, 10);
        int64_t pages = strtoll(fields[21], NULL, 10) * page;
        resident += pages;
        most = larger(most, pages);
    }
    supervisor->tasks = tasks;
    if (tasks > options->processes)
        return;
    if (cpu - supervisor->cpu_before > supervisor->cpu)
        supervisor->cpu = cpu - supervisor->cpu_before;
    if (supervisor->cgroup && cgroup_cpu(supervisor->cgroup) > supervisor->cpu)
        supervisor->cpu = cgroup_cpu(supervisor->cgroup);
    int64_t temporary, files;
    temporary_use(&supervisor->disk, &temporary, &files);
    supervisor->files = supervisor->disk.files + (double)files;
    int64_t buffers = socket_buffers(supervisor, exact);
    resident += buffers;
    /* The sum counts shared pages once per process: enough to know that the limit holds, too much for a verdict. */
    bool near = disk_shrank(&supervisor->disk, supervisor->written, supervisor->files);
    if (exact || near || resident + temporary > supervisor->most_memory) {
        resident = most = look_closely(supervisor, pids, temporary, near, buffers);
    } else {
        supervisor->written = larger(supervisor->written, measure_disk(&supervisor->disk, false, NULL) + temporary);
    }
    supervisor->files = supervisor->disk.files + (double)files;
    supervisor->memory = resident + temporary;
    supervisor->peak = larger(supervisor->peak, most + temporary);
}

/** The kernel bounds all of the user's tasks together, so the bound follows what the others have (tier B, not for root). */
void count_user(struct supervisor *supervisor, double now)
{
    const struct options *options = supervisor->options;
    if (now < supervisor->next_count || !options->contained || options->cgroup || getuid() == 0)
        return;
    supervisor->next_count = now + COUNT_USER_EVERY;
    int64_t others = tasks_of_user(); /* first, so that a bomb's growth meanwhile counts as its own */
    struct pids pids = {0};
    list_processes(&supervisor->processes, &pids);
    for (size_t at = 0; at < pids.count; at++)
        others -= task_count(pids.items[at]);
    int64_t change = others - supervisor->others;
    if (4 * (change < 0 ? -change : change) > OTHERS_MAY_START_BETWEEN) {
        supervisor->others = others;
        for (size_t at = 0; at < pids.count; at++)
            limit_tasks(pids.items[at], others, options->processes, OTHERS_MAY_START); /* it may be gone */
    }
    free(pids.items);
}

/** Whether one more task keeps within the limit. Tasks let pass since the last two looks may not be counted yet. */
bool may_start_task(struct supervisor *supervisor)
{
    int64_t most = supervisor->options->processes;
    supervisor->granted[0]++;
    if (supervisor->tasks + supervisor->granted[0] + supervisor->granted[1] <= most)
        return true;
    struct pids pids = {0};
    list_processes(&supervisor->processes, &pids);
    supervisor->tasks = 1;
    for (size_t at = 0; at < pids.count; at++)
        supervisor->tasks += task_count(pids.items[at]);
    free(pids.items);
    supervisor->granted[0] = supervisor->granted[1] = 0;
    return supervisor->tasks <= most;
}
