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
      "a fork's push to its own branch of that name",
      { platform: "circleci", trust: "fork", headRepository: "mallory/shop" },
      "check",
      "main of mallory/shop, a fork",
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

  it.each<[string, Partial<Run>, string]>([
    ["nobody tells", { platform: "circleci", triggerWord: null }, "what started this run on main is not known, so"],
    ["GitHub has another event", { triggerWord: "workflow_run" }, 'is not known ("workflow_run"), so'],
  ])("is refused on the base branch where %s: it could deploy, or never build", (_, overrides, message) => {
    expect(() => chooseMode(aRun({ trigger: "unknown", ...overrides }), "main", "auto")).toThrow(message);
  });

  const strange = { platform: "circleci", trigger: "unknown", triggerWord: "cron\n\u202e2027" } as const;

  it("of a word that CircleCI has not had yet is deploy on the base branch, and says the word", () => {
    expect(chooseMode(aRun(strange), "main", "auto")).toEqual({
      mode: "deploy",
      reason: 'on main, started by "cron\\n?2027", which is no known trigger: taken for a push; --mode says otherwise',
    });
  });

  it("of such a word is check everywhere else", () => {
    expect(chooseMode(aRun({ ...strange, ref: feature }), "main", "auto").mode).toBe("check");
    expect(chooseMode(aRun({ ...strange, ref: { kind: "tag", name: "main" } }), "main", "auto").mode).toBe("check");
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
