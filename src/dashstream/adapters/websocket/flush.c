/* Sends one page to many sockets: one send() each, of the few bytes that are a client's own and the many that are not.
 *
 * What differs stands before what is shared (RFC 6455, 5.2, then the lead of a data frame), so each client's bytes are
 * written right before the body, over those of the one before. Plain C, of no Python version; the caller holds no lock
 * meanwhile. Only who took less than all is told of: the caller gives the rest to whoever keeps it. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* where there is none, Python has told the system to ignore the signal */
#endif

enum { HEADROOM = 64, LEFT = -2 }; /* LEFT: the socket of a client that takes part no more */

struct convoy {
    int32_t count, flags;
    const int32_t *sockets;
    const int64_t *ids, *bases;
    int32_t *places; /* out: who took less than all */
    int64_t *taken;  /* out: how much that was */
};

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value > 127; value >>= 7) *at++ = (uint8_t)(value | 128);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_size(uint8_t *at, uint64_t size) {
    int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    *at++ = (uint8_t)(bytes == 0 ? size : bytes == 2 ? 126 : 127);
    while (bytes--) *at++ = (uint8_t)(size >> (8 * bytes));
    return at;
}

/* Writes a client's bytes so that they end at `end`; returns where they begin. */
static uint8_t *put_head(uint8_t *end, uint64_t body, int flags, int64_t id, int64_t first) {
    uint8_t lead[32] = {2, (uint8_t)flags}, head[16] = {0x82};
    uint8_t *lead_end = put_varint(lead + 2, (uint64_t)id);
    *lead_end++ = 0x10;
    lead_end = put_varint(lead_end, (uint64_t)first);
    size_t lead_size = (size_t)(lead_end - lead);
    size_t head_size = (size_t)(put_size(head + 1, lead_size + body) - head);
    memcpy(end - lead_size, lead, lead_size);
    memcpy(end - lead_size - head_size, head, head_size);
    return end - lead_size - head_size;
}

/* `room` holds HEADROOM + size bytes; `before`: records that all were sent before. Returns how many took less than all. */
int32_t dashstream_flush(const struct convoy *to, uint8_t *room, const uint8_t *body, int64_t size, int64_t before) {
    int32_t found = 0;
    memcpy(room + HEADROOM, body, (size_t)size);
    for (int32_t i = 0; i < to->count; i++) {
        if (to->sockets[i] == LEFT) continue;
        uint8_t *start = put_head(room + HEADROOM, (uint64_t)size, to->flags, to->ids[i], to->bases[i] + before + 1);
        size_t all = (size_t)(room + HEADROOM + size - start);
        ssize_t sent;
        do sent = send(to->sockets[i], start, all, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent == (ssize_t)all) continue;
        to->places[found] = i;
        to->taken[found++] = sent < 0 ? 0 : sent;
    }
    return found;
}
