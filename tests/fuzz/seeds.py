"""Where fuzzing starts: well-formed input of each target and words of its language; and what was found before."""

from __future__ import annotations

import json
from pathlib import Path

import zstandard

from dashstream.adapters import spool
from dashstream.protocol.batch import encode_frame_lead, encode_lead
from dashstream.protocol.framing import compress
from dashstream.protocol.record_batch import pack_records
from dashstream.protocol.run_file import RunFileWriter
from run_builder import RunBuilder

CORPUS = Path(__file__).parent / "corpus"
"""One folder per target: input that once broke it."""

HELLO = b'{"type":"hello","protocol":"dashstream.v2","client":{"name":"n","version":"0"},"compression":["zstd"]}'
SUBSCRIBE = (
    b'{"type":"subscribe","id":1,"strict":true,"filter":{"runs":["r"]},"window_bytes":9,'
    b'"start":{"from":"cursor","epoch":"e","positions":{"0":"1","9":"x"}}}'
)
CONTROL = [
    HELLO,
    SUBSCRIBE,
    b'{"type":"ack","id":1,"positions":{"0":"2"}}',
    b'{"type":"unsubscribe","id":1}',
    b'{"type":"ping","t":1.5}',
    b'{"type":"auth","token":"t"}',
]
WORDS = [
    *(
        word.encode()
        for word in ('"', "[", "]", "{", "}", ",", ":", "-1", "1e9", "null", "true", "\\ud800", "\x00", "\n")
    ),
    *(b"/-", b"/0", b"~1", b'"op":"copy"', b'"from":""', b'"path":""', b"18446744073709551616", b"9223372036854775807"),
    *(b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x28\xb5\x2f\xfd", b"\x7f\xff\xff\xff", b"\x80\x80\x80\x80\x10"),
]


def seeds_of(target: str) -> list[bytes]:
    """Return the well-formed input that a target's fuzzing starts from."""
    return [b"", *_WELL_FORMED[target]()]


def found_by(target: str) -> list[bytes]:
    """Return the input that once broke a target."""
    return [path.read_bytes() for path in sorted((CORPUS / target).glob("*"))]


def _values() -> list[bytes]:
    run = RunBuilder(run_id="r")
    run.start({"messages": ["a" * 600], "count": 0})
    run.step(1, [])
    run.end()
    return [*run.records, b"\x01" + zstandard.ZstdCompressor().compress(b"\x0a\x00" * 1_000)]


def _data_frames() -> list[bytes]:
    entries = b"".join(encode_lead(0, offset, 1, len(value)) + value for offset, value in enumerate(_values()))
    return [
        encode_frame_lead(1, 1) + entries,
        encode_frame_lead(1, 300, compressed=True) + compress(entries),
    ]


def _patches() -> list[bytes]:
    before = json.dumps({"a": [1, {"b": "text 🌊"}], "c": {"d": None, "e": 1.5}}).encode()
    operations = [
        {"op": "add", "path": "/a/-", "value": [True]},
        {"op": "copy", "path": "/c/f", "from": "/a"},
        {"op": "move", "path": "/a/0", "from": "/c/d"},
        {"op": "replace", "path": "/c/e", "value": 2**63},
        {"op": "test", "path": "/c/e", "value": 2**63},
        {"op": "text_splice", "path": "/a/2/b", "value": [0, 4, "word"]},
        {"op": "remove", "path": "/a/1"},
    ]
    return [before + b"\n" + json.dumps([operation]).encode() for operation in operations] + [
        before + b"\n" + json.dumps(operations).encode()
    ]


def _run_file() -> list[bytes]:
    writer = RunFileWriter()
    whole = b"".join(map(writer.add, _values())) + writer.end()
    return [b"\x10" + whole, b"\xff" + whole]


_WELL_FORMED = {
    "framing": _values,
    "records": lambda: [*_values(), pack_records(_values())],
    "data_frames": _data_frames,
    "control_frames": lambda: CONTROL,
    "session": lambda: [b"\n".join(CONTROL), b"\n".join([HELLO, SUBSCRIBE, SUBSCRIBE, b"\x00", b"{}", b"{}"])],
    "positions": lambda: [b'{"0":"1","1":"x","x":"1","9":"1"}', b'{"v":1,"epoch":"e","positions":{"0":"12"}}'],
    "patches": _patches,
    "run_files": _run_file,
    "spool_frames": lambda: [b"".join(map(spool.frame, _values()))],
}
