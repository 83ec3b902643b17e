import { beforeEach, describe, expect, it } from "vitest";
import { emptyFrame } from "../model/empty-frame";
import type { RunFrame } from "../model/frame";
import { ManualClock } from "../testing/manual-clock";
import { EngineClient, type EngineWorkerPort } from "./engine-client";
import type { EngineWorkerApi } from "./engine-worker-api";
import type { FrameListener } from "./run-engine";
import type { Care } from "./run-feed";

/** A worker that does what the test says: records commands, never answers questions by itself. */
class FakeWorker implements EngineWorkerPort {
  readonly commands: unknown[][] = [];
  listener: FrameListener = () => undefined;
  standsAt: Care["standsAt"] | null = null;
  isTerminated = false;
  fail: (message: string) => void = () => undefined;
  started: () => void = () => undefined;
  openFile = async (): Promise<void> => undefined;
  isAlive = async (): Promise<void> => undefined;
  readonly api: EngineWorkerApi;

  constructor() {
    const note =
      (name: string) =>
      async (...given: unknown[]) =>
        void this.commands.push([name, ...given]);
    const silent = () => new Promise<never>(() => undefined);
    this.api = {
      listen: (listener) => {
        this.listener = listener;
        return new Promise((resolve) => {
          this.started = resolve;
        });
      },
      isAlive: () => this.isAlive(),
      beCareful: async (standsAt, hopeless) => {
        this.standsAt = standsAt;
        this.commands.push(["beCareful", hopeless]);
      },
      connect: note("connect"),
      openRun: note("openRun"),
      openFile: async (opening, name) => {
        this.commands.push(["openFile", opening, name]);
        await this.openFile();
      },
      retry: note("retry"),
      resolveMismatch: note("resolveMismatch"),
      graphAt: silent,
      stateRows: silent,
      diffAt: silent,
      valueAt: silent,
      blame: silent,
      timeline: silent,
      eventRows: silent,
      eventDetail: silent,
      llmCalls: silent,
      llmCall: silent,
      toolCalls: silent,
      stepOf: async () => 7,
    };
  }

  proxy = <T>(listener: T): T => listener;

  onFailure(listener: (message: string) => void): void {
    this.fail = listener;
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

let clock: ManualClock;
let workers: FakeWorker[];
let client: EngineClient;
let frames: RunFrame[];
let spawn: () => FakeWorker;

const current = (): FakeWorker => {
  const worker = workers.at(-1);
  if (worker === undefined) throw new Error("no worker was started");
  return worker;
};

beforeEach(() => {
  clock = new ManualClock();
  workers = [];
  frames = [];
  spawn = () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  };
  client = new EngineClient({ clock, random: () => 0, spawn: () => spawn() });
  client.onFrame((frame) => void frames.push(frame));
  client.connect({ wsUrl: "ws://g/ws", token: null });
  client.openRun("a");
});

const frameOf = (openId: string, steps: number): RunFrame => ({ ...emptyFrame(openId), steps });

/** Let what was promised come through. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

describe("frames", () => {
  it("of an earlier opening never come after a later one was asked for", () => {
    current().listener(1, frameOf("a", 5));
    client.openRun("b");
    current().listener(1, frameOf("a", 6));
    current().listener(2, frameOf("b", 1));
    expect(frames.map(({ openId, steps }) => [openId, steps])).toEqual([
      [null, 0],
      ["a", 0],
      ["a", 5],
      ["b", 0],
      ["b", 1],
    ]);
  });

  it("go on when a run is opened that is open", () => {
    current().listener(1, frameOf("a", 5));
    client.openRun("a");
    current().listener(1, frameOf("a", 6));
    expect(frames.slice(1).map(({ steps }) => steps)).toEqual([0, 5, 6]);
  });

  it("come at once to who begins to listen, and stop when asked to", () => {
    const seen: number[] = [];
    current().listener(1, frameOf("a", 3));
    const stop = client.onFrame(({ steps }) => void seen.push(steps));
    stop();
    current().listener(1, frameOf("a", 4));
    expect(seen).toEqual([3]);
  });
});

describe("a worker that fails", () => {
  it("is shown with its reason, and replaced by one that gets back what was open", async () => {
    const question = client.graphAt({ kind: "live" });
    current().listener(1, frameOf("a", 5));
    current().fail("boom");
    await expect(question).rejects.toThrow("boom");
    expect(frames.at(-1)).toMatchObject({
      steps: 5,
      connection: { phase: "connecting", attempt: 1, reason: "The page's engine stopped: boom" },
    });
    expect(workers[0]?.isTerminated).toBe(true);
    await expect(client.stepOf({ kind: "live" })).rejects.toThrow("started again");

    clock.advance(1_000);
    expect(workers).toHaveLength(2);
    expect(current().commands).toEqual([
      ["beCareful", []],
      ["connect", { wsUrl: "ws://g/ws", token: null }],
      ["openRun", 1, "a"],
    ]);
    current().listener(1, frameOf("a", 6));
    expect(frames.at(-1)).toMatchObject({ steps: 6, connection: { reason: null } });
    await expect(client.stepOf({ kind: "live" })).resolves.toBe(7);
    workers[0]?.fail("late");
    workers[0]?.listener(1, frameOf("a", 1));
    expect(frames.at(-1)?.steps).toBe(6);
  });

  it("that does not start in time is given up", () => {
    clock.advance(20_000);
    expect(frames.at(-1)?.connection.reason).toContain("did not start in time");
  });

  it("that started in time is left alone", async () => {
    current().started();
    for (let beat = 0; beat < 20; beat += 1) {
      await settled();
      clock.advance(5_000);
    }
    expect(workers).toHaveLength(1);
    expect(frames.map(({ intake }) => intake.level)).not.toContain("stalled");
  });

  it("that is silent for a while is told as stalled until it answers", async () => {
    let answer: () => void = () => undefined;
    current().isAlive = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    current().started();
    await settled();
    clock.advance(10_000);
    expect(frames.at(-1)?.intake.level).toBe("stalled");
    answer();
    await settled();
    expect(frames.at(-1)?.intake.level).toBe("no_data");
    expect(workers).toHaveLength(1);
  });

  it("that no longer answers is told as stalled, then replaced", async () => {
    current().isAlive = () => new Promise(() => undefined);
    current().started();
    await settled();
    clock.advance(5_000);
    expect(frames.at(-1)?.intake.level).toBe("stalled");
    expect(workers[0]?.isTerminated).toBe(false);
    clock.advance(25_000);
    expect(workers[0]?.isTerminated).toBe(true);
    expect(frames.at(-1)?.connection.reason).toContain("no longer answers");
    clock.advance(1_000);
    expect(current().commands.at(-1)).toEqual(["openRun", 1, "a"]);
  });

  it("is left alone by a machine that slept", async () => {
    let answer: () => void = () => undefined;
    current().isAlive = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    current().started();
    await settled();
    clock.stall(3_600_000);
    clock.advance(1);
    answer();
    await settled();
    clock.advance(5_000);
    expect(workers).toHaveLength(1);
  });

  it("again and again stays closed until the user tries again", () => {
    for (let failure = 0; failure < 5; failure += 1) {
      current().fail("boom");
      clock.advance(10_000);
    }
    expect(workers).toHaveLength(5);
    expect(frames.at(-1)).toMatchObject({ connection: { phase: "closed", retryInMs: null } });
    client.retry();
    expect(workers).toHaveLength(6);
    expect(current().commands.at(-1)).toEqual(["openRun", 1, "a"]);
  });

  it("twice at the same record passes that one by, and is not given up for it", () => {
    const place = { partition: 3, offset: "20" };
    for (let death = 0; death < 2; death += 1) {
      current().fail("elsewhere");
      clock.advance(10_000);
    }
    for (let death = 0; death < 2; death += 1) {
      current().standsAt?.(place);
      current().fail("it no longer answers");
      clock.advance(10_000);
    }
    const hopeless = [{ ...place, reason: "its engine stopped there 2 times: it no longer answers" }];
    expect(current().commands[0]).toEqual(["beCareful", hopeless]);
    for (let death = 0; death < 4; death += 1) {
      current().standsAt?.(null);
      current().fail("elsewhere");
      clock.advance(10_000);
    }
    expect(frames.at(-1)?.connection.phase).not.toBe("closed");
    client.openRun("b");
    expect(current().commands.slice(-2)).toEqual([
      ["beCareful", []],
      ["openRun", 2, "b"],
    ]);
    expect(current().standsAt).toBeNull();
  });

  it("cannot even be made: that is shown, too", () => {
    spawn = () => {
      throw new Error("workers are blocked");
    };
    current().fail("boom");
    clock.advance(1_000);
    expect(frames.at(-1)?.connection.reason).toContain("workers are blocked");
  });
});

describe("a file", () => {
  it("is given to the next worker as well", async () => {
    await client.openFile("x.dsrun", new ArrayBuffer(1));
    expect(frames.at(-1)?.openId).toBe("x.dsrun");
    current().fail("boom");
    clock.advance(1_000);
    expect(current().commands.at(-1)).toEqual(["openFile", 2, "x.dsrun"]);
  });

  it("that is refused rejects, and what was open comes back", async () => {
    current().openFile = () => Promise.reject(new Error("not a run"));
    await expect(client.openFile("x.txt", new ArrayBuffer(1))).rejects.toThrow("not a run");
    expect(frames.at(-1)?.openId).toBe("a");
    expect(current().commands.at(-1)).toEqual(["openRun", 3, "a"]);
  });
});

it("passes commands on", () => {
  client.retry();
  client.resolveMismatch();
  expect(current().commands.slice(-2)).toEqual([["retry"], ["resolveMismatch"]]);
});
