/* Which limit a run has passed, when to look again, and its share of the processor: methods of class Supervisor of ../helper.py. */
#define _GNU_SOURCE
#include "helper.h"

#include <signal.h>
#include <stdio.h>

static struct limit share_passed(const struct supervisor *supervisor)
{
    /* The run used the processor while it was stopped, as only one that continues itself can. */
    struct limit limit = {0};
    if (supervisor->stopped && supervisor->cpu - supervisor->stopped_at > MOST_UNDUE) {
        limit.reason = "cpu";
        snprintf(limit.message, sizeof limit.message, "used more than %.4g %% of one processor", supervisor->options->cpu);
    }
    return limit;
}

static double mebibytes(int64_t bytes)
{
    return (double)bytes / (double)MEBIBYTE;
}

struct limit disk_passed(const struct supervisor *supervisor)
{
    const struct options *options = supervisor->options;
    struct limit limit = {0};
    if (supervisor->written > options->disk) {
        limit.reason = "disk-limit";
        snprintf(limit.message, sizeof limit.message, "wrote more than %.4g MB", mebibytes(options->disk));
    } else if (supervisor->files > (double)options->files) {
        limit.reason = "disk-limit";
        snprintf(limit.message, sizeof limit.message, "made more than %lld files, folders and links", (long long)options->files);
    }
    return limit;
}

struct limit output_passed(const struct supervisor *supervisor)
{
    struct limit limit = {0};
    if (supervisor->printed > supervisor->options->output) {
        limit.reason = "output-limit";
        snprintf(limit.message, sizeof limit.message, "printed more than %.4g MB", mebibytes(supervisor->options->output));
    }
    return limit;
}

struct limit too_many_tasks(const struct options *options)
{
    struct limit limit = {.reason = "processes"};
    snprintf(limit.message, sizeof limit.message, "started more than %lld processes and threads", (long long)options->processes);
    return limit;
}

struct limit too_much_memory(const struct options *options)
{
    struct limit limit = {.reason = "memory"};
    snprintf(limit.message, sizeof limit.message, "used more than %.4g MB of memory", mebibytes(options->memory));
    return limit;
}

static struct limit broken_limit(const struct supervisor *supervisor, double wall)
{
    const struct options *options = supervisor->options;
    struct limit limit = {0};
    if (supervisor->tasks > options->processes)
        return too_many_tasks(options);
    if (supervisor->memory > supervisor->most_memory)
        return too_much_memory(options);
    if (supervisor->cgroup)
        limit = cgroup_passed(supervisor->cgroup, options);
    if (!limit.reason && wall >= (double)options->time / 1000) {
        limit.reason = "timeout";
        snprintf(limit.message, sizeof limit.message, "ran longer than %.4g s", (double)options->time / 1000);
    }
    if (!limit.reason)
        limit = disk_passed(supervisor);
    if (!limit.reason)
        limit = output_passed(supervisor);
    if (!limit.reason)
        limit = share_passed(supervisor);
    return limit;
}

struct limit stop_reason(const struct supervisor *supervisor, double wall)
{
    if (is_cancelled)
        return (struct limit){"cancelled", "cancelled"};
    return broken_limit(supervisor, wall);
}

double next_look(struct supervisor *supervisor, double wall)
{
    const struct options *options = supervisor->options;
    double now = monotonic();
    double since = now - supervisor->last_look;
    int64_t memory = supervisor->memory + supervisor->tcp;
    double growth = (double)(memory - supervisor->last_memory) / (since > 0.001 ? since : 0.001);
    supervisor->last_memory = memory;
    supervisor->last_look = now;
    double delay = SLOWEST_LOOK;
    if (growth > 0) {
        double until = (double)(options->memory - supervisor->memory) / growth / 4;
        if (until < delay)
            delay = until;
    }
    if ((double)supervisor->tasks > (double)options->processes / 2)
        delay = FASTEST_LOOK;
    double left = (double)options->time / 1000 - wall;
    if (left < delay)
        delay = left;
    return delay > FASTEST_LOOK ? delay : FASTEST_LOOK;
}

void hold_cpu_share(struct supervisor *supervisor, double wall)
{
    double rate = supervisor->options->cpu / 100;
    double credit = 1 - wall / REPAY;
    double allowed = rate * wall + START_CREDIT * (credit > 0 ? credit : 0);
    double slice = RESUME_SLICE * (rate * 4 < 1 ? rate * 4 : 1);
    if (supervisor->cgroup && supervisor->cgroup->shares_cpu && !supervisor->stopped &&
        supervisor->cpu <= allowed + MOST_UNDUE) {
        share_cgroup(supervisor->cgroup, rate, wall, allowed - supervisor->cpu);
    } else if (supervisor->cpu > allowed) {
        /* Again at every look: who was forked or continued meanwhile runs. */
        pause_run(supervisor);
        if (!supervisor->stopped)
            supervisor->stopped_at = supervisor->cpu;
        supervisor->stopped = true;
    } else if (supervisor->stopped && supervisor->cpu + slice <= allowed) {
        signal_processes(&supervisor->processes, SIGCONT);
        supervisor->stopped = false;
    }
}
