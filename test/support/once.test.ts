import { describe, expect, it, vi } from "vitest";
import { once } from "../../src/support/once.ts";

describe("once", () => {
  it("does the work at the first call and at no other", async () => {
    const work = vi.fn(async () => ({}));
    const ask = once(work);
    expect(work).not.toHaveBeenCalled();

    const [first, second] = await Promise.all([ask(), ask()]);

    expect(first).toBe(second);
    expect(await ask()).toBe(first);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("fails every time as the first time", async () => {
    const work = vi.fn(async () => Promise.reject(new Error("no history")));
    const ask = once(work);

    await expect(ask()).rejects.toThrow("no history");
    await expect(ask()).rejects.toThrow("no history");
    expect(work).toHaveBeenCalledTimes(1);
  });
});
