import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeApi, listingOf, unreachable } from "../testing/fake-services";
import { gatewayContact } from "./gateway-contact";
import { createRunsStore, NO_FILTERS } from "./runs";

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => listingOf({ runId: `run-${index}` }));

describe("the list of runs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    hide(false);
  });

  const settle = () => vi.advanceTimersByTimeAsync(0);
  const hide = (hidden: boolean) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };

  it("asks often enough that a run is seen soon after its start, and more often while one is live", async () => {
    const api = createFakeApi([listingOf()]);
    const stop = createRunsStore(api).start();
    await settle();
    expect(api.questions.count).toBe(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(api.questions.count).toBe(11);
    api.listed = [listingOf({ status: "running" })];
    await vi.advanceTimersByTimeAsync(1000);
    const before = api.questions.count;
    await vi.advanceTimersByTimeAsync(3000);
    expect(api.questions.count).toBe(before + 12);
    stop();
    await vi.advanceTimersByTimeAsync(3000);
    expect(api.questions.count).toBe(before + 12);
  });

  it("does not ask while nobody can see it, and asks at once when somebody can again", async () => {
    const api = createFakeApi([listingOf()]);
    const stop = createRunsStore(api).start();
    await settle();
    hide(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(api.questions.count).toBe(1);
    hide(false);
    await settle();
    expect(api.questions.count).toBe(2);
    stop();
  });

  it("keeps what it knows through a failure, backs off, and recovers", async () => {
    const api = createFakeApi([listingOf()]);
    const store = createRunsStore(api);
    const stop = store.start();
    await settle();
    api.failure = unreachable;
    await vi.advanceTimersByTimeAsync(60_000);
    const { failure, runs } = store.getState();
    expect(runs).toHaveLength(1);
    expect(failure?.attempts).toBeGreaterThan(5);
    expect(failure?.attempts).toBeLessThan(15);
    expect(gatewayContact.getState().state).toBe("unreachable");
    api.failure = null;
    store.retry();
    await settle();
    expect(store.getState().failure).toBeNull();
    expect(gatewayContact.getState().state).toBe("answering");
    stop();
  });

  it("answers the newest filter only", async () => {
    const api = createFakeApi([listingOf({ runId: "a" }), listingOf({ runId: "b", status: "error" })]);
    const store = createRunsStore(api);
    const stop = store.start();
    await settle();
    store.filter({ ...NO_FILTERS, status: "ok" });
    store.filter({ ...NO_FILTERS, status: "error" });
    expect(store.getState().settled).toBe(false);
    await settle();
    expect(store.getState().runs.map(({ runId }) => runId)).toEqual(["b"]);
    expect(store.getState().settled).toBe(true);
    stop();
  });

  it("shows more when asked, across the pages of the gateway", async () => {
    const api = createFakeApi(many(900));
    const store = createRunsStore(api);
    const stop = store.start();
    await settle();
    expect(store.getState()).toMatchObject({ hasMore: true });
    expect(store.getState().runs).toHaveLength(200);
    for (let more = 0; more < 4; more += 1) store.loadMore();
    await settle();
    expect(store.getState().runs).toHaveLength(900);
    expect(store.getState().hasMore).toBe(false);
    stop();
  });
});
