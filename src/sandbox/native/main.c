/*
 * Entry point, and the guard of the supervisor: main() and guard() of ../helper.py.
 *
 * Usage: helper NAME=VALUE... -- COMMAND ARGUMENT...
 *    or: helper @FD, the same arguments being read from a descriptor with a NUL after each
 *    or: helper --probe, which says that it runs on this machine
 */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEAST_LANDLOCK 3

static volatile pid_t guarded;

static void end_supervisor(int number)
{
    (void)number;
    kill(guarded, SIGKILL);
}

/**
 * Leaves a process that ends what a killed supervisor would leave; goes on as its child (tier B). In a namespace the kernel
 * does that. Here orphans become children of the guard, which does nothing but wait. When the guard itself is killed, the
 * supervisor cancels the run; when it is asked to end (SIGTERM), it ends the supervisor.
 */
static void guard(const struct options *options)
{
    become_reaper();
    pid_t myself = getpid();
    guarded = fork();
    if (guarded < 0)
        die_of_error(NULL);
    if (guarded == 0) {
        if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGUSR1, 0UL, 0UL, 0UL) != 0 || getppid() != myself)
            _exit(1);
        return;
    }
    int status = 1;
    signal(SIGTERM, end_supervisor);
    close_others(0, -1, -1, -1);
    if (set_no_dump())
        wait_again(guarded, &status, 0, NULL);
    signal(SIGTERM, SIG_IGN);
    struct processes processes;
    begin_processes(&processes, true);
    do {
        signal_processes(&processes, SIGKILL);
        while (wait_again(-1, NULL, WNOHANG, NULL) > 0)
            ; /* all that are dead, before the next look at what is left */
    } while (wait_again(-1, NULL, 0, NULL) > 0);
    if (access(options->scratch, F_OK) == 0 && remove_tree(options->scratch) != 0)
        _exit(1);
    _exit(status == 0 ? 0 : 1);
}

/** Splits the text with a NUL after each argument. */
static char **split_arguments(char *text, size_t length, size_t *count)
{
    struct strings found = {0};
    for (size_t at = 0; at < length; at += strlen(text + at) + 1)
        add_string(&found, text + at);
    *count = found.count;
    add_string(&found, NULL);
    return found.items;
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 2 && strcmp(arguments[1], "--probe") == 0)
        return puts("toka-helper") == EOF;
    static const int IGNORED[] = {SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGPIPE, SIGXFSZ};
    for (size_t at = 0; at < sizeof IGNORED / sizeof *IGNORED; at++)
        signal(IGNORED[at], SIG_IGN);
    close_on_exec(EVENTS);
    static struct options options;
    if (argument_count < 2)
        die("there is no command");
    if (arguments[1][0] == '@') {
        size_t length, count;
        char *text = read_all(atoi(arguments[1] + 1), &length);
        char **split = split_arguments(text, length, &count);
        read_options(&options, split, count);
    } else {
        read_options(&options, arguments + 1, (size_t)argument_count - 1);
    }
    if (options.contained) {
        int version = landlock_version();
        if (version < LEAST_LANDLOCK) {
            /* Told before anything is started: the machine cannot, whatever the command is. */
            remove_tree(options.scratch);
            die("Landlock of version 3 (Linux 6.2) is needed, and this kernel has version %d", version);
        }
        guard(&options);
    }
    supervise(&options);
    _exit(0);
}
