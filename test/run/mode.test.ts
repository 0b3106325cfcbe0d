import { describe, expect, it } from "vitest";
import { chooseMode, type Mode, triggerOfTicket } from "../../src/run/mode.ts";
import type { Run, Trigger } from "../../src/run/run.ts";
import { aRun } from "./build.ts";

describe("the mode of a run", () => {
  const feature = { kind: "branch", name: "feature/fx" } as const;
  it.each<[string, Partial<Run>, string, string]>([
    [
      "a pull request",
      { trigger: "pull-request", ref: feature, pullRequest: { number: 12, base: "main" } },
      "check",
      "pull request #12 into main",
    ],
    [
      "a pull request without a number",
      { trigger: "pull-request", ref: feature, pullRequest: { number: null, base: null } },
      "check",
      "pull request into main",
    ],
    [
      "a pull request whose branch is named like the base",
      { trigger: "pull-request", pullRequest: { number: 7, base: "main" } },
      "check",
      "pull request #7 into main",
    ],
    [
      "a merge group",
      { trigger: "merge-group", ref: { kind: "branch", name: "gh-readonly-queue/main/pr-1" } },
      "check",
      "merge group for main",
    ],
    ["a push to another branch", { ref: feature }, "check", "branch feature/fx is not main"],
    [
      "a scheduled run of another branch",
      { trigger: "schedule", ref: feature },
      "check",
      "branch feature/fx is not main",
    ],
    [
      "a tag, also one named like the base",
      { ref: { kind: "tag", name: "main" } },
      "check",
      "a tag, not the base branch main",
    ],
    [
      "a laptop on the base branch",
      { platform: "local", trigger: "manual" },
      "check",
      "not in CI; --mode deploy builds everything",
    ],
    ["a push to the base", {}, "deploy", "push to main"],
    ["a manual start on the base", { trigger: "manual" }, "deploy", "started by hand on main"],
    ["a schedule on the base", { trigger: "schedule" }, "schedule", "scheduled on main"],
  ])("of %s says why", (_, overrides, mode, reason) => {
    expect(chooseMode(aRun(overrides), "main", "auto")).toEqual({ mode, reason });
  });

  it("is refused where what started a run on the base branch is not known: it could deploy, or never build", () => {
    expect(() => chooseMode(aRun({ trigger: "unknown" }), "main", "auto")).toThrow(
      "what started this run on main is not known",
    );
  });

  it("is what a person asks for, above all", () => {
    expect(chooseMode(aRun({ trigger: "unknown" }), "main", "schedule").mode).toBe("schedule");
  });
});

describe("the trigger on a ticket", () => {
  it.each<[mode: Mode, trigger: Trigger, told: Trigger]>([
    ["schedule", "manual", "schedule"],
    ["schedule", "unknown", "schedule"],
    ["schedule", "push", "schedule"],
    ["deploy", "manual", "push"],
    ["deploy", "unknown", "push"],
    ["deploy", "schedule", "push"],
    ["check", "manual", "manual"],
    ["check", "unknown", "manual"],
    ["check", "push", "manual"],
    ["check", "pull-request", "pull-request"],
    ["check", "merge-group", "merge-group"],
  ])("of a %s that was started by %s is %s", (mode, trigger, told) => {
    expect(triggerOfTicket(mode, trigger)).toBe(told);
  });
});
