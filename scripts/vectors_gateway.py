"""Write the vectors of the client protocol: control frames, data frames and the rule of continuity.

With ``--check`` nothing is written and a stale file fails the run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from dashstream.errors import ProtocolError
from dashstream.protocol import batch, control
from dashstream.protocol.position import positions_to_wire

VECTORS = Path(__file__).resolve().parents[1] / "vectors"

CLIENT_FRAMES: dict[str, dict[str, Any]] = {
    "hello": {
        "type": "hello",
        "protocol": "dashstream.v2",
        "client": {"name": "dashstream-page", "version": "0.1.0"},
        "token": "c2VjcmV0",
        "max_batch_bytes": 262144,
        "compression": ["zstd"],
    },
    "hello, shortest": {
        "type": "hello",
        "protocol": "dashstream.v2",
        "client": {"name": "curl", "version": "1"},
    },
    "subscribe to one run from its beginning": {
        "type": "subscribe",
        "id": 1,
        "filter": {"runs": ["run-1"]},
        "start": {"from": "earliest"},
        "window_bytes": 1048576,
    },
    "subscribe to a run from the full state before a step": {
        "type": "subscribe",
        "id": 1,
        "filter": {"runs": ["run-1"]},
        "start": {"from": "snapshot", "step": "96810"},
    },
    "resume from a cursor": {
        "type": "subscribe",
        "id": 2,
        "start": {
            "from": "cursor",
            "epoch": "8f3a9c0d11223344",
            "positions": {"0": "0", "3": "9007199254740993", "7": "9223372036854775807"},
        },
        "strict": True,
    },
    "subscribe with every filter": {
        "type": "subscribe",
        "id": 2147483647,
        "filter": {
            "tenants": ["default"],
            "threads": ["t-1", "t-2"],
            "runs": ["r"],
            "graphs": ["g"],
            "kinds": ["event", "loss"],
        },
        "start": {"from": "latest"},
    },
    "ack": {"type": "ack", "id": 1, "positions": {"0": "17", "5": "9007199254740993"}},
    "unsubscribe": {"type": "unsubscribe", "id": 1},
    "ping with text": {"type": "ping", "t": "1700000000000"},
    "ping with a number": {"type": "ping", "t": 1700000000000.25},
    "auth": {"type": "auth", "token": "bmV3"},
}

REFUSED_FRAMES: dict[str, tuple[str, str]] = {
    "not JSON": ("{", "bad_frame"),
    "not an object": ("[1]", "bad_frame"),
    "no type": ('{"id":1}', "bad_frame"),
    "type is not text": ('{"type":5}', "bad_frame"),
    "unknown type": ('{"type":"reset"}', "unknown_type"),
    "a server's type": ('{"type":"welcome"}', "unknown_type"),
    "unknown field": ('{"type":"unsubscribe","id":1,"force":true}', "bad_frame"),
    "missing field": ('{"type":"ack","id":1}', "bad_frame"),
    "subscription id 0": ('{"type":"unsubscribe","id":0}', "bad_frame"),
    "subscription id too large": ('{"type":"unsubscribe","id":2147483648}', "bad_frame"),
    "subscription id is a boolean": ('{"type":"unsubscribe","id":true}', "bad_frame"),
    "ack with a number as offset": ('{"type":"ack","id":1,"positions":{"0":1}}', "bad_frame"),
    "ack with a sign": ('{"type":"ack","id":1,"positions":{"0":"+1"}}', "bad_frame"),
    "ack with a leading zero": ('{"type":"ack","id":1,"positions":{"0":"01"}}', "bad_frame"),
    "filter with an empty list": (
        '{"type":"subscribe","id":1,"filter":{"runs":[]},"start":{"from":"latest"}}',
        "bad_frame",
    ),
    "filter with an unknown field": (
        '{"type":"subscribe","id":1,"filter":{"nodes":["a"]},"start":{"from":"latest"}}',
        "bad_frame",
    ),
}

SERVER_FRAMES: dict[str, dict[str, Any]] = {
    "expiring": {"type": "expiring", "in_ms": 60000},
    "welcome": {
        "type": "welcome",
        "protocol": "dashstream.v2",
        "server": {"version": "0.1.0", "instance": "9d2c"},
        "epoch": "8f3a9c0d11223344",
        "topic": "dashstream",
        "partitions": [
            {"partition": 0, "low": "0", "high": "12"},
            {"partition": 1, "low": "9007199254740993", "high": "9223372036854775807"},
        ],
        "schema_version": 1,
        "limits": {
            "max_frame_bytes": 65536,
            "max_record_bytes": 1048576,
            "max_batch_bytes": 262144,
            "max_window_bytes": 8388608,
            "max_subscriptions": 16,
            "max_resume_partitions": 512,
            "max_resume_threads": 1_000,
            "max_filter_values": 1000,
        },
        "session": "c-1",
        "compression": "zstd",
    },
    "subscribed": {
        "type": "subscribed",
        "id": 1,
        "epoch": "8f3a9c0d11223344",
        "start": {"0": "3", "1": "9007199254740993"},
        "mode": "cursor",
        "tiers": ["memory", "log"],
        "window_bytes": 1048576,
        "ignored": [{"reason": "offset_invalid", "count": 1, "examples": ["'0':'-1'"]}],
    },
    "subscribed to a full state": {
        "type": "subscribed",
        "id": 1,
        "epoch": "8f3a9c0d11223344",
        "start": {"0": "387001"},
        "mode": "snapshot",
        "tiers": ["log"],
        "window_bytes": 1048576,
        "steps": {"run-1": "96750", "__proto__": "0"},
    },
    "gap of known size": {
        "type": "gap",
        "id": 1,
        "partition": 0,
        "from": "3",
        "to": "500",
        "reason": "not_retained",
        "count": "497",
    },
    "gap of unknown size": {
        "type": "gap",
        "id": 1,
        "partition": 0,
        "from": "3",
        "to": "0",
        "reason": "epoch_changed",
    },
    "progress": {"type": "progress", "id": 1, "positions": {"0": "512"}},
    "replay_complete": {
        "type": "replay_complete",
        "id": 1,
        "outcome": "complete",
        "delivered": "12481",
        "gaps": 0,
        "positions": {"0": "512", "1": "9007199254740999"},
        "tiers": {"memory": "2000", "retained": "0", "log": "10481"},
    },
    "state": {"type": "state", "id": 1, "state": "live"},
    "state of a paused partition": {
        "type": "state",
        "id": 1,
        "state": "paused",
        "partition": 3,
        "reason": "undecodable",
    },
    "error about a subscription": {
        "type": "error",
        "code": "bad_positions",
        "message": "2 positions cannot be used",
        "retryable": False,
        "id": 1,
        "details": {"offset_invalid": 2},
    },
    "error about a frame": {
        "type": "error",
        "code": "unknown_type",
        "message": "no frame is called 'reset'",
        "retryable": False,
    },
    "closing": {"type": "closing", "reason": "going_away", "retry_after_ms": 250},
    "pong": {"type": "pong", "t": "1700000000000"},
}

ENTRIES = [
    (0, 0, 0, b""),
    (0, 0, 0, b"\x00\x0a"),
    (3, 1, 1, bytes(range(100))),
    (7, 9007199254740993, 300, b"\x00" * 200),
    (511, 9223372036854775807, 1, b"\x01zstd"),
]


def control_vectors() -> list[dict[str, Any]]:
    """Return every frame with whether it is accepted; an accepted one must survive a round trip."""
    vectors: list[dict[str, Any]] = []
    for sender, frames, decode in (
        ("client", CLIENT_FRAMES, control.decode_client),
        ("server", SERVER_FRAMES, control.decode_server),
    ):
        for name, frame in frames.items():
            decoded = decode(json.dumps(frame))
            if msgspec.json.decode(control.encode(decoded)) != frame:
                raise SystemExit(f"{name}: does not survive a round trip")
            vectors.append({"name": name, "sender": sender, "text": json.dumps(frame), "accepted": True})
    for name, (text, reason) in REFUSED_FRAMES.items():
        try:
            control.decode_client(text)
        except ProtocolError as error:
            if error.reason != reason:
                raise SystemExit(f"{name}: refused as {error.reason}") from error
        else:
            raise SystemExit(f"{name}: accepted")
        vectors.append({"name": name, "sender": "client", "text": text, "accepted": False, "reason": reason})
    text = json.dumps({**SERVER_FRAMES["progress"], "later": {"field": 1}})
    vectors.append({"name": "a server's unknown field is ignored", "sender": "server", "text": text, "accepted": True})
    return vectors


def frame_vectors() -> list[dict[str, Any]]:
    """Return data frames as hexadecimal, with what is in them."""
    vectors = []
    for name, subscription, first, chosen, compressed in (
        ("no entries", 1, 1, [], False),
        ("one entry of defaults", 1, 1, ENTRIES[:1], False),
        ("several entries", 127, 128, ENTRIES, False),
        ("large ids", 2147483647, 18446744073709551615, ENTRIES[3:], False),
        ("compressed", 300, 12482, ENTRIES, True),
    ):
        entries = b"".join(_entry(*entry) for entry in chosen)
        if compressed:
            entries = zstandard.ZstdCompressor().compress(entries)
        frame = batch.encode_frame_lead(subscription, first, compressed=compressed) + entries
        vectors.append(
            {
                "name": name,
                "frame": frame.hex(),
                "accepted": True,
                "compressed": compressed,
                "subscription": subscription,
                "first_delivery": str(first),
                "entries": [
                    {"partition": p, "offset": str(o), "step": str(s), "value": v.hex()} for p, o, s, v in chosen
                ],
            }
        )
    for name, frame_hex in {
        "empty": "",
        "version alone": "02",
        "unknown version": "0100011001",
        "unknown flag": "0202011001",
        "no delivery counter": "020001",
        "varint without end": "0200ffffffffffffffffffff01",
        "entry cut": "02000110010a05",
    }.items():
        vectors.append({"name": name, "frame": frame_hex, "accepted": False})
    return vectors


def _entry(partition: int, offset: int, step: int, value: bytes) -> bytes:
    return batch.encode_lead(partition, offset, step, len(value)) + value


CONTINUITY: dict[str, tuple[dict[int, int], list[tuple[str, int, int, int]]]] = {
    "dense": ({0: 5}, [("record", 0, 5, 1), ("record", 0, 6, 1), ("record", 0, 6, 1)]),
    "filtered": ({0: 0}, [("record", 0, 7, 0), ("record", 0, 20, 13), ("record", 0, 21, 1)]),
    "the start is above the previous record": ({0: 10}, [("record", 0, 20, 15)]),
    "a hole": ({0: 0}, [("record", 0, 0, 0), ("record", 0, 2, 1), ("record", 0, 1, 1)]),
    "a gap closes the hole": ({0: 0}, [("record", 0, 0, 0), ("gap", 0, 2, 0), ("record", 0, 2, 1)]),
    "progress": ({0: 0}, [("progress", 0, 100, 0), ("record", 0, 99, 1), ("record", 0, 100, 90)]),
    "partitions are independent": ({0: 3, 1: 8}, [("record", 1, 8, 1), ("record", 0, 3, 1)]),
    "a new partition": ({0: 3}, [("record", 4, 0, 0), ("record", 4, 1, 1), ("record", 4, 3, 1)]),
    "beyond 2^53": ({0: 2**53}, [("record", 0, 2**53 + 1, 1), ("record", 0, 2**53, 1)]),
}


def continuity_vectors() -> list[dict[str, Any]]:
    """Return what a reader sees, and what it must make of it."""
    vectors = []
    for name, (start, steps) in CONTINUITY.items():
        continuity = batch.Continuity(start)
        seen = []
        for what, partition, offset, step in steps:
            item = {"what": what, "partition": partition, "offset": str(offset), "step": str(step)}
            if what == "record":
                item["verdict"] = continuity.record(partition, offset, step).value
            else:
                continuity.advance(partition, offset)
            seen.append(item)
        vectors.append(
            {
                "name": name,
                "start": positions_to_wire(start),
                "seen": seen,
                "positions": positions_to_wire(continuity.positions),
            }
        )
    return vectors


def main() -> int:
    """Write or check all files; return the exit code."""
    stale = []
    for path, vectors in {
        VECTORS / "control" / "frames.json": control_vectors(),
        VECTORS / "batch" / "frames.json": frame_vectors(),
        VECTORS / "batch" / "continuity.json": continuity_vectors(),
    }.items():
        text = json.dumps(vectors, indent=1, ensure_ascii=True) + "\n"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        print("stale:", *stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
