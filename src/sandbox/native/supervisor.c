/* The life of one run: class Supervisor of ../helper.py. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The one run of this process, for signals and for an end in the middle. */
static struct supervisor the_run;
static int wake_end = -1;
volatile sig_atomic_t is_cancelled;

static void note_signal(int number)
{
    int error = errno;
    if (number == SIGUSR1)
        is_cancelled = 1; /* the guard was killed */
    char byte = (char)number;
    (void)!write(wake_end, &byte, 1); /* a full pipe wakes as well */
    errno = error;
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = flags};
    if (sigaction(number, &action, NULL) != 0)
        die_of_error(NULL);
}

void clear_wake(struct supervisor *supervisor)
{
    char bytes[4096];
    (void)!read_again(supervisor->wake, bytes, sizeof bytes);
}

void begin_use(struct supervisor *supervisor)
{
    supervisor->start = supervisor->last_look = monotonic();
    supervisor->others = 0;
    supervisor->next_count = 0;
    supervisor->next_report = supervisor->start + REPORT_EVERY;
    supervisor->next_close_look = supervisor->start + LOOK_CLOSELY_EVERY;
    supervisor->cpu_before += supervisor->cpu;
    supervisor->cpu = 0;
    supervisor->memory = supervisor->peak = supervisor->written = supervisor->last_memory = supervisor->tcp = 0;
    kernel_sockets(&supervisor->least_tcp);
    supervisor->files = 0;
    if (supervisor->cgroup)
        begin_cgroup(supervisor->cgroup);
    if (supervisor->disk.folders)
        end_disk(&supervisor->disk);
    begin_disk(&supervisor->disk, supervisor->options);
}

/* -- starting -- */

/* struct sched_attr of linux/sched/types.h. */
struct turns {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};
enum { SCHED_FLAG_RESET_ON_FORK = 1 };

/** For this process and no child of it. A wish: nothing fails where the kernel does not know it. */
static void ask_for_short_turns(void)
{
    struct turns turns = {.size = sizeof turns, .flags = SCHED_FLAG_RESET_ON_FORK, .nice = getpriority(PRIO_PROCESS, 0), .runtime = TURN};
    (void)!syscall(SYS_sched_setattr, 0, &turns, 0U);
}

static void launch(struct supervisor *supervisor)
{
    const struct options *options = supervisor->options;
    if (options->relay_path)
        add_own(&supervisor->processes, start_relay(options->relay_port, options->relay_path));
    int wake[2], out[2], err[2], status[2], in[2] = {-1, -1};
    make_pipe(wake);
    wake_end = wake[1];
    supervisor->wake = wake[0];
    const int not_blocking[] = {wake[0], wake[1], 0, 1, 2, EVENTS};
    for (size_t at = 0; at < sizeof not_blocking / sizeof *not_blocking; at++)
        if (!set_blocking(not_blocking[at], false))
            die_of_error(NULL);
    handle(SIGCHLD, SA_RESTART);
    handle(SIGUSR1, SA_RESTART);
    handle(SIGALRM, 0); /* it interrupts a connect */
    make_pipe(out);
    make_pipe(err);
    make_pipe(status);
    if (options->takes_input)
        make_pipe(in);
    else
        in[0] = open_again("/dev/null", O_RDONLY);
    if (in[0] < 0)
        die_of_error("/dev/null");
    struct broom broom;
    bool wants_broom = options->contained && getuid() == 0 && !options->cgroup;
    if (wants_broom)
        make_broom(&broom);
    supervisor->main = fork();
    if (supervisor->main < 0)
        die_of_error(NULL);
    if (supervisor->main == 0) {
        const int streams[] = {in[0], out[1], err[1], supervisor->waiter ? supervisor->waiter->theirs : -1};
        become_command(options, streams, supervisor->waiter ? 4 : 3, status[1], supervisor->gate, wants_broom ? &broom : NULL);
    }
    if (supervisor->gate)
        close(supervisor->gate->theirs);
    const int theirs[] = {in[0], out[1], err[1], status[1]};
    for (size_t at = 0; at < sizeof theirs / sizeof *theirs; at++)
        close(theirs[at]);
    if (wants_broom)
        take_broom(&supervisor->processes, &broom);
    ask_for_short_turns();
    if (options->cgroup)
        wait_for_entry(options->cgroup, status[0]);
    if (!set_blocking(out[0], false) || !set_blocking(err[0], false))
        die_of_error(NULL);
    supervisor->failure = status[0];
    supervisor->outputs[0].source = out[0];
    supervisor->outputs[0].target = STDOUT_FILENO;
    supervisor->outputs[1].source = err[0];
    supervisor->outputs[1].target = STDERR_FILENO;
    if (in[1] >= 0) {
        if (!set_blocking(in[1], false))
            die_of_error(NULL);
        supervisor->has_input = true;
        supervisor->input.source = STDIN_FILENO;
        supervisor->input.target = in[1];
    }
}

/* -- reporting -- */

static char *usage(const struct supervisor *supervisor)
{
    char tasks[48] = "";
    int64_t most = supervisor->cgroup ? cgroup_number(supervisor->cgroup, PIDS_PEAK, "") : 0;
    if (most > 0)
        snprintf(tasks, sizeof tasks, ",\"peakProcesses\":%lld", (long long)most);
    return format_text("{\"wallMs\":%.1f,\"cpuMs\":%.1f,\"peakMemoryBytes\":%lld,\"writtenBytes\":%lld%s}",
                       (monotonic() - supervisor->start) * 1000, supervisor->cpu * 1000, (long long)supervisor->peak,
                       (long long)supervisor->written, tasks);
}

static void report(const struct supervisor *supervisor)
{
    char *used = usage(supervisor);
    emit("{\"type\":\"usage\",\"usage\":%s,\"processes\":%lld,\"memoryBytes\":%lld}", used, (long long)supervisor->tasks,
         (long long)supervisor->memory);
    free(used);
}

/* -- the loop -- */

/** Moves the streams for `delay` seconds, or until the command may have ended. */
static void wait_moving(struct supervisor *supervisor, double delay)
{
    double end = monotonic() + delay;
    for (;;) {
        double left = end - monotonic();
        if (left <= 0 || supervisor->printed > supervisor->options->output || is_cancelled)
            return;
        struct ready ready = poll_all(supervisor, supervisor->unbounded && left > FASTEST_LOOK ? FASTEST_LOOK : left);
        if (supervisor->unbounded &&
            tasks_of_machine() - supervisor->all_tasks > supervisor->options->processes - supervisor->tasks)
            return; /* a bomb could have grown that much since the last look */
        if (supervisor->gate && is_ready(&ready, gate_fd(supervisor->gate))) {
            if (!step_gate(supervisor->gate, supervisor)) {
                end_gate(supervisor->gate); /* the command never became one; it has said why */
                supervisor->gate = NULL;
            }
            if (supervisor->tasks > supervisor->options->processes)
                return;
        }
        if (is_ready(&ready, supervisor->wake)) {
            clear_wake(supervisor);
            return;
        }
        if (supervisor->waiter && is_ready(&ready, supervisor->waiter->ours))
            return;
        move(supervisor, &ready);
    }
}

static void note_end(struct supervisor *supervisor, pid_t pid, int status, const struct rusage *used)
{
    /* The relay, or the broom: its number may be given to a process of the command. */
    if (remove_own(&supervisor->processes, pid))
        return;
    int64_t most = (int64_t)used->ru_maxrss * 1024;
    if (most > supervisor->peak)
        supervisor->peak = most;
    if (pid == supervisor->main) {
        supervisor->status = status;
        supervisor->has_status = true;
    }
}

void reap(struct supervisor *supervisor)
{
    int status;
    struct rusage used;
    for (pid_t pid; (pid = wait_again(-1, &status, WNOHANG, &used)) > 0;)
        note_end(supervisor, pid, status, &used);
}

/** Holds the limits until the command has ended, or waits for what it is to do; what was passed, if anything was. */
static struct limit watch(struct supervisor *supervisor)
{
    const struct limit none = {0};
    double delay = FASTEST_LOOK;
    for (;;) {
        wait_moving(supervisor, delay);
        reap(supervisor);
        if (supervisor->has_status || (supervisor->waiter && waiter_is_up(supervisor->waiter)))
            return none;
        if (supervisor->tasks > supervisor->options->processes)
            return stop_reason(supervisor, monotonic() - supervisor->start);
        double now = monotonic();
        double wall = now - supervisor->start;
        look(supervisor, now >= supervisor->next_close_look);
        struct limit broken = stop_reason(supervisor, wall);
        if (broken.reason)
            return broken;
        hold_cpu_share(supervisor, wall);
        count_user(supervisor, now);
        if (now >= supervisor->next_report && !supervisor->waiter) {
            supervisor->next_report = now + REPORT_EVERY;
            report(supervisor);
        }
        delay = next_look(supervisor, wall);
    }
}

/* -- ending -- */

static void kill_all(struct supervisor *supervisor)
{
    int status;
    struct rusage used;
    pid_t pid;
    if (supervisor->cgroup)
        write_cgroup(supervisor->cgroup, "cgroup.kill", "1"); /* all at one moment (Linux 5.14) */
    do {
        signal_processes(&supervisor->processes, SIGKILL);
        pid = wait_again(-1, &status, 0, &used);
        if (pid > 0)
            note_end(supervisor, pid, status, &used);
        reap(supervisor); /* all that are dead, before the next look at what is left: a bomb leaves thousands */
    } while (pid > 0);
}

static char *exit_status(const struct supervisor *supervisor, const struct limit *broken, const char *failure)
{
    if (broken->reason) {
        char *message = json_string(broken->message);
        char *text = format_text("{\"reason\":\"%s\",\"message\":%s}", broken->reason, message);
        free(message);
        return text;
    }
    if (*failure) {
        char *message = format_text("cannot start: %s", failure);
        char *json = json_string(message);
        char *text = format_text("{\"code\":127,\"reason\":\"failed\",\"message\":%s}", json);
        free(message);
        free(json);
        return text;
    }
    if (WIFSIGNALED(supervisor->status)) {
        int number = WTERMSIG(supervisor->status);
        if (number == SIGXFSZ)
            return format_text("{\"reason\":\"disk-limit\",\"message\":\"wrote a file larger than the disk limit\"}");
        if (number == SIGSYS)
            return format_text("{\"reason\":\"denied\",\"message\":\"used system calls of another architecture (32-bit or x32)\"}");
        return format_text("{\"code\":%d,\"reason\":\"failed\",\"message\":\"ended by signal %d\"}", 128 + number, number);
    }
    int code = WEXITSTATUS(supervisor->status);
    return format_text("{\"code\":%d,\"reason\":\"%s\"}", code, code ? "failed" : "ok");
}

static void finish(struct supervisor *supervisor, struct limit broken)
{
    if (!broken.reason && supervisor->cgroup)
        broken = cgroup_passed(supervisor->cgroup, supervisor->options);
    if (broken.reason) {
        char *message = json_string(broken.message);
        emit("{\"type\":\"limit\",\"reason\":\"%s\",\"message\":%s}", broken.reason, message);
        free(message);
    }
    kill_all(supervisor);
    flush(supervisor);
    supervisor->disk.next = supervisor->disk.next_removed = 0;
    look(supervisor, true);
    /* What the last moments before its end passed, with nothing left that could still use memory or time. */
    if (!broken.reason)
        broken = output_passed(supervisor);
    if (!broken.reason)
        broken = disk_passed(supervisor);
    char failure[4096];
    ssize_t length = read_again(supervisor->failure, failure, sizeof failure - 1);
    failure[length > 0 ? length : 0] = '\0';
    char *held = NULL;
    if (supervisor->cgroup) {
        int64_t peak = cgroup_peak(supervisor->cgroup);
        if (peak > supervisor->peak)
            supervisor->peak = peak;
        held = cgroup_held(supervisor->cgroup);
    }
    char *status = exit_status(supervisor, &broken, failure), *used = usage(supervisor);
    emit("{\"type\":\"exited\",\"exit\":%s,\"usage\":%s%s%s}", status, used, held ? ",\"held\":" : "", held ? held : "");
    free(held);
    free(status);
    free(used);
}

static void run(struct supervisor *supervisor)
{
    if (supervisor->options->warm)
        supervisor->waiter = make_waiter(supervisor->options);
    launch(supervisor);
    if (supervisor->waiter) {
        struct limit broken = watch(supervisor);
        if (supervisor->has_status || broken.reason) {
            finish(supervisor, broken);
            return;
        }
        bool is_taken = wait_for_work(supervisor->waiter, supervisor);
        end_waiter(supervisor->waiter);
        supervisor->waiter = NULL;
        if (!is_taken)
            return;
    }
    emit("{\"type\":\"started\",\"pid\":%d}", (int)supervisor->main);
    finish(supervisor, watch(supervisor));
}

/** Nothing is left when it ended early either. */
static void clean_up(void)
{
    kill_all(&the_run);
    const char *scratch = the_run.options->scratch;
    if (!scratch)
        return;
    int error = remove_tree(scratch);
    if (error)
        die("%s", error_text(error, scratch));
}

void supervise(struct options *options)
{
    struct supervisor *supervisor = &the_run;
    supervisor->options = options;
    begin_processes(&supervisor->processes, options->contained);
    supervisor->cgroup = options->cgroup;
    /* Where the kernel holds the limit this process is the second line; what both count is not quite the same. */
    supervisor->most_memory = options->cgroup ? options->memory * 5 / 4 + 32 * MEBIBYTE : options->memory;
    supervisor->unbounded = !options->cgroup && (options->contained || is_user_root_outside());
    supervisor->gate = make_gate(options);
    supervisor->own_io = open_again("/proc/self/io", O_RDONLY);
    if (supervisor->own_io < 0)
        die_of_error("/proc/self/io");
    begin_use(supervisor);
    /* The command runs as the same user: keep it from opening this process's descriptors and memory through /proc. */
    if (!set_no_dump())
        die("could not make the supervisor undumpable");
    before_death = clean_up;
    run(supervisor);
    before_death = NULL;
    clean_up();
}
