/* Which names in the granted folders must stay as they are: class Kept of ../helper.py. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool same_identity(struct identity one, struct identity other)
{
    return one.device == other.device && one.inode == other.inode;
}

bool identify(const char *path, struct identity *identity)
{
    struct stat state;
    if (stat(path, &state) != 0)
        return false;
    *identity = (struct identity){state.st_dev, state.st_ino};
    return true;
}

void add_identity(struct identities *list, struct identity identity)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->items = reallocate(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = identity;
}

bool has_identity(const struct identities *list, struct identity identity)
{
    for (size_t at = 0; at < list->count; at++)
        if (same_identity(list->items[at], identity))
            return true;
    return false;
}

static void identify_all(struct identities *list, const struct strings *paths)
{
    for (size_t at = 0; at < paths->count; at++) {
        struct identity identity;
        if (!identify(paths->items[at], &identity))
            die_of_error(paths->items[at]);
        add_identity(list, identity);
    }
}

static const struct kept_name *find_name(const struct kept *kept, struct identity parent, const char *name, size_t length)
{
    for (size_t at = 0; at < kept->count; at++) {
        const struct kept_name *known = &kept->names[at];
        if (same_identity(known->parent, parent) && known->length == length && memcmp(known->name, name, length) == 0)
            return known;
    }
    return NULL;
}

static void add_name(struct kept *kept, struct identity parent, const char *name, size_t length)
{
    if (find_name(kept, parent, name, length))
        return;
    if (kept->count == kept->room) {
        kept->room = kept->room ? 2 * kept->room : 64;
        kept->names = reallocate(kept->names, kept->room * sizeof *kept->names);
    }
    kept->names[kept->count++] = (struct kept_name){parent, name, length};
}

/** Keeps a path, and each folder around it up to the granted one. */
static void keep(struct kept *kept, const char *path)
{
    struct identity identity;
    if (identify(path, &identity))
        add_identity(&kept->inside, identity);
    size_t length = strlen(path);
    for (;;) {
        size_t head = length;
        while (head > 0 && path[head - 1] != '/')
            head--;
        const char *name = path + head;
        size_t name_length = length - head;
        length = head > 0 ? head - 1 : 0;
        char *around = copy_text(length > 0 ? path : "/", length > 0 ? length : 1);
        bool is_there = identify(around, &identity);
        free(around);
        /* Where it is not there, neither is the folder around it, which must not be made then. */
        if (is_there)
            add_name(kept, identity, name, name_length);
        if (length == 0 || (is_there && has_identity(&kept->roots, identity)))
            return;
    }
}

struct kept *make_kept(const struct options *options, const mode_t *own_umask)
{
    if (options->keep.count == 0)
        return NULL;
    struct kept *kept = allocate(sizeof *kept);
    *kept = (struct kept){0};
    identify_all(&kept->roots, &options->root);
    identify_all(&kept->ruled, &options->write);
    for (size_t at = 0; at < options->keep.count; at++)
        keep(kept, options->keep.items[at]);
    /* The callers' own masks hold for what is made for them. */
    kept->umask = own_umask ? *own_umask : umask(0);
    return kept;
}

void free_kept(struct kept *kept)
{
    free(kept->roots.items);
    free(kept->ruled.items);
    free(kept->inside.items);
    free(kept->names);
    free(kept);
}

/** The place of what is in a folder, whose descriptor is closed. */
static int place_in(const struct kept *kept, int folder, const char *name)
{
    struct stat state;
    int result = 0;
    bool is_first = true;
    struct identity before = {0, 0};
    while (result == 0) {
        if (fstat(folder, &state) != 0) {
            result = -errno;
            break;
        }
        const struct identity around = {state.st_dev, state.st_ino};
        if (is_first && find_name(kept, around, name, strlen(name)))
            result = PLACE_KEPT + 1;
        else if (!is_first && same_identity(before, around))
            result = PLACE_OUTSIDE + 1;
        else if (has_identity(&kept->inside, around))
            result = PLACE_KEPT + 1;
        else if (has_identity(&kept->ruled, around))
            result = PLACE_RULED + 1;
        else if (has_identity(&kept->roots, around))
            result = PLACE_OPEN + 1;
        else {
            int above = openat(folder, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
            if (above < 0) {
                result = -errno;
                break;
            }
            close(folder);
            folder = above;
            before = around;
            is_first = false;
        }
    }
    close(folder);
    return result > 0 ? result - 1 : result;
}

int place_of(const struct kept *kept, int folder, const char *name)
{
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return PLACE_RULED;
    int own = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    return own < 0 ? -errno : place_in(kept, own, name);
}

int is_changeable(const struct kept *kept, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = slash ? (size_t)(slash - path) : 0;
    char *head = copy_text(length > 0 ? path : "/", length > 0 ? length : 1);
    int folder = open_again(head, O_PATH | O_DIRECTORY);
    free(head);
    if (folder < 0)
        return -errno;
    int place = place_of(kept, folder, name);
    close(folder);
    return place < 0 ? place : place == PLACE_OPEN;
}
