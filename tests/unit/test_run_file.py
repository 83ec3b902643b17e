"""The ``.dsrun`` file: cut, lengthened or hostile, it is refused by name."""

from __future__ import annotations

import pytest

from dashstream.errors import FrameError, RecordTooLargeError
from dashstream.protocol.run_file import RunFileReader, RunFileWriter

VALUES = [b"a" * 100, b"", b"b" * 1_000]


def written(values: list[bytes] = VALUES) -> bytes:
    writer = RunFileWriter()
    return b"".join([*map(writer.add, values), writer.end()])


def read(data: bytes, *, most: int = 1_000, piece: int = 7) -> list[bytes]:
    reader = RunFileReader(most)
    values = [value for at in range(0, len(data), piece) for value in reader.feed(data[at : at + piece])]
    reader.end()
    return values


def test_it_gives_back_what_was_written() -> None:
    assert read(written()) == VALUES
    assert read(written([])) == []


@pytest.mark.parametrize("kept", [0, 4, 8, 20, -1])
def test_a_file_that_is_cut_is_refused(kept: int) -> None:
    with pytest.raises(FrameError, match="cut short"):
        read(written()[:kept])


def test_what_is_behind_the_end_is_refused() -> None:
    with pytest.raises(FrameError, match="behind the end"):
        read(written() + written(), piece=1)


def test_a_value_that_its_length_does_not_fit_is_refused() -> None:
    whole = written([b"c" * 1_001])
    with pytest.raises(RecordTooLargeError):
        read(whole)
    assert read(whole, most=1_001) == [b"c" * 1_001]
