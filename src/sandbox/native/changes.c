/*
 * Changes of files in folders with something kept in them, for which Landlock has no rule: done here, by this process, or
 * refused.
 */
#define _GNU_SOURCE
#include "judges.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_TYPE 0170000u

/** Whether a change goes on here: 0, or what is said instead. */
static int judge_places(const struct gate *gate, const struct spot *spots, size_t count)
{
    bool are_ruled = true, is_refused = false;
    for (size_t at = 0; at < count; at++) {
        int place = place_of(gate->kept, spots[at].folder, spots[at].name);
        if (place < 0)
            return -place;
        are_ruled = are_ruled && (place == PLACE_RULED || place == PLACE_OUTSIDE);
        is_refused = is_refused || place == PLACE_KEPT || place == PLACE_OUTSIDE;
    }
    if (are_ruled)
        return GATE_PASS;
    return is_refused ? EACCES : 0;
}

/** What is done with the names of a change, and what for it is needed beside them. */
struct change {
    enum kind kind;
    mode_t mode;
    unsigned flags;
    const char *target;
};

static int do_change(const struct change *change, const struct spot *spots)
{
    const struct spot *one = &spots[0], *other = &spots[1];
    int result = -1;
    switch (change->kind) {
    case KIND_MKDIRAT:
        result = mkdirat(one->folder, one->name, change->mode);
        break;
    case KIND_MKNODAT:
        result = mknodat(one->folder, one->name, change->mode, 0);
        break;
    case KIND_UNLINKAT:
        result = unlinkat(one->folder, one->name, change->flags & AT_REMOVEDIR ? AT_REMOVEDIR : 0);
        break;
    case KIND_SYMLINKAT:
        result = symlinkat(change->target, one->folder, one->name);
        break;
    case KIND_LINKAT:
        result = linkat(one->folder, one->name, other->folder, other->name, 0);
        break;
    case KIND_RENAMEAT2:
        if (change->flags != 0)
            return EINVAL;
        result = renameat(one->folder, one->name, other->folder, other->name);
        break;
    default:
        return EPERM;
    }
    return result != 0 ? errno : 0;
}

/** A name of a change: the folder's number and the address of the path. */
struct name {
    uint64_t folder, address;
};

/** Does a change of folders here when one of them has something kept in it; Landlock judges all others. */
static int make_change(const struct gate *gate, pid_t caller, const struct change *change, const struct name *names,
                       size_t count)
{
    if (!gate->kept)
        return GATE_PASS;
    struct spot spots[2];
    size_t opened = 0;
    int said = 0;
    while (opened < count && said == 0) {
        char text[TEXT_SIZE];
        said = path_text(caller, names[opened].address, text);
        if (said == 0)
            said = open_spot(caller, signed_of(names[opened].folder), text, -1, &spots[opened]);
        if (said == 0)
            opened++;
    }
    if (said == 0)
        said = judge_places(gate, spots, count);
    if (said == 0)
        said = do_change(change, spots);
    for (size_t at = 0; at < opened; at++)
        close(spots[at].folder);
    return said;
}

static int judge_mkdirat(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t path, uint64_t mode)
{
    const struct change change = {.kind = KIND_MKDIRAT, .mode = (mode_t)(mode & 01777) & ~umask_of(caller)};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_mknodat(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t path, uint64_t mode)
{
    mode_t kind = (mode_t)mode & FILE_TYPE;
    if (kind != 0 && kind != S_IFREG && kind != S_IFIFO)
        return kind == S_IFSOCK ? GATE_PASS : EPERM;
    const struct change change = {.kind = KIND_MKNODAT, .mode = kind | ((mode_t)(mode & 0777) & ~umask_of(caller))};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_unlinkat(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t path, uint64_t flags)
{
    const struct change change = {.kind = KIND_UNLINKAT, .flags = (unsigned)flags};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_symlinkat(const struct gate *gate, pid_t caller, uint64_t target, uint64_t folder, uint64_t path)
{
    char text[TEXT_SIZE];
    int error = path_text(caller, target, text);
    if (error)
        return error;
    const struct change change = {.kind = KIND_SYMLINKAT, .target = text};
    return make_change(gate, caller, &change, &(struct name){folder, path}, 1);
}

static int judge_two(const struct gate *gate, pid_t caller, enum kind kind, struct name old, struct name new, uint64_t flags)
{
    const struct change change = {.kind = kind, .flags = (unsigned)flags};
    const struct name names[2] = {old, new};
    return make_change(gate, caller, &change, names, 2);
}

static int hand_over(const struct gate *gate, int mine, uint32_t flags, const uint64_t *size)
{
    struct stat state;
    if (fstat(mine, &state) != 0)
        return errno;
    if (!S_ISREG(state.st_mode))
        return EACCES;
    if (size) {
        if (*size > INT64_MAX)
            return EPERM;
        return ftruncate(mine, (off_t)*size) != 0 ? errno : 0;
    }
    if (!set_blocking(mine, !(flags & O_NONBLOCK)))
        return errno;
    int error = answer_with_file(gate, mine, flags & O_CLOEXEC);
    return error ? error : GATE_SILENT;
}

/** Follows the links that the last name may be; the spot stays the one that is open. 0 or an error number. */
static int follow_links(pid_t caller, struct spot *spot)
{
    for (int count = 0; count < 40; count++) {
        char target[TEXT_SIZE];
        ssize_t length = readlinkat(spot->folder, spot->name, target, sizeof target - 1);
        if (length < 0)
            break; /* no link */
        target[length] = '\0';
        struct spot next;
        int error = open_spot(caller, AT_FDCWD, target, spot->folder, &next);
        if (error)
            return error;
        close(spot->folder);
        *spot = next;
    }
    return 0;
}

static int open_at_spot(const struct gate *gate, pid_t caller, const struct spot *spot, uint32_t flags, uint64_t mode,
                        const uint64_t *size)
{
    int place = place_of(gate->kept, spot->folder, spot->name);
    if (place < 0)
        return -place;
    if (place == PLACE_RULED || place == PLACE_OUTSIDE || flags & O_DIRECTORY)
        return GATE_PASS;
    if (place == PLACE_KEPT)
        return EACCES;
    if (flags > INT_MAX)
        return EPERM;
    mode_t own_mode = (mode_t)(mode & 0777) & ~umask_of(caller);
    int mine = openat(spot->folder, spot->name, (int)flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, own_mode);
    if (mine < 0)
        return errno;
    int said = hand_over(gate, mine, flags, size);
    close(mine);
    return said;
}

/** open(2) for writing, or truncate(2) to a size. */
static int judge_opening(const struct gate *gate, pid_t caller, uint64_t folder, uint64_t address, uint64_t given_flags,
                         uint64_t mode, const uint64_t *size)
{
    if (!gate->kept)
        return GATE_PASS;
    uint32_t flags = (uint32_t)given_flags;
    char text[TEXT_SIZE];
    struct spot spot;
    int said = path_text(caller, address, text);
    if (said == 0)
        said = open_spot(caller, signed_of(folder), text, -1, &spot);
    if (said != 0)
        return said;
    if (!(flags & (O_NOFOLLOW | O_EXCL)))
        said = follow_links(caller, &spot);
    if (said == 0)
        said = open_at_spot(gate, caller, &spot, flags, mode, size);
    close(spot.folder);
    return said;
}

int judge_change(const struct gate *gate, enum kind kind, pid_t caller, const uint64_t *values)
{
    const uint64_t here = (uint64_t)AT_FDCWD;
    switch (kind) {
    case KIND_OPEN:
        return judge_opening(gate, caller, here, values[0], values[1], values[2], NULL);
    case KIND_OPENAT:
        return judge_opening(gate, caller, values[0], values[1], values[2], values[3], NULL);
    case KIND_CREAT:
        return judge_opening(gate, caller, here, values[0], O_CREAT | O_WRONLY | O_TRUNC, values[1], NULL);
    case KIND_TRUNCATE:
        return judge_opening(gate, caller, here, values[0], O_WRONLY, 0, &values[1]);
    case KIND_MKDIR:
        return judge_mkdirat(gate, caller, here, values[0], values[1]);
    case KIND_MKDIRAT:
        return judge_mkdirat(gate, caller, values[0], values[1], values[2]);
    case KIND_MKNOD:
        return judge_mknodat(gate, caller, here, values[0], values[1]);
    case KIND_MKNODAT:
        return judge_mknodat(gate, caller, values[0], values[1], values[2]);
    case KIND_RMDIR:
        return judge_unlinkat(gate, caller, here, values[0], AT_REMOVEDIR);
    case KIND_UNLINK:
        return judge_unlinkat(gate, caller, here, values[0], 0);
    case KIND_UNLINKAT:
        return judge_unlinkat(gate, caller, values[0], values[1], values[2]);
    case KIND_SYMLINK:
        return judge_symlinkat(gate, caller, values[0], here, values[1]);
    case KIND_SYMLINKAT:
        return judge_symlinkat(gate, caller, values[0], values[1], values[2]);
    case KIND_LINK:
        return judge_two(gate, caller, KIND_LINKAT, (struct name){here, values[0]}, (struct name){here, values[1]}, 0);
    case KIND_LINKAT:
        return judge_two(gate, caller, KIND_LINKAT, (struct name){values[0], values[1]}, (struct name){values[2], values[3]}, 0);
    case KIND_RENAME:
        return judge_two(gate, caller, KIND_RENAMEAT2, (struct name){here, values[0]}, (struct name){here, values[1]}, 0);
    case KIND_RENAMEAT:
        return judge_two(gate, caller, KIND_RENAMEAT2, (struct name){values[0], values[1]}, (struct name){values[2], values[3]}, 0);
    case KIND_RENAMEAT2:
        return judge_two(gate, caller, KIND_RENAMEAT2, (struct name){values[0], values[1]}, (struct name){values[2], values[3]},
                         values[4]);
    default:
        return EPERM;
    }
}
