"""Every exception that DashStream raises, as one tree.

::

    DashStreamError
    ├── RecordError                      a record cannot be used; it is skipped, never the stream
    │   ├── FrameError                   the frame around the payload is wrong
    │   │   ├── UnknownFrameError
    │   │   └── DecompressionError
    │   ├── RecordTooLargeError          above max_record_bytes, declared or real
    │   ├── DecodeError                  not a DashStreamMessage
    │   └── SchemaMismatchError          written by a newer schema version
    ├── StateError                       a state cannot be represented, patched or verified
    │   ├── StateValueError              not JSON as docs/specs/state.md defines it
    │   ├── PatchError                   an operation does not fit the state
    │   └── StateHashMismatchError       not what its producer hashed
    ├── LogError                         the log cannot do what was asked
    │   ├── LogClosedError
    │   ├── LogFullError                 no space for the batch; nothing of it was written
    │   ├── LogCorruptError
    │   ├── LogUnavailableError          it does not answer, or not in time
    │   ├── LogRefusedError              it answers that we may not, or cannot do this
    │   ├── LogEpochChangedError         it was deleted or made anew: another life, other positions
    │   └── OffsetOutOfRangeError        below the low watermark
    ├── RetainedError                    the retained tier cannot do what was asked; the log has everything
    │   └── RetainedFencedError          somebody else writes the partition now, or the store has lost the claim
    ├── RunIndexError                    the run index cannot be read or written; the log is not affected
    ├── OverloadedError                  a bound was reached; try later
    ├── ProtocolError                    the peer broke the client protocol
    ├── UnauthenticatedError
    ├── ForbiddenError
    ├── NotFoundError
    ├── ConflictError                    the thing is there, but not as the request needs it
    ├── SettingsError                    a setting has a value that it cannot have
    ├── GatewayStartError                the gateway cannot start: address in use, data directory taken
    └── GatewayUnreachableError

``code`` is stable, machine-readable and part of the public surface. ``retryable`` says whether the same
call can succeed later without any change by the caller. Nothing in DashStream decides by an error's text.
"""

from __future__ import annotations

from typing import ClassVar


class DashStreamError(Exception):
    """Base of all errors that DashStream raises."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False


class RecordError(DashStreamError):
    """A record's bytes cannot be used."""

    code = "record_invalid"


class FrameError(RecordError):
    """The frame around a record's payload is wrong."""

    code = "frame_invalid"


class UnknownFrameError(FrameError):
    """The first byte of a record names no known framing."""

    code = "frame_unknown"


class DecompressionError(FrameError):
    """The compressed payload is damaged or lies about its size."""

    code = "decompression_failed"


class RecordTooLargeError(RecordError):
    """A record is above the size budget that SDK, gateway and page agree on.

    ``size`` is the offending size in bytes, or None when it was never declared; ``limit`` the budget.
    """

    code = "record_too_large"

    def __init__(self, *, size: int | None, limit: int) -> None:
        super().__init__(f"record of {size if size is not None else 'unknown'} bytes is above {limit} bytes")
        self.size = size
        self.limit = limit


class DecodeError(RecordError):
    """The payload is not a DashStreamMessage."""

    code = "decode_failed"


class SchemaMismatchError(RecordError):
    """The record was written by a newer schema version than this reader knows."""

    code = "schema_mismatch"

    def __init__(self, *, theirs: int, ours: int) -> None:
        super().__init__(f"record has schema version {theirs}; this reader knows up to {ours}")
        self.theirs = theirs
        self.ours = ours


class StateError(DashStreamError):
    """A state cannot be represented, patched or verified."""

    code = "state_invalid"


class StateValueError(StateError):
    """A value is outside the JSON model of docs/specs/state.md."""

    code = "state_value"


class PatchError(StateError):
    """An operation does not fit the state it is applied to; the state is unchanged."""

    code = "patch_failed"


class StateHashMismatchError(StateError):
    """The state is not the one its producer hashed."""

    code = "state_hash_mismatch"


class LogError(DashStreamError):
    """The log cannot do what was asked."""

    code = "log_failed"
    retryable = True


class LogClosedError(LogError):
    """The log was closed."""

    code = "log_closed"
    retryable = False


class LogFullError(LogError):
    """There is no space for the batch; nothing of it was written."""

    code = "log_full"


class LogCorruptError(LogError):
    """The log's file is damaged or not a DashStream log."""

    code = "log_corrupt"
    retryable = False


class LogUnavailableError(LogError):
    """The log does not answer, or not in time; what became of an append is not known for all of its records."""

    code = "log_unavailable"


class LogRefusedError(LogError):
    """The log answers, and refuses: access, configuration, or a record that it does not take."""

    code = "log_refused"
    retryable = False


class LogEpochChangedError(LogError):
    """The log was deleted or made anew: what it has now is another epoch, for which it has to be opened again."""

    code = "log_epoch_changed"
    retryable = False


class OffsetOutOfRangeError(LogError):
    """The offset is below the partition's low watermark: retention has removed it."""

    code = "offset_out_of_range"
    retryable = False

    def __init__(self, *, partition: int, offset: int, low: int) -> None:
        super().__init__(f"partition {partition}: offset {offset} is below the low watermark {low}")
        self.partition = partition
        self.offset = offset
        self.low = low


class RetainedError(DashStreamError):
    """The retained tier cannot be read or written; the log is not affected."""

    code = "retained_failed"
    retryable = True


class RetainedFencedError(RetainedError):
    """A claim is not its partition's newest, which is ``newest``, or the store has lost it, and that is None."""

    code = "retained_fenced"
    retryable = False

    def __init__(self, *, partition: int, generation: int, newest: int | None) -> None:
        found = "nothing is claimed" if newest is None else f"the newest is {newest}"
        super().__init__(f"partition {partition}: claim of generation {generation} does not hold, {found}")
        self.partition = partition
        self.generation = generation
        self.newest = newest


class RunIndexError(DashStreamError):
    """The run index cannot be read or written, as when the disk is full; the log is not affected."""

    code = "run_index_failed"
    retryable = True


class OverloadedError(DashStreamError):
    """A bound was reached; the same call can succeed after ``retry_after_s`` seconds."""

    code = "overloaded"
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ProtocolError(DashStreamError):
    """The peer broke the client protocol; ``reason`` is the code sent to it."""

    code = "protocol_error"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnauthenticatedError(DashStreamError):
    """No token, or one that is not valid."""

    code = "unauthenticated"


class ForbiddenError(DashStreamError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotFoundError(DashStreamError):
    """What was asked for does not exist, or no longer does."""

    code = "not_found"


class ConflictError(DashStreamError):
    """The thing is there, but not in the state that the request needs."""

    code = "conflict"


class SettingsError(DashStreamError):
    """A setting has a value that it cannot have; ``name`` is its environment name."""

    code = "settings_invalid"

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class GatewayStartError(DashStreamError):
    """The gateway cannot start; the message says what to change."""

    code = "gateway_start_failed"


class GatewayUnreachableError(DashStreamError):
    """No gateway answers at the given address."""

    code = "gateway_unreachable"
    retryable = True
