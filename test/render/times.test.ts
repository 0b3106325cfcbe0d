import { describe, expect, it } from "vitest";
import { describeTimes, type RunTimes } from "../../src/render/times.ts";

const times = (overrides: Partial<RunTimes> = {}): RunTimes => ({
  total: 75,
  waited: 12.4,
  starts: [
    { command: "parse", seconds: 6 },
    { command: "ls", seconds: 0.1 },
    { command: "build", seconds: 48 },
    { command: "source freshness", seconds: 2 },
  ],
  baseline: 300,
  nodes: [1, 4, 3, 2].map((seconds) => ({ id: `model.shop.m${seconds}`, seconds })),
  ...overrides,
});

describe("where the time of a run went", () => {
  it.each<[string, RunTimes, string | null]>([
    [
      "a check",
      times(),
      "1 min 15 s: waited 12 s, parse 6.1 s, build 50 s (the baseline's was 5 min 00 s); slowest: m4 4.0 s, m3 3.0 s, m2 2.0 s",
    ],
    [
      "a deploy, which did not wait and has no baseline",
      times({ waited: 0.2, baseline: null, starts: [{ command: "build", seconds: 48 }], nodes: [] }),
      "1 min 15 s: build 48 s",
    ],
    [
      "nothing to build",
      times({ starts: [{ command: "parse", seconds: 6 }], nodes: [] }),
      "1 min 15 s: waited 12 s, parse 6.0 s",
    ],
    [
      "nodes that took no time",
      times({ waited: null, nodes: [{ id: "exposure.shop.e", seconds: 0 }] }),
      "1 min 15 s: parse 6.1 s, build 50 s (the baseline's was 5 min 00 s)",
    ],
    ["dbt was not started", times({ starts: [] }), null],
  ])("%s", (_, given, expected) => {
    expect(describeTimes(given)).toBe(expected);
  });
});
