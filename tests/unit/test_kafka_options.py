"""Section KAFKA: what is refused at the start and by which name, and that secrets stay secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashstream.adapters.kafka.options import KafkaOptions, check, client_config
from dashstream.errors import SettingsError
from dashstream.options import load

BROKER = ("broker.example:9092",)
SECRET = "hunter2-do-not-show"


def options(**given: Any) -> KafkaOptions:
    return KafkaOptions(**{"bootstrap": BROKER, **given})


def sasl(**given: Any) -> KafkaOptions:
    return options(
        **{"security": "sasl_tls", "mechanism": "SCRAM-SHA-512", "username": "me", "password": SECRET, **given}
    )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"bootstrap": ()}, "BOOTSTRAP"),
        ({"bootstrap": ("broker",)}, "BOOTSTRAP"),
        ({"bootstrap": (":9092",)}, "BOOTSTRAP"),
        ({"bootstrap": ("broker:0",)}, "BOOTSTRAP"),
        ({"bootstrap": ("broker:65536",)}, "BOOTSTRAP"),
        ({"bootstrap": (*BROKER, "other:port")}, "BOOTSTRAP"),
        ({"topic": ""}, "TOPIC"),
        ({"group": ""}, "GROUP"),
        ({"client_id": ""}, "CLIENT_ID"),
        ({"security": "SSL"}, "SECURITY"),
        ({"address_family": "v5"}, "ADDRESS_FAMILY"),
        ({"ca_file": Path(__file__)}, "CA_FILE"),
        ({"key_password": SECRET}, "KEY_PASSWORD"),
        ({"mechanism": "PLAIN"}, "MECHANISM"),
        ({"username": "me"}, "USERNAME"),
        ({"security": "tls", "password": SECRET}, "PASSWORD"),
        ({"security": "tls", "ca_file": Path("no-such-file")}, "CA_FILE"),
        ({"security": "tls", "cert_file": Path(__file__)}, "KEY_FILE"),
        ({"security": "tls", "key_file": Path(__file__)}, "CERT_FILE"),
        ({"security": "tls", "key_password": SECRET}, "KEY_PASSWORD"),
        ({"security": "sasl_tls", "username": "me", "password": SECRET}, "MECHANISM"),
        ({"security": "sasl_tls", "mechanism": "OAUTHBEARER", "username": "me", "password": SECRET}, "MECHANISM"),
        ({"security": "sasl_plaintext", "mechanism": "PLAIN", "password": SECRET}, "USERNAME"),
        ({"security": "sasl_plaintext", "mechanism": "PLAIN", "username": "me", "password": ""}, "PASSWORD"),
    ],
)
def test_what_cannot_work_is_refused_by_name(given: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check(options(**given))
    assert caught.value.name == f"DASHSTREAM_KAFKA_{name}"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"bootstrap": ("[::1]:9092", *BROKER), "address_family": "v6"},
        {"security": "tls"},
        {"security": "tls", "cert_file": Path(__file__), "key_file": Path(__file__), "key_password": SECRET},
        {"security": "sasl_plaintext", "mechanism": "PLAIN", "username": "me", "password": SECRET},
    ],
)
def test_what_can_work_is_taken(given: dict[str, Any]) -> None:
    check(options(**given))


def test_every_setting_of_a_connection_reaches_the_clients() -> None:
    config = client_config(
        sasl(
            ca_file=Path("ca.pem"),
            cert_file=Path("cert.pem"),
            key_file=Path("key.pem"),
            key_password="k",
            address_family="v4",
        )
    )
    expected = {
        "bootstrap.servers": "broker.example:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": SECRET,
        "ssl.ca.location": "ca.pem",
        "ssl.certificate.location": "cert.pem",
        "ssl.key.location": "key.pem",
        "ssl.key.password": "k",
        "broker.address.family": "v4",
    }
    assert expected.items() <= config.items()


def test_nothing_of_tls_and_sasl_is_set_unless_given() -> None:
    assert not [name for name in client_config(options()) if name.startswith(("ssl.", "sasl."))]


def test_secrets_are_not_shown() -> None:
    shown = repr(sasl(key_password=SECRET))
    assert SECRET not in shown
    assert "username='me'" in shown


def test_the_environment_names_brokers_as_a_list() -> None:
    loaded = load(KafkaOptions, "kafka", {"DASHSTREAM_KAFKA_BOOTSTRAP": "a:1, b:2", "DASHSTREAM_KAFKA_TAIL_BYTES": "9"})
    assert loaded.bootstrap == ("a:1", "b:2")
    assert loaded.tail_bytes == 9
