"""Opens the client of a store. It never retries by itself: how often and how soon is the engine's decision.

Nor does it time answers: its own socket timeout goes through ``asyncio.wait_for``, which on Python 3.11 can swallow a
cancellation, and then a task that is being stopped goes on. The store bounds each call as a whole instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from dashstream.adapters.redis.options import Address, RedisOptions, address_of


def open_client(options: RedisOptions) -> Redis | RedisCluster:
    """Return a client; nothing is connected yet, and the store may be absent.

    Raises:
        SettingsError: a setting has a value that it cannot have.
    """
    address = address_of(options)
    shared: dict[str, Any] = {
        "username": options.username,
        "password": options.password,
        "socket_timeout": None,
        "socket_connect_timeout": options.connect_timeout_s,
        "socket_keepalive": True,
        "max_connections": options.max_connections,
        "protocol": 2,
        "client_name": "dashstream",
        **_tls(options, address),
    }
    if options.cluster:
        nodes = [ClusterNode(host, port) for host, port in address.nodes]
        client: Redis | RedisCluster = RedisCluster(startup_nodes=nodes, retry=Retry(NoBackoff(), 0), **shared)
    else:
        host, port = address.nodes[0]
        client = Redis(host=host, port=port, db=options.database, retry=Retry(NoBackoff(), 0), **shared)
    client.set_response_callback("XRANGE", _as_it_is)
    return client


def _as_it_is(response: Any, **_: Any) -> Any:
    """Keep entries as lists: they are decoded once, by us."""
    return response


def _tls(options: RedisOptions, address: Address) -> Mapping[str, Any]:
    if not address.tls:
        return {}
    files = {"ssl_ca_certs": options.ca_file, "ssl_certfile": options.cert_file, "ssl_keyfile": options.key_file}
    return {"ssl": True, **{name: str(path) for name, path in files.items() if path is not None}}
