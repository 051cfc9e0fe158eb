/* What the other files rest on: memory, texts, files, descriptors, and the JSON lines of the events. */
#define _GNU_SOURCE
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void (*before_death)(void) = NULL;
void (*death_message)(const char *message) = NULL;

int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static _Noreturn void die_saying(const char *message)
{
    void (*last_deed)(void) = before_death;
    before_death = NULL;
    if (death_message)
        death_message(message);
    /* First, so that it is told even when ending takes long; whoever reads may be gone. */
    (void)!write_again(STDERR_FILENO, message, strlen(message));
    if (last_deed)
        last_deed();
    _exit(1);
}

void die(const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message - 1, format, arguments);
    va_end(arguments);
    if (length < 0)
        length = 0;
    size_t end = (size_t)length < sizeof message - 2 ? (size_t)length : sizeof message - 2;
    message[end] = '\n';
    message[end + 1] = '\0';
    die_saying(message);
}

void die_of_error(const char *path)
{
    die("%s", error_text(errno, path));
}

void *allocate(size_t size)
{
    return reallocate(NULL, size);
}

void *reallocate(void *memory, size_t size)
{
    void *new = realloc(memory, size ? size : 1);
    if (!new)
        die_saying("out of memory\n");
    return new;
}

char *copy_text(const char *text, size_t length)
{
    char *copy = allocate(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static char *format_with(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        die_saying("a text could not be made\n");
    size_t size = (size_t)length + 1;
    char *text = allocate(size);
    vsnprintf(text, size, format, arguments);
    return text;
}

char *format_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_with(format, arguments);
    va_end(arguments);
    return text;
}

char *error_text(int number, const char *path)
{
    /* Where the words of the small C library differ from those that people know from glibc. */
    const char *words = number == ELOOP          ? "Too many levels of symbolic links"
                        : number == ENAMETOOLONG ? "File name too long"
                        : number == EMFILE       ? "Too many open files"
                                                 : strerror(number);
    if (path)
        return format_text("[Errno %d] %s: '%s'", number, words, path);
    return format_text("[Errno %d] %s", number, words);
}

void add_string(struct strings *list, char *text)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->items = reallocate(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = text;
}

void free_strings(struct strings *list)
{
    for (size_t at = 0; at < list->count; at++)
        free(list->items[at]);
    free(list->items);
    *list = (struct strings){0};
}

double monotonic(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void emit(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *line = format_with(format, arguments);
    va_end(arguments);
    size_t length = strlen(line), done = 0;
    line[length++] = '\n'; /* where the NUL stood */
    while (done < length) {
        ssize_t written = write_again(EVENTS, line + done, length - done);
        if (written >= 0) {
            done += (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = EVENTS, .events = POLLOUT};
            poll(&room, 1, 1000);
        } else {
            break; /* nobody listens any more: the loop sees the end of file and cancels */
        }
    }
    free(line);
}

/** The code point of a sequence of UTF-8 and its length; U+FFFD and 1 where it is none. */
static uint32_t decode(const unsigned char *text, size_t *length)
{
    *length = 1;
    if (text[0] < 0x80)
        return text[0];
    size_t more = text[0] >= 0xC2 && text[0] <= 0xDF ? 1 : (text[0] & 0xF0) == 0xE0 ? 2 : text[0] >= 0xF0 && text[0] <= 0xF4 ? 3 : 0;
    if (more == 0)
        return 0xFFFD;
    uint32_t code = text[0] & (more == 1 ? 0x1Fu : more == 2 ? 0x0Fu : 0x07u);
    for (size_t at = 1; at <= more; at++) {
        if ((text[at] & 0xC0) != 0x80)
            return 0xFFFD; /* a NUL ends it, too */
        code = code << 6 | (text[at] & 0x3Fu);
    }
    bool is_overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
    if (is_overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return 0xFFFD;
    *length = more + 1;
    return code;
}

char *json_string(const char *text)
{
    size_t length = strlen(text);
    if (length > SIZE_MAX / 8)
        die_saying("a text is too long\n");
    size_t size = 6 * length + 3; /* every byte becomes six characters at most */
    char *json = allocate(size), *to = json;
    *to++ = '"';
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t used;
        uint32_t code = decode(at, &used);
        size_t left = size - (size_t)(to - json);
        if (code == '"' || code == '\\') {
            *to++ = '\\';
            *to++ = (char)code;
        } else if (code >= 0x20 && code < 0x7F) {
            *to++ = (char)code;
        } else if (code > 0xFFFF) {
            code -= 0x10000;
            to += snprintf(to, left, "\\u%04x\\u%04x", 0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF));
        } else {
            to += snprintf(to, left, "\\u%04x", code);
        }
        at += used;
    }
    *to++ = '"';
    *to = '\0';
    return json;
}

ssize_t read_again(int fd, void *data, size_t size)
{
    ssize_t got;
    do
        got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    return got;
}

ssize_t write_again(int fd, const void *data, size_t size)
{
    ssize_t put;
    do
        put = write(fd, data, size);
    while (put < 0 && errno == EINTR);
    return put;
}

pid_t wait_again(pid_t pid, int *status, int options, struct rusage *used)
{
    pid_t ended;
    do
        ended = wait4(pid, status, options, used);
    while (ended < 0 && errno == EINTR);
    return ended;
}

int open_again(const char *path, int flags)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd;
}

char *read_all(int fd, size_t *length)
{
    size_t room = 16384, used = 0;
    char *data = allocate(room);
    for (;;) {
        ssize_t got = read_again(fd, data + used, room - used - 1);
        if (got < 0)
            die_of_error(NULL);
        if (got == 0)
            break;
        used += (size_t)got;
        if (room - used < CHUNK) {
            room *= 2;
            data = reallocate(data, room);
        }
    }
    close(fd);
    data[used] = '\0';
    *length = used;
    return data;
}

bool read_file(const char *path, char *text, size_t size)
{
    int fd = open_again(path, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t got = read_again(fd, text, size - 1);
    close(fd);
    if (got < 0)
        return false;
    text[got] = '\0';
    return true;
}

char *read_long_file(const char *path, size_t most)
{
    int fd = open_again(path, O_RDONLY);
    if (fd < 0)
        return NULL;
    size_t room = 8192, used = 0;
    char *data = allocate(room);
    for (;;) {
        ssize_t got = read_again(fd, data + used, room - used - 1);
        if (got < 0) {
            free(data);
            close(fd);
            return NULL;
        }
        used += (size_t)got;
        if (got == 0 || used >= most)
            break;
        if (room - used < 4097) {
            room *= 2;
            data = reallocate(data, room);
        }
    }
    close(fd);
    data[used] = '\0';
    return data;
}

bool stat_fields(const char *text, char *fields[], size_t count)
{
    char *at = strrchr(text, ')');
    if (!at)
        return false;
    at++;
    for (size_t found = 0; found < count; found++) {
        while (*at == ' ')
            at++;
        if (*at == '\0')
            return false;
        fields[found] = at;
        while (*at != ' ' && *at != '\0')
            at++;
    }
    return true;
}

bool send_within(int fd, const void *data, size_t size, double seconds)
{
    const char *from = data;
    double end = monotonic() + seconds;
    while (size > 0) {
        ssize_t sent = send(fd, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            from += sent;
            size -= (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return false;
        double left = seconds < 0 ? 1 : end - monotonic();
        if (left <= 0)
            return false;
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        poll(&room, 1, (int)(left * 1000) + 1);
    }
    return true;
}

ssize_t receive_within(int fd, void *data, size_t size, double seconds)
{
    double end = monotonic() + seconds;
    for (;;) {
        ssize_t got = recv(fd, data, size, MSG_DONTWAIT);
        if (got >= 0)
            return got;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return -1;
        double left = seconds < 0 ? 1 : end - monotonic();
        if (left <= 0)
            return -1;
        struct pollfd some = {.fd = fd, .events = POLLIN};
        poll(&some, 1, (int)(left * 1000) + 1);
    }
}

void close_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
        die_of_error(NULL);
}

bool set_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return false;
    return fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) == 0;
}

void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        die_of_error(NULL);
}

void make_socket_pair(int ends[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        die_of_error(NULL);
}

/* struct linux_dirent64 of getdents64(2). */
struct raw_entry {
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

void begin_listing(struct listing *listing, int fd)
{
    listing->fd = fd;
    listing->error = 0;
    listing->at = listing->end = 0;
}

bool next_entry(struct listing *listing, struct entry *entry)
{
    for (;;) {
        if (listing->at >= listing->end) {
            long got = syscall(SYS_getdents64, listing->fd, listing->data.bytes, sizeof listing->data.bytes);
            if (got <= 0) {
                listing->error = got < 0 ? errno : 0;
                return false;
            }
            listing->at = 0;
            listing->end = (size_t)got;
        }
        const struct raw_entry *raw = (const void *)(listing->data.bytes + listing->at);
        listing->at += raw->size;
        if (strcmp(raw->name, ".") == 0 || strcmp(raw->name, "..") == 0)
            continue;
        entry->name = raw->name;
        entry->type = raw->type;
        return true;
    }
}

pid_t pid_of(const char *name)
{
    int64_t number = 0;
    for (const char *at = name; *at; at++) {
        if (*at < '0' || *at > '9' || number > INT32_MAX / 10 - 1)
            return 0;
        number = number * 10 + (*at - '0');
    }
    return (pid_t)number;
}

void close_others(int below, int first, int second, int third)
{
    int folder = open_again("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        die_of_error("/proc/self/fd");
    /* Closed after they were listed, as what a folder says while it changes is not defined; and again, until none is left. */
    int open_ones[256];
    size_t count;
    do {
        struct listing listing;
        struct entry entry;
        count = 0;
        lseek(folder, 0, SEEK_SET);
        begin_listing(&listing, folder);
        while (count < sizeof open_ones / sizeof *open_ones && next_entry(&listing, &entry)) {
            int fd = (int)strtol(entry.name, NULL, 10);
            if (fd >= below && fd != first && fd != second && fd != third && fd != folder)
                open_ones[count++] = fd;
        }
        for (size_t at = 0; at < count; at++)
            close(open_ones[at]);
    } while (count > 0);
    close(folder);
}
