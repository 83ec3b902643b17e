import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs, RECONNECT } from "./backoff";

it("backs off with growing, jittered, capped delays", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, random) => {
        const delay = backoffMs(failures, random);
        const full = Math.min(RECONNECT.capMs, RECONNECT.baseMs * 2 ** (failures - 1));
        expect(delay).toBeGreaterThanOrEqual(Math.floor(full / 2));
        expect(delay).toBeLessThanOrEqual(full);
      },
    ),
  );
});
