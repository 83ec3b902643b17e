import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAddressWriter } from "./address-writer";

describe("the writer of the address", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const create = () => {
    const written: string[] = [];
    const writer = createAddressWriter({ write: (search) => written.push(search), nowMs: () => Date.now() });
    return { written, writer };
  };

  it("writes at once what a person does", () => {
    const { written, writer } = create();
    for (let step = 0; step < 20; step += 1) writer.put(`?step=${step}`);
    expect(written).toHaveLength(20);
  });

  it("stays below what a browser bears, and writes the last address in the end", () => {
    const { written, writer } = create();
    for (let step = 0; step < 2000; step += 1) {
      writer.put(`?step=${step}`);
      vi.advanceTimersByTime(5);
    }
    expect(written.length).toBeLessThan(200);
    vi.advanceTimersByTime(1000);
    expect(written.at(-1)).toBe("?step=1999");
  });

  it("writes what waits when it stops", () => {
    const { written, writer } = create();
    for (let step = 0; step < 100; step += 1) writer.put(`?step=${step}`);
    writer.stop();
    expect(written.at(-1)).toBe("?step=99");
  });
});
