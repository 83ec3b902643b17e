"""Which way a program's records go: to a gateway over HTTP, or straight to Kafka. Nothing here ever raises.

Where Kafka is asked for and cannot be used, the program hears of it once and runs on; its records wait on disk.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from dashstream.adapters.kafka.options import KafkaOptions, check
from dashstream.errors import SettingsError
from dashstream.options import load
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Discovery, HttpTransport, Outcome, Transport, Verdict

_log = logging.getLogger("dashstream.sdk")


def transport_for(settings: SdkSettings) -> Transport:
    """Return the way that the settings name; one that leads nowhere, if that one cannot be used."""
    if settings.transport == "kafka":
        return _kafka_transport(settings)
    return HttpTransport(Discovery(settings.url, settings.token, data_dir_of(settings)))


def data_dir_of(settings: SdkSettings) -> Path:
    """Return where a program's spool is, and the address of its gateway."""
    return settings.data_dir if settings.data_dir is not None else Path.cwd()


class NoTransport:
    """A :class:`Transport` to nowhere: everything waits on disk."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def send(self, values: Sequence[bytes], timeout_s: float) -> Outcome:  # noqa: ARG002  # a port's signature
        return Outcome(Verdict.ABSENT, reason=self._reason)

    def abort(self) -> None:
        """There is nothing to abort."""

    def tend(self) -> None:
        """There is nothing to tend."""

    def close(self) -> None:
        """There is nothing to close."""

    def forget(self) -> None:
        """Nothing is shared with a parent process."""


def _kafka_transport(settings: SdkSettings) -> Transport:
    try:
        options = load(KafkaOptions, "kafka", os.environ)
        check(options)
        from dashstream.sdk.kafka_transport import KafkaTransport
    except SettingsError as error:
        return _nowhere(str(error))
    except ImportError as error:
        return _nowhere(f"Kafka's client is not installed: pip install 'dashstream[kafka]' ({error})")
    return KafkaTransport(options, settings)


def _nowhere(reason: str) -> Transport:
    _complain(reason)
    return NoTransport(reason)


@cache
def _complain(reason: str) -> None:
    """Say something once, although every forked child asks anew."""
    _log.warning("telemetry waits on disk: %s", reason)
