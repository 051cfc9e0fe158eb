/* What judges.c, changes.c and caller.c share: the process whose call waits, and what it names. */
#ifndef TOKA_JUDGES_H
#define TOKA_JUDGES_H

#include "helper.h"

/* Bytes that a path of the caller may have; what is longer has no end there, and the kernel refuses it. */
#define TEXT_SIZE 4097
/* A path of the caller as one of this process. */
#define RESOLVED_SIZE (TEXT_SIZE + 64)

/** One place of a change: the open folder, and the name inside. */
struct spot {
    int folder;
    char name[TEXT_SIZE];
};

/* --- caller.c --- */

/** A C int out of a register. */
int signed_of(uint64_t value);
/** Bytes of the caller's memory, up to the end of the page where what follows is not mapped; an error number, negative. */
ssize_t memory_of(pid_t caller, uint64_t address, void *data, size_t size);
/** A text of the caller's memory, which may be empty; 0 or an error number. */
int text_at(pid_t caller, uint64_t address, char text[TEXT_SIZE]);
/** A path without slashes at its end; 0 or an error number. */
int path_text(pid_t caller, uint64_t address, char text[TEXT_SIZE]);
/** A path of the caller as one of this process; what it leads to is looked at when it is opened. */
int resolve(pid_t caller, int folder, const char *path, char resolved[RESOLVED_SIZE]);
int path_at(pid_t caller, int folder, uint64_t address, char resolved[RESOLVED_SIZE]);
/** Opens the folder that holds a path's last component. `base`: the folder that it is relative to, or -1: the caller's. */
int open_spot(pid_t caller, int folder, const char *path, int base, struct spot *spot);
mode_t umask_of(pid_t caller);
pid_t leader_of(pid_t caller);

/* --- changes.c --- */

/** Judges a call that makes, opens, changes or removes a file: as judge() does. */
int judge_change(const struct gate *gate, enum kind kind, pid_t caller, const uint64_t *values);

#endif
