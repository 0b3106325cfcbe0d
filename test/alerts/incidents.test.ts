import { describe, expect, it } from "vitest";
import type { Alert, AlertItem } from "../../src/alerts/alert.ts";
import { incidentsOf } from "../../src/alerts/incidents.ts";
import { asEdited, withoutThreads } from "../../src/alerts/without-threads.ts";
import { anItem, ERRORS, failing, problemsAlert, WARNINGS } from "./build.ts";

const told = (overrides: Partial<AlertItem>, severity: "error" | "warn" = "error") =>
  problemsAlert([], { items: [anItem(failing("a", { severity }), overrides)] });
const gone = { finding: null, state: "recovered", news: "recovered" } as const;

describe("the incidents of a run's alerts", () => {
  it.each<[string, Partial<AlertItem>, "error" | "warn", string | null]>([
    ["a new error", {}, "error", "firing"],
    ["a warning that is an error now", { news: "worse" }, "error", "firing"],
    ["an error that still fails, in the daily message", { news: "again" }, "error", "firing"],
    ["an error that comes and goes", { news: "flapping" }, "error", "firing"],
    ["an error that comes and goes, and passes just now", { ...gone, news: "flapping" }, "error", "firing"],
    ["an error that comes and goes, in an edit", { ...gone, news: null, isFlapping: true }, "error", null],
    ["an error that came and went, and has stopped to", { ...gone, isFlapping: true }, "error", "resolved"],
    ["a muted error that comes and goes", { news: "flapping", isMuted: true }, "error", null],
    ["an error that has recovered", gone, "error", "resolved"],
    ["an error that was told long ago and is over, in an edit", { ...gone, news: null }, "error", "resolved"],
    ["a test that is gone", { ...gone, state: "removed", news: "removed" }, "error", "resolved"],
    ["an error that is only a warning now", { news: "better" }, "warn", "resolved"],
    ["a muted error that has recovered", { ...gone, news: null, isMuted: true }, "error", "resolved"],
    ["a muted error", { isMuted: true }, "error", null],
    ["an error that the board lists", { news: null }, "error", null],
    ["a disabled test", { state: "disabled", news: null }, "error", null],
    ["a new warning", {}, "warn", null],
    ["a warning that has recovered", gone, "warn", null],
    ["an overdue warning", { news: "overdue" }, "warn", null],
  ])("%s", (_, overrides, severity, status) => {
    const found = incidentsOf([told(overrides, severity)]).map((incident) => incident.status);

    expect(found).toEqual(status === null ? [] : [status]);
  });

  it("are told once, whatever number of messages tell of them", () => {
    expect(incidentsOf([told(gone), { ...told(gone), kind: "recovered" } as Alert])).toHaveLength(1);
  });
});

describe("alerts where nothing can be edited or answered", () => {
  const board = {
    kind: "board",
    key: "b",
    channel: WARNINGS,
    items: [],
    mentions: [],
    week: "2026-W48",
    score: { opened: 2, fixed: 1, carried: 1 },
    expired: [],
  } as const;
  const edit = { kind: "edit", ts: "1764000000.000001" } as const;

  it("stand in the channel; of edits only a closed board is said", () => {
    const alerts: readonly Alert[] = [
      problemsAlert([failing("a")], { key: "new" }),
      problemsAlert([failing("a")], { key: "edit", address: edit }),
      {
        kind: "recovered",
        key: "answer",
        channel: ERRORS,
        items: [],
        mentions: [],
        address: { kind: "thread", ts: "1.1" },
      },
      { ...board, key: "open board", state: "open", address: edit },
      { ...board, key: "closed board", state: "closed", address: edit },
    ];

    const { said, unsaid } = withoutThreads(alerts);

    expect(said.map(({ key, address }) => [key, address.kind])).toEqual([
      ["new", "channel"],
      ["answer", "channel"],
      ["closed board", "channel"],
    ]);
    expect(unsaid.flatMap(asEdited)).toEqual([
      { key: "edit", result: "updated", channel: ERRORS, ts: edit.ts },
      { key: "open board", result: "updated", channel: WARNINGS, ts: edit.ts },
    ]);
  });
});
