"""The spool keeps what it took, in order, across the end of its producer; it is full before the disk is harmed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dashstream.adapters import spool as spools
from dashstream.adapters.spool import MAGIC, RESERVE_BYTES, SpoolDirectory, SpoolFullError, adopt_orphans, frame

MANY = 1 << 20


def values(count: int, size: int = 100) -> list[bytes]:
    return [f"{number:06}".encode().ljust(size, b".") for number in range(count)]


def drain(spool: SpoolDirectory, max_bytes: int = MANY) -> list[bytes]:
    found = []
    while page := spool.read(max_bytes):
        found += page
        spool.advance()
    return found


def orphan(root: Path) -> SpoolDirectory:
    (adopted,) = adopt_orphans(root)
    return adopted


@pytest.mark.parametrize("max_bytes", [1, 250, MANY])
def test_what_was_appended_is_read_in_order(tmp_path: Path, max_bytes: int) -> None:
    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        spool.append(values(5))
        spool.append(values(3))
        assert drain(spool, max_bytes) == values(5) + values(3)
        assert spool.is_empty
    assert not (tmp_path / "p").exists(), "an empty spool leaves nothing behind"


def test_reading_again_without_advancing_gives_the_same(tmp_path: Path) -> None:
    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        spool.append(values(4))
        assert spool.read(200) == spool.read(200) == values(2)[:1]


def test_appends_and_reads_take_turns(tmp_path: Path) -> None:
    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        spool.append([b"one"])
        assert drain(spool) == [b"one"]
        spool.append([b"two"])
        spool.append([b"three"])
        assert spool.read(1) == [b"two"]
        spool.advance()
        spool.append([b"four"])
        assert drain(spool) == [b"three", b"four"]


def test_segments_follow_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "SEGMENT_BYTES", 500)
    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        for value in values(20):
            spool.append([value])
        assert len(list((tmp_path / "p").glob("*.spool"))) > 3
        assert drain(spool, 300) == values(20)
        assert spool.size == 0


def test_above_its_bound_it_takes_nothing_of_a_batch(tmp_path: Path) -> None:
    with SpoolDirectory.create(tmp_path, "p", 1_000) as spool:
        spool.append(values(5))
        with pytest.raises(SpoolFullError):
            spool.append(values(5))
        assert drain(spool) == values(5)
        spool.append(values(5))


def test_last_words_have_room_above_the_bound(tmp_path: Path) -> None:
    spool = SpoolDirectory.create(tmp_path, "p", 600)
    spool.append(values(5))
    spool.append_last(b"what was lost")
    with pytest.raises(SpoolFullError):
        spool.append([b"anything else".ljust(100)])
    spool.close()
    assert drain(orphan(tmp_path)) == [*values(5), b"what was lost"]


def test_room_for_last_words_is_held_back_on_disk(tmp_path: Path) -> None:
    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        spool.append([b"x"])
        assert (tmp_path / "p" / "reserve").stat().st_size == RESERVE_BYTES
        spool.append_last(b"y")
        assert not (tmp_path / "p" / "reserve").exists()
        drain(spool)


@pytest.mark.parametrize("written", [0, 5, 60])
def test_on_a_full_disk_the_spool_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """The disk takes a part of a batch and then refuses."""
    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        spool.append([b"kept"])
        real = os.write
        room = [written]

        def write(descriptor: int, data: bytes) -> int:
            if room[0] == 0:
                raise OSError(errno.ENOSPC, "no space")
            done = real(descriptor, data[: room[0]])
            room[0] -= done
            return done

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(SpoolFullError):
                spool.append(values(3))
        spool.append([b"after"])
        assert drain(spool) == [b"kept", b"after"]


def test_a_disk_that_is_full_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(SpoolFullError):
                spool.append([b"x"])
        assert spool.is_empty
        assert spool.size == 0


def test_orphans_are_taken_over_and_living_spools_are_not(tmp_path: Path) -> None:
    living = SpoolDirectory.create(tmp_path, "living", MANY)
    living.append([b"mine"])
    for number, name in enumerate(("older", "newer")):
        gone = SpoolDirectory.create(tmp_path, name, MANY)
        gone.append([name.encode()])
        gone.close()
        os.utime(tmp_path / name, (number, number))
    found = []
    for adopted in adopt_orphans(tmp_path):
        with adopted:
            found.append(drain(adopted))
    assert found == [[b"older"], [b"newer"]]
    assert [path.name for path in tmp_path.iterdir()] == ["living"]
    with pytest.raises(OSError, match="in use"):
        SpoolDirectory.create(tmp_path, "living", MANY)
    living.close()


def test_a_new_spool_waits_for_whoever_looks_for_orphans_just_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p").mkdir()
    looking = orphan(tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: looking.close() if seconds else None)
    with SpoolDirectory.create(tmp_path, "p", MANY) as spool:
        spool.append([b"kept"])
        assert drain(spool) == [b"kept"]


def test_half_forwarded_spools_are_forwarded_from_their_segment_on(tmp_path: Path) -> None:
    spool = SpoolDirectory.create(tmp_path, "p", MANY)
    spool.append(values(3))
    spool.read(1)
    spool.advance()
    spool.close()
    assert drain(orphan(tmp_path)) == values(3), "duplicates are the gateway's to drop, losses are nobody's"


@pytest.mark.parametrize(
    ("tail", "torn"),
    [
        (frame(b"whole")[:6], 6),
        (frame(b"whole")[:-1], 12),
        (frame(b"whole")[:-1] + b"?", 13),
        (b"\xff" * 20, 20),
    ],
    ids=["head", "short", "flipped", "garbage"],
)
def test_a_torn_tail_ends_a_segment_and_is_reported(tmp_path: Path, tail: bytes, torn: int) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "00000001.spool").write_bytes(MAGIC + frame(b"one") + tail)
    (folder / "00000002.spool").write_bytes(MAGIC + frame(b"two"))
    spool = orphan(tmp_path)
    assert drain(spool) == [b"one", b"two"]
    assert spool.torn_bytes == torn
    spool.close()


def test_a_file_that_is_no_segment_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "00000001.spool").write_bytes(b"something else entirely")
    (folder / "00000002.spool").write_bytes(MAGIC + frame(b"two"))
    spool = orphan(tmp_path)
    assert drain(spool) == [b"two"]
    assert spool.torn_bytes > 0
    spool.close()
