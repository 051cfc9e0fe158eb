/* The run's own cgroup (v2), in which the kernel holds limits: class Cgroup of ../helper.py, which tells how it comes here. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERIOD 100000
/* Less than the kernel takes as a quota, in microseconds. */
#define LEAST 1000

static const char *const NAMES[CGROUP_FILES] = {
    [MEMORY_EVENTS] = "memory.events", [PIDS_EVENTS] = "pids.events", [CPU_STAT] = "cpu.stat",
    [MEMORY_PEAK] = "memory.peak",     [MEMORY_STAT] = "memory.stat", [PIDS_PEAK] = "pids.peak",
};

struct cgroup *open_cgroup(int folder, char *controllers)
{
    struct cgroup *cgroup = allocate(sizeof *cgroup);
    *cgroup = (struct cgroup){.folder = folder, .entry = folder + 1, .quota = -1};
    char *rest;
    for (char *name = strtok_r(controllers, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
        cgroup->shares_cpu = cgroup->shares_cpu || strcmp(name, "cpu") == 0;
    /* Opened once: they are read at every look. -1: a file that this kernel does not have. */
    for (size_t at = 0; at < CGROUP_FILES; at++)
        cgroup->files[at] = openat(folder, NAMES[at], O_RDONLY | O_CLOEXEC);
    return cgroup;
}

void enter_cgroup(const struct cgroup *cgroup, int status)
{
    if (write_again(cgroup->entry, "0", 1) != 1 || write_again(status, "e", 1) != 1)
        give_up_of_error(NULL);
}

void wait_for_entry(const struct cgroup *cgroup, int status)
{
    char said[1024];
    ssize_t length = read_again(status, said, 1);
    if (length == 1 && said[0] == 'e') {
        close(cgroup->entry);
        return;
    }
    size_t used = length > 0 ? (size_t)length : 0;
    length = read_again(status, said + used, sizeof said - used - 1);
    said[used + (length > 0 ? (size_t)length : 0)] = '\0';
    die("the run could not be put into its cgroup: %s", said);
}

int64_t cgroup_number(const struct cgroup *cgroup, enum cgroup_file file, const char *name)
{
    char text[8193];
    if (cgroup->files[file] < 0)
        return -1;
    ssize_t length = pread(cgroup->files[file], text, sizeof text - 1, 0);
    if (length < 0)
        return -1; /* it was removed from outside */
    text[length] = '\0';
    const size_t name_length = strlen(name);
    for (const char *line = text; *line;) {
        const char *number = name_length == 0 ? line : line + name_length + 1;
        if (name_length == 0 || (strncmp(line, name, name_length) == 0 && line[name_length] == ' ')) {
            char *end;
            long long value = strtoll(number, &end, 10);
            return end == number ? -1 : value;
        }
        line += strcspn(line, "\n");
        if (*line == '\n')
            line++;
    }
    return -1;
}

static int64_t at_least_none(int64_t number)
{
    return number > 0 ? number : 0;
}

bool write_cgroup(const struct cgroup *cgroup, const char *name, const char *text)
{
    int fd = openat(cgroup->folder, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write_again(fd, text, strlen(text)) > 0;
    close(fd);
    return done;
}

double cgroup_cpu(const struct cgroup *cgroup)
{
    return (double)at_least_none(cgroup_number(cgroup, CPU_STAT, "usage_usec")) / 1000000 - cgroup->since;
}

void begin_cgroup(struct cgroup *cgroup)
{
    cgroup->since = 0;
    cgroup->since = cgroup_cpu(cgroup);
}

int64_t cgroup_peak(const struct cgroup *cgroup)
{
    if (cgroup_number(cgroup, MEMORY_EVENTS, "max") != 0)
        return 0; /* pages were given back meanwhile, or nothing is known */
    int64_t peak = at_least_none(cgroup_number(cgroup, MEMORY_PEAK, ""));
    int64_t cache = at_least_none(cgroup_number(cgroup, MEMORY_STAT, "file"));
    int64_t shared = at_least_none(cgroup_number(cgroup, MEMORY_STAT, "shmem"));
    return at_least_none(peak - cache + shared);
}

char *cgroup_held(const struct cgroup *cgroup)
{
    static const struct {
        const char *limit;
        enum cgroup_file file;
        const char *count;
    } SEEN[] = {
        {"memory", MEMORY_EVENTS, "oom_kill"}, {"processes", PIDS_EVENTS, "max"}, {"cpu", CPU_STAT, "nr_throttled"}};
    char list[64] = "";
    size_t length = 0;
    for (size_t at = 0; at < sizeof SEEN / sizeof *SEEN; at++)
        if (cgroup_number(cgroup, SEEN[at].file, SEEN[at].count) > 0)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s\"%s\"", length > 0 ? "," : "", SEEN[at].limit);
    return format_text("[%s]", list);
}

struct limit cgroup_passed(const struct cgroup *cgroup, const struct options *options)
{
    if (cgroup_number(cgroup, MEMORY_EVENTS, "oom_kill") > 0) {
        if (cgroup_number(cgroup, MEMORY_EVENTS, "oom") > 0)
            return too_much_memory(options);
        return (struct limit){"memory", "was ended by the kernel: the machine's memory was short"};
    }
    if (cgroup_number(cgroup, PIDS_EVENTS, "max") > 0)
        return too_many_tasks(options);
    return (struct limit){0};
}

void share_cgroup(struct cgroup *cgroup, double rate, double wall, double left)
{
    if (left > 0 && cgroup->quota < 0)
        return;
    /* What was lent is given back until REPAY; a run that is past its allowance gets less until it is not. */
    double due = wall >= REPAY ? rate : rate - START_CREDIT / REPAY;
    double wanted = (left > 0 ? due : 0.8 * due) * PERIOD;
    int64_t quota = wanted > LEAST ? (int64_t)wanted : LEAST;
    if (quota == cgroup->quota)
        return;
    char text[64];
    snprintf(text, sizeof text, "%lld %d", (long long)quota, PERIOD);
    if (write_cgroup(cgroup, "cpu.max", text))
        cgroup->quota = quota;
}
