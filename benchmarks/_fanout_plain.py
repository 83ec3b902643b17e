"""The least that fan-out can cost in Python: the same as ``_fanout.c``, command line and output included.

No event loop, no buffer of its own, no protocol: a loop over sockets that hands each the same ready bytes.
"""

from __future__ import annotations

import socket
import sys
import threading
import time


def main() -> None:
    clients, rate, size, tick_us, seconds = (int(given) for given in sys.argv[1:])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    accepted = [listener.accept()[0] for _ in range(clients)]
    for one in accepted:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sends = [one.sendall for one in accepted]
    tick, data = tick_us / 1e6, bytes(size * rate * seconds)
    pause = threading.Event()  # that nobody sets
    began, spent = time.monotonic(), time.process_time()
    sent = writes = 0
    while (at := time.monotonic()) < began + seconds:
        due = int((at - began) * rate) - sent
        if due:
            joined = data[: size * due]
            for send in sends:
                send(joined)
            sent += due
            writes += clients
        pause.wait(max(0.0, at + tick - time.monotonic()))
    sys.stdout.write(f"{time.process_time() - spent} {sent * clients} {writes}\n")
    sys.stdout.flush()


main()
