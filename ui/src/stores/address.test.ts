import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ALL_EVENTS,
  RUN_STATUSES,
  RUN_TABS,
  type RunView,
  readFilters,
  readRunView,
  runAddress,
  runLink,
  runOfAddress,
  writeFilters,
  writeRunView,
} from "./address";
import type { Moment } from "./engine";

const moment: fc.Arbitrary<Moment> = fc.oneof(
  fc.constant<Moment>({ kind: "live" }),
  fc.nat().map((step): Moment => ({ kind: "step", step })),
  fc
    .bigInt({ min: 0n, max: 2n ** 63n - 1n })
    .map((value): Moment => ({ kind: "sequence", sequence: String(value) })),
);

const FIRST: RunView = {
  moment: { kind: "live" },
  tab: null,
  path: null,
  node: null,
  events: ALL_EVENTS,
  sought: "",
  watches: [],
};

describe("the address of a run's view", () => {
  it("gives back every view that it is written from", () => {
    const views = fc.record({
      moment,
      tab: fc.constantFrom(null, ...RUN_TABS),
      path: fc.option(fc.string()),
      node: fc.option(fc.string()),
      events: fc.record({
        kinds: fc.array(fc.string()),
        node: fc.option(fc.string()),
        text: fc.string(),
      }),
      sought: fc.string(),
      watches: fc.array(fc.string()),
    });
    fc.assert(
      fc.property(views, (view) => {
        expect(readRunView(writeRunView(view))).toEqual(view);
      }),
    );
  });

  it("is empty for the first view of a run", () => {
    expect(writeRunView(FIRST)).toBe("");
  });

  it.each(["?step=-1", "?step=x", "?step=1e3", "?seq=abc", "?tab=nothing", "?step="])(
    "ignores %s",
    (search) => {
      expect(readRunView(search)).toEqual(FIRST);
    },
  );

  it("is shared with the step that is shown, also while the run is followed live", () => {
    expect(runLink("a b", { ...FIRST, path: "/x" }, 4)).toBe("/runs/a%20b?step=4&path=%2Fx");
    expect(runLink("a", FIRST, -1)).toBe("/runs/a");
    expect(runLink("a", { ...FIRST, moment: { kind: "sequence", sequence: "9" } }, 4)).toBe("/runs/a?seq=9");
  });

  it("keeps a run's id whole, whatever it contains", () => {
    expect(runAddress("a/b?c#d e")).toBe("/runs/a%2Fb%3Fc%23d%20e");
  });

  it("is recognised, and nothing else is taken for one", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (id) => {
        expect(runOfAddress(runAddress(id))).toBe(id);
      }),
    );
    for (const other of ["/", "/runs/", "/runs", "/runs/a/b", "/health", "/runs/%E0"])
      expect(runOfAddress(other)).toBeNull();
  });
});

describe("the address of the list of runs", () => {
  it("gives back all filters that it is written from", () => {
    const filters = fc.record({
      status: fc.constantFrom(null, ...RUN_STATUSES),
      graph: fc.string(),
      text: fc.string(),
    });
    fc.assert(
      fc.property(filters, (value) => {
        expect(readFilters(writeFilters(value))).toEqual(value);
      }),
    );
  });

  it("ignores a status that does not exist", () => {
    expect(readFilters("?status=flying").status).toBeNull();
  });
});
