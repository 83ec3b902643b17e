"""Real Redis and Valkey for whoever needs one, alone or as a cluster.

Servers live for the session, so each test works under a namespace of its own. A test that kills, stops or restarts a
server uses one of its own, from ``make_server``.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from parts.ports import free_ports
from parts.redis_server import BINARIES, START_S, RedisServer

SLOTS = 16_384
ACL_USER, ACL_PASSWORD = "gateway", "s3cret-of-the-gateway"
ACL_COMMANDS = (
    "+eval +evalsha +hget +hmget +hset +hincrby +xadd +xtrim +xrange +xlen +unlink +pexpire"
    " +client|setname +cluster|slots +command"
)
"""All that the adapter needs; docs name the same."""


@dataclass
class RedisCluster:
    """Three masters that share all slots."""

    nodes: list[RedisServer]

    @property
    def url(self) -> str:
        return "redis://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def join(self) -> None:
        """Make one cluster of the nodes; returns when each of them says that all is well."""
        first = self.nodes[0]
        for index, node in enumerate(self.nodes):
            slots = range(SLOTS * index // len(self.nodes), SLOTS * (index + 1) // len(self.nodes))
            with node.client as client:
                client.execute_command("CLUSTER ADDSLOTS", *slots)
                if node is not first:
                    bus = first.config[-1].split()[1]
                    client.execute_command("CLUSTER MEET", "127.0.0.1", first.port, bus)
        self.wait_until_whole()

    def wait_until_whole(self) -> None:
        """Return when each node says that all is well."""
        for node in self.nodes:
            with node.client as client:
                wait_until(lambda client=client: self._is_whole(client))

    def flush(self) -> None:
        for node in self.nodes:
            node.flush()

    def _is_whole(self, client: redis.Redis) -> bool:
        info = client.cluster("INFO")
        return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == str(len(self.nodes))


def wait_until(condition: Callable[[], bool], timeout_s: float = START_S) -> None:
    """Ask again and again until a condition holds."""
    pause = threading.Event()
    for _ in range(int(timeout_s / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError(f"not within {timeout_s} s")


@contextmanager
def running(*servers: RedisServer) -> Iterator[None]:
    """Run servers inside the block; they are ended by their own process ids."""
    with ExitStack() as stack:
        for server in servers:
            server.start()
            stack.callback(server.kill)
            stack.callback(server.resume)
        yield


@pytest.fixture(scope="session")
def redis_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RedisServer]]:
    """Get a running server of a kind, ``redis`` or ``valkey``, started when it is first asked for."""
    known: dict[str, RedisServer] = {}
    with ExitStack() as stack:

        def get(kind: str) -> RedisServer:
            if kind not in known:
                server = RedisServer(BINARIES[kind](), tmp_path_factory.mktemp(kind), *free_ports(1))
                stack.enter_context(running(server))
                known[kind] = server
            return known[kind]

        yield get


@pytest.fixture(scope="session")
def redis_clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RedisCluster]]:
    """Get a running cluster of a kind, started when it is first asked for."""
    known: dict[str, RedisCluster] = {}
    with ExitStack() as stack:

        def get(kind: str) -> RedisCluster:
            if kind not in known:
                directory = tmp_path_factory.mktemp(f"{kind}-cluster")
                ports = free_ports(6)
                nodes = [
                    _cluster_node(BINARIES[kind](), directory / str(port), port, bus)
                    for port, bus in zip(ports[:3], ports[3:], strict=True)
                ]
                stack.enter_context(running(*nodes))
                known[kind] = RedisCluster(nodes)
                known[kind].join()
            return known[kind]

        yield get


def _cluster_node(binary: str, directory: Path, port: int, bus: int) -> RedisServer:
    config = ("cluster-enabled yes", "cluster-node-timeout 5000", f"cluster-port {bus}")
    return RedisServer(binary, directory, port, config)


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Get a server of a kind that the test owns; it is not started yet."""
    with ExitStack() as stack:

        def make(kind: str, **given: object) -> RedisServer:
            server = RedisServer(BINARIES[kind](), tmp_path / kind, *free_ports(1), **given)

            def end() -> None:
                if server.process is not None and server.process.poll() is None:
                    server.resume()
                    server.kill()

            stack.callback(end)
            return server

        yield make


@dataclass(frozen=True)
class Certificates:
    """A certificate authority of the tests, and a certificate for 127.0.0.1 signed by it."""

    ca: Path
    cert: Path
    key: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    directory = tmp_path_factory.mktemp("certificates")
    made = Certificates(directory / "ca.pem", directory / "cert.pem", directory / "key.pem")
    extensions = directory / "extensions"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ca_key, request = directory / "ca-key.pem", directory / "request.pem"
    signing = ["-CA", made.ca, "-CAkey", ca_key, "-CAcreateserial", "-extfile", extensions]
    for command in (
        ["req", "-x509", *new_key, "-keyout", ca_key, "-out", made.ca, "-days", "2", "-subj", "/CN=tests"],
        ["req", *new_key, "-keyout", made.key, "-out", request, "-subj", "/CN=127.0.0.1"],
        ["x509", "-req", "-in", request, "-out", made.cert, "-days", "2", *signing],
    ):
        done = subprocess.run(["openssl", *command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return made


def secured(certificates: Certificates | None) -> dict[str, object]:
    """What ``make_server`` needs for a server with one ACL user who may do what the adapter does; over TLS if given."""
    user = ("user default off", f"user {ACL_USER} on >{ACL_PASSWORD} ~ds1:* {ACL_COMMANDS}")
    if certificates is None:
        return {"config": user}
    tls = (
        f"tls-cert-file {certificates.cert}",
        f"tls-key-file {certificates.key}",
        f"tls-ca-cert-file {certificates.ca}",
        "tls-auth-clients no",
    )
    return {"scheme": "rediss", "config": (*tls, *user)}
