import { describe, expect, it } from "vitest";
import {
  expiredRules,
  factsOf,
  isMatch,
  type Match,
  type MatchFacts,
  type Rule,
  ruleFor,
} from "../../src/severity/rules.ts";
import { aSubject, matchesStar } from "./build.ts";

const FACTS: MatchFacts = {
  name: ["not_null_orders_id"],
  path: ["models/marts/orders.yml"],
  tag: ["nightly", "finance"],
  owner: ["Finance"],
  group: ["finance"],
  package: ["shop"],
  resource: ["test"],
  test: ["not_null"],
  status: ["fail"],
  tool: [],
  rule: [],
};

const NOW = Date.parse("2026-12-15T12:00:00Z");

describe("isMatch", () => {
  it.each<[string, Match, boolean]>([
    ["a name", { name: "not_null_*" }, true],
    ["another name", { name: "unique_*" }, false],
    ["a path", { path: "models/marts/*" }, true],
    ["one of its tags", { tag: "finance" }, true],
    ["none of its tags", { tag: "hourly" }, false],
    ["an owner", { owner: "Fin*" }, true],
    ["a group", { group: "finance" }, true],
    ["a package", { package: "shop" }, true],
    ["a resource type", { resource: "test" }, true],
    ["a generic test", { test: "not_null" }, true],
    ["a status", { status: "fail" }, true],
    ["all that is given", { name: "*orders*", tag: "nightly", status: "fail" }, true],
    ["all but one of what is given", { name: "*orders*", tag: "nightly", status: "warn" }, false],
    ["a field that was left out", { name: undefined, tag: "nightly" }, true],
  ])("compares %s", (_, match, expected) => {
    expect(isMatch(match, FACTS, matchesStar)).toBe(expected);
  });

  it("matches no field that the finding does not have", () => {
    expect(isMatch({ group: "*" }, { ...FACTS, group: [] }, matchesStar)).toBe(false);
  });
});

describe("factsOf", () => {
  it("gives each field of a node", () => {
    const facts = factsOf({
      subject: aSubject({ owner: null, group: "finance", test: "not_null", tags: ["a", "b"] }),
      status: "fail",
    });

    expect(facts).toMatchObject({
      owner: [],
      group: ["finance"],
      test: ["not_null"],
      tag: ["a", "b"],
      package: ["shop"],
      status: ["fail"],
    });
  });

  it("gives no more than a status for the run", () => {
    const facts = factsOf({ subject: { kind: "run", what: "dbt-failed" }, status: "exit 2" });

    expect(isMatch({ name: "*" }, facts, matchesStar)).toBe(false);
    expect(facts.status).toEqual(["exit 2"]);
  });
});

describe("ruleFor", () => {
  const first: Rule = { match: { tag: "finance" }, severity: "warn" };
  const second: Rule = { match: { name: "*" }, severity: "ignore", until: "2026-12-31", reason: "DATA-1" };

  it("takes the first rule that matches", () => {
    expect(ruleFor([first, second], FACTS, matchesStar, NOW)).toBe(first);
    expect(ruleFor([second, first], FACTS, matchesStar, NOW)).toBe(second);
    expect(ruleFor([{ match: { name: "x" } }], FACTS, matchesStar, NOW)).toBeNull();
  });

  it.each([
    ["on its last day", "2026-12-15", true],
    ["the day after", "2026-12-14", false],
    ["with a day that is none", "2026-13-45", false],
  ])("applies a rule with an end: %s", (_, until, applies) => {
    const rule: Rule = { match: { name: "*" }, mute: true, until, reason: "DATA-1" };

    expect(ruleFor([rule, first], FACTS, matchesStar, NOW)).toBe(applies ? rule : first);
    expect(expiredRules([first, rule], NOW)).toEqual(applies ? [] : [rule]);
  });
});
