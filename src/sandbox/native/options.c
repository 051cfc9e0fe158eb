/* What is asked for: class Options of ../helper.py. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The names of enum kind. */
static const char *const KINDS[] = {
    [KIND_FORK] = "fork", [KIND_KILL] = "kill", [KIND_TASK] = "task", [KIND_REFUSE] = "refuse", [KIND_CHMOD] = "chmod",
    [KIND_FCHMOD] = "fchmod", [KIND_FCHMODAT] = "fchmodat", [KIND_UTIME] = "utime", [KIND_SOCKETPAIR] = "socketpair",
    [KIND_CONNECT] = "connect", [KIND_OPEN] = "open", [KIND_OPENAT] = "openat", [KIND_CREAT] = "creat",
    [KIND_TRUNCATE] = "truncate", [KIND_MKDIR] = "mkdir", [KIND_MKDIRAT] = "mkdirat", [KIND_MKNOD] = "mknod",
    [KIND_MKNODAT] = "mknodat", [KIND_RMDIR] = "rmdir", [KIND_UNLINK] = "unlink", [KIND_UNLINKAT] = "unlinkat",
    [KIND_SYMLINK] = "symlink", [KIND_SYMLINKAT] = "symlinkat", [KIND_LINK] = "link", [KIND_LINKAT] = "linkat",
    [KIND_RENAME] = "rename", [KIND_RENAMEAT] = "renameat", [KIND_RENAMEAT2] = "renameat2",
};

/** A whole number from 0 to `most`. */
static int64_t number_in(const char *text, int64_t most)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0 || number > most)
        die("not a number that can be used: %s", text);
    return number;
}

static double real_number_in(const char *text)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !(number >= 0 && number <= 1e9))
        die("not a number that can be used: %s", text);
    return number;
}

/** Cuts a text at a character; what stands behind it, or the empty end. */
static char *cut(char *text, char at)
{
    char *found = strchr(text, at);
    if (!found)
        return text + strlen(text);
    *found = '\0';
    return found + 1;
}

/** NUMBER:KIND, or NUMBER:KIND@INDEX. */
static void add_judged(struct options *options, char *value)
{
    char *name = cut(value, ':');
    char *flags = cut(name, '@');
    struct judged judged = {.number = (uint32_t)number_in(value, INT32_MAX), .flags = -1};
    if (*flags)
        judged.flags = (int)number_in(flags, 5);
    size_t kind = 0;
    while (kind < sizeof KINDS / sizeof *KINDS && strcmp(name, KINDS[kind]) != 0)
        kind++;
    if (kind == sizeof KINDS / sizeof *KINDS)
        die("unknown kind of system call: %s", name);
    if (options->gate_count == MOST_JUDGED)
        die("too many system calls are judged");
    judged.kind = (enum kind)kind;
    options->gate[options->gate_count++] = judged;
}

/** Adds NAME=VALUE; the last one of a name counts. */
static void add_variable(struct strings *environment, char *variable)
{
    size_t length = strcspn(variable, "=");
    for (size_t at = 0; at < environment->count; at++) {
        const char *known = environment->items[at];
        if (strncmp(known, variable, length) == 0 && known[length] == '=') {
            environment->items[at] = variable;
            return;
        }
    }
    add_string(environment, variable);
}

static void take(struct options *options, char *argument)
{
    char *value = cut(argument, '=');
    const struct {
        const char *name;
        struct strings *list;
        int64_t *number;
    } simple[] = {
        {"write", &options->write, NULL},       {"root", &options->root, NULL},
        {"keep", &options->keep, NULL},         {"tmpfs", &options->tmpfs, NULL},
        {"read", &options->read, NULL},         {"list", &options->list, NULL},
        {"memory", NULL, &options->memory},     {"time", NULL, &options->time},
        {"processes", NULL, &options->processes}, {"disk", NULL, &options->disk},
        {"files", NULL, &options->files},       {"output", NULL, &options->output},
    };
    for (size_t at = 0; at < sizeof simple / sizeof *simple; at++) {
        if (strcmp(argument, simple[at].name) != 0)
            continue;
        if (simple[at].list)
            add_string(simple[at].list, value);
        else
            *simple[at].number = number_in(value, INT64_MAX / 8);
        return;
    }
    if (strcmp(argument, "cwd") == 0) {
        options->cwd = value;
    } else if (strcmp(argument, "scratch") == 0) {
        options->scratch = value;
    } else if (strcmp(argument, "env") == 0) {
        if (!strchr(value, '='))
            die("an environment variable without a value: %s", value);
        add_variable(&options->environment, value);
    } else if (strcmp(argument, "filter") == 0) {
        options->filter = read_all((int)number_in(value, INT32_MAX), &options->filter_length);
    } else if (strcmp(argument, "gate") == 0) {
        add_judged(options, value);
    } else if (strcmp(argument, "stdin") == 0) {
        options->takes_input = strcmp(value, "pipe") == 0;
    } else if (strcmp(argument, "warm") == 0) {
        options->warm = strcmp(value, "yes") == 0;
    } else if (strcmp(argument, "cgroup") == 0) {
        char *controllers = cut(value, ':');
        options->cgroup = open_cgroup((int)number_in(value, INT32_MAX - 1), controllers);
    } else if (strcmp(argument, "relay") == 0) {
        options->relay_path = cut(value, ':');
        options->relay_port = (unsigned short)number_in(value, UINT16_MAX);
    } else if (strcmp(argument, "cpu") == 0) {
        options->cpu = real_number_in(value);
    } else {
        die("unknown option %s", argument);
    }
}

void read_options(struct options *options, char **arguments, size_t count)
{
    size_t split = 0;
    while (split < count && strcmp(arguments[split], "--") != 0)
        split++;
    if (split + 1 >= count)
        die("there is no command");
    options->command = arguments + split + 1;
    for (size_t at = 0; at < split; at++)
        take(options, arguments[at]);
    options->contained = options->scratch != NULL;
}
