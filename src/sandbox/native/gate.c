/*
 * Holds the command's system calls of some numbers until they are judged here (seccomp user notification): class Gate of
 * ../helper.py. What is said about each call is in judges.c and changes.c.
 */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/seccomp.h */
#define SECCOMP_FILTER_FLAG_NEW_LISTENER 8UL
/* Once a call is being judged, only a signal that ends the caller interrupts it (Linux 5.19). */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV 32UL
#define SECCOMP_RET_USER_NOTIF 0x7FC00000u
#define SECCOMP_RET_ALLOW 0x7FFF0000u
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1u
#define NOTIF_RECV 0xC0502100UL
#define NOTIF_SEND 0xC0182101UL
#define NOTIF_ADDFD 0x40182103UL
#define ADDFD_FLAG_SEND 2u

/* Flags of open(2) that may change something. */
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

#define MOST_INSTRUCTIONS (1 + 5 * MOST_JUDGED + MOST_JUDGED + 2)

_Static_assert(sizeof(struct notice) == 80, "struct seccomp_notif");

/* struct sock_filter of linux/filter.h. */
struct instruction {
    uint16_t code;
    uint8_t if_true, if_false;
    uint32_t value;
};

struct gate *make_gate(const struct options *options)
{
    if (options->gate_count == 0)
        return NULL;
    struct gate *gate = allocate(sizeof *gate);
    *gate = (struct gate){.listener = -1};
    /* Waiting to be judged, a fork can be interrupted by a signal, which programs do not expect: so its number is only
     * judged where no resource limit holds it, and where a bomb cannot be ended at one moment either. */
    bool is_limited = options->contained && getuid() != 0;
    for (size_t at = 0; at < options->gate_count; at++)
        if (!is_limited || options->gate[at].kind != KIND_FORK)
            gate->judged[gate->count++] = options->gate[at];
    gate->kept = make_kept(options, NULL);
    int ends[2];
    make_socket_pair(ends);
    gate->ours = ends[0];
    gate->theirs = ends[1];
    return gate;
}

/* -- in the command, before it is one -- */

static size_t make_program(const struct gate *gate, bool forks_too, struct instruction *program)
{
    size_t length = 0;
    uint32_t judged[MOST_JUDGED];
    size_t last = 0;
    program[length++] = (struct instruction){0x20, 0, 0, 0};
    for (size_t at = 0; at < gate->count; at++) {
        const struct judged *call = &gate->judged[at];
        if (call->flags >= 0) {
            /* The low half of that argument decides. */
            program[length++] = (struct instruction){0x15, 0, 4, call->number};
            program[length++] = (struct instruction){0x20, 0, 0, 16 + 8 * (uint32_t)call->flags};
            program[length++] = (struct instruction){0x45, 0, 1, WRITING};
            program[length++] = (struct instruction){0x06, 0, 0, SECCOMP_RET_USER_NOTIF};
            program[length++] = (struct instruction){0x06, 0, 0, SECCOMP_RET_ALLOW};
        } else if (forks_too || call->kind != KIND_FORK) {
            judged[last++] = call->number;
        }
    }
    for (size_t at = 0; at < last; at++)
        program[length++] = (struct instruction){0x15, (uint8_t)(last - at), 0, judged[at]};
    program[length++] = (struct instruction){0x06, 0, 0, SECCOMP_RET_ALLOW};
    program[length++] = (struct instruction){0x06, 0, 0, SECCOMP_RET_USER_NOTIF};
    return length;
}

static void send_listener(const struct gate *gate, int listener)
{
    char word = 'x';
    struct iovec part = {&word, 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &listener, sizeof listener);
    if (sendmsg(gate->theirs, &message, MSG_NOSIGNAL) != 1)
        give_up_of_error(NULL);
}

void put_on_gate(struct gate *gate, bool forks_too)
{
    if (gate->kept)
        umask(gate->kept->umask);
    struct instruction program[MOST_INSTRUCTIONS];
    size_t length = make_program(gate, forks_too, program);
    long listener = load_filter(program, length, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    if (listener < 0)
        listener = load_filter(program, length, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    if (listener < 0)
        give_up("the kernel does not hand out system calls (seccomp user notification, Linux 5.0)");
    send_listener(gate, (int)listener);
    close((int)listener);
    close(gate->theirs);
}

/* -- in the supervisor -- */

int gate_fd(const struct gate *gate)
{
    return gate->listener < 0 ? gate->ours : gate->listener;
}

void end_gate(struct gate *gate)
{
    if (gate->listener >= 0)
        close(gate->listener);
    close(gate->ours);
    if (gate->kept)
        free_kept(gate->kept);
    free(gate);
}

static bool take_listener(struct gate *gate)
{
    char word;
    struct iovec part = {&word, 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    ssize_t got;
    do
        got = recvmsg(gate->ours, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    const struct cmsghdr *rights = got < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len < CMSG_LEN(sizeof(int)))
        return false;
    memcpy(&gate->listener, CMSG_DATA(rights), sizeof gate->listener);
    return true;
}

int answer_with_file(const struct gate *gate, int fd, uint32_t flags)
{
    /* struct seccomp_notif_addfd */
    struct {
        uint64_t id;
        uint32_t flags, from, to, new_flags;
    } answer = {gate->notice, ADDFD_FLAG_SEND, (uint32_t)fd, 0, flags};
    return syscall(SYS_ioctl, gate->listener, NOTIF_ADDFD, &answer) < 0 ? errno : 0;
}

static const struct judged *judged_call(const struct gate *gate, int32_t call)
{
    for (size_t at = 0; at < gate->count; at++)
        if ((int64_t)gate->judged[at].number == call)
            return &gate->judged[at];
    return NULL;
}

bool step_gate(struct gate *gate, struct supervisor *supervisor)
{
    if (gate->listener < 0)
        return take_listener(gate);
    struct notice notice = {0};
    if (syscall(SYS_ioctl, gate->listener, NOTIF_RECV, &notice) != 0)
        return true; /* the caller is gone */
    gate->notice = notice.id;
    const struct judged *call = judged_call(gate, notice.call);
    int said = call ? judge(gate, supervisor, call->kind, (pid_t)notice.caller, notice.values) : EPERM;
    if (said == GATE_SILENT)
        return true;
    /* struct seccomp_notif_resp */
    struct {
        uint64_t id;
        int64_t value;
        int32_t error;
        uint32_t flags;
    } answer = {notice.id, 0, said > 0 ? -said : 0, said == GATE_PASS ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
    (void)!syscall(SYS_ioctl, gate->listener, NOTIF_SEND, &answer); /* the caller may be gone */
    return true;
}

void drain_gate(struct gate *gate, struct supervisor *supervisor)
{
    for (int count = 0; count < 64 && gate->listener >= 0; count++) {
        struct pollfd waiting = {.fd = gate->listener, .events = POLLIN};
        if (poll(&waiting, 1, 0) <= 0)
            return;
        step_gate(gate, supervisor);
    }
}
