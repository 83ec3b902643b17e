"""Settings of an instrumented program: one frozen value, from overrides over the environment over defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dashstream.errors import SettingsError
from dashstream.options import load, option

SECTION = "sdk"

EXIT_TIMEOUT_CEILING_S = 2.0
"""A program never waits longer than this for its telemetry at exit, whatever the settings say."""

TRANSPORTS = ("auto", "http", "kafka")


@dataclass(frozen=True, slots=True)
class SdkSettings:
    """What the SDK may use of the program's memory, disk and time, and what it must not let out."""

    enabled: bool = option(True, "Observe at all. Off: nothing is hooked, no thread, no file.")
    url: str | None = option(None, "Gateway address. Empty: the gateway of the data directory.")
    transport: str = option(
        "auto",
        "Where records go: http, to the gateway; kafka, straight to the topic that DASHSTREAM_KAFKA_* name; auto, to"
        " Kafka if DASHSTREAM_KAFKA_BOOTSTRAP is set and no gateway address is.",
    )
    token: str | None = option(None, "Gateway token. Empty: the token of the data directory.", secret=True)
    data_dir: Path | None = option(
        None, "Where to find the gateway's address and keep the spool. Empty: DASHSTREAM_DATA_DIR or the default."
    )
    tenant: str = option("default", "Tenant that the records belong to.")
    queue_records: int = option(50_000, "Records waiting in memory; above it new ones are dropped and counted.", low=1)
    queue_bytes: int = option(33_554_432, "Estimated size of the records waiting.", unit="bytes", low=65_536)
    batch_bytes: int = option(262_144, "Records sent in one request.", unit="bytes", low=1_024)
    flush_interval: float = option(
        0.04, "How long records and tokens are gathered before they are sent.", unit="seconds", low=0.001
    )
    request_timeout: float = option(3.0, "How long one request may take.", unit="seconds", low=0.05)
    backoff_cap: float = option(2.0, "Longest pause between attempts to reach the gateway.", unit="seconds", low=0.05)
    exit_timeout: float = option(
        1.5, "How long the program's end may wait for its telemetry; at most 2.", unit="seconds", low=0.0
    )
    spool_bytes: int = option(268_435_456, "Disk that records may use while the gateway is away.", unit="bytes", low=0)
    max_record_bytes: int = option(
        1_048_576, "Largest record; larger states travel in chunks.", unit="bytes", low=65_536
    )
    attribute_bytes: int = option(
        32_768, "Largest input, result, argument or output kept in one record.", unit="bytes", low=256
    )
    prompt_bytes: int = option(262_144, "Largest prompt kept in one record.", unit="bytes", low=1_024)
    checkpoint_bytes: int = option(
        65_536, "Least size of diffs between two full states of one run.", unit="bytes", low=1_024
    )
    state_depth: int = option(100, "Deeper parts of a state are replaced by a mark.", low=4)
    state_values: int = option(2_000_000, "Values of one state; the rest is replaced by marks.", low=1_000)
    guard_values: int = option(
        256, "States up to this many values are compared whole at each step; larger ones by identity.", low=0
    )
    guard_share: float = option(0.02, "Share of elapsed time that comparing larger states whole may cost.", low=0.0)
    tokens: bool = option(
        True, "Record tokens. It switches chat models to their streaming interface, also under invoke()."
    )
    state: bool = option(True, "Record states and their diffs.")
    prompts: bool = option(True, "Record prompts and model outputs.")
    redact_keys: tuple[str, ...] = option(
        ("api_key", "apikey", "api-key", "password", "passwd", "secret", "client_secret", "access_token",
         "refresh_token", "authorization", "private_key"),
        "Values under these keys are replaced, at any depth, in any letter case.",
    )  # fmt: skip
    redact_paths: tuple[str, ...] = option(
        (), "Values at these paths are replaced: `user.email`, `messages.*.content`, `**.ssn`."
    )
    redact_patterns: tuple[str, ...] = option(
        (), "Text that matches these regular expressions is replaced, in states, prompts, arguments and tokens."
    )
    redact_known_secrets: bool = option(True, "Replace text that has the shape of a well-known API key.")


def default_data_dir(env: Mapping[str, str]) -> Path:
    """Return the data directory that a program and a gateway on one machine share."""
    named = env.get("DASHSTREAM_DATA_DIR")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("dashstream"))


def load_settings(overrides: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None) -> SdkSettings:
    """Build the settings; in the result ``data_dir`` is always set and ``transport`` is never ``auto``.

    Raises:
        SettingsError: a value cannot be parsed or lies outside its range.
    """
    env = os.environ if env is None else env
    given = dict(overrides or {})
    if given.get("data_dir") is None and not env.get("DASHSTREAM_SDK_DATA_DIR"):
        given["data_dir"] = default_data_dir(env)
    elif given.get("data_dir") is not None:
        given["data_dir"] = Path(given["data_dir"]).expanduser()
    settings = load(SdkSettings, SECTION, env, given)
    if settings.exit_timeout > EXIT_TIMEOUT_CEILING_S:
        raise SettingsError("DASHSTREAM_SDK_EXIT_TIMEOUT", f"{settings.exit_timeout} is above 2 seconds")
    if settings.transport not in TRANSPORTS:
        raise SettingsError("DASHSTREAM_SDK_TRANSPORT", f"must be one of {', '.join(TRANSPORTS)}")
    if settings.transport == "auto":
        is_kafka = bool(env.get("DASHSTREAM_KAFKA_BOOTSTRAP")) and not settings.url
        settings = replace(settings, transport="kafka" if is_kafka else "http")
    return settings
