"""Section KAFKA: how to reach a Kafka, and the bounds of what is kept of it in memory.

Every client of the package (tail, readers, producer, administration, group member) is made from the one configuration
that :func:`client_config` returns, so that TLS, SASL and timeouts hold for all of them. Secrets are in no ``repr`` and
in no log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from dashstream.errors import SettingsError
from dashstream.options import option

KIB = 1024
MIB = 1024 * KIB
SECURITY = ("plaintext", "tls", "sasl_plaintext", "sasl_tls")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
FAMILIES = ("any", "v4", "v6")
Config = dict[str, str | int | float | bool]

_PROTOCOLS = dict(zip(SECURITY, ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"), strict=True))
_client_log = logging.getLogger("dashstream.kafka.client")


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """Where Kafka is, who we are to it, and how long it may take."""

    bootstrap: tuple[str, ...] = option((), "brokers to begin with, as host:port", unit="brokers")
    topic: str = option("dashstream", "topic of the records")
    group: str = option("dashstream", "consumer group that shares out what must happen once; delivery needs none")
    client_id: str = option("dashstream", "name under which the broker knows this process")
    security: str = option("plaintext", f"how connections are protected: {', '.join(SECURITY)}")
    ca_file: Path | None = option(None, "file of certificates that TLS trusts; empty: the system's")
    cert_file: Path | None = option(None, "own certificate, where the broker asks for one")
    key_file: Path | None = option(None, "key of the own certificate")
    key_password: str | None = option(None, "password of the key", secret=True)
    mechanism: str | None = option(None, f"SASL mechanism: {', '.join(MECHANISMS)}")
    username: str | None = option(None, "SASL user")
    password: str | None = option(None, "SASL password", secret=True)
    address_family: str = option("any", f"addresses to connect to: {', '.join(FAMILIES)}")
    request_timeout_s: float = option(5.0, "time for one answer, for all partitions together", unit="s", low=0.1)
    delivery_timeout_s: float = option(30.0, "time for a record to become durable", unit="s", low=1)
    close_timeout_s: float = option(
        5.0, "time for what was accepted to become durable when the log is closed", unit="s", low=0
    )
    check_interval_s: float = option(
        5.0, "how often the topic is looked at: more partitions, or made anew", unit="s", low=0.1
    )
    session_timeout_s: float = option(10.0, "silence after which a member of the group is dead", unit="s", low=1)
    append_bytes: int = option(8 * MIB, "most bytes of waiting batches written together", unit="bytes", low=1)
    batch_records: int = option(1_000, "most records taken from the broker at once", unit="count", low=1)
    tail_records: int = option(50_000, "newest records kept for who follows the log", unit="count", low=1)
    tail_bytes: int = option(32 * MIB, "bytes of them", unit="bytes", low=1)
    fetch_bytes: int = option(16 * MIB, "bytes fetched ahead of use by one client", unit="bytes", low=64 * KIB)
    readers: int = option(2, "clients that read older records for replays", unit="count", low=1)
    remembered_producers: int = option(
        100_000, "producers, by thread, whose repeated records are recognised", unit="count", low=1
    )


def check(options: KafkaOptions) -> None:
    """Refuse settings that cannot work.

    Raises:
        SettingsError: a value is not one of its set, or does not go with another; the setting is named, no secret
            shown.
    """
    if not options.bootstrap:
        raise _refused("bootstrap", "no brokers given")
    for broker in options.bootstrap:
        host, _, port = broker.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) <= 65_535:
            raise _refused("bootstrap", f"{broker!r} is not host:port")
    for name in ("topic", "group", "client_id"):
        if not getattr(options, name):
            raise _refused(name, "must not be empty")
    _check_choice("security", options.security, SECURITY)
    _check_choice("address_family", options.address_family, FAMILIES)
    _check_sasl(options)
    _check_tls(options)


def client_config(options: KafkaOptions) -> Config:
    """Return what every client is made from. ``check`` comes first."""
    config: Config = {
        "bootstrap.servers": ",".join(options.bootstrap),
        "client.id": options.client_id,
        "security.protocol": _PROTOCOLS[options.security],
        "broker.address.family": options.address_family,
        "allow.auto.create.topics": False,
        "socket.keepalive.enable": True,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,
        "log.connection.close": False,
    }
    given = {
        "ssl.ca.location": options.ca_file,
        "ssl.certificate.location": options.cert_file,
        "ssl.key.location": options.key_file,
        "ssl.key.password": options.key_password,
        "sasl.mechanism": options.mechanism,
        "sasl.username": options.username,
        "sasl.password": options.password,
    }
    config.update({name: str(value) for name, value in given.items() if value is not None})
    return config


def reading_config(options: KafkaOptions, *, fetch_wait_ms: int) -> Config:
    """Return what a client is made from that reads partitions assigned by hand, from places that its user keeps.

    ``fetch_wait_ms``: how long the broker holds the answer while it has nothing.
    """
    return {
        **client_config(options),
        "group.id": options.group,  # the client wants one; with manual assignment it joins none
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "fetch.wait.max.ms": fetch_wait_ms,
        "queued.max.messages.kbytes": max(1, options.fetch_bytes // KIB),
    }


def client_log() -> logging.Logger:
    """Return where clients log what they do; the configuration is not among it."""
    return _client_log


def _check_sasl(options: KafkaOptions) -> None:
    if options.security.startswith("sasl_"):
        if options.mechanism is None:
            raise _refused("mechanism", f"security {options.security} needs one of {', '.join(MECHANISMS)}")
        _check_choice("mechanism", options.mechanism, MECHANISMS)
        for name in ("username", "password"):
            if not getattr(options, name):
                raise _refused(name, f"security {options.security} needs it")
        return
    for name in ("mechanism", "username", "password"):
        if getattr(options, name) is not None:
            raise _refused(name, f"means nothing with security {options.security}")


def _check_tls(options: KafkaOptions) -> None:
    files = {name: getattr(options, name) for name in ("ca_file", "cert_file", "key_file")}
    if not options.security.endswith("tls"):
        for name in (*files, "key_password"):
            if getattr(options, name) is not None:
                raise _refused(name, f"means nothing with security {options.security}")
        return
    for name, path in files.items():
        if path is not None and not path.is_file():
            raise _refused(name, f"no file {path}")
    if (options.cert_file is None) is not (options.key_file is None):
        missing = "key_file" if options.key_file is None else "cert_file"
        raise _refused(missing, "an own certificate needs both certificate and key")
    if options.key_password is not None and options.key_file is None:
        raise _refused("key_password", "there is no key_file")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise _refused(name, f"{value!r} is not one of {', '.join(choices)}")


def _refused(name: str, message: str) -> SettingsError:
    return SettingsError(f"DASHSTREAM_KAFKA_{name.upper()}", message)
