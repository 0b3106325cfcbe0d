import { describe, expect, it } from "vitest";
import { withHistory } from "../../src/severity/history.ts";
import type { KeptRun, NodeRecord } from "../../src/severity/run-record.ts";
import { finding, subject, verdict } from "../render/build.ts";
import { createRandom } from "../support/random.ts";
import { aRecord, hour } from "./history-build.ts";

/** How good the words are, against histories whose truth is known: each node behaves in one way, and runs are played. */

type Truth = "flaky" | "growing" | "broken" | "incidents" | "steady" | "warehouse";
const TRUTHS: readonly Truth[] = ["flaky", "growing", "broken", "incidents", "steady", "warehouse"];

interface Played {
  readonly truth: Truth;
  /** Of this run: whether the node was made slow in it. */
  readonly isSlow: boolean;
  readonly row: NodeRecord;
}

/** A node that plays its part in one run after the other; null: it is skipped. */
function createNode(truth: Truth, random: () => number): (at: { run: number; version: string }) => Played | null {
  const rate = 0.15 + random() * 0.35;
  const begins = 5 + Math.floor(random() * 50);
  const growth = 1.3 + random() * 1.5;
  const base = 10 ** (0.5 + random() * 2.5);
  const incidents = Array.from({ length: 3 }, () => [Math.floor(random() * 70), 2 + Math.floor(random() * 6)] as const);
  let grown = 2 + random() * 20;
  return ({ run, version }) => {
    const isIncident = incidents.some(([from, length]) => run >= from && run < from + length);
    const isBad = {
      flaky: random() < rate,
      growing: run >= begins,
      broken: run >= begins,
      incidents: isIncident,
      // What has known failures has a finding each time, and a number that wavers.
      steady: true,
      warehouse: random() < rate,
    }[truth];
    if (truth === "growing" && isBad && random() < 0.8) grown *= growth;
    const wavering = Math.round(80 + 40 * random());
    const isSlow = random() < 0.05;
    // Times are spread as they are in a warehouse: by a fifth, now and then by more.
    const seconds = base * Math.exp(0.2 * (random() + random() + random() - 1.5) * 2) * (isSlow ? 3 + 2 * random() : 1);
    if (random() < 0.1) return null;
    const state = !isBad ? "p" : truth === "warehouse" ? (random() < 0.5 ? "i" : "r") : "f";
    const failures = state !== "f" ? null : truth === "growing" ? Math.round(grown) : wavering;
    return {
      truth,
      isSlow,
      row: { state, failures, version, seconds: state === "i" ? null : Math.round(seconds * 10) / 10 },
    };
  };
}

/** Deploys of new commits, schedules of the same one between them; a red deploy is often deployed again. */
function play(seed: number): readonly { readonly record: KeptRun; readonly played: ReadonlyMap<string, Played> }[] {
  const random = createRandom(seed).next;
  const nodes = TRUTHS.map((truth) => ({ id: `test.shop.${truth}`, step: createNode(truth, random), version: 1 }));
  const runs: { record: KeptRun; played: ReadonlyMap<string, Played> }[] = [];
  let commit = 0;
  let time = 0;
  for (let index = 0; index < 70; index++) {
    const last = runs.at(-1)?.record;
    const isAgain = last?.mode === "deploy" && last.level === "error" && random() < 0.3;
    const isDeploy = isAgain || random() < 0.4;
    if (isDeploy && !isAgain) {
      commit += 1;
      for (const node of nodes) if (random() < 0.1) node.version += 1;
    }
    time += isAgain ? 0.2 : 1 + random() * 8;
    const played = new Map<string, Played>();
    for (const { id, step, version } of nodes) {
      const each = step({ run: index, version: `v${version}` });
      if (each !== null) played.set(id, each);
    }
    const isRed = [...played.values()].some(({ row, truth }) => row.state === "f" && truth !== "steady");
    const record = aRecord({
      ...{ id: String(index), mode: isDeploy ? "deploy" : "schedule", startedAt: hour(time) },
      ...{ commit: commit.toString(16).padStart(40, "0"), level: isRed ? "error" : "pass" },
      nodes: new Map([...played].map(([id, { row }]) => [id, row])),
    });
    runs.push({ record, played });
  }
  return runs;
}

interface Count {
  said: number;
  right: number;
  true: number;
}

describe("words about earlier runs, against histories with a known truth", () => {
  it("are right nearly always, and say most of what there is to say", () => {
    const counts = {
      flaky: { said: 0, right: 0, true: 0 },
      growing: { said: 0, right: 0, true: 0 },
      slow: { said: 0, right: 0, true: 0 },
    };
    const note = (count: Count, isSaid: boolean, isTrue: boolean) => {
      count.said += Number(isSaid);
      count.true += Number(isTrue);
      count.right += Number(isSaid && isTrue);
    };

    for (let seed = 1; seed <= 12; seed++) {
      const runs = play(seed);
      runs.forEach(({ record, played }, index) => {
        // Without a past nothing can be told.
        if (index < 20) return;
        const bad = [...played].filter(([, { row }]) => "fi".includes(row.state));
        const findings = bad.map(([id, { row }]) =>
          finding({
            subject: subject({ id }),
            failures: row.failures,
            failureClass: row.state === "i" ? "throttled" : "data",
          }),
        );
        const earlier = runs.slice(Math.max(0, index - 25), index).map((each) => each.record);
        const judged = withHistory(verdict({ findings }), earlier, { kind: "production", record });
        judged.findings.forEach(({ history = [] }, at) => {
          const { truth, isSlow, row } = bad[at]?.[1] ?? { truth: "steady", isSlow: false, row: null };
          const says = (kind: string) =>
            history.some((each) => each.kind === kind && !("fault" in each && each.fault === "warehouse"));
          note(counts.flaky, says("flaky"), truth === "flaky");
          const id = bad[at]?.[0] ?? "";
          const past = earlier.slice(-19).flatMap((each) => each.nodes.get(id) ?? []);
          const since = past.slice(past.findLastIndex(({ state }) => state === "p") + 1);
          // Three steps have to be there before anybody can see that it grows.
          const levels = new Set([...since, row].map((each) => each?.failures ?? null));
          note(counts.growing, says("growing"), truth === "growing" && levels.size >= 3);
          if ((row?.seconds ?? 0) >= 30) note(counts.slow, says("slow"), isSlow);
        });
      });
    }

    const figures = Object.entries(counts).map(([kind, { said, right, true: all }]) => {
      const [precision, recall] = [right / said, right / all];
      return {
        kind,
        precision,
        recall,
        words: `${kind}: precision ${precision.toFixed(3)} of ${said}, recall ${recall.toFixed(3)} of ${all}`,
      };
    });
    process.stdout.write(`${figures.map(({ words }) => words).join("\n")}\n`);
    const floors = { flaky: [0.97, 0.7], growing: [0.95, 0.9], slow: [0.9, 0.8] } as const;
    for (const { kind, precision, recall } of figures) {
      const [leastPrecision, leastRecall] = floors[kind as keyof typeof floors];
      expect(precision, `precision of ${kind}`).toBeGreaterThan(leastPrecision);
      expect(recall, `recall of ${kind}`).toBeGreaterThan(leastRecall);
    }
  });
});
