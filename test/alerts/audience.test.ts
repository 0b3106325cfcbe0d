import { describe, expect, it } from "vitest";
import type { Alert, Delivery } from "../../src/alerts/alert.ts";
import { exitCodeOfDeliveries, missingChannels, whyNotAlerted } from "../../src/alerts/audience.ts";
import type { Mode } from "../../src/run/mode.ts";
import type { Run } from "../../src/run/run.ts";
import { aRun } from "../run/build.ts";
import { ERRORS, failed, failing, problemsAlert, sent, WARNINGS } from "./build.ts";

const problems = (severity: "error" | "warn") =>
  problemsAlert([failing("a", { severity })], { severity, key: severity });

describe("a run sends alerts", () => {
  it.each<[string, Partial<Run>, Mode, boolean, RegExp | null]>([
    ["of a deploy", {}, "deploy", false, null],
    ["of a schedule", {}, "schedule", false, null],
    ["not of a check", {}, "check", false, /^check mode: nobody is alerted/],
    ["of a check whose mode was asked for", {}, "check", true, null],
    ["of a check on a laptop: a person asks", { platform: "local" }, "check", false, null],
    ["not of a fork", { trust: "fork" }, "deploy", false, /nobody is alerted$/],
    ["not of a fork that asks", { trust: "fork" }, "check", true, /nobody is alerted$/],
    ["not of a fork on a laptop", { trust: "fork", platform: "local" }, "deploy", true, /nobody is alerted$/],
  ])("%s", (_, run, mode, isAsked, why) => {
    const said = whyNotAlerted(aRun(run), mode, isAsked);

    if (why === null) expect(said).toBeNull();
    else expect(said).toMatch(why);
  });
});

describe("channels", () => {
  it.each([
    ["both", { error: ERRORS, warn: WARNINGS }, []],
    ["one is missing", { error: null, warn: WARNINGS }, ["slack.error"]],
    ["both are missing", { error: null, warn: null }, ["slack.error", "slack.warn"]],
  ] as const)("%s", (_, slack, missing) => {
    expect(missingChannels(slack).map(({ where }) => where)).toEqual(missing);
  });
});

describe("an alert that did not arrive", () => {
  const [error, warn] = [problems("error"), problems("warn")];
  const unknown: Delivery = { key: "other", result: "failed", code: "timeout", hint: "look" };

  it.each<[string, "fail" | "warn" | undefined, readonly Delivery[], 0 | 5]>([
    ["everything arrived", undefined, [sent(error), sent(warn)], 0],
    ["an error did not", undefined, [failed(error), sent(warn)], 5],
    ["a warning did not", undefined, [sent(error), failed(warn)], 0],
    ["a warning did not, and it is to fail", "fail", [sent(error), failed(warn)], 5],
    ["an error did not, and it is to warn", "warn", [failed(error)], 0],
    ["of an alert that nobody knows", undefined, [unknown], 0],
    ["of an alert that nobody knows, and it is to fail", "fail", [unknown], 5],
    ["nothing was sent", "fail", [], 0],
  ])("%s", (_, policy, deliveries, code) => {
    expect(exitCodeOfDeliveries(policy, [error, warn], deliveries)).toBe(code);
  });

  it("counts as an error where it is about what is overdue", () => {
    const overdue: Alert = { ...problems("warn"), kind: "overdue", channel: ERRORS, slaSeconds: 60 };

    expect(exitCodeOfDeliveries(undefined, [overdue], [failed(overdue)])).toBe(5);
  });
});
