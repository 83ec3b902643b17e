"""``dashstream topics``: make the topics that a fleet needs."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dashstream.cli.connection import JsonOption
from dashstream.cli.output import write_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(no_args_is_help=True, help="Make the Kafka topics that a fleet needs.")
    group.callback()(_group)
    group.command("create")(create)
    app.add_typer(group, name="topics")


def _group() -> None:
    """Make the Kafka topics that a fleet needs."""


def create(
    partitions: Annotated[int, typer.Option(min=1, help="Partitions of the topic of records.")] = 8,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition; 3 where brokers allow.")] = 1,
    json: JsonOption = False,
) -> None:
    """Make the topic of records and the one of dead letters, with their retention. What is there stays as it is.

    Where Kafka is, and what the topics are called, is told by the settings of section KAFKA; how long records and dead
    letters are kept, by those of LOG and DEAD_LETTERS.

    Examples:

    - `dashstream topics create --partitions 8`, with `DASHSTREAM_KAFKA_BOOTSTRAP=localhost:9092` set
    """
    from dashstream.app.duty_wiring import letters_topic
    from dashstream.app.settings import load_settings
    from dashstream.errors import GatewayStartError

    try:
        from dashstream.adapters.kafka.provision import TopicPlan, create_topics
    except ImportError as error:
        raise GatewayStartError("Kafka's client is not installed: pip install 'dashstream[kafka]'") from error
    settings = load_settings(os.environ)
    log, letters = settings.log, settings.dead_letters
    size = settings.ingest.max_record_bytes
    plans = [
        TopicPlan(settings.kafka.topic, partitions, replication, log.retention_age_s, log.retention_bytes, size),
        TopicPlan(
            letters_topic(settings.kafka.topic),
            1,
            replication,
            letters.retention_age_s,
            letters.retention_bytes,
            size,
            compacted=True,
        ),
    ]
    made = create_topics(settings.kafka, plans)
    if json:
        write_json({"topics": [{"name": name, "created": is_new} for name, is_new in made.items()]})
        return
    for name, is_new in made.items():
        typer.echo(f"{name}: {'made' if is_new else 'was there'}")
