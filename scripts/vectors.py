"""Golden cases of framing, patch and state hash for every implementation; with --check, fail if they are stale.

Values are kept as JSON *text*, because a JSON reader that rounds large integers would otherwise spoil the case
before the implementation under test sees it.
"""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path
from typing import Any

import zstandard

from dashstream.errors import RecordError, StateError
from dashstream.protocol.framing import frame, unframe
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import dumps, loads
from dashstream.protocol.patch import Op, apply
from dashstream.protocol.state_hash import state_hash

VECTORS = Path(__file__).resolve().parent.parent / "vectors"

VALUES = {
    "null": "null",
    "true": "true",
    "false": "false",
    "zero": "0",
    "minus zero is zero": "-0.0",
    "one": "1",
    "one as a double equals one": "1.0",
    "a half": "0.5",
    "a tenth": "0.1",
    "1e21 is an integer": "1e21",
    "the largest double": "1.7976931348623157e308",
    "the smallest double": "5e-324",
    "2^53 - 1": "9007199254740991",
    "2^53": "9007199254740992",
    "2^53 + 1": "9007199254740993",
    "2^53 + 1 as a double is 2^53": "9007199254740993.0",
    "2^63 - 1": "9223372036854775807",
    "-2^63": "-9223372036854775808",
    "2^64 - 1": "18446744073709551615",
    "empty string": '""',
    "a string that looks like a number": '"1"',
    "accents": '"é"',
    "an astral character": '"\U0001f30a"',
    "escapes": '"\\u0000\\n\\"\\\\"',
    "empty array": "[]",
    "empty object": "{}",
    "array of empties": '[[],{},"",null]',
    "order matters in arrays": "[1,2]",
    "other order": "[2,1]",
    "order does not matter in objects": '{"a":1,"b":2}',
    "other key order": '{"b":2,"a":1}',
    "astral and BMP keys": '{"\U0001f30a":1,"\uffff":2,"a":3}',
    "a key named __proto__": '{"__proto__":{"a":1},"constructor":2}',
    "a large integer in an array": "[9007199254740993,1.5,{}]",
    "nested 100 deep": "[" * 100 + "]" * 100,
    "a small agent state": '{"messages":[{"type":"human","content":"hi"}],"count":3,"score":0.75,"done":false}',
}
REFUSED = {"a lone surrogate": '"\\ud800"', "nested 300 deep": "[" * 300 + "]" * 300}

PATCHES: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("no operation", '{"a":1}', []),
    ("add a member", "{}", [{"op": "add", "path": "/a", "value": 1}]),
    ("add over a member replaces it", '{"a":1}', [{"op": "add", "path": "/a", "value": [2]}]),
    ("append", '{"l":[1,2]}', [{"op": "add", "path": "/l/-", "value": 3}]),
    ("insert at the front", '{"l":[1,2]}', [{"op": "add", "path": "/l/0", "value": 0}]),
    ("insert in the middle", '{"l":[1,2,3,4,5]}', [{"op": "add", "path": "/l/1", "value": {"x": None}}]),
    ("insert at the end by index", '{"l":[1,2]}', [{"op": "add", "path": "/l/2", "value": 3}]),
    ("shift a window", '{"l":[1,2,3]}', [{"op": "remove", "path": "/l/0"}, {"op": "add", "path": "/l/2", "value": 4}]),
    ("remove a member", '{"a":1,"b":2}', [{"op": "remove", "path": "/a"}]),
    ("remove from the middle", "[1,2,3,4,5]", [{"op": "remove", "path": "/3"}]),
    ("replace deep", '{"a":[{"b":{"c":1}}]}', [{"op": "replace", "path": "/a/0/b/c", "value": 2}]),
    ("replace the whole state", '{"a":1}', [{"op": "replace", "path": "", "value": [1]}]),
    ("move", '{"a":{"x":1},"b":{}}', [{"op": "move", "from": "/a/x", "path": "/b/y"}]),
    ("move within an array", "[1,2,3]", [{"op": "move", "from": "/0", "path": "/2"}]),
    (
        "a copy is independent of its source",
        '{"a":{"x":1}}',
        [{"op": "copy", "from": "/a", "path": "/b"}, {"op": "replace", "path": "/b/x", "value": 2}],
    ),
    ("a test that holds", '{"a":1}', [{"op": "test", "path": "/a", "value": 1.0}]),
    ("a test that fails", '{"a":1}', [{"op": "test", "path": "/a", "value": True}]),
    ("escaped pointer", '{"a/b":{"~":1}}', [{"op": "replace", "path": "/a~1b/~0", "value": 2}]),
    ("empty key", '{"":{"":1}}', [{"op": "replace", "path": "//", "value": 2}]),
    ("a key named __proto__", "{}", [{"op": "add", "path": "/__proto__", "value": {"a": 1}}]),
    ("a large integer", '{"a":1}', [{"op": "replace", "path": "/a", "value": 9007199254740993}]),
    ("splice a text", '{"t":"hello world"}', [{"op": "text_splice", "path": "/t", "value": [5, 6, ", you"]}]),
    (
        "splice counts code points",
        '{"t":"a\U0001f30ab\U0001f30ac"}',
        [{"op": "text_splice", "path": "/t", "value": [2, 2, "\U0001f31e"]}],
    ),
    ("append to a text", '{"t":"ab"}', [{"op": "text_splice", "path": "/t", "value": [2, 0, "c"]}]),
    ("a splice beyond the end", '{"t":"ab"}', [{"op": "text_splice", "path": "/t", "value": [2, 1, ""]}]),
    ("a splice beyond an astral end", '{"t":"\U0001f30a"}', [{"op": "text_splice", "path": "/t", "value": [2, 0, ""]}]),
    ("a splice of a number", '{"t":1}', [{"op": "text_splice", "path": "/t", "value": [0, 0, ""]}]),
    ("a missing member", "{}", [{"op": "replace", "path": "/a", "value": 1}]),
    ("an index beyond the end", "[1]", [{"op": "add", "path": "/2", "value": 1}]),
    ("an index with a leading zero", "[1,2]", [{"op": "remove", "path": "/01"}]),
    ("a path through a scalar", '{"a":1}', [{"op": "add", "path": "/a/b", "value": 1}]),
    ("a move into itself", '{"a":{"b":1}}', [{"op": "move", "from": "/a", "path": "/a/b"}]),
    (
        "nothing of a failing patch stays",
        '{"a":1}',
        [{"op": "replace", "path": "/a", "value": 2}, {"op": "remove", "path": "/b"}],
    ),
]


def state_hash_cases() -> Any:
    generated = loads(dumps([{"id": n, "text": "x" * 1000, "even": n % 2 == 0} for n in range(10_000)]))
    return {
        "values": [
            {"name": name, "json": text, "hash": state_hash(loads(text.encode())).hex()}
            for name, text in VALUES.items()
        ],
        "refused": [{"name": name, "json": text} for name, text in REFUSED.items()],
        "generated": {
            "name": "10 MB: for n in 0..9999 an object of id n, text 'x' times 1000, even (n is even)",
            "hash": state_hash(generated).hex(),
        },
    }


def patch_cases() -> Any:
    return [patch_case(*case) for case in PATCHES]


def patch_case(name: str, before: str, operations: list[dict[str, Any]]) -> Any:
    case = {"name": name, "before": before, "operations": json.dumps(operations, ensure_ascii=False)}
    try:
        after = apply(loads(before.encode()), [Op.from_json(operation) for operation in operations])
    except StateError:
        return {**case, "after": None, "hash": None}
    return {**case, "after": dumps(after).decode(), "hash": state_hash(after).hex()}


def framing_cases() -> Any:
    message = pb.DashStreamMessage(event=pb.Event(header=pb.Header(thread_id="t", sequence=1), node_id="n" * 40))
    payload = message.SerializeToString()
    text = b"the same words again and again. " * 64
    packed = zstandard.ZstdCompressor().compress(text)
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(text)
    checked = zstandard.ZstdCompressor(write_checksum=True).compress(text)
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 20))
    unsized_bomb = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 20))
    false_size = bytearray(packed)
    false_size[5] ^= 1
    values = {
        "raw": b"\x00" + payload,
        "framed by us, small": frame(payload),
        "framed by us, large": frame(text),
        "zstd with its size": b"\x01" + packed,
        "zstd without its size": b"\x01" + unsized,
        "zstd with a checksum": b"\x01" + checked,
        "bare message of the predecessor": payload,
        "a bomb that declares its size": b"\x01" + bomb,
        "a bomb that does not": b"\x01" + unsized_bomb,
        "two frames": b"\x01" + packed + packed,
        "a false size": b"\x01" + bytes(false_size),
        "cut short": b"\x01" + packed[:-3],
        "not zstd": b"\x01" + b"not zstd at all",
        "nothing after the first byte": b"\x01",
        "an unknown first byte": b"\x02" + payload,
        "empty": b"",
        "above the limit": b"\x00" + bytes(9_000),
        "empty payload": b"\x00",
    }
    return [framing_case(name, value) for name, value in values.items()]


def framing_case(name: str, value: bytes, limit: int = 8_192) -> Any:
    case = {"name": name, "limit": limit, "value": base64.b64encode(value).decode()}
    try:
        payload = unframe(value, max_record_bytes=limit)
    except RecordError as error:
        return {**case, "payload": None, "error": error.code}
    return {**case, "payload": base64.b64encode(payload).decode(), "error": None}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when a file is stale")
    check = parser.parse_args().check
    topics = {"framing": framing_cases(), "patch": patch_cases(), "state_hash": state_hash_cases()}
    stale = []
    for topic, cases in topics.items():
        path = VECTORS / topic / "cases.json"
        text = json.dumps(cases, indent=1, ensure_ascii=False) + "\n"
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(path)
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"stale vectors: {path}; run 'make generate'")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
