"""``dashstream tail``: records as they come."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

import typer

from dashstream.cli.connection import DataDirOption, JsonOption, TokenOption, UrlOption, find_gateway

START_HELP = "`earliest` for everything retained, `latest` for only what is new."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tail)


def tail(
    run: Annotated[list[str] | None, typer.Option("--run", help="Only this run; may be repeated.")] = None,
    thread: Annotated[list[str] | None, typer.Option("--thread", help="Only this thread; may be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only this kind, as `event`.")] = None,
    start: Annotated[str, typer.Option("--from", help=START_HELP)] = "earliest",
    no_follow: Annotated[bool, typer.Option("--no-follow", help="Stop at what is there now.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print records as they come, exact across reconnects.

    Examples:

    - `dashstream tail`
    - `dashstream tail --kind event --from latest --json`
    """
    from dashstream.protocol.codes import StartFrom

    if start not in {StartFrom.EARLIEST, StartFrom.LATEST}:
        raise typer.BadParameter("earliest or latest", param_hint="--from")
    gateway = find_gateway(url, token, data_dir)
    _log_to_standard_error(gateway.token)
    asyncio.run(
        _print_all(gateway.ws_url, gateway.token, (run, thread, kind), start, follow=not no_follow, as_json=as_json)
    )


def _log_to_standard_error(secret: str) -> None:
    import os

    from dashstream.app import logs
    from dashstream.app.settings import LoggingSettings
    from dashstream.options import load

    logs.configure(load(LoggingSettings, "logging", os.environ), [secret])


async def _print_all(
    ws_url: str,
    token: str,
    filters: tuple[list[str] | None, list[str] | None, list[str] | None],
    start: str,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    from dashstream.adapters.websocket.client import Delivered, Subscriber
    from dashstream.protocol.codes import StartFrom
    from dashstream.protocol.control import Filter

    runs, threads, kinds = filters
    subscriber = Subscriber(
        ws_url,
        token,
        Filter(runs=runs, threads=threads, kinds=kinds),
        StartFrom(start),
        stop_at_head=not follow,
    )
    async for item in subscriber:
        if isinstance(item, Delivered):
            row = _record(item.partition, item.offset, item.value)
        else:
            row = {
                "type": "gap",
                "partition": item.partition,
                "from": str(item.start),
                "to": str(item.end),
                "reason": item.reason,
            }
        sys.stdout.write((json.dumps(row) if as_json else _line(row)) + "\n")
        sys.stdout.flush()


def _record(partition: int, offset: int, value: bytes) -> dict[str, Any]:
    from dashstream.errors import RecordError
    from dashstream.protocol.proto_codec import decode

    place = {"type": "record", "partition": partition, "offset": str(offset)}
    try:
        decoded = decode(value)
    except RecordError as error:
        return {**place, "run_id": "", "thread_id": "", "sequence": "0", "kind": "undecodable", "error": error.code}
    header = decoded.header
    return {
        **place,
        "run_id": header.run_id,
        "thread_id": header.thread_id,
        "sequence": str(header.sequence),
        "kind": decoded.kind.value,
    }


def _line(row: dict[str, Any]) -> str:
    if row["type"] == "gap":
        return f"gap  partition {row['partition']}  offsets {row['from']} to {row['to']}  {row['reason']}"
    return f"{row['partition']}:{row['offset']}  {row['run_id'][:8]:8}  {row['sequence']:>6}  {row['kind']}"
