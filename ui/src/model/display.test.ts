import { describe, expect, it } from "vitest";
import { bytes, compactCount, count, duration, instant, plural, shortId } from "./display";

describe("display", () => {
  it("keeps three digits of a duration and names the unit", () => {
    expect([0, 850, 1500, 12_340, 999_400, 1_234_000, 61_000_000, 3_723_000_000].map(duration)).toEqual([
      "0 s",
      "850 µs",
      "1.5 ms",
      "12.3 ms",
      "999 ms",
      "1.23 s",
      "1 min 1 s",
      "1 h 2 min",
    ]);
  });

  it("tells absent from zero", () => {
    expect(duration(null)).toBe("–");
    expect(instant(null, 0)).toBe("–");
  });

  it("groups counts and agrees in number", () => {
    expect([
      count(12481),
      compactCount(12481),
      plural(1, "gap"),
      plural(0, "gap"),
      plural(2, "retry", "retries"),
    ]).toEqual(["12,481", "12.5K", "1 gap", "0 gaps", "2 retries"]);
  });

  it("gives the date only for another day", () => {
    const noon = Date.UTC(2026, 4, 4, 12);
    expect(instant(noon * 1000, noon)).not.toContain("May");
    expect(instant(noon * 1000, noon + 3 * 86_400_000)).toContain("May");
  });

  it("uses decimal sizes", () => {
    expect([bytes(12), bytes(1500), bytes(5_242_880)]).toEqual(["12 B", "1.5 kB", "5.24 MB"]);
  });

  it("keeps both ends of a long identifier", () => {
    expect(shortId("short")).toBe("short");
    expect(shortId("019aa7c2-93e1-7d3f-8c1e-2b5d9fe01234")).toBe("019aa7…1234");
  });
});
