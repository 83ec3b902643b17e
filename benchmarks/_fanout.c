/* The least that fan-out can cost: writes of ready bytes to N sockets, and nothing else.
 *
 * _fanout CLIENTS RATE BYTES TICK_US SECONDS: listens on a free port of loopback and prints it, waits for the clients,
 * then sends RATE records a second to each, joined to one write per tick and client; a TICK_US of 0 is one write per
 * record. Prints CPU seconds, records delivered and writes made. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void send_all(int to, const char *data, size_t size) {
    while (size) {
        ssize_t sent = send(to, data, size, MSG_NOSIGNAL);
        if (sent <= 0) exit(3);
        data += sent;
        size -= (size_t)sent;
    }
}

int main(int count, char **given) {
    if (count != 6) return 2;
    int clients = atoi(given[1]);
    double rate = atof(given[2]), tick = atof(given[4]) / 1e6, seconds = atof(given[5]);
    size_t bytes = (size_t)atol(given[3]);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof place;
    int listener = socket(AF_INET, SOCK_STREAM, 0), *open = calloc((size_t)clients, sizeof *open);
    char *data = calloc((size_t)(rate * seconds + 1), bytes);
    if (!open || !data || bind(listener, (void *)&place, length) || listen(listener, 1024)) return 3;
    getsockname(listener, (void *)&place, &length);
    printf("%d\n", ntohs(place.sin_port));
    fflush(stdout);
    for (int i = 0; i < clients; i++) {
        int at_once = 1; /* as asyncio's sockets: else the kernel keeps a small write until the one before is acknowledged */
        if ((open[i] = accept(listener, NULL, NULL)) < 0) return 3;
        if (setsockopt(open[i], IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once)) return 3;
    }
    double began = now(), cpu_began = cpu();
    long sent = 0, writes = 0;
    for (double at = began; at < began + seconds; at = now()) {
        long due = (long)((at - began) * rate) - sent;
        if (due > 0 && tick > 0) {
            for (int i = 0; i < clients; i++) send_all(open[i], data, bytes * (size_t)due);
            writes += clients;
            sent += due;
        } else if (due > 0) {
            for (int i = 0; i < clients; i++) send_all(open[i], data, bytes);
            writes += clients;
            sent++;
        }
        double rest = tick > 0 ? at + tick - now() : due > 0 ? 0 : 1 / rate;
        if (rest > 0) usleep((useconds_t)(rest * 1e6));
    }
    printf("%f %ld %ld\n", cpu() - cpu_began, sent * clients, writes);
    return 0;
}
