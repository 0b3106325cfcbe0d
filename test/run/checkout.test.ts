import { describe, expect, it } from "vitest";
import { demandOf, demandWithoutEvent } from "../../src/run/checkout.ts";
import type { Mode } from "../../src/run/mode.ts";

describe("what an event of GitHub lets dbt work on", () => {
  it.each<[string, Mode, string]>([
    ["pull_request", "check", "any"],
    ["merge_group", "check", "any"],
    ["pull_request_target", "check", "none"],
    ["pull_request_target", "deploy", "none"],
    ["push", "check", "own branch"],
    ["push", "deploy", "base branch"],
    ["schedule", "schedule", "base branch"],
    ["workflow_dispatch", "deploy", "base branch"],
    ["workflow_run", "check", "own branch"],
    ["issue_comment", "check", "own branch"],
    ["pull_request_review", "check", "own branch"],
    ["an event of next year", "check", "own branch"],
    ["", "deploy", "base branch"],
  ])("%s in %s mode: %s", (event, mode, demand) => {
    expect(demandOf(event, mode)).toBe(demand);
  });
});

describe("what a run that no event tells of lets dbt work on", () => {
  it.each<["full" | "fork", Mode, string]>([
    ["full", "deploy", "any"],
    ["fork", "check", "any"],
    ["fork", "deploy", "base branch"],
    ["fork", "schedule", "base branch"],
  ])("with trust %s in %s mode: %s", (trust, mode, demand) => {
    expect(demandWithoutEvent({ trust }, mode)).toBe(demand);
  });
});
