import { expect, it } from "vitest";
import { Bench, entry } from "../testing/session-bench";

const EXPIRING = { type: "expiring", in_ms: 60_000 };
const REFUSED = {
  type: "error",
  code: "unauthenticated",
  message: "the token has expired",
  retryable: false,
  id: null,
  details: {},
};
const FROM_TWO = { from: "cursor", epoch: "e1", positions: { "0": "2" } };

function livesAtTwo(): Bench {
  const bench = new Bench();
  bench.goLive();
  bench.records(entry(0n, 0n), entry(1n));
  bench.applied(2n, 2);
  return bench;
}

it("tells when its token expires, until it has a newer one", () => {
  const bench = livesAtTwo();
  expect(bench.session.status.expiresAtMs).toBeNull();
  bench.text(EXPIRING);
  expect(bench.session.status).toMatchObject({ phase: "live", expiresAtMs: bench.now + 60_000 });
  bench.session.renew("newer", bench.now);
  bench.drain();
  expect(bench.lastSent("auth")).toEqual({ type: "auth", token: "newer" });
  expect(bench.session.status).toMatchObject({ phase: "live", expiresAtMs: null });
  expect(bench.opens).toBe(1);
  bench.cut(1006);
  bench.reopen();
  expect(bench.lastSent("hello")).toMatchObject({ token: "newer" });
});

it.each(["frame", "code"])(
  "is closed by a refusal (%s), and resumes where it stood with a newer token",
  (how) => {
    const bench = livesAtTwo();
    bench.text(EXPIRING);
    if (how === "frame") bench.text(REFUSED);
    else bench.cut(4501);
    expect(bench.session.status).toMatchObject({ phase: "closed", isTokenRefused: true, expiresAtMs: null });
    expect(bench.session.deadline).toBeNull();
    bench.session.renew("newer", bench.now);
    bench.opened();
    expect(bench.session.status.isTokenRefused).toBe(false);
    bench.welcome();
    expect(bench.lastSent("hello")).toMatchObject({ token: "newer" });
    expect(bench.lastSent("subscribe")).toMatchObject({ start: FROM_TWO });
    expect(bench.restarts).toEqual([]);
  },
);

it("connects at once with a token that comes while it waits, and never while it is idle", () => {
  const bench = livesAtTwo();
  bench.cut(1006);
  bench.session.renew("newer", bench.now);
  bench.opened();
  expect(bench.lastSent("hello")).toMatchObject({ token: "newer" });
  bench.session.stop();
  bench.drain();
  const { opens } = bench;
  bench.session.renew("newest", bench.now);
  bench.drain();
  expect(bench.opens).toBe(opens);
});

it("is not asked for another token by what another token does not mend", () => {
  const bench = livesAtTwo();
  bench.cut(4503);
  expect(bench.session.status).toMatchObject({ phase: "closed", isTokenRefused: false });
});
