import { describe, expect, it } from "vitest";
import { describeDifference, type Purpose, whyNotProduction } from "../../src/run/purpose.ts";

const made: Purpose = { mode: "check", target: "ci", commit: "a".repeat(40) };

describe("what a plan was made for", () => {
  it("is the same where mode, target and commit are", () => {
    expect(describeDifference(made, { ...made })).toBeNull();
    expect(describeDifference({ ...made, target: null }, { ...made, target: null })).toBeNull();
  });

  it.each<[what: string, now: Partial<Purpose>, words: string]>([
    ["another mode", { mode: "deploy", target: "prod" }, "made for check mode, and this is deploy mode"],
    ["another target", { target: "prod" }, "made for target ci, and this is target prod"],
    ["the profile's target", { target: null }, "made for target ci, and this is the profile's own target"],
    ["another commit", { commit: "b".repeat(40) }, "made of commit aaaaaaaaaaaa, and HEAD is bbbbbbbbbbbb"],
  ])("differs from %s", (_, now, words) => {
    expect(describeDifference(made, { ...made, ...now })).toBe(words);
  });

  it("is never what nothing tells", () => {
    const unknown = { ...made, commit: null };

    expect(describeDifference(unknown, unknown)).toBe("made of files alone, and nothing tells which commit it is of");
  });
});

describe("a build", () => {
  const modes = { check: { target: "ci" }, deploy: { target: "prod" }, schedule: { target: "hourly" } };
  const open = { ...modes, deploy: { target: null } };

  it.each<[mode: Purpose["mode"], target: string | null, of: typeof modes | typeof open]>([
    ["deploy", "prod", modes],
    ["schedule", "hourly", modes],
    ["deploy", null, open],
    ["deploy", "prod", open],
  ])("of %s in %s is what production holds", (mode, target, of) => {
    expect(whyNotProduction({ mode, target }, of)).toBeNull();
  });

  it.each<[mode: Purpose["mode"], target: string | null, of: typeof modes | typeof open, why: string]>([
    ["check", "ci", modes, "it is a build of check mode"],
    ["check", "prod", modes, "it is a build of check mode"],
    ["deploy", "ci", modes, "it is of target ci, not of prod (modes.deploy.target)"],
    ["deploy", "hourly", modes, "it is of target hourly, not of prod (modes.deploy.target)"],
    ["deploy", null, modes, "it is of the profile's own target, not of prod (modes.deploy.target)"],
    ["deploy", "ci", open, "it is of target ci, which is check mode's"],
  ])("of %s in %s is not: %s", (mode, target, of, why) => {
    expect(whyNotProduction({ mode, target }, of)).toBe(why);
  });
});
