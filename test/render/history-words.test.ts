import { describe, expect, it } from "vitest";
import { createPaint } from "../../src/render/colors.ts";
import { renderComment } from "../../src/render/comment.ts";
import { describeHistory, describePattern } from "../../src/render/history-words.ts";
import { renderSummary } from "../../src/render/markdown.ts";
import { renderAlert } from "../../src/render/slack.ts";
import { renderVerdict } from "../../src/render/terminal.ts";
import type { Finding, HistoryNote } from "../../src/severity/verdict.ts";
import { anItem } from "../alerts/build.ts";
import { finding, run, verdict } from "./build.ts";
import { aPage, judged as asResult, render } from "./page/build.ts";

const flaky: HistoryNote = { kind: "flaky", on: null, failed: 4, runs: 20, passedAgain: 2, fault: "own" };
const growing: HistoryNote = { kind: "growing", counts: [3, 9, 41] };
const failing: HistoryNote = {
  kind: "failing",
  on: null,
  runs: 5,
  first: { at: "2026-11-20T07:00:00.000Z", commit: "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678" },
  isSince: true,
};
const oneRun: HistoryNote = { ...failing, on: "main", runs: 1, isSince: false };
const slow: HistoryNote = { kind: "slow", seconds: 250, medianSeconds: 104 };

describe("what earlier runs tell, in words", () => {
  it.each<[words: string | null, notes: readonly HistoryNote[] | undefined, severity?: Finding["severity"]]>([
    [null, undefined],
    [null, []],
    ["failed 4 of the last 20 runs, twice on a commit that passed too: flaky", [flaky]],
    [
      "failed 3 of the last 9 runs, once on a commit that passed too: flaky",
      [{ ...flaky, failed: 3, runs: 9, passedAgain: 1 }],
    ],
    [
      "failed 4 of the last 20 runs on main, and passed in between without a change: flaky",
      [{ ...flaky, on: "main", passedAgain: 0 }],
    ],
    ["the warehouse or network failed it in 4 of the last 20 runs", [{ ...flaky, fault: "warehouse" }]],
    ["failures 3 → 9 → 41: growing", [growing]],
    ["failures 3 → … → 900 → 1,000 → 20,000: growing", [{ ...growing, counts: [3, 9, 41, 900, 1000, 20_000] }]],
    ["failing since 2026-11-20 (a1b2c3d4e5f6): 5 runs in a row", [failing]],
    ["also failing on main since 2026-11-20 (a1b2c3d4e5f6): in its last run", [{ ...failing, on: "main", runs: 1 }]],
    ["warning since 2026-11-20 (a1b2c3d4e5f6): 5 runs in a row", [failing], "warn"],
    ["warned in 4 of the last 20 runs, twice on a commit that passed too: flaky", [flaky], "warn"],
    ["also failing on main since 2026-11-20 (a1b2c3d4e5f6): 5 runs in a row", [{ ...failing, on: "main" }]],
    ["also failing on main, seen in one run: 2026-11-20 (a1b2c3d4e5f6)", [oneRun]],
    ["also warning on main, seen in one run: 2026-11-20 (a1b2c3d4e5f6)", [oneRun], "warn"],
    [
      "also failing on main at least since 2026-11-20 (a1b2c3d4e5f6): in all of the last 2 runs",
      [{ ...oneRun, runs: 2 }],
    ],
    [
      "failing at least since 2026-11-20 (a1b2c3d4e5f6): in all of the last 20 runs",
      [{ ...failing, runs: 20, isSince: false }],
    ],
    ["took 4 min 10 s, 2.4 × its median", [slow]],
    ["took 4 min 10 s, 25 × its median", [{ ...slow, medianSeconds: 10 }]],
    ["failures 3 → 9 → 41: growing; took 4 min 10 s, 2.4 × its median", [growing, slow]],
  ])("are %j", (words, history, severity = "error") => {
    expect(describeHistory({ severity, history })).toBe(words);
  });

  it("leaves it to a message since when it has been told", () => {
    const pattern = (history: readonly HistoryNote[]) => describePattern({ severity: "error", history });

    expect(pattern([growing, failing])).toBe("failures 3 → 9 → 41: growing");
    expect(pattern([failing])).toBeNull();
    expect(describePattern(null)).toBeNull();
  });

  it("stands beside the finding on every surface", () => {
    const shown = surfacesOf([flaky, failing], [growing]);

    const missing = Object.entries(shown).filter(([, text]) => !/: (?:flaky|growing)/.test(text));
    expect(missing).toEqual([]);
    expect(shown.log).toContain("failing since 2026-11-20");
    expect(shown.error).not.toContain("failing since");
  });

  it.each<[what: string, note: HistoryNote, words: string]>([
    ["one run", oneRun, "also failing on main, seen in one run: 2026-11-20"],
    ["runs that all failed", { ...oneRun, runs: 2 }, "also failing on main at least since 2026-11-20"],
    ["a run that was well before", { ...oneRun, isSince: true }, "also failing on main since 2026-11-20"],
  ])("says on no surface more of how long it fails than is known from %s", (_, note, words) => {
    const { log, summary, comment, page, error } = surfacesOf([note], []);

    for (const text of [log, summary, comment, page]) expect(text).toContain(words);
    expect(error).not.toContain("2026-11-20");
  });
});

/** An error and a warning with these notes, as each surface shows them. */
function surfacesOf(ofError: readonly HistoryNote[], ofWarning: readonly HistoryNote[]) {
  const found = finding({ history: ofError });
  const warned = finding({ severity: "warn", history: ofWarning });
  const judged = verdict({ findings: [found, warned] });
  const message = (severity: "error" | "warn") =>
    renderAlert(
      {
        ...{ kind: "problems", severity, key: "1", channel: "C0", address: { kind: "channel" }, mentions: [] },
        items: [anItem(severity === "error" ? found : warned)],
      },
      { run: run(), mode: "deploy", target: "prod", projectName: "shop", reproduce: null },
    );
  const summary = {
    ...{ mode: null, modeReason: "", target: null, plan: null, nodesInProject: null, queue: null, ended: null },
    verdict: judged,
  };
  return {
    log: renderVerdict(judged, createPaint(false)).join("\n"),
    summary: renderSummary(summary),
    comment: renderComment({ ...summary, project: "shop", commit: "a1b2c3d4e5f6", url: null }),
    page: render(aPage({ verdict: asResult(judged) })),
    error: JSON.stringify(message("error").blocks),
    warning: JSON.stringify(message("warn").blocks),
  };
}
