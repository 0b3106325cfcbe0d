import { describe, expect, it } from "vitest";
import { type Channels, channelOf, mentionsOf, type Route, unmentionable } from "../../src/alerts/route.ts";
import { aFinding, aRunFinding, aSubject } from "../severity/build.ts";
import { ERRORS, failing, WARNINGS } from "./build.ts";

const error = failing("a");
const warn = failing("a", { severity: "warn" });

function channels(...routes: Route[]): Channels {
  return { error: ERRORS, warn: WARNINGS, routes };
}
const route = (overrides: Partial<Route>): Route => ({ takes: () => true, error: null, warn: null, ...overrides });

describe("the channel of a finding", () => {
  it("is its severity's own where there are no routes", () => {
    expect([channelOf(error, channels()), channelOf(warn, channels())]).toEqual([ERRORS, WARNINGS]);
  });

  it("is that of the first route that takes it", () => {
    const routed = channels(
      route({ takes: () => false, error: "C0NEVER001" }),
      route({ error: "C0FIRST001" }),
      route({ error: "C0SECOND01" }),
    );

    expect(channelOf(error, routed)).toBe("C0FIRST001");
  });

  it("is not that of a route which names none for its severity", () => {
    const routed = channels(route({ warn: "C0WARN0001" }), route({ error: "C0ERROR001" }));

    expect([channelOf(error, routed), channelOf(warn, routed)]).toEqual(["C0ERROR001", "C0WARN0001"]);
    expect(channelOf(error, channels(route({ warn: "C0WARN0001" })))).toBe(ERRORS);
  });

  it("is asked with the finding itself", () => {
    const routed = channels(route({ takes: ({ status }) => status === "runtime error", error: "C0STALE001" }));

    expect(channelOf(aFinding({ status: "runtime error" }), routed)).toBe("C0STALE001");
    expect(channelOf(error, routed)).toBe(ERRORS);
  });
});

describe("the mentions of a finding", () => {
  const owned = (owner: string | null, severity: "error" | "warn" = "error") =>
    failing("a", { severity, subject: aSubject({ owner }) });
  const ids = { "data-core": "S0CCCCCCC", finance: "U0FFFFFFF" };

  it.each<[what: string, finding: Parameters<typeof mentionsOf>[0], expected: string[]]>([
    ["an error whose owner has an id", owned("data-core"), ["S0CCCCCCC"]],
    ["a warning", owned("data-core", "warn"), ["S0CCCCCCC"]],
    ["an error without an owner", owned(null), []],
    ["an error whose owner has no id", owned("marketing"), []],
    ["an error whose owner's name is empty", owned(""), []],
    ["a problem of the run", aRunFinding("dbt-failed"), []],
  ])("of %s are %j", (_, finding, expected) => {
    expect(mentionsOf(finding, ids)).toEqual(expected);
  });

  it("are the id that the owner's dbt group gives, where signalbox.yml does not map the name", () => {
    const grouped = (owner: string | null, ownerSlack: string) =>
      failing("a", { subject: aSubject({ owner, ownerSlack }) });

    expect(mentionsOf(grouped("marketing", "S0MARKETS"), ids)).toEqual(["S0MARKETS"]);
    expect(mentionsOf(grouped("data-core", "S0MARKETS"), ids)).toEqual(["S0CCCCCCC"]);
    expect(mentionsOf(grouped(null, "S0MARKETS"), ids)).toEqual(["S0MARKETS"]);
  });

  it.each(["#marketing", "@dana", "S123", "s0markets", "S0MARKETS> <!channel", "C0MARKETS"])(
    "are none for a dbt group that gives %j, and its owner is named once",
    (ownerSlack) => {
      const finding = failing("a", { subject: aSubject({ owner: "marketing", ownerSlack }) });

      expect(mentionsOf(finding, ids)).toEqual([]);
      expect(unmentionable([finding, finding], ids)).toEqual([{ owner: "marketing", got: ownerSlack }]);
      expect(unmentionable([finding], { marketing: "S0MARKETS" })).toEqual([]);
    },
  );

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])(
    "of an owner named %s are none: names of objects are nobody",
    (owner) => {
      expect(mentionsOf(owned(owner), ids)).toEqual([]);
    },
  );

  it("are found for an owner whose name only looks like a name of objects", () => {
    expect(mentionsOf(owned("constructor"), { constructor: "U0CCCCCCC" })).toEqual(["U0CCCCCCC"]);
  });
});
