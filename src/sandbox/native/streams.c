/* Moves what the command reads and prints, and waits for it: class Stream of ../helper.py, and what Supervisor does with it. */
#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <unistd.h>

/* Seconds; whoever waits for longer asks again. */
#define LONGEST_POLL 3600.0

static bool has_pending(const struct stream *stream)
{
    return stream->at < stream->end;
}

static void close_source(struct stream *stream)
{
    if (stream->source >= 0)
        close(stream->source);
    stream->source = -1;
}

/** Reads at most `most` bytes; the number read, 0 at the end of the stream, -1 when there is nothing yet. */
static ssize_t fill(struct stream *stream, int64_t most)
{
    ssize_t got = read_again(stream->source, stream->data, most < CHUNK ? (size_t)most : CHUNK);
    if (got < 0 && errno == EAGAIN)
        return -1;
    stream->at = 0;
    stream->end = got > 0 ? (size_t)got : 0;
    if (got <= 0) {
        close_source(stream);
        return 0;
    }
    return got;
}

static void drain(struct stream *stream)
{
    ssize_t put = write_again(stream->target, stream->data + stream->at, stream->end - stream->at);
    if (put >= 0) {
        stream->at += (size_t)put;
    } else if (errno != EAGAIN) {
        /* The receiver is gone: the command gets its own broken pipe. */
        stream->at = stream->end = 0;
        close_source(stream);
    }
}

static void pull(struct supervisor *supervisor, struct stream *stream)
{
    int64_t room = supervisor->options->output - supervisor->printed;
    ssize_t count = fill(stream, room + 1);
    if (count <= 0)
        return;
    supervisor->printed += count;
    if (count > room)
        stream->end--;
    if (has_pending(stream))
        drain(stream);
}

static void add_polled(struct ready *ready, int fd, int events)
{
    if (ready->count < sizeof ready->polled / sizeof *ready->polled)
        ready->polled[ready->count++] = (struct pollfd){.fd = fd, .events = (short)events};
}

bool is_ready(const struct ready *ready, int fd)
{
    for (nfds_t at = 0; at < ready->count; at++)
        if (ready->polled[at].fd == fd && ready->polled[at].revents)
            return true;
    return false;
}

static void add_stream(struct ready *ready, const struct stream *stream)
{
    if (has_pending(stream))
        add_polled(ready, stream->target, POLLOUT);
    else if (stream->source >= 0)
        add_polled(ready, stream->source, POLLIN);
}

struct ready poll_all(struct supervisor *supervisor, double seconds)
{
    struct ready ready = {.count = 0};
    add_polled(&ready, supervisor->wake, POLLIN);
    add_polled(&ready, EVENTS, POLLIN);
    if (supervisor->gate)
        add_polled(&ready, gate_fd(supervisor->gate), POLLIN);
    if (supervisor->waiter)
        add_polled(&ready, supervisor->waiter->ours, POLLIN);
    add_stream(&ready, &supervisor->outputs[0]);
    add_stream(&ready, &supervisor->outputs[1]);
    if (supervisor->has_input)
        add_stream(&ready, &supervisor->input);
    int milliseconds = seconds < LONGEST_POLL ? (int)(seconds * 1000) : (int)(LONGEST_POLL * 1000);
    if (poll(ready.polled, ready.count, milliseconds > 1 ? milliseconds : 1) < 0)
        ready.count = 0; /* a signal: the next time the pipe that it wrote to is ready */
    return ready;
}

static bool control_closed(void)
{
    char byte;
    ssize_t got = read_again(EVENTS, &byte, 1);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static void feed(struct supervisor *supervisor, const struct ready *ready)
{
    struct stream *stream = &supervisor->input;
    if (has_pending(stream)) {
        if (is_ready(ready, stream->target))
            drain(stream);
    } else if (stream->source >= 0 && is_ready(ready, stream->source)) {
        fill(stream, CHUNK);
        if (has_pending(stream))
            drain(stream);
    }
    if (stream->source < 0 && !has_pending(stream)) {
        close(stream->target);
        supervisor->has_input = false;
    }
}

void move(struct supervisor *supervisor, const struct ready *ready)
{
    if (is_ready(ready, EVENTS) && control_closed())
        is_cancelled = 1;
    for (size_t at = 0; at < 2; at++) {
        struct stream *stream = &supervisor->outputs[at];
        if (has_pending(stream)) {
            if (is_ready(ready, stream->target))
                drain(stream);
        } else if (stream->source >= 0 && is_ready(ready, stream->source)) {
            pull(supervisor, stream);
        }
    }
    if (supervisor->has_input)
        feed(supervisor, ready);
}

void flush(struct supervisor *supervisor)
{
    if (supervisor->has_input) {
        close_source(&supervisor->input);
        supervisor->has_input = false;
    }
    double end = supervisor->start + (double)supervisor->options->time / 1000;
    if (monotonic() + 1 > end)
        end = monotonic() + 1;
    while (!is_cancelled && monotonic() < end) {
        bool is_pending = false, is_open = false;
        for (size_t at = 0; at < 2; at++) {
            struct stream *stream = &supervisor->outputs[at];
            if (stream->source >= 0 && !has_pending(stream)) {
                if (supervisor->printed > supervisor->options->output)
                    close_source(stream);
                else
                    pull(supervisor, stream);
            }
            is_pending = is_pending || has_pending(stream);
            is_open = is_open || stream->source >= 0;
        }
        if (!is_pending && !is_open)
            return;
        if (is_pending) {
            struct ready ready = poll_all(supervisor, end - monotonic());
            move(supervisor, &ready);
        }
    }
}
