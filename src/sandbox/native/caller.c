/* What is known of the process whose call waits to be judged: its memory, its paths, its mode mask. */
#define _GNU_SOURCE
#include "judges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int signed_of(uint64_t value)
{
    return (int)(uint32_t)value;
}

ssize_t memory_of(pid_t caller, uint64_t address, void *data, size_t size)
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

int text_at(pid_t caller, uint64_t address, char text[TEXT_SIZE])
{
    ssize_t got = memory_of(caller, address, text, TEXT_SIZE - 1);
    if (got < 0)
        return (int)-got;
    text[got] = '\0';
    return 0;
}

int path_text(pid_t caller, uint64_t address, char text[TEXT_SIZE])
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

int resolve(pid_t caller, int folder, const char *path, char resolved[RESOLVED_SIZE])
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

int path_at(pid_t caller, int folder, uint64_t address, char resolved[RESOLVED_SIZE])
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

int open_spot(pid_t caller, int folder, const char *path, int base, struct spot *spot)
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

mode_t umask_of(pid_t caller)
{
    return (mode_t)status_number(caller, "\nUmask:", 8, 0022);
}

pid_t leader_of(pid_t caller)
{
    return (pid_t)status_number(caller, "\nTgid:", 10, 0);
}
