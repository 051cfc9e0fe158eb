/* What a run wrote into folders: class Disk of ../helper.py; and how a folder is removed. */
#define _GNU_SOURCE
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/** An open folder on the way down, and the names of those inside that are still to be entered. */
struct level {
    int folder;
    struct strings names;
};

/** Opens an unreadable folder by making it readable for the moment; -1 where that is not done. */
static int enter_unreadable(struct disk *disk, int around, const char *name, bool is_first)
{
    const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int itself = openat(around, name, O_PATH | flags);
    if (itself < 0)
        return -1;
    int folder = -1;
    struct stat state;
    if (fstat(itself, &state) == 0) {
        const struct identity identity = {state.st_dev, state.st_ino};
        if (has_identity(&disk->unreadable, identity)) {
            /* as it was before */
        } else if (is_first) {
            add_identity(&disk->unreadable, identity);
        } else {
            char path[64];
            snprintf(path, sizeof path, "/proc/self/fd/%d", itself);
            /* Another user's cannot be changed. */
            if (chmod(path, 0700) == 0) {
                folder = open_again(path, O_RDONLY | O_DIRECTORY);
                if (chmod(path, state.st_mode & 07777) != 0 && folder >= 0) {
                    close(folder);
                    folder = -1;
                }
            }
        }
    }
    close(itself);
    return folder;
}

/** Opens a folder to be listed, also one that was made unreadable since the start; -1 where there is nothing to list. */
static int enter(struct disk *disk, int around, const char *name, bool is_first)
{
    int folder = openat(around, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0 || (errno != EACCES && errno != EPERM))
        return folder;
    return enter_unreadable(disk, around, name, is_first);
}

/** Counts bytes and names in one folder, and notes the names of the folders in it. */
static void list_folder(int folder, int64_t *bytes, double *files, struct strings *inner)
{
    struct listing listing;
    struct entry entry;
    begin_listing(&listing, folder);
    while (next_entry(&listing, &entry)) {
        struct stat state;
        *files += 1;
        if (fstatat(folder, entry.name, &state, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* gone since it was listed */
        /* An empty file takes an inode and a name at least. */
        *bytes += larger((int64_t)state.st_blocks * 512, 1024);
        if (S_ISDIR(state.st_mode))
            add_string(inner, copy_text(entry.name, strlen(entry.name)));
    }
}

/** Bytes and names in all folders, each with a number past which nothing needs to be counted, if there is any. */
static void walk(struct disk *disk, bool is_first, int64_t most_bytes, double most_files, int64_t *bytes, double *files)
{
    *bytes = 0;
    *files = 0;
    for (size_t at = 0; at < disk->folder_count; at++) {
        struct level way[DEEPEST + 2];
        size_t depth = 1;
        way[0] = (struct level){.folder = fcntl(disk->folders[at], F_DUPFD_CLOEXEC, 0)};
        if (way[0].folder < 0)
            die_of_error(NULL);
        add_string(&way[0].names, copy_text("", 0));
        while (depth > 0) {
            struct level *last = &way[depth - 1];
            bool is_enough = !is_first && (*files > most_files || *bytes > most_bytes);
            if (last->names.count == 0 || is_enough) {
                close(last->folder);
                free_strings(&last->names);
                depth--;
                continue;
            }
            char *name = last->names.items[--last->names.count];
            int folder = enter(disk, last->folder, name, is_first);
            free(name);
            if (folder < 0)
                continue;
            struct strings inner = {0};
            list_folder(folder, bytes, files, &inner);
            way[depth++] = (struct level){folder, inner};
            if (depth > DEEPEST) {
                *files = INFINITY; /* nothing may hide there; when it was there before, no number is held */
                free_strings(&way[depth - 1].names);
            }
        }
    }
}

/** Bytes and inodes that are free on the folders' file systems; some file systems know no number of inodes. */
static void free_space(const struct disk *disk, double *bytes, double *inodes)
{
    *bytes = *inodes = 0;
    struct statvfs *seen = allocate(disk->folder_count * sizeof *seen);
    size_t count = 0;
    for (size_t at = 0; at < disk->folder_count; at++) {
        struct statvfs state;
        if (fstatvfs(disk->folders[at], &state) != 0)
            die_of_error(NULL);
        size_t same = 0;
        while (same < count && seen[same].f_fsid != state.f_fsid)
            same++;
        seen[same] = state;
        if (same == count)
            count++;
    }
    for (size_t at = 0; at < count; at++) {
        *bytes += (double)seen[at].f_bfree * (double)seen[at].f_frsize;
        *inodes += (double)seen[at].f_ffree;
    }
    free(seen);
}

/** Each file and folder is counted with the kernel memory of its inode, too. */
static void tmpfs_use(const struct disk *disk, int64_t *bytes, int64_t *files)
{
    *bytes = *files = 0;
    for (size_t at = 0; at < disk->tmpfs->count; at++) {
        struct statvfs state;
        if (statvfs(disk->tmpfs->items[at], &state) != 0)
            continue;
        int64_t count = (int64_t)(state.f_files - state.f_ffree);
        *bytes += (int64_t)((state.f_blocks - state.f_bfree) * state.f_frsize) + count * 1024;
        *files += count;
    }
}

void begin_disk(struct disk *disk, const struct options *options)
{
    const struct strings *paths = options->root.count > 0 ? &options->root : &options->write;
    *disk = (struct disk){.most_bytes = options->disk, .most_files = (double)options->files, .tmpfs = &options->tmpfs};
    disk->folders = allocate(paths->count * sizeof *disk->folders);
    for (size_t at = 0; at < paths->count; at++) {
        struct stat state;
        const char *path = paths->items[at];
        if (stat(path, &state) != 0)
            die_of_error(path);
        if (!S_ISDIR(state.st_mode))
            continue;
        int folder = open_again(path, O_RDONLY | O_DIRECTORY);
        if (folder < 0)
            die_of_error(path);
        disk->folders[disk->folder_count++] = folder;
    }
    walk(disk, true, 0, 0, &disk->old_bytes, &disk->old_files);
    free_space(disk, &disk->free_bytes, &disk->free_inodes);
    tmpfs_use(disk, &disk->empty_bytes, &disk->empty_files);
    for (size_t at = 0; at < options->tmpfs.count; at++) {
        struct stat state;
        if (stat(options->tmpfs.items[at], &state) != 0)
            die_of_error(options->tmpfs.items[at]);
        add_identity(&disk->own_devices, (struct identity){state.st_dev, 0});
    }
}

void end_disk(struct disk *disk)
{
    for (size_t at = 0; at < disk->folder_count; at++)
        close(disk->folders[at]);
    free(disk->folders);
    free(disk->unreadable.items);
    free(disk->own_devices.items);
    *disk = (struct disk){0};
}

void temporary_use(const struct disk *disk, int64_t *bytes, int64_t *files)
{
    tmpfs_use(disk, bytes, files);
    *bytes -= disk->empty_bytes;
    *files -= disk->empty_files;
}

bool disk_shrank(const struct disk *disk, int64_t written, double files)
{
    double bytes, inodes;
    free_space(disk, &bytes, &inodes);
    return disk->free_bytes - bytes > (double)(disk->most_bytes - written) / 2 ||
           disk->free_inodes - inodes > (disk->most_files - files) / 2;
}

/** A file without a name. */
struct removed {
    struct identity file;
    int64_t bytes;
};
struct removed_files {
    struct removed *items;
    size_t count, room;
};

/** Adds the files that a process holds open and that have no name any more, but for those that are counted elsewhere. */
static void add_removed(const struct disk *disk, pid_t pid, struct removed_files *found)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    int folder = open_again(path, O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return; /* gone */
    struct listing listing;
    struct entry entry;
    begin_listing(&listing, folder);
    while (next_entry(&listing, &entry)) {
        struct stat state;
        if (fstatat(folder, entry.name, &state, 0) != 0 || state.st_nlink != 0 || !S_ISREG(state.st_mode))
            continue; /* closed since it was listed, or it has a name */
        if (has_identity(&disk->own_devices, (struct identity){state.st_dev, 0}))
            continue;
        if (found->count == found->room) {
            found->room = found->room ? 2 * found->room : 64;
            found->items = reallocate(found->items, found->room * sizeof *found->items);
        }
        found->items[found->count++] = (struct removed){{state.st_dev, state.st_ino}, (int64_t)state.st_blocks * 512};
    }
    close(folder);
}

static int compare_removed(const void *one, const void *other)
{
    const struct identity *a = &((const struct removed *)one)->file, *b = &((const struct removed *)other)->file;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/**
 * Bytes of the files that the processes hold open and that have no name any more, each counted once. Where the host keeps a
 * folder in memory (/tmp, often), nothing else tells of them, as no byte goes to storage. They are sorted, because a run
 * can hold so many that comparing each with each would keep this process from looking.
 */
static int64_t removed_bytes(const struct disk *disk, const struct pids *pids)
{
    struct removed_files found = {0};
    for (size_t at = 0; at < pids->count; at++)
        add_removed(disk, pids->items[at], &found);
    if (found.count > 1)
        qsort(found.items, found.count, sizeof *found.items, compare_removed);
    int64_t bytes = 0;
    for (size_t at = 0; at < found.count; at++)
        if (at == 0 || compare_removed(&found.items[at - 1], &found.items[at]) != 0)
            bytes += found.items[at].bytes;
    free(found.items);
    return bytes;
}

int64_t measure_disk(struct disk *disk, bool near, const struct pids *pids)
{
    double begun = monotonic();
    if (near || begun >= disk->next) {
        free_space(disk, &disk->free_bytes, &disk->free_inodes);
        int64_t bytes;
        double files;
        walk(disk, false, disk->most_bytes + disk->old_bytes, disk->most_files + disk->old_files, &bytes, &files);
        disk->named = bytes - disk->old_bytes;
        disk->files = files - disk->old_files;
        disk->next = monotonic() + 9 * (monotonic() - begun);
    }
    if (pids && (near || begun >= disk->next_removed)) {
        begun = monotonic();
        disk->removed = removed_bytes(disk, pids);
        disk->next_removed = monotonic() + 4 * (monotonic() - begun);
    }
    return disk->named + disk->removed;
}

/** The names in an open folder, and which of them are folders. */
static int list_names(int folder, struct strings *folders, struct strings *others)
{
    struct listing listing;
    struct entry entry;
    lseek(folder, 0, SEEK_SET);
    begin_listing(&listing, folder);
    while (next_entry(&listing, &entry)) {
        unsigned char type = entry.type;
        struct stat state;
        if (type == DT_UNKNOWN && fstatat(folder, entry.name, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(state.st_mode))
            type = DT_DIR;
        add_string(type == DT_DIR ? folders : others, copy_text(entry.name, strlen(entry.name)));
    }
    return listing.error;
}

static int unlink_all(int folder, const struct strings *names)
{
    for (size_t at = 0; at < names->count; at++)
        if (unlinkat(folder, names->items[at], 0) != 0)
            return errno;
    return 0;
}

/** Empties a folder in `root` but for the folders inside, which are moved up. */
static int flatten(int root, const char *name, unsigned *serial)
{
    if (fchmodat(root, name, 0700, 0) != 0)
        return errno;
    int folder = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return errno;
    struct strings folders = {0}, others = {0};
    int error = list_names(folder, &folders, &others);
    if (error == 0)
        error = unlink_all(folder, &others);
    for (size_t at = 0; at < folders.count && error == 0; at++) {
        char new_name[64];
        snprintf(new_name, sizeof new_name, ".%d.%u", (int)getpid(), ++*serial);
        if (fchmodat(folder, folders.items[at], 0700, 0) != 0 || renameat(folder, folders.items[at], root, new_name) != 0)
            error = errno;
    }
    free_strings(&folders);
    free_strings(&others);
    close(folder);
    if (error == 0 && unlinkat(root, name, AT_REMOVEDIR) != 0)
        error = errno;
    return error;
}

int remove_tree(const char *path)
{
    int root = open_again(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (root < 0)
        return errno;
    unsigned serial = 0;
    int error = 0;
    bool is_empty = false;
    while (error == 0 && !is_empty) {
        struct strings folders = {0}, others = {0};
        error = list_names(root, &folders, &others);
        is_empty = folders.count + others.count == 0;
        if (error == 0)
            error = unlink_all(root, &others);
        for (size_t at = 0; at < folders.count && error == 0; at++)
            error = flatten(root, folders.items[at], &serial);
        free_strings(&folders);
        free_strings(&others);
    }
    close(root);
    if (error == 0 && rmdir(path) != 0)
        error = errno;
    return error;
}
