import { describe, expect, it } from "vitest";
import { Bench, entry } from "../testing/session-bench";

describe("the way to live", () => {
  it("says hello, subscribes, catches up, is live", () => {
    const bench = new Bench();
    expect(bench.phase).toBe("idle");
    bench.session.connect(bench.now);
    expect(bench.phase).toBe("connecting");
    bench.opened();
    expect(bench.phase).toBe("subscribing");
    expect(bench.lastSent("hello")).toMatchObject({ protocol: "dashstream.v2", token: "secret" });
    bench.welcome();
    expect(bench.lastSent("subscribe")).toMatchObject({
      filter: { runs: ["r"] },
      start: { from: "earliest" },
    });
    bench.subscribed();
    expect(bench.phase).toBe("catching_up");
    bench.records(entry(0n, 0n), entry(1n));
    bench.text({
      type: "replay_complete",
      id: 1,
      outcome: "complete",
      delivered: "2",
      gaps: 0,
      positions: { "0": "2" },
      tiers: { memory: "2", retained: "0", log: "0" },
    });
    expect(bench.phase).toBe("catching_up"); // received is not applied
    bench.applied(2n, 2);
    bench.session.caughtUp(bench.session.generation, bench.now);
    expect(bench.phase).toBe("live");
    expect(bench.lastSent("ack")).toEqual({ type: "ack", id: 1, positions: { "0": "2" } });
    expect(bench.session.status).toMatchObject({ serverVersion: "0.1.0", instance: "i1", reason: null });
  });

  it("ignores frames and fields of a newer gateway", () => {
    const bench = new Bench();
    bench.goLive();
    bench.text({ type: "later", id: 1 });
    bench.text({ type: "state", id: 1, state: "live", later: true });
    expect(bench.phase).toBe("live");
  });
});

describe("resume", () => {
  it("asks for what was applied, not for what was received", () => {
    const bench = new Bench();
    bench.goLive();
    bench.records(entry(0n, 0n), entry(1n), entry(2n));
    bench.applied(2n, 2);
    bench.cut(1006);
    expect(bench.phase).toBe("connecting");
    bench.reopen();
    bench.welcome();
    expect(bench.lastSent("subscribe")?.start).toEqual({
      from: "cursor",
      epoch: "e1",
      positions: { "0": "2" },
    });
  });

  it("drops duplicates and counts them", () => {
    const bench = new Bench();
    bench.goLive();
    bench.records(entry(0n, 0n), entry(0n, 0n), entry(1n));
    expect(bench.deliveries.at(-1)).toMatchObject({ duplicates: 1 });
  });

  it("breaks off at a hole and resumes before it", () => {
    const bench = new Bench();
    bench.goLive();
    bench.records(entry(0n, 0n));
    bench.applied(1n);
    bench.records(entry(2n));
    expect(bench.closes).toEqual([4401]);
    bench.reopen();
    bench.welcome();
    expect(bench.lastSent("subscribe")?.start).toMatchObject({ positions: { "0": "1" } });
  });

  it("starts over when the epoch changed, and says so", () => {
    const bench = new Bench();
    bench.goLive();
    bench.records(entry(0n, 0n));
    bench.applied(1n);
    bench.cut(1006);
    bench.reopen();
    bench.welcome("e2");
    expect(bench.restarts).toEqual(["epoch_changed"]);
    expect(bench.lastSent("subscribe")?.start).toEqual({ from: "earliest" });
  });

  it("does not repeat a refused cursor", () => {
    const bench = new Bench();
    bench.goLive();
    bench.records(entry(0n, 0n));
    bench.applied(1n);
    bench.cut(1006);
    bench.reopen();
    bench.welcome();
    bench.text({ type: "error", id: 1, code: "bad_positions", message: "no", retryable: false });
    expect(bench.restarts).toEqual(["cursor_refused"]);
    bench.reopen();
    bench.welcome();
    expect(bench.lastSent("subscribe")?.start).toEqual({ from: "earliest" });
    bench.text({ type: "error", id: 1, code: "bad_start", message: "no", retryable: false });
    expect(bench.phase).toBe("closed");
  });
});

describe("close codes", () => {
  it.each([1000, 1001, 1006, 1011, 1012, 4001, 4002, 4003, 4499])("comes back after %i", (code) => {
    const bench = new Bench();
    bench.goLive();
    bench.cut(code);
    expect(bench.phase).toBe("connecting");
    expect(bench.session.status.reason).not.toBeNull();
    bench.reopen();
    expect(bench.opens).toBe(2);
  });

  it.each([4500, 4501, 4503, 4508, 4999])("stays away after %i until the user asks", (code) => {
    const bench = new Bench();
    bench.goLive();
    bench.cut(code, "why");
    expect(bench.phase).toBe("closed");
    expect(bench.session.deadline).toBeNull();
    expect(bench.session.status.reason).toContain("why");
    expect(bench.session.status.remedy).not.toBeNull();
    bench.session.connect(bench.now);
    expect(bench.phase).toBe("connecting");
  });

  it("waits as long as the gateway says", () => {
    const bench = new Bench();
    bench.goLive();
    bench.text({ type: "closing", reason: "going_away", retry_after_ms: 9_000 });
    bench.cut(4001);
    expect(bench.session.deadline).toBe(bench.now + 9_000);
  });
});

describe("time", () => {
  it("gives up on an opening that hangs", () => {
    const bench = new Bench();
    bench.session.connect(bench.now);
    bench.drain();
    bench.now += 10_000;
    bench.session.tick(bench.now);
    bench.drain();
    expect(bench.closes).toEqual([4400]);
    expect(bench.phase).toBe("connecting");
  });

  it("pings a silent gateway, then leaves it", () => {
    const bench = new Bench();
    bench.goLive();
    bench.now = bench.session.deadline ?? 0;
    bench.session.tick(bench.now);
    bench.drain();
    expect(bench.lastSent("ping")).toBeDefined();
    bench.text({ type: "pong", t: "1" });
    bench.now = bench.session.deadline ?? 0;
    bench.session.tick(bench.now);
    bench.now = bench.session.deadline ?? 0;
    bench.session.tick(bench.now);
    bench.drain();
    expect(bench.closes).toEqual([4400]);
  });

  it("never stops trying, and forgets failures after a stable time", () => {
    const bench = new Bench();
    bench.goLive();
    for (let round = 0; round < 50; round += 1) {
      bench.cut(1006);
      bench.now = bench.session.deadline ?? Number.NaN;
      bench.session.tick(bench.now);
      bench.drain();
    }
    expect(bench.session.status.attempt).toBe(50);
    bench.opened();
    bench.welcome();
    bench.subscribed();
    bench.session.caughtUp(bench.session.generation, bench.now);
    bench.now += 6_000;
    bench.cut(1006);
    expect(bench.session.status.attempt).toBe(1);
  });
});

describe("conditions", () => {
  it("shows falling behind until it is live again, with one reconnect", () => {
    const bench = new Bench();
    bench.goLive();
    bench.session.fellBehind("too much", bench.now);
    bench.session.fellBehind("too much", bench.now);
    bench.drain();
    expect(bench.closes).toEqual([4402]);
    expect(bench.phase).toBe("falling_behind");
    bench.reopen();
    bench.welcome();
    bench.subscribed();
    expect(bench.phase).toBe("falling_behind");
    bench.session.caughtUp(bench.session.generation, bench.now);
    expect(bench.phase).toBe("live");
  });

  it("freezes on a newer record until something compatible is applied", () => {
    const bench = new Bench();
    bench.goLive();
    bench.session.mismatch("newer", bench.now);
    bench.drain();
    expect(bench.closes).toEqual([4403]);
    bench.reopen();
    bench.welcome();
    bench.subscribed();
    expect(bench.phase).toBe("mismatch");
    bench.applied(3n, 0); // progress alone proves nothing
    expect(bench.phase).toBe("mismatch");
    bench.applied(4n, 1);
    expect(bench.phase).toBe("catching_up");
  });

  it("leaves a mismatch when the gateway is rolled back, or when the user says so", () => {
    const bench = new Bench();
    bench.connect();
    bench.welcome("e1", 2);
    expect(bench.phase).toBe("mismatch");
    expect(bench.lastSent("subscribe")).toBeUndefined();
    bench.reopen();
    bench.welcome("e1", 1);
    expect(bench.phase).toBe("subscribing");
    bench.session.mismatch("newer", bench.now);
    bench.session.resolveMismatch(bench.now);
    expect(bench.phase).toBe("connecting");
  });
});

describe("earlier connections", () => {
  it("change nothing any more", () => {
    const bench = new Bench();
    bench.goLive();
    const stale = bench.session.generation;
    bench.cut(1006);
    bench.reopen();
    bench.welcome();
    bench.subscribed();
    const before = bench.deliveries.length;
    bench.session.closed(stale, 4501, "", bench.now);
    bench.session.textReceived(stale, "{", bench.now);
    bench.session.dataReceived(
      stale,
      { subscription: 1, firstDelivery: 1n, entries: [entry(9n)] },
      bench.now,
    );
    bench.session.damaged(stale, "x", bench.now);
    bench.session.caughtUp(stale, bench.now);
    bench.drain();
    expect(bench.phase).toBe("catching_up");
    expect(bench.deliveries).toHaveLength(before);
  });

  it("contains damaged frames", () => {
    const bench = new Bench();
    bench.goLive();
    bench.session.textReceived(bench.session.generation, "{", bench.now);
    bench.drain();
    expect(bench.closes).toEqual([4404]);
    expect(bench.phase).toBe("connecting");
  });
});
