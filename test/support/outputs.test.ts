import { describe, expect, it } from "vitest";
import { SignalboxError } from "../../src/support/errors.ts";
import { createOutputs } from "../../src/support/outputs.ts";

const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });

describe("what a run leaves", () => {
  it.each([
    ["a disk that is full", full, /^the summary is not written: this machine refuses it: ENOSPC/],
    [
      "a folder in the way",
      new SignalboxError("configuration", "x is a folder", { hint: "name a file" }),
      /x is a folder\n {2}→ name a file$/,
    ],
  ])("costs a green run its exit code, and a red one nothing: %s", async (_, error, message) => {
    const told: string[] = [];
    const outputs = createOutputs((text) => told.push(text));

    await outputs.write("the summary", () => Promise.reject(error));

    expect(told).toEqual([expect.stringMatching(message)]);
    expect([0, 1, 3, 4, 5, 75].map(outputs.exitCodeOf)).toEqual([2, 1, 3, 4, 5, 75]);
  });

  it("tells once what could not be removed, and then not be written", async () => {
    const told: string[] = [];
    const outputs = createOutputs((text) => told.push(text));

    for (const what of ["the summary", "the JUnit file", "the summary"])
      await outputs.write(what, () => Promise.reject(full));

    expect(told.map((text) => text.split(" is not")[0])).toEqual(["the summary", "the JUnit file"]);
  });

  it("leaves the exit code alone where everything is written", async () => {
    const outputs = createOutputs(() => {});

    await outputs.write("the summary", async () => {});

    expect(outputs.exitCodeOf(0)).toBe(0);
  });

  it.each([
    ["a bug of ours", new TypeError("x is undefined")],
    ["a stop", new SignalboxError("interrupted", "stopped by SIGTERM")],
  ])("does not swallow %s", async (_, error) => {
    await expect(createOutputs(() => {}).write("it", () => Promise.reject(error))).rejects.toBe(error);
  });
});
