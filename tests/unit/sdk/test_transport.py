"""What an answer of a gateway means, and that no answer ever raises."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dashstream.sdk.transport import Discovery, HttpTransport, Outcome, Verdict, judge

ACCEPTED = b'{"accepted":1,"duplicates":0,"rejected":[]}'


@pytest.mark.parametrize(
    ("status", "reply", "sent", "verdict", "rejected"),
    [
        (200, b'{"accepted":3,"duplicates":0,"rejected":[]}', 3, Verdict.DELIVERED, ()),
        (200, b'{"accepted":1,"duplicates":2}', 3, Verdict.DELIVERED, ()),
        (202, b'{"accepted":1,"duplicates":1,"rejected":[{"index":2,"code":"x"}]}', 3, Verdict.DELIVERED, (2,)),
        (200, b'{"accepted":2,"duplicates":0,"rejected":[]}', 3, Verdict.RETRY, ()),
        (200, b'{"accepted":2,"rejected":[{"index":3}]}', 3, Verdict.RETRY, ()),
        (200, b'{"accepted":2,"rejected":[{"index":-1}]}', 3, Verdict.RETRY, ()),
        (200, b"<html>a proxy's page</html>", 3, Verdict.RETRY, ()),
        (200, b"[]", 3, Verdict.RETRY, ()),
        (200, b"", 3, Verdict.RETRY, ()),
        (400, b"", 3, Verdict.REFUSED, ()),
        (413, b"", 3, Verdict.REFUSED, ()),
        (415, b"", 3, Verdict.REFUSED, ()),
        (422, b"", 3, Verdict.REFUSED, ()),
        (301, b"", 3, Verdict.RETRY, ()),
        (401, b"", 3, Verdict.RETRY, ()),
        (404, b"", 3, Verdict.RETRY, ()),
        (429, b"", 3, Verdict.RETRY, ()),
        (500, b"", 3, Verdict.RETRY, ()),
        (503, b"", 3, Verdict.RETRY, ()),
        (507, b"", 3, Verdict.RETRY, ()),
    ],
)
def test_an_answer_is_one_verdict(
    status: int, reply: bytes, sent: int, verdict: Verdict, rejected: tuple[int, ...]
) -> None:
    outcome = judge(status, None, reply, sent)
    assert (outcome.verdict, outcome.rejected) == (verdict, rejected)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("2", 2.0), ("0.5", 0.5), ("-1", 0.0), ("1e9", 30.0), ("Wed, 21 Oct 2015 07:28:00 GMT", None)],
)
def test_retry_after_is_bounded(header: str | None, seconds: float | None) -> None:
    assert judge(503, header, b"", 1).retry_after_s == seconds


def test_the_address_set_wins_and_the_data_directory_is_asked_each_time(tmp_path: Path) -> None:
    discovery = Discovery(None, None, tmp_path)
    assert discovery.find() is None
    for text in ("", "{}", "[]", '{"url": 1', '"x"'):
        (tmp_path / "gateway.json").write_text(text)
        assert discovery.find() is None
    (tmp_path / "gateway.json").write_text('{"url": "http://h:1", "token": "t"}')
    endpoint = discovery.find()
    assert endpoint is not None
    assert (endpoint.url, endpoint.token) == ("http://h:1", "t")
    assert "t" not in repr(endpoint).replace("http", "").replace("Endpoint", "")
    (tmp_path / "token").write_text("saved\n")
    fixed = Discovery("http://other", None, tmp_path).find()
    assert fixed is not None
    assert (fixed.url, fixed.token) == ("http://other", "saved")


class Server:
    """A raw TCP server that answers each connection's first bytes with a script."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            with connection, suppress(OSError):  # a client is free to leave amid an answer
                while request := _request(connection):
                    self.requests.append(request)
                    self._script(connection)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
        self._thread.join(10)


def _request(connection: socket.socket) -> bytes:
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            more = connection.recv(65_536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        size = next(int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: "))
        while len(body) < size:
            body += connection.recv(65_536)
    except OSError:
        return b""
    return head + b"\r\n\r\n" + body


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[socket.socket], None]], tuple[Server, HttpTransport]]]:
    made: list[tuple[Server, HttpTransport]] = []

    def serve(script: Callable[[socket.socket], None]) -> tuple[Server, HttpTransport]:
        server = Server(script)
        made.append((server, HttpTransport(Discovery(server.url, "secret", Path()))))
        return made[-1]

    yield serve
    for server, transport in made:
        transport.close()
        server.close()


def answer(status: bytes = b"200 OK", body: bytes = ACCEPTED, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n%s\r\n%s" % (status, len(body), more, body)


def test_batches_share_one_connection(serving: Callable[..., tuple[Server, HttpTransport]]) -> None:
    server, transport = serving(lambda connection: connection.sendall(answer()))
    for _ in range(3):
        assert transport.send([b"value"], 5).verdict is Verdict.DELIVERED
    assert len(server._open) == 1
    assert b"\x00\x00\x00\x05value" in server.requests[0]
    assert b"Bearer secret" in server.requests[0]


def test_a_connection_that_was_closed_meanwhile_is_replaced(
    serving: Callable[..., tuple[Server, HttpTransport]],
) -> None:
    closed = threading.Event()

    def once(connection: socket.socket) -> None:
        connection.sendall(answer())
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    server, transport = serving(once)
    assert transport.send([b"1"], 5).verdict is Verdict.DELIVERED
    assert closed.wait(10)
    assert transport.send([b"2"], 5).verdict is Verdict.DELIVERED
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        answer(body=b"x" * 2_000_000),
        answer(b"999 ?"),
        answer(b"204 No Content", b""),
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1_000,
    ],
    ids=["nothing", "nonsense", "short", "huge", "unknown", "empty", "headers"],
)
def test_an_answer_that_is_none_means_try_again(
    serving: Callable[..., tuple[Server, HttpTransport]], reply: bytes
) -> None:
    def say(connection: socket.socket) -> None:
        connection.sendall(reply)
        connection.shutdown(socket.SHUT_WR)

    _, transport = serving(say)
    assert transport.send([b"1"], 5).verdict is Verdict.RETRY


def test_a_server_that_hangs_is_given_up_in_time(serving: Callable[..., tuple[Server, HttpTransport]]) -> None:
    release = threading.Event()
    _, transport = serving(lambda _: release.wait(10) and None)
    assert transport.send([b"1"], 0.05).verdict is Verdict.RETRY
    release.set()


@pytest.mark.parametrize("before", [0, 1], ids=["first request", "kept connection"])
def test_another_thread_can_end_a_request(serving: Callable[..., tuple[Server, HttpTransport]], before: int) -> None:
    arrived, release = threading.Event(), threading.Event()
    answers = [answer()] * before

    def hang(connection: socket.socket) -> None:
        if answers:
            connection.sendall(answers.pop())
            return
        arrived.set()
        release.wait(10)

    server, transport = serving(hang)
    for _ in range(before):
        assert transport.send([b"0"], 5).verdict is Verdict.DELIVERED
    outcomes: list[Outcome] = []
    sender = threading.Thread(target=lambda: outcomes.append(transport.send([b"1"], 30)))
    sender.start()
    assert arrived.wait(10)
    transport.abort()
    sender.join(5)
    release.set()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.RETRY]
    assert len(server.requests) == before + 1, "it is not sent again"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "ftp://127.0.0.1", "http://", "nonsense", "http://[::1", "http://127.0.0.1:99999"]
)
def test_no_gateway_there(url: str) -> None:
    assert HttpTransport(Discovery(url, "t", Path())).send([b"1"], 1).verdict is Verdict.ABSENT


def test_no_gateway_known(tmp_path: Path) -> None:
    transport = HttpTransport(Discovery(None, None, tmp_path))
    assert transport.send([b"1"], 1).verdict is Verdict.ABSENT
    transport.abort()
