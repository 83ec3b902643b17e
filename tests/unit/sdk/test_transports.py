"""Which way records go, and that no setting and no missing package keeps a program from running."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashstream.adapters.spool import adopt_orphans
from dashstream.errors import SettingsError
from dashstream.sdk.kafka_transport import KafkaTransport
from dashstream.sdk.settings import SdkSettings, load_settings
from dashstream.sdk.transport import HttpTransport, Verdict
from dashstream.sdk.transports import NoTransport, _complain, transport_for

BROKER = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("given", "bootstrap", "chosen"),
    [
        ({}, None, "http"),
        ({}, "", "http"),
        ({}, BROKER, "kafka"),
        ({"url": "http://gateway"}, BROKER, "http"),
        ({"url": "http://gateway", "transport": "kafka"}, BROKER, "kafka"),
        ({"transport": "http"}, BROKER, "http"),
        ({"transport": "auto"}, BROKER, "kafka"),
        ({"transport": "kafka"}, None, "kafka"),
    ],
)
def test_kafka_is_used_where_it_is_named_and_no_gateway_is(
    given: dict[str, str], bootstrap: str | None, chosen: str
) -> None:
    in_code = load_settings(given, {} if bootstrap is None else {"DASHSTREAM_KAFKA_BOOTSTRAP": bootstrap})
    assert in_code.transport == chosen
    env = {f"DASHSTREAM_SDK_{name.upper()}": value for name, value in given.items()}
    if bootstrap is not None:
        env["DASHSTREAM_KAFKA_BOOTSTRAP"] = bootstrap
    assert load_settings({}, env).transport == chosen


def test_another_transport_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="DASHSTREAM_SDK_TRANSPORT"):
        load_settings({"transport": "pigeon"}, {})


def test_the_settings_name_the_way(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("DASHSTREAM_KAFKA_BOOTSTRAP", BROKER)
    assert isinstance(transport_for(SdkSettings()), HttpTransport)
    assert isinstance(transport_for(SdkSettings(transport="kafka")), KafkaTransport)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("BOOTSTRAP", "nowhere"), ("BOOTSTRAP", ""), ("SECURITY", "moat"), ("READERS", "many"), ("PASSWORD", "a secret")],
)
def test_a_bad_setting_of_kafka_is_said_once_and_harms_nobody(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DASHSTREAM_KAFKA_BOOTSTRAP", BROKER)
    _complain.cache_clear()
    monkeypatch.setenv(f"DASHSTREAM_KAFKA_{name}", value)
    transports = [transport_for(SdkSettings(transport="kafka")) for _ in range(3)]
    assert {type(transport) for transport in transports} == {NoTransport}
    outcome = transports[0].send([b"value"], 1.0)
    assert outcome.verdict is Verdict.ABSENT
    assert f"DASHSTREAM_KAFKA_{name}" in outcome.reason
    (said,) = caplog.messages
    assert outcome.reason in said
    assert "a secret" not in said


def test_without_the_package_the_program_runs_and_hears_once_what_to_install(tmp_path: Path) -> None:
    program = """
import os, sys
sys.modules["confluent_kafka"] = None
from dashstream import Recorder
recorder = Recorder("r")
def say(thread):
    with recorder.run(thread_id=thread) as run:
        run.state({"n": 1})
say("parent")
child = os.fork()
if child == 0:
    say("child")
else:
    os.waitpid(child, 0)
print("unharmed")
"""
    env = {**os.environ, "DASHSTREAM_DATA_DIR": str(tmp_path), "DASHSTREAM_KAFKA_BOOTSTRAP": BROKER}
    env.pop("DASHSTREAM_SDK_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "unharmed\n" * 2
    (said,) = done.stderr.splitlines()
    assert "pip install 'dashstream[kafka]'" in said
    assert len(list(adopt_orphans(tmp_path / "spool"))) == 2
