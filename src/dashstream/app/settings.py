"""All settings of the gateway as one frozen value: flags over the environment over defaults.

Each group is declared next to its user; this module only collects them under their section names, from which
environment names (``DASHSTREAM_<SECTION>_<NAME>``), flags and the reference page follow.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import platformdirs

from dashstream.adapters.audit import AuditLimits
from dashstream.adapters.http.limits import HttpLimits
from dashstream.adapters.jwt.options import JwtOptions
from dashstream.adapters.jwt.options import check as check_jwt
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.kafka.options import check as check_kafka
from dashstream.adapters.redis.options import RedisOptions, address_of
from dashstream.engine.addresses import HEADERS, networks
from dashstream.engine.admission import AdmissionLimits
from dashstream.engine.duty_limits import MODES, POLICIES, DeadLetterLimits, DutyLimits
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.retained import RetainedLimits
from dashstream.errors import SettingsError
from dashstream.options import Option, load, option, options_of

DATA_DIR_ENV = "DASHSTREAM_DATA_DIR"
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("auto", "json", "console")


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where the gateway listens and keeps its data, and who may use it."""

    host: str = option("127.0.0.1", "address to listen on")
    port: int = option(8765, "port to listen on; 0 picks a free one", low=0)
    data_dir: Path | None = option(
        None, f"where log, index, token and spool are; empty: {DATA_DIR_ENV}, or the user's data directory"
    )
    token: str | None = option(
        None,
        "token that clients have to show; empty: one is made and kept in the data directory",
        secret=True,
    )
    allow_remote: bool = option(
        default=False,
        doc="listen beyond this machine; the token then crosses the network, so put TLS in front",
    )
    drain_s: float = option(5.0, "how long a stop waits for clients", unit="s", low=0)


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """What is logged, and in which form."""

    level: str = option("info", f"least level that is logged: {', '.join(LEVELS)}")
    format: str = option(
        "auto", "form of the log: json, console, or auto, which is console on a terminal and json elsewhere"
    )
    burst: int = option(20, "events of one name logged per second; the rest is counted", unit="count", low=1)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, by section."""

    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    jwt: JwtOptions = field(default_factory=JwtOptions)
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    audit: AuditLimits = field(default_factory=AuditLimits)
    http: HttpLimits = field(default_factory=HttpLimits)
    log: LogLimits = field(default_factory=LogLimits)
    ring: RingLimits = field(default_factory=RingLimits)
    ingest: IngestLimits = field(default_factory=IngestLimits)
    client: ClientLimits = field(default_factory=ClientLimits)
    index: IndexLimits = field(default_factory=IndexLimits)
    duties: DutyLimits = field(default_factory=DutyLimits)
    dead_letters: DeadLetterLimits = field(default_factory=DeadLetterLimits)
    kafka: KafkaOptions = field(default_factory=KafkaOptions)
    redis: RedisOptions = field(default_factory=RedisOptions)
    retained: RetainedLimits = field(default_factory=RetainedLimits)

    @property
    def is_fleet(self) -> bool:
        """Whether the log is a topic of a Kafka, shared with other gateways."""
        return bool(self.kafka.bootstrap)

    @property
    def data_dir(self) -> Path:
        """The data directory; always set in loaded settings."""
        return cast("Path", self.gateway.data_dir)


SECTIONS: Mapping[str, type] = {
    "gateway": GatewaySettings,
    "logging": LoggingSettings,
    "jwt": JwtOptions,
    "admission": AdmissionLimits,
    "audit": AuditLimits,
    "http": HttpLimits,
    "log": LogLimits,
    "ring": RingLimits,
    "ingest": IngestLimits,
    "client": ClientLimits,
    "index": IndexLimits,
    "duties": DutyLimits,
    "dead_letters": DeadLetterLimits,
    "kafka": KafkaOptions,
    "redis": RedisOptions,
    "retained": RetainedLimits,
}


def all_options() -> Iterator[Option]:
    """Yield every setting, section by section."""
    for section, group in SECTIONS.items():
        yield from options_of(group, section)


def default_data_dir(env: Mapping[str, str]) -> Path:
    """Return the data directory that a program and a gateway on one machine share."""
    named = env.get(DATA_DIR_ENV)
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("dashstream"))


def load_settings(env: Mapping[str, str], overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
    """Build the settings; ``overrides`` maps section to field to value.

    Raises:
        SettingsError: a value cannot be parsed, is out of range, or does not go with another.
    """
    given = {section: dict((overrides or {}).get(section, {})) for section in SECTIONS}
    if given["gateway"].get("data_dir") is None and not env.get("DASHSTREAM_GATEWAY_DATA_DIR"):
        given["gateway"]["data_dir"] = default_data_dir(env)
    settings = Settings(**{section: load(group, section, env, given[section]) for section, group in SECTIONS.items()})
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    gateway = settings.gateway
    if gateway.port > 65_535:
        raise SettingsError("DASHSTREAM_GATEWAY_PORT", f"{gateway.port} is above 65535")
    if settings.logging.level not in LEVELS:
        raise SettingsError("DASHSTREAM_LOGGING_LEVEL", f"must be one of {', '.join(LEVELS)}")
    if settings.logging.format not in FORMATS:
        raise SettingsError("DASHSTREAM_LOGGING_FORMAT", "must be auto, json or console")
    for kind in ("undecodable", "schema_mismatch", "too_large", "null"):
        if getattr(settings.duties, f"{kind}_policy") not in POLICIES:
            raise SettingsError(f"DASHSTREAM_DUTIES_{kind.upper()}_POLICY", f"must be one of {', '.join(POLICIES)}")
    if settings.dead_letters.mode not in MODES:
        raise SettingsError("DASHSTREAM_DEAD_LETTERS_MODE", f"must be one of {', '.join(MODES)}")
    check_jwt(settings.jwt)
    _check_admission(settings.admission)
    if settings.is_fleet:
        check_kafka(settings.kafka)
    if settings.redis.url:
        address_of(settings.redis)
    if not is_loopback(gateway.host) and not gateway.allow_remote:
        raise SettingsError(
            "DASHSTREAM_GATEWAY_HOST",
            f"{gateway.host} is reachable from other machines; give --gateway-allow-remote if that is meant",
        )


def _check_admission(admission: AdmissionLimits) -> None:
    try:
        networks(admission.trusted_proxies)
    except ValueError as error:
        raise SettingsError("DASHSTREAM_ADMISSION_TRUSTED_PROXIES", str(error)) from error
    if admission.proxy_header not in HEADERS:
        raise SettingsError("DASHSTREAM_ADMISSION_PROXY_HEADER", f"must be one of {', '.join(HEADERS)}")


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only; a name other than localhost counts as
    not.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def public_values(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the settings for a log: secrets are only said to be set or not."""
    shown: dict[str, dict[str, Any]] = {}
    for section, opt, value in _values(settings):
        shown.setdefault(section, {})[opt.field] = _public(opt, value)
    return shown


def secret_values(settings: Settings) -> list[str]:
    """Return the secrets that are set: no log may show them."""
    return [value for _, opt, value in _values(settings) if opt.secret and value]


def _values(settings: Settings) -> Iterator[tuple[str, Option, Any]]:
    """Yield each setting with its section and its value."""
    for section in fields(settings):
        group = getattr(settings, section.name)
        for opt in options_of(type(group), section.name):
            yield section.name, opt, getattr(group, opt.field)


def _public(opt: Option, value: Any) -> Any:
    if opt.secret:
        return "set" if value else None
    return str(value) if isinstance(value, Path) else value
