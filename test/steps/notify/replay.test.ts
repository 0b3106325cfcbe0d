import { describe, expect, it } from "vitest";
import { replay } from "./replay.ts";

const SEEDS = [2, 3];

describe("histories of 600 hourly runs, of which the oracle knows every problem's start, end and severity", () => {
  it("are told whole: each once, in its run, with no more than a ping a problem, the ledger in Slack", async () => {
    const all = await Promise.all(SEEDS.map((seed) => replay(seed, 600)));

    expect(all.flatMap(({ wrongs }) => wrongs)).toEqual([]);
    const sum = (name: string) => all.reduce((total, { figures }) => total + (figures[name] ?? 0), 0);
    const problems = sum("distinct problems");
    expect(sum("pings") / problems).toBeLessThanOrEqual(1);
    expect(sum("threads") / problems).toBeLessThanOrEqual(2.5);
    // What most tools send is about seven times as much.
    expect(sum("runs with a problem") / problems).toBeGreaterThan(5);
    for (const { standing, figures, mostCallsOfQuiet } of all) {
      expect(standing).toBe(figures.pings);
      expect(mostCallsOfQuiet).toBeLessThanOrEqual(2);
    }
  });

  it("lose nothing, and tell nothing twice without saying so, while every fourteenth request goes wrong in some way", async () => {
    const { wrongs, figures, standing } = await replay(4, 600, 0.07);

    expect(wrongs).toEqual([]);
    expect(standing).toBe(figures.pings);
  });
});
