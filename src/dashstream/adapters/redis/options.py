"""Section REDIS: how to reach a Redis or Valkey, standalone or a cluster. Secrets are in no ``repr`` and no log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dashstream.errors import SettingsError
from dashstream.options import option

DEFAULT_PORT = 6379
_SCHEMES = ("redis", "rediss")


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """Section REDIS. Without an address there is no retained tier, and readers go from the ring to the log."""

    url: str | None = option(
        None,
        "where the store is, as redis://host:port, or rediss:// for TLS; several nodes of a cluster"
        " may be given as host:port,host:port; empty: no retained tier",
    )
    username: str | None = option(None, "ACL user; empty: the default user")
    password: str | None = option(None, "password of the user", secret=True)
    database: int = option(0, "database; a cluster has only 0", unit="index", low=0)
    cluster: bool = option(default=False, doc="the address is one of a cluster")
    ca_file: Path | None = option(None, "file of certificates that TLS trusts; empty: the system's")
    cert_file: Path | None = option(None, "own certificate, where the store asks for one")
    key_file: Path | None = option(None, "key of the own certificate")
    namespace: str = option("dashstream", "keeps installations that share one store apart")
    connect_timeout_s: float = option(2.0, "time for a connection to come about", unit="s", low=0.01)
    timeout_s: float = option(2.0, "time for one answer of the store", unit="s", low=0.01)
    max_connections: int = option(32, "open connections to one node", unit="count", low=1)

    def __repr__(self) -> str:
        return f"RedisOptions(url={self.url!r}, username={self.username!r}, cluster={self.cluster})"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect, taken apart and checked."""

    nodes: tuple[tuple[str, int], ...]
    tls: bool


def address_of(options: RedisOptions) -> Address:
    """Return the checked address of a store.

    Raises:
        SettingsError: the address is missing or wrong, or settings do not go together. It shows no secret.
    """
    if not options.url:
        raise SettingsError("DASHSTREAM_REDIS_URL", "no address")
    parts = urlsplit(options.url)
    if parts.scheme not in _SCHEMES:
        raise SettingsError("DASHSTREAM_REDIS_URL", f"must begin with {' or '.join(s + '://' for s in _SCHEMES)}")
    if "@" in parts.netloc:
        raise SettingsError(
            "DASHSTREAM_REDIS_URL",
            "must not contain credentials, for addresses are logged;"
            " use DASHSTREAM_REDIS_USERNAME and DASHSTREAM_REDIS_PASSWORD",
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(
            "DASHSTREAM_REDIS_URL", "must end after the port; the database is DASHSTREAM_REDIS_DATABASE"
        )
    nodes = tuple(_node(parts, node) for node in parts.netloc.split(","))
    if len(nodes) > 1 and not options.cluster:
        raise SettingsError("DASHSTREAM_REDIS_URL", "several nodes need DASHSTREAM_REDIS_CLUSTER")
    if options.cluster and options.database:
        raise SettingsError("DASHSTREAM_REDIS_DATABASE", "a cluster has only database 0")
    tls = parts.scheme == "rediss"
    for name, value in (("CA", options.ca_file), ("CERT", options.cert_file), ("KEY", options.key_file)):
        if value is not None and not tls:
            raise SettingsError(f"DASHSTREAM_REDIS_{name}_FILE", "is only used with rediss://")
        if value is not None and not value.is_file():
            raise SettingsError(f"DASHSTREAM_REDIS_{name}_FILE", f"{value} is not a file")
    return Address(nodes, tls)


def _node(parts: SplitResult, node: str) -> tuple[str, int]:
    try:
        one = urlsplit(f"{parts.scheme}://{node}")
        host, port = one.hostname, one.port
    except ValueError as error:
        raise SettingsError("DASHSTREAM_REDIS_URL", f"{node!r} is not host:port") from error
    if not host:
        raise SettingsError("DASHSTREAM_REDIS_URL", f"{node!r} has no host")
    return host, DEFAULT_PORT if port is None else port
