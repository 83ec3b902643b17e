"""JSON schemas of the API's bodies, for the OpenAPI document and for the tests that check real answers
against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashstream.engine.access import Role
from dashstream.engine.sends import SendPath

Schema = Mapping[str, Any]

INTEGER_TEXT: Schema = {"type": "string", "pattern": "^-?[0-9]+$", "description": "A 64-bit integer."}
MAYBE_INTEGER_TEXT: Schema = {**INTEGER_TEXT, "type": ["string", "null"]}
TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
MAYBE_COUNT: Schema = {**COUNT, "type": ["integer", "null"]}
FLAG: Schema = {"type": "boolean"}
ANY: Schema = {}


def record(properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with exactly these properties, all there except the optional ones."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


def sequence_of(schema: Schema) -> Schema:
    """An array of one kind of element."""
    return {"type": "array", "items": schema}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_RUN_FIELDS: dict[str, Schema] = {
    "run_id": TEXT,
    "thread_id": TEXT,
    "tenant_id": TEXT,
    "graph_id": TEXT,
    "graph_name": TEXT,
    "status": TEXT,
    "started_us": INTEGER_TEXT,
    "ended_us": MAYBE_INTEGER_TEXT,
    "duration_us": MAYBE_INTEGER_TEXT,
    "last_us": INTEGER_TEXT,
    "supersteps": COUNT,
    "records": COUNT,
    "duplicates": COUNT,
    "node_executions": COUNT,
    "llm_calls": COUNT,
    "tool_calls": COUNT,
    "prompt_tokens": COUNT,
    "completion_tokens": COUNT,
    "errors": COUNT,
    "losses": COUNT,
    "interrupts": sequence_of(record({"id": TEXT, "node_id": TEXT, "value": ANY, "when": TEXT})),
    "resumes": MAYBE_TEXT,
    "resumed_by": MAYBE_TEXT,
    "partition": COUNT,
    "first_offset": INTEGER_TEXT,
    "last_offset": INTEGER_TEXT,
    "first_sequence": MAYBE_INTEGER_TEXT,
    "last_sequence": MAYBE_INTEGER_TEXT,
    "producer_id": TEXT,
    "producer_epoch": INTEGER_TEXT,
    "program": MAYBE_TEXT,
    "truth_edges": MAYBE_TEXT,
    "has_start": FLAG,
}

GRAPH_SCHEMA = record(
    {
        "graph_id": TEXT,
        "name": TEXT,
        "nodes": sequence_of(record({"id": TEXT, "name": TEXT, "kind": TEXT, "parent": TEXT})),
        "edges": sequence_of(record({"source": TEXT, "target": TEXT, "conditional": FLAG, "label": TEXT})),
        "first_seen_us": INTEGER_TEXT,
        "last_seen_us": INTEGER_TEXT,
        "runs": COUNT,
    }
)

RUN = record(_RUN_FIELDS)
RUN_PAGE = record({"runs": sequence_of(RUN), "next": MAYBE_TEXT, "version": TEXT})
RUN_DETAIL = record(
    {
        **_RUN_FIELDS,
        "namespaces": sequence_of(TEXT),
        "schema": _or_null(GRAPH_SCHEMA),
    }
)
SCHEMA_LIST = record({"schemas": sequence_of(GRAPH_SCHEMA)})

EVENT_PAGE = record(
    {
        "events": sequence_of(
            record(
                {
                    "partition": COUNT,
                    "offset": INTEGER_TEXT,
                    "sequence": INTEGER_TEXT,
                    "kind": TEXT,
                    "type": TEXT,
                    "timestamp_us": INTEGER_TEXT,
                    "node_id": TEXT,
                    "node_execution_id": TEXT,
                    "superstep": MAYBE_INTEGER_TEXT,
                    "attempt": COUNT,
                    "summary": TEXT,
                    "data": {"type": ["object", "null"]},
                }
            )
        ),
        "next": MAYBE_TEXT,
    }
)

STATE = record(
    {
        "run_id": TEXT,
        "ns": TEXT,
        "sequence": INTEGER_TEXT,
        "superstep": MAYBE_INTEGER_TEXT,
        "hash": TEXT,
        "verified": FLAG,
        "doubt": MAYBE_TEXT,
        "state": ANY,
    }
)

DIFF = record(
    {
        "run_id": TEXT,
        "ns": TEXT,
        "from_sequence": INTEGER_TEXT,
        "to_sequence": INTEGER_TEXT,
        "from_hash": TEXT,
        "to_hash": TEXT,
        "verified": FLAG,
        "operations": sequence_of(record({"op": TEXT, "path": TEXT, "value": ANY}, optional=("value",))),
    }
)

INGEST = record(
    {
        "accepted": COUNT,
        "duplicates": COUNT,
        "rejected": sequence_of(record({"index": COUNT, "code": TEXT, "message": TEXT})),
        "epoch": TEXT,
    }
)

_BY_PATH = record({path.value: COUNT for path in SendPath})

HEALTH = record(
    {
        "level": {"type": "string", "enum": ["ok", "degraded", "failed"]},
        "reasons": sequence_of(record({"check": TEXT, "level": TEXT, "message": TEXT})),
        "unknown": sequence_of(TEXT),
        "listens": {"type": "string", "enum": ["loopback", "remote"]},
        "retained": {"type": "string", "enum": ["none", "working", "failing"]},
        "dead_letters": record({"written": MAYBE_COUNT, "waiting": MAYBE_COUNT, "lost_recently": MAYBE_COUNT}),
        "sends": record(
            {
                "failed": _BY_PATH,
                "failed_recently": MAYBE_COUNT,
                "timed_out": _BY_PATH,
                "timed_out_recently": MAYBE_COUNT,
            }
        ),
        "producers": _or_null(
            record(
                {
                    "accepted_recently": MAYBE_COUNT,
                    "rejected_recently": MAYBE_COUNT,
                    "overloaded_recently": MAYBE_COUNT,
                }
            )
        ),
        "viewers": _or_null(
            record(
                {
                    "connected": MAYBE_COUNT,
                    "slow": MAYBE_COUNT,
                    "apply_lag_s": {"type": ["number", "null"], "minimum": 0},
                }
            )
        ),
        "index_lag": MAYBE_COUNT,
        "window_s": {"type": "number"},
    }
)

VERSION = record(
    {
        "version": TEXT,
        "instance": TEXT,
        "schema_version": COUNT,
        "topic": TEXT,
        "epoch": TEXT,
        "partitions": COUNT,
        "max_record_bytes": COUNT,
        "max_body_bytes": COUNT,
        "send_timeout_s": {"type": "number"},
    }
)

ACCESS = record(
    {
        "name": TEXT,
        "role": {"type": "string", "enum": [role.value for role in Role]},
        "tenants": {"type": ["array", "null"], "items": TEXT},
    }
)

_PAUSE = record({"offset": INTEGER_TEXT, "reason": TEXT, "since_us": INTEGER_TEXT})

PARTITIONS = record(
    {
        "epoch": TEXT,
        "partitions": sequence_of(
            record(
                {
                    "partition": COUNT,
                    "owned": FLAG,
                    "high": INTEGER_TEXT,
                    "head": MAYBE_INTEGER_TEXT,
                    "position": MAYBE_INTEGER_TEXT,
                    "settled": MAYBE_INTEGER_TEXT,
                    "catching_up": {"type": ["boolean", "null"]},
                    "waiting": MAYBE_COUNT,
                    "paused": _or_null(_PAUSE),
                }
            )
        ),
    }
)
RESUMED = record({"partition": COUNT, "passed": _PAUSE})

REDRIVE = record({"at_us": INTEGER_TEXT, "partition": COUNT, "offset": INTEGER_TEXT, "instance": TEXT})
_LETTER_FIELDS: dict[str, Schema] = {
    "id": TEXT,
    "version": COUNT,
    "topic": TEXT,
    "epoch": TEXT,
    "partition": COUNT,
    "offset": INTEGER_TEXT,
    "reason": TEXT,
    "size": COUNT,
    "sha256": TEXT,
    "head": TEXT,
    "tail": TEXT,
    "thread_id": TEXT,
    "tenant_id": TEXT,
    "producer_id": TEXT,
    "key": TEXT,
    "key_size": COUNT,
    "timestamp_us": INTEGER_TEXT,
    "at_us": INTEGER_TEXT,
    "instance": TEXT,
    "payload_state": {"type": "string", "enum": ["off", "complete", "truncated", "redacted"]},
    "redriven": sequence_of(REDRIVE),
}
LETTER = record({**_LETTER_FIELDS, "payload": TEXT})
LETTER_PAGE = record({"dead_letters": sequence_of(record(_LETTER_FIELDS)), "next": MAYBE_TEXT, "known": COUNT})

PROBLEM = record({"type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT, "code": TEXT})
