"""``dashstream import``: give a saved run to a gateway."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from dashstream.cli.connection import (
    PIECE_BYTES,
    DataDirOption,
    Gateway,
    JsonOption,
    TokenOption,
    UrlOption,
    find_gateway,
)
from dashstream.cli.output import write_json

BATCH_RECORDS = 1_000
BATCH_BYTES = 4 << 20
ATTEMPTS = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="import")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="A `.dsrun` file; `-` is standard input.")],
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Give a saved run to a gateway. Doing it twice changes nothing.

    Example: `dashstream import RUN_ID.dsrun`
    """
    gateway = find_gateway(url, token, data_dir)
    total: dict[str, Any] = {"accepted": 0, "duplicates": 0, "rejected": 0}
    for batch in _batches(file, _record_limit(gateway)):
        answer = _post(gateway, batch)
        total["accepted"] += answer["accepted"]
        total["duplicates"] += answer["duplicates"]
        total["rejected"] += len(answer["rejected"])
    if json:
        write_json(total)
    else:
        sys.stdout.write(", ".join(f"{count} {what}" for what, count in total.items()) + "\n")
    raise typer.Exit(1 if total["rejected"] else 0)


def _record_limit(gateway: Gateway) -> int:
    return int(gateway.get("/api/v1/version")["max_record_bytes"])


def _post(gateway: Gateway, batch: list[bytes]) -> Any:
    """Send a batch; wait as told when the gateway puts it off."""
    from dashstream.errors import OverloadedError
    from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records

    body = pack_records(batch)
    for _ in range(ATTEMPTS - 1):
        try:
            return gateway.post("/v1/records", body, CONTENT_TYPE)
        except OverloadedError as error:
            threading.Event().wait(error.retry_after_s)
    return gateway.post("/v1/records", body, CONTENT_TYPE)


def _batches(file: Path, max_record_bytes: int) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for value in _values(file, max_record_bytes):
        if batch and (len(batch) >= BATCH_RECORDS or size + len(value) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(value)
        size += len(value)
    if batch:
        yield batch


def _values(file: Path, max_record_bytes: int) -> Iterator[bytes]:
    from dashstream.errors import NotFoundError
    from dashstream.protocol.run_file import RunFileReader

    reader = RunFileReader(max_record_bytes)
    try:
        source = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise NotFoundError(f"{file}: {error.strerror}") from error
    with source:
        while piece := source.read(PIECE_BYTES):
            yield from reader.feed(piece)
    reader.end()
