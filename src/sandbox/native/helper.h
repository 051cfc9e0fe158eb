/*
 * Supervisor of one sandboxed run as a static program: the same as ../helper.py, to the letter, without the milliseconds
 * that an interpreter takes to start. Arguments, descriptors, events, limits and messages are those of ../helper.py, which
 * is the specification and takes over where this program does not run; names are the same in both, so that a change in one
 * is found in the other. See the head of ../helper.py for what it does.
 *
 * Nothing beyond the C library is used, and no kernel headers: constants of the kernel's interface stand here.
 */
#ifndef TOKA_HELPER_H
#define TOKA_HELPER_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* --- Constants: the same in ../helper.py, where they are explained --- */

#define EVENTS 3
#define MEBIBYTE (INT64_C(1024) * 1024)
#define CHUNK 65536

#define SLOWEST_LOOK 0.025
#define FASTEST_LOOK 0.004
#define TURN 100000
#define FREE_SOCKETS 64
#define FREE_TCP_SOCKETS 8
#define SOCKET_BUFFER INT64_C(212992)
#define DEEPEST 256
#define LONGEST_CONNECT_MICROSECONDS 10000
#define REPORT_EVERY 0.2
#define LOOK_CLOSELY_EVERY 0.2
#define LOOK_CLOSELY_EVERY_UNBOUNDED 1.0

/* The CPU control law. */
#define START_CREDIT 0.4
#define REPAY 4.0
#define RESUME_SLICE 0.02
#define MOST_UNDUE 0.5

#define OTHERS_MAY_START 2000
#define OTHERS_MAY_START_BETWEEN 32
#define COUNT_USER_EVERY 0.3
#define WAITER_LONGEST 30.0
#define BROOM_LONGEST 1.0
#define MOST_CONNECTIONS 128

/* The longest text of /proc about one process that is read at once. */
#define PROC_SIZE 4096

/* --- base.c --- */

/** Ends the whole run, and this process with a message on standard error. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Like die(), with the last error's number and the path that it is about (NULL: none), as Python words it. */
_Noreturn void die_of_error(const char *path);
/** What die() does before the process ends; NULL for nothing. */
extern void (*before_death)(void);
/** Where die() tells its reason, for a process that is not the supervisor; it does not return. NULL: standard error. */
extern void (*death_message)(const char *message);

int64_t larger(int64_t one, int64_t other);

void *allocate(size_t size);
void *reallocate(void *memory, size_t size);
char *copy_text(const char *text, size_t length);
/** printf into memory of its own. */
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** An error in the words of Python's OSError: `[Errno 2] No such file or directory: 'path'`. */
char *error_text(int number, const char *path);

struct strings {
    char **items;
    size_t count, room;
};
void add_string(struct strings *list, char *text);
void free_strings(struct strings *list);

/** Seconds of the monotonic clock. */
double monotonic(void);

/** Writes an event line of JSON. */
void emit(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** A JSON string in ASCII; bytes that are no UTF-8 become U+FFFD. */
char *json_string(const char *text);

/** Reads a whole descriptor, which is closed; a NUL stands after the bytes. Dies of an error. */
char *read_all(int fd, size_t *length);
/** Reads a file of /proc up to `size - 1` bytes, and ends it with a NUL. False when the process is gone or refused. */
bool read_file(const char *path, char *text, size_t size);
/** Reads a file of /proc to its end, but `most` bytes at most; NULL where read_file() says false. */
char *read_long_file(const char *path, size_t most);
/** The fields of /proc/PID/stat behind the program's name; false when there are fewer than `count`. */
bool stat_fields(const char *text, char *fields[], size_t count);

ssize_t read_again(int fd, void *data, size_t size);
ssize_t write_again(int fd, const void *data, size_t size);
pid_t wait_again(pid_t pid, int *status, int options, struct rusage *used);
int open_again(const char *path, int flags);
/** Sends everything to a stream socket, or nothing more after `seconds`; negative: for ever. */
bool send_within(int fd, const void *data, size_t size, double seconds);
/** Receives once, waiting so long; -1 for an error or when nothing came, 0 for the end. */
ssize_t receive_within(int fd, void *data, size_t size, double seconds);
void close_on_exec(int fd);
bool set_blocking(int fd, bool blocking);
void make_pipe(int ends[2]);
void make_socket_pair(int ends[2]);

/** Entries of an open folder, `.` and `..` left out; reading is done on the descriptor itself. */
struct listing {
    int fd;
    int error; /* why it ended early, or 0 */
    size_t at, end;
    union {
        uint64_t align;
        char bytes[8192];
    } data;
};
struct entry {
    const char *name;
    unsigned char type; /* DT_* */
};
void begin_listing(struct listing *listing, int fd);
bool next_entry(struct listing *listing, struct entry *entry);
/** A name of digits only as a number, else 0. */
pid_t pid_of(const char *name);
/** Closes every descriptor but those (-1 for none). */
void close_others(int below, int first, int second, int third);

/* --- options.c --- */

enum kind {
    KIND_FORK, KIND_KILL, KIND_TASK, KIND_REFUSE, KIND_CHMOD, KIND_FCHMOD, KIND_FCHMODAT, KIND_UTIME, KIND_SOCKETPAIR,
    KIND_CONNECT, KIND_OPEN, KIND_OPENAT, KIND_CREAT, KIND_TRUNCATE, KIND_MKDIR, KIND_MKDIRAT, KIND_MKNOD, KIND_MKNODAT,
    KIND_RMDIR, KIND_UNLINK, KIND_UNLINKAT, KIND_SYMLINK, KIND_SYMLINKAT, KIND_LINK, KIND_LINKAT, KIND_RENAME,
    KIND_RENAMEAT, KIND_RENAMEAT2,
};

/** A system call that is judged; `flags` is the index of the argument with the flags of open(2), or -1. */
struct judged {
    uint32_t number;
    enum kind kind;
    int flags;
};

#define MOST_JUDGED 96

struct cgroup;

struct options {
    char **command;
    struct strings write, root, keep, tmpfs, read, list, environment;
    const char *cwd, *scratch;
    char *filter;
    size_t filter_length;
    struct judged gate[MOST_JUDGED];
    size_t gate_count;
    bool takes_input, warm, contained;
    unsigned short relay_port;
    const char *relay_path;
    struct cgroup *cgroup;
    int64_t memory, time, processes, disk, files, output;
    double cpu;
};

/** Reads the arguments, which stay in use; dies of one that is not understood. */
void read_options(struct options *options, char **arguments, size_t count);

/* --- restrict.c --- */

int landlock_version(void);
bool set_no_dump(void);
void become_reaper(void);
/** Puts a seccomp program on this process; what the system call returns. */
long load_filter(const void *instructions, size_t count, unsigned long flags);
/** RLIMIT_NPROC does not hold for the machine's root, whose number is the second field of a namespace's only mapping. */
bool is_user_root_outside(void);
/** Sets how many tasks the user may have: the hard limit, which only shrinks, and the soft one inside; 0 or an error number. */
int limit_tasks(pid_t pid, int64_t others, int64_t processes, int64_t room);
/** Processes and threads of all users, as a namespace cannot hide them: "0.20 0.18 0.12 1/80 11206" are 80; 0: not known. */
int64_t tasks_of_machine(void);
/** Processes and threads of this user on the whole machine. */
int64_t tasks_of_user(void);

struct gate;
struct broom;
/** In the forked child: puts on every restriction, then becomes the command, whose descriptors are `streams`. */
_Noreturn void become_command(const struct options *options, const int *streams, int stream_count, int status,
                              struct gate *gate, struct broom *broom);
/** In become_command() and what it calls: ends the attempt with the reason that is told as “cannot start”. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void give_up_of_error(const char *path);

/* --- kept.c --- */

struct identity {
    dev_t device;
    ino_t inode;
};
bool same_identity(struct identity one, struct identity other);
/** False when there is nothing, with errno. */
bool identify(const char *path, struct identity *identity);

struct identities {
    struct identity *items;
    size_t count, room;
};
void add_identity(struct identities *list, struct identity identity);
bool has_identity(const struct identities *list, struct identity identity);

struct kept_name {
    struct identity parent;
    const char *name; /* within an option */
    size_t length;
};
struct kept {
    struct identities roots, ruled, inside;
    struct kept_name *names;
    size_t count, room;
    mode_t umask;
};

enum place { PLACE_KEPT, PLACE_RULED, PLACE_OPEN, PLACE_OUTSIDE };

/** Looks up what is kept; NULL when nothing is. `umask`: the command's, or NULL to take and clear this process' own. */
struct kept *make_kept(const struct options *options, const mode_t *umask);
void free_kept(struct kept *kept);
/** An enum place, or an error number, negative. */
int place_of(const struct kept *kept, int folder, const char *name);
/** 1, 0, or an error number, negative. */
int is_changeable(const struct kept *kept, const char *path);

/* --- processes.c --- */

struct broom {
    int ours, theirs;
};
struct pids {
    pid_t *items;
    size_t count, room;
};

/** The processes of a run: all of the namespace (tier A), or all below this one (tier B). */
struct processes {
    bool contained;
    pid_t own[4];
    size_t own_count;
    pid_t myself;
    bool has_broom;
    struct broom broom;
};

void begin_processes(struct processes *processes, bool contained);
void add_own(struct processes *processes, pid_t pid);
/** Whether it was one of the supervisor's own. */
bool remove_own(struct processes *processes, pid_t pid);
/** Fills the list with all of the run, parents before their children. */
void list_processes(const struct processes *processes, struct pids *pids);
bool contains_process(const struct processes *processes, pid_t pid);
void signal_processes(struct processes *processes, int number);
void make_broom(struct broom *broom);
/** In the command, before it is one: whether there is a broom now. */
bool start_broom(struct broom *broom);
void take_broom(struct processes *processes, struct broom *broom);

/* --- cgroup.c --- */

enum cgroup_file { MEMORY_EVENTS, PIDS_EVENTS, CPU_STAT, MEMORY_PEAK, MEMORY_STAT, PIDS_PEAK, CGROUP_FILES };

/** The run's own cgroup (v2), in which the kernel holds limits; this process is not in it. */
struct cgroup {
    int folder, entry;
    bool shares_cpu;
    int64_t quota; /* microseconds of each period, or -1 for what the start was given */
    double since;
    int files[CGROUP_FILES];
};

/** A limit that was passed. */
struct limit {
    const char *reason; /* NULL: none was */
    char message[96];
};

/** `controllers`: their names with commas between, which are cut apart. */
struct cgroup *open_cgroup(int folder, char *controllers);
/** Moves this process, a child that is to be the command; the supervisor waits for the word. */
void enter_cgroup(const struct cgroup *cgroup, int status);
/** In the supervisor: dies when it did not, before it did anything else. */
void wait_for_entry(const struct cgroup *cgroup, int status);
/** The number behind a name in a file, or the only one (no name); -1 when there is none. */
int64_t cgroup_number(const struct cgroup *cgroup, enum cgroup_file file, const char *name);
bool write_cgroup(const struct cgroup *cgroup, const char *name, const char *text);
/** Seconds that the run took of the processor, also for children that nobody waited for. */
double cgroup_cpu(const struct cgroup *cgroup);
void begin_cgroup(struct cgroup *cgroup);
/** The most memory without the cache of files, of which so much was there at most as is there now; 0: not known. */
int64_t cgroup_peak(const struct cgroup *cgroup);
/** Which limits the kernel has held, as a list in JSON. */
char *cgroup_held(const struct cgroup *cgroup);
/** The limit that the kernel kept the run from passing, by which the run is over. */
struct limit cgroup_passed(const struct cgroup *cgroup, const struct options *options);
/** Narrows the processor's share once what the start is lent is used. `left`: seconds that the run may use now. */
void share_cgroup(struct cgroup *cgroup, double rate, double wall, double left);

/* --- relay.c --- */

/** Starts the process that joins connections to the port with the proxy's socket. */
pid_t start_relay(unsigned short port, const char *path);

/* --- disk.c --- */

struct disk {
    int64_t most_bytes;
    double most_files;
    int *folders;
    size_t folder_count;
    const struct strings *tmpfs;
    int64_t named, removed;
    double files;
    struct identities unreadable;
    double next, next_removed;
    int64_t old_bytes;
    double old_files;
    double free_bytes, free_inodes;
    int64_t empty_bytes, empty_files;
    struct identities own_devices; /* of the temporary file systems, which are counted as a whole; the inodes mean nothing */
};

void begin_disk(struct disk *disk, const struct options *options);
void end_disk(struct disk *disk);
void temporary_use(const struct disk *disk, int64_t *bytes, int64_t *files);
bool disk_shrank(const struct disk *disk, int64_t written, double files);
/** Without processes, what they hold open and has no name is what it was. */
int64_t measure_disk(struct disk *disk, bool near, const struct pids *pids);
/** Removes a folder whatever lies in it; 0 or an error number. */
int remove_tree(const char *path);

/* --- gate.c; judges.c (and judges.h for what it is made of) --- */

struct supervisor;

struct gate {
    struct judged judged[MOST_JUDGED];
    size_t count;
    struct kept *kept;
    int listener; /* -1 until it came */
    int ours, theirs;
    uint64_t notice;
};

/** What a judge says beside an error number: the kernel may do it, or it was answered already or waits. */
#define GATE_PASS (-1)
#define GATE_SILENT (-2)

/** struct seccomp_notif of linux/seccomp.h. */
struct notice {
    uint64_t id;
    uint32_t caller, flags;
    int32_t call;
    uint32_t architecture;
    uint64_t instruction;
    uint64_t values[6];
};

struct gate *make_gate(const struct options *options);
void put_on_gate(struct gate *gate, bool forks_too);
int gate_fd(const struct gate *gate);
/** Takes the listener when it comes, then one call at a time. False: the command never became one. */
bool step_gate(struct gate *gate, struct supervisor *supervisor);
void drain_gate(struct gate *gate, struct supervisor *supervisor);
void end_gate(struct gate *gate);
/** GATE_PASS, GATE_SILENT, 0 for a call that was done here, or an error number. */
int judge(struct gate *gate, struct supervisor *supervisor, enum kind kind, pid_t caller, const uint64_t *values);
/** Hands an open file over to the caller as the result of its call; 0 or an error number. */
int answer_with_file(const struct gate *gate, int fd, uint32_t flags);

/* --- waiter.c --- */

struct waiter {
    int ours, theirs;
    char *mounts;
    struct identity *files;
    bool *found;
    size_t file_count;
};
struct waiter *make_waiter(const struct options *options);
bool waiter_is_up(struct waiter *waiter);
/** Whether something came to do, and was taken on. */
bool wait_for_work(struct waiter *waiter, struct supervisor *supervisor);
void end_waiter(struct waiter *waiter);

/* --- supervisor.c, streams.c, limits.c, looking.c --- */

/** Moves bytes from `source` to `target` and reads no more while the receiver has not taken what was read. */
struct stream {
    int source, target; /* source -1: closed */
    size_t at, end;     /* what is pending */
    char data[CHUNK];
};

struct supervisor {
    struct options *options;
    struct processes processes;
    struct gate *gate;
    struct waiter *waiter;
    pid_t main;
    struct cgroup *cgroup;
    int64_t most_memory;
    bool unbounded;
    int own_io, wake, failure;
    int status;
    bool has_status, stopped;
    double stopped_at;
    int64_t granted[2];
    int64_t sockets;
    int64_t printed;
    int64_t tasks, all_tasks;
    double cpu, cpu_before;
    double start, last_look, next_count, next_report, next_close_look;
    int64_t others;
    int64_t memory, peak, written, last_memory;
    /** Bytes that came to the machine's TCP buffers since they held least, if the run may have to do with it; and that least. */
    int64_t tcp, least_tcp;
    double files;
    struct disk disk;
    struct pids pids;
    struct stream outputs[2], input;
    bool has_input;
};

void supervise(struct options *options);
/** From here on it is counted what the run uses. */
void begin_use(struct supervisor *supervisor);
void reap(struct supervisor *supervisor);
/** Empties the pipe that signals write to. */
void clear_wake(struct supervisor *supervisor);

/** Set by a signal, or when nobody listens any more: the run is to end. */
extern volatile sig_atomic_t is_cancelled;

/** The descriptors that poll(2) said something about. */
struct ready {
    struct pollfd polled[8];
    nfds_t count;
};
/** Waits until something can be read, written or judged, or for so long. */
struct ready poll_all(struct supervisor *supervisor, double seconds);
bool is_ready(const struct ready *ready, int fd);
/** Reads and writes what is ready; notices when nobody listens any more. */
void move(struct supervisor *supervisor, const struct ready *ready);
/** Passes on what the ended processes had printed, for as long as the wall time allows a slow reader to take. */
void flush(struct supervisor *supervisor);

struct limit too_many_tasks(const struct options *options);
struct limit too_much_memory(const struct options *options);
struct limit disk_passed(const struct supervisor *supervisor);
struct limit output_passed(const struct supervisor *supervisor);
/** Why the run is to end after so many seconds, if it is. */
struct limit stop_reason(const struct supervisor *supervisor, double wall);
/** Seconds until the next look: soon when the growth of the last look would pass the memory limit. */
double next_look(struct supervisor *supervisor, double wall);
/** The CPU control law, which is told at its constants in ../helper.py. */
void hold_cpu_share(struct supervisor *supervisor, double wall);

void look(struct supervisor *supervisor, bool exact);
void count_user(struct supervisor *supervisor, double now);
bool may_start_task(struct supervisor *supervisor);
/** How many sockets this network namespace has; the bytes in TCP buffers of the whole machine. */
int64_t kernel_sockets(int64_t *tcp);
void pause_run(struct supervisor *supervisor);
int64_t exact_memory(const char *folder);
int64_t open_sockets(pid_t pid);

#endif
