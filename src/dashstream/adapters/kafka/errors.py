"""librdkafka's errors in the words of our tree.

What the broker refuses will not get better by itself (``LogRefusedError``); everything else is a matter of waiting
(``LogUnavailableError``). A topic that is not there is neither: whoever asked knows whether it was there before.
"""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException

from dashstream.errors import LogError, LogRefusedError, LogUnavailableError

MISSING = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.UNKNOWN_TOPIC_ID,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
    }
)
"""The topic, or the partition, is not there."""

MOVING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError._NOENT,  # the client knows of no leader
    }
)
"""The partition's leader is moving; another moment will do."""

OUT_OF_RANGE = frozenset(
    {
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError._AUTO_OFFSET_RESET,
    }
)
"""The offset is below or above what the partition holds."""

END_OF_PARTITION: int = KafkaError._PARTITION_EOF
FATAL: int = KafkaError._FATAL
TRUNCATED: int = KafkaError._LOG_TRUNCATION

_REFUSED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.POLICY_VIOLATION,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.INVALID_REQUIRED_ACKS,
        KafkaError._AUTHENTICATION,
        KafkaError._SSL,
        KafkaError._INVALID_ARG,
        KafkaError._UNSUPPORTED_FEATURE,
    }
)


def translated(error: KafkaError, doing: str) -> LogError:
    """Return an error of the client or the broker in our tree; ``doing`` completes "cannot ..."."""
    kind = LogRefusedError if error.code() in _REFUSED else LogUnavailableError
    return kind(f"cannot {doing}: {error.name().lower()}: {error.str()}")


def error_of(exception: KafkaException) -> KafkaError:
    """Return what an exception of the client is about."""
    error = exception.args[0]
    assert isinstance(error, KafkaError)  # noqa: S101  # the client raises it with nothing else
    return error
