"""Faults for the page, put in from outside: the engine's worker gets a prelude, its frames are noted as they come.

The page has no door for any of this. The prelude stands before the worker's own program and changes what the browser
offers it: the clock, the parser of text, the socket. A ``BroadcastChannel`` turns faults on and off while it runs.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, Error, Page, Route

from dashstream.protocol.record_batch import pack_records

PORTION = 5_000

PRELUDE = """
(() => {
  const faults = {decode_ms: 0, apply_ms: 0, date_ms: 0, cut: 0, hang_on: "", hold: 0, ...START};
  let skew = 0;
  const held = [];
  new BroadcastChannel("faults").onmessage = ({data}) => {
    if (data.crash) setTimeout(() => { throw new Error("killed by a test"); });
    if (data.hang) for (;;);
    Object.assign(faults, data);
    if (!faults.hold) for (const send of held.splice(0)) send();
  };
  // Time that work pretends to take: monotonic, without a load for the machine.
  const now = performance.now.bind(performance);
  const pace = PACE;
  performance.now = () => now() * pace + skew;
  const later = setTimeout;
  self.setTimeout = (call, ms) => later(call, (ms ?? 0) / pace);
  const date = Date.now;
  Date.now = () => date() + faults.date_ms;
  const parse = TextDecoder.prototype.decode;
  TextDecoder.prototype.decode = function (...given) {
    skew += faults.decode_ms;
    const text = parse.apply(this, given);
    if (faults.hang_on && text === faults.hang_on) for (;;);
    return text;
  };
  const get = Map.prototype.get;
  Map.prototype.get = function (key) {
    // A record's place, partition and offset, is looked up once before it is applied.
    if (faults.apply_ms && typeof key === "string" && /^\\d+ \\d+$/.test(key)) skew += faults.apply_ms;
    return get.call(this, key);
  };
  const Socket = WebSocket;
  let sockets = 0;
  self.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.isFirst = sockets === 0;
      sockets += 1;
      if (faults.cut) later(() => this.close(), Math.random() * faults.cut);
    }
    // Without the first connection's acknowledgements the gateway sends no more on it than its window.
    send(data) {
      if (faults.hold && this.isFirst && String(data).includes('"ack"')) held.push(() => super.send(data));
      else super.send(data);
    }
  };
})();
"""

WATCH_LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.longTasks.push(Math.round(entry.duration));
}).observe({type: "longtask", buffered: true});
"""

WATCH_FRAMES = """
window.told = [];
const listen = MessagePort.prototype.addEventListener;
MessagePort.prototype.addEventListener = function (type, listener, ...more) {
  const noting = (event) => {
    const frame = event.data?.argumentList?.[1]?.value;
    if (frame?.intake) {
      const {connection, intake, receipt, mismatch, steps} = frame;
      window.told.push({
        phase: connection.phase, attempt: connection.attempt, level: intake.level,
        pending: intake.pendingRecords, bytes: intake.pendingBytes, average: intake.averageMs,
        received: receipt.received, duplicates: receipt.duplicates, steps,
        frozen: mismatch !== null,
      });
    }
    listener(event);
  };
  return listen.call(this, type, type === "message" ? noting : listener, ...more);
};
"""


@dataclass(frozen=True)
class Told:
    """What the engine told the page in one frame."""

    phase: str
    attempt: int
    level: str
    pending: int
    bytes: int
    average: float | None
    received: int
    duplicates: int
    steps: int
    frozen: bool


BOUND = "records:15e5,"
"""The page's bound of records, as it stands in the worker's program."""


async def prepare(
    target: Page | BrowserContext,
    *,
    pace: float = 1,
    faults: dict[str, Any] | None = None,
    held_records: int | None = None,
) -> None:
    """Note the engine's frames; give its worker ``faults`` from the start, and a clock ``pace`` times as fast.

    With ``held_records`` that is the bound of the records that it holds.
    """
    prelude = PRELUDE.replace("PACE", str(pace)).replace("START", json.dumps(faults or {}))

    async def add_prelude(route: Route) -> None:
        with suppress(Error):  # a tab may be closed while its worker is fetched
            answer = await route.fetch()
            program = await answer.text()
            if held_records is not None:
                assert program.count(BOUND) == 1, "the bound is where it is expected"
                program = program.replace(BOUND, f"records:{held_records},")
            await route.fulfill(response=answer, body=prelude + program)

    await target.route("**/engine.worker*.js", add_prelude)
    await target.add_init_script(WATCH_LONG_TASKS + WATCH_FRAMES)


async def fault(page: Page, **faults: float) -> None:
    """Turn faults of the worker on or off, from its next turn on."""
    await page.evaluate("(faults) => { new BroadcastChannel('faults').postMessage(faults) }", faults)


async def told(page: Page) -> list[Told]:
    """Return all that the engine told so far, oldest first."""
    return [Told(**frame) for frame in await page.evaluate("window.told")]


FREEZE_MS = 1_000
"""A person would say after half of this that the page hangs; the other half is for a machine that does other things.
``benchmarks/page.py`` tells the longest task."""


async def longest_task(page: Page) -> int:
    """Return milliseconds of the longest main-thread task since the last call."""
    tasks = await page.evaluate("window.longTasks.splice(0)")
    return max(tasks, default=0)


async def post(gateway: Any, records: list[bytes], portion: int = PORTION) -> None:
    """Write records to the gateway's log."""

    def send() -> None:
        for at in range(0, len(records), portion):
            request = urllib.request.Request(
                f"{gateway.url}/v1/records",
                data=pack_records(records[at : at + portion]),
                headers={
                    "Authorization": f"Bearer {gateway.token}",
                    "Content-Type": "application/vnd.dashstream.records",
                },
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 200

    await asyncio.to_thread(send)


async def oracle_state(gateway: Any, run_id: str) -> Any:
    """Return the run's last state as the gateway itself folds it."""

    def ask() -> Any:
        request = urllib.request.Request(
            f"{gateway.url}/api/v1/runs/{run_id}/state", headers={"Authorization": f"Bearer {gateway.token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["state"]

    return await asyncio.to_thread(ask)


def metric(gateway: Any, name: str) -> float:
    """Return a figure that the gateway exports."""
    request = urllib.request.Request(f"{gateway.url}/metrics", headers={"Authorization": f"Bearer {gateway.token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        (line,) = (line for line in answer.read().decode().splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])
