"""Makes the topics of a fleet, explicitly and idempotently; brokers are never asked to make one by themselves.

Records have the delete policy, bounded by age and by bytes. Dead letters have both: old ones go, and of several with
one key, which are the same letter sent twice, the last one stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from dashstream.adapters.kafka.errors import error_of, translated
from dashstream.adapters.kafka.options import KafkaOptions, check, client_config, client_log
from dashstream.errors import LogUnavailableError

ENVELOPE_BYTES = 64 * 1024
"""Room for what the broker adds to the largest record."""


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """What a topic is made with."""

    name: str
    partitions: int
    replication: int
    retention_s: float
    retention_bytes: int
    max_record_bytes: int
    compacted: bool = False

    def config(self) -> dict[str, str]:
        """Return the topic's settings in the broker's words."""
        return {
            "cleanup.policy": "compact,delete" if self.compacted else "delete",
            "retention.ms": str(int(self.retention_s * 1000)) if self.retention_s else "-1",
            "retention.bytes": str(self.retention_bytes // self.partitions) if self.retention_bytes else "-1",
            "max.message.bytes": str(self.max_record_bytes + ENVELOPE_BYTES),
        }


def create_topics(options: KafkaOptions, plans: list[TopicPlan]) -> dict[str, bool]:
    """Make the topics that are not there; returns for each whether it was made now. Blocks.

    Raises:
        SettingsError: the settings cannot work.
        LogError: the broker does not answer in time, or refuses.
    """
    check(options)
    admin = AdminClient(client_config(options), logger=client_log())
    wanted = [NewTopic(plan.name, plan.partitions, plan.replication, config=plan.config()) for plan in plans]
    made: dict[str, bool] = {}
    for name, future in admin.create_topics(wanted, request_timeout=options.request_timeout_s).items():
        try:
            future.result(options.request_timeout_s + 1)
        except KafkaException as exception:
            error = error_of(exception)
            if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise translated(error, f"make topic {name!r}") from exception
            made[name] = False
        except TimeoutError as error:
            raise LogUnavailableError(f"cannot make topic {name!r}: no answer") from error
        else:
            made[name] = True
    return made
