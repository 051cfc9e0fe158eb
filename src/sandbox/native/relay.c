/* The relay to the proxy of allowed hosts: classes Half and Relay of ../helper.py. */
#define _GNU_SOURCE
#include "helper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/** One direction of a connection. `ended`: nothing more will come; `closed`: its target takes nothing more. */
struct half {
    int source, target;
    bool ended, closed;
    size_t at, end; /* what is pending */
    char data[CHUNK];
};

struct connection {
    struct half there, back;
};

struct relay {
    int listener;
    struct sockaddr_un proxy;
    struct connection *connections[MOST_CONNECTIONS];
    size_t count;
};

static bool has_pending(const struct half *half)
{
    return half->at < half->end;
}

static bool is_over(const struct half *half)
{
    return half->closed || (half->ended && !has_pending(half));
}

static void fill(struct half *half)
{
    ssize_t got = read_again(half->source, half->data, sizeof half->data);
    if (got < 0 && errno == EAGAIN)
        return;
    half->at = 0;
    half->end = got > 0 ? (size_t)got : 0;
    half->ended = got <= 0;
}

static void drain(struct half *half)
{
    if (has_pending(half)) {
        ssize_t put = write_again(half->target, half->data + half->at, half->end - half->at);
        if (put >= 0) {
            half->at += (size_t)put;
        } else if (errno != EAGAIN) {
            half->at = half->end = 0;
            half->closed = true;
        }
    }
    if (half->ended && !has_pending(half) && !half->closed) {
        half->closed = true;
        shutdown(half->target, SHUT_WR); /* it may be gone already */
    }
}

/** Moves what `seen` of the source of `away` says can be moved. */
static void step(struct half *away, struct half *towards, short seen)
{
    if (has_pending(towards) && seen & POLLOUT)
        drain(towards);
    if (!away->ended && !has_pending(away) && seen & (POLLIN | POLLHUP | POLLERR)) {
        fill(away);
        drain(away);
    } else if (seen & (POLLHUP | POLLERR)) {
        towards->at = towards->end = 0;
        towards->closed = true;
    }
}

static short wanted(const struct half *away, const struct half *towards)
{
    int events = away->ended || has_pending(away) ? 0 : POLLIN;
    return (short)(has_pending(towards) ? events | POLLOUT : events);
}

/** Whether a connection is over; nothing is read any more that nobody takes. */
static bool settle(struct connection *connection)
{
    struct half *there = &connection->there, *back = &connection->back;
    there->ended = there->ended || there->closed;
    back->ended = back->ended || back->closed;
    return is_over(there) && is_over(back);
}

static void accept_one(struct relay *relay)
{
    int client = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return;
    int proxy = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct connection *connection = malloc(sizeof *connection);
    if (proxy < 0 || !connection || connect(proxy, (const struct sockaddr *)&relay->proxy, sizeof relay->proxy) != 0 ||
        !set_blocking(proxy, false)) {
        free(connection);
        close(client);
        if (proxy >= 0)
            close(proxy);
        return;
    }
    connection->there = (struct half){.source = client, .target = proxy};
    connection->back = (struct half){.source = proxy, .target = client};
    relay->connections[relay->count++] = connection;
}

static _Noreturn void run(struct relay *relay)
{
    struct pollfd polled[2 * MOST_CONNECTIONS + 1];
    for (;;) {
        const size_t count = relay->count;
        for (size_t at = 0; at < count; at++) {
            struct half *there = &relay->connections[at]->there, *back = &relay->connections[at]->back;
            const short of_client = wanted(there, back), of_proxy = wanted(back, there);
            polled[2 * at] = (struct pollfd){.fd = of_client ? there->source : -1, .events = of_client};
            polled[2 * at + 1] = (struct pollfd){.fd = of_proxy ? back->source : -1, .events = of_proxy};
        }
        polled[2 * count] = (struct pollfd){.fd = relay->listener, .events = POLLIN};
        if (poll(polled, 2 * count + (count < MOST_CONNECTIONS ? 1 : 0), -1) < 0) {
            if (errno != EINTR)
                _exit(1);
            continue;
        }
        for (size_t at = 0; at < count; at++) {
            struct connection *connection = relay->connections[at];
            if (polled[2 * at].revents)
                step(&connection->there, &connection->back, polled[2 * at].revents);
            if (polled[2 * at + 1].revents)
                step(&connection->back, &connection->there, polled[2 * at + 1].revents);
        }
        for (size_t at = count; at-- > 0;) {
            struct connection *connection = relay->connections[at];
            if (!settle(connection))
                continue;
            close(connection->there.source);
            close(connection->back.source);
            free(connection);
            relay->connections[at] = relay->connections[--relay->count];
        }
        if (count < MOST_CONNECTIONS && polled[2 * count].revents)
            accept_one(relay);
    }
}

pid_t start_relay(unsigned short port, const char *path)
{
    struct relay relay = {.proxy = {.sun_family = AF_UNIX}};
    size_t length = strlen(path);
    if (length >= sizeof relay.proxy.sun_path)
        die("the path of the proxy's socket is too long: %s", path);
    memcpy(relay.proxy.sun_path, path, length + 1);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    relay.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (relay.listener < 0 || bind(relay.listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(relay.listener, 64) != 0)
        die_of_error(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die_of_error(NULL);
    if (pid == 0) {
        before_death = NULL;
        signal(SIGPIPE, SIG_IGN);
        close_others(0, relay.listener, -1, -1);
        run(&relay);
    }
    close(relay.listener);
    return pid;
}
