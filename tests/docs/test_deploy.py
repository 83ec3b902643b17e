"""What deploy/ holds is true to the product: settings, commands and metrics that it names exist, and files fit.

No container is started here. What can be checked without one is: the compose file's services, the settings they give to
the real loader, the commands they give to the real command line, and every metric and label in alerts and dashboard.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from dashstream.app.settings import SECTIONS, load_settings
from dashstream.cli.app import build
from dashstream.options import options_of
from dashstream.sdk.settings import SECTION, SdkSettings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOKEN = "a-token-of-this-test"
METRIC = re.compile(r"\b(dashstream_[a-z_]+)\b(?:\{([^}]*)\})?")
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text()
    text = re.sub(r"\$\{DASHSTREAM_GATEWAY_TOKEN[^}]*\}", TOKEN, text)
    assert "${" not in text
    found: dict[str, Any] = yaml.safe_load(text)
    return found


SERVICES: dict[str, Any] = compose()["services"]
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboards" / "fleet.json").read_text())
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)


def reference() -> dict[str, tuple[str, dict[str, list[str]]]]:
    """Return each metric's kind and labels, as the reference page has them."""
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    found = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", page, re.MULTILINE):
        pairs = re.findall(r"`(\w+)`: ([^;]+)", labels)
        found[name] = (kind, {label: values.strip().split(", ") for label, values in pairs})
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every expression with the title of what it is for."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


EXPRESSIONS = list(expressions())


def test_there_is_something_to_check() -> None:
    assert set(OURS) == {"topics", "gateway-1", "gateway-2", "program"}
    assert len(RULES) > 10
    assert len(EXPRESSIONS) > 30
    assert len(reference()) > 40


def test_services_fit_together() -> None:
    whole = compose()
    for name, service in SERVICES.items():
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES, f"{name} waits for {needed}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            is_there = (DEPLOY / source).exists() if source.startswith(".") else source in whole["volumes"]
            assert is_there, f"{name} mounts {source}"
        for secret in service.get("secrets", []):
            assert secret in whole["secrets"]


def test_what_is_waited_for_can_be_healthy() -> None:
    for name, service in SERVICES.items():
        waits = service.get("depends_on", {})
        healthy = [other for other in waits if isinstance(waits, dict) and "healthy" in waits[other]["condition"]]
        for other in healthy:
            assert "healthcheck" in SERVICES[other], f"{name} waits for the health of {other}"


def test_nothing_is_published_beyond_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == len(set(ports)) == 4
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_have_public_names_and_a_version() -> None:
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert len(images) == 5
    for image in images:
        assert re.fullmatch(r"([a-z]+/)?[a-z]+:v?\d[\w.-]*", image), image


@pytest.mark.parametrize("name", OURS)
def test_settings_that_services_give_are_settings(name: str) -> None:
    given = SERVICES[name]["environment"]
    known = {option.env for section, group in SECTIONS.items() for option in options_of(group, section)}
    known |= {option.env for option in options_of(SdkSettings, SECTION)}
    assert set(given) - known == set()


@pytest.mark.parametrize("name", ["gateway-1", "gateway-2"])
def test_gateways_start_with_their_settings(name: str) -> None:
    settings = load_settings(SERVICES[name]["environment"])
    assert settings.is_fleet
    assert settings.redis.url == "redis://valkey:6379"
    assert settings.gateway.token == TOKEN
    targets = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0]
    for target in targets["targets"]:
        host, port = target.split(":")
        assert host in SERVICES, "Prometheus asks a gateway by its name"
        assert host in settings.http.allowed_hosts, "the gateway answers to the name that Prometheus uses"
        assert int(port) == settings.gateway.port


def test_everybody_uses_the_broker_that_is_there() -> None:
    listeners = dict(
        one.split("://") for one in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")
    )
    for name in OURS:
        assert SERVICES[name]["environment"]["DASHSTREAM_KAFKA_BOOTSTRAP"] == listeners["PLAINTEXT"]
    assert listeners["PLAINTEXT"].split(":")[0] in SERVICES


@pytest.mark.parametrize("name", OURS)
def test_commands_are_commands(name: str) -> None:
    words = SERVICES[name].get("command", ["serve"])
    first = words[:2] if words[0] == "topics" else words[:1]
    shown = CliRunner().invoke(build(), [*first, "--help"])
    assert shown.exit_code == 0, shlex.join(words)
    reference_page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    section = reference_page.split(f"## dashstream {' '.join(first)}\n")[1].split("\n## ")[0]
    flags = [word for word in words if word.startswith("--")]
    assert all(f"`{flag}`" in section for flag in flags)


@pytest.mark.parametrize(("title", "expression"), EXPRESSIONS, ids=[title for title, _ in EXPRESSIONS])
def test_metrics_and_labels_exist(title: str, expression: str) -> None:
    known = reference()
    names = METRIC.findall(expression)
    assert names or "up{" in expression
    for name, selector in names:
        base = re.sub(r"_bucket$", "", name)
        assert base in known, title
        kind, labels = known[base]
        assert (base != name) == (kind == "histogram")
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', selector):
            assert set(values.split("|")) <= set(labels.get(label, [])), f"{title}: {label}"
        if kind == "counter":
            assert re.search(rf"(rate|increase)\({name}\b", expression), f"{title}: a counter is looked at by its rise"
    for group in re.findall(r"by \(([^)]*)\)", expression):
        of_metrics = {label for name, _ in names for label in known[re.sub(r"_bucket$", "", name)][1]}
        assert set(group.split(", ")) <= of_metrics | LABELS_OF_PROMETHEUS, title


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_alerts_say_what_they_measure(rule: dict[str, Any]) -> None:
    assert rule["alert"].startswith("DashStream")
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["annotations"]["description"].endswith((".", "not concerned."))
    assert f"`{rule['alert']}`" in (ROOT / "docs" / "howto" / "fleet.md").read_text(), "the how-to says what to do"


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_alerts_leave_old_data_out_and_divide_by_nothing_that_is_zero(rule: dict[str, Any]) -> None:
    expression = " ".join(rule["expr"].split())
    for name, selector in METRIC.findall(expression):
        if name == "dashstream_duties_failures_total":
            assert 'age="new"' in selector
        if name == "dashstream_duties_records_total":
            assert selector == 'outcome="ok"', "the other outcomes hold old data too"
    divisions = expression.count(" / ")
    assert len(re.findall(r" / \(.+?\) > 0 \)", expression)) == divisions
    if divisions:
        assert re.search(r" and .*>= \d+", expression), "a share needs a sample"


def test_names_are_used_once_and_panels_do_not_overlap() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_grafana_finds_what_is_mounted() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "dashstream.yaml").read_text())["providers"]
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert provider["options"]["path"] in mounts.values()
    uids = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}
    assert uids == {source["uid"]}
    assert source["url"].removeprefix("http://").split(":")[0] in SERVICES
