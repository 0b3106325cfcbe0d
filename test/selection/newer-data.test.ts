import { describe, expect, it } from "vitest";
import type { NodeResult } from "../../src/artifacts/run-results.ts";
import { readSources } from "../../src/artifacts/sources.ts";
import { findNewer } from "../../src/selection/newer-data.ts";
import { select } from "../../src/selection/select.ts";
import { asksNewerData, withoutNewerData } from "../../src/selection/selector.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { aDbtRun, aManifest, aNode, aSource } from "../artifacts/build.ts";
import { forked, options, selected } from "./build.ts";

const [CHARGES, ORDERS] = [aSource("charges", { hasFreshness: true }), aSource("orders", { hasFreshness: true })];
const PLAIN = aSource("plain");
const PROJECT = aManifest([CHARGES, ORDERS, PLAIN, aNode("payments", { parents: [CHARGES.id] })]);

/** Rows of a sources.json; null: no time stands in the row. */
function rows(loads: Readonly<Record<string, string | null>>): readonly NodeResult[] {
  const results = Object.entries(loads).map(([id, time]) => ({
    ...{ unique_id: id, status: time === null ? "runtime error" : "pass" },
    ...(time === null ? { error: "no" } : { max_loaded_at: time }),
  }));
  const metadata = { dbt_schema_version: "https://schemas.getdbt.com/dbt/sources/v3.json", dbt_version: "1.11.16" };
  return readSources(JSON.stringify({ metadata, results }), "sources.json").results;
}

describe("newer data", () => {
  it.each<[what: string, before: string | null, now: string, isNewer: boolean]>([
    ["later", "2026-11-30T03:10:00Z", "2026-11-30T06:10:00Z", true],
    ["the same", "2026-11-30T03:10:00Z", "2026-11-30T03:10:00Z", false],
    ["the same in another form", "2026-11-30T03:10:00.500000Z", "2026-11-30T04:10:00.5+01:00", false],
    ["earlier", "2026-11-30T03:10:00Z", "2026-11-30T03:09:59.999999Z", false],
    ["later by a microsecond, as dbt compares", "2026-11-30T03:10:00.000001Z", "2026-11-30T03:10:00.000002Z", true],
    ["later, by another offset", "2026-11-30T03:10:00+02:00", "2026-11-30T02:10:00Z", true],
    ["new, without a row before", null, "2020-01-01T00:00:00Z", true],
  ])("is what loaded %s", (_, before, now, isNewer) => {
    const still = { [ORDERS.id]: "2026-11-30T01:00:00Z" };
    const look = aDbtRun(rows({ [CHARGES.id]: now, ...still }), { command: "source freshness" });
    const then = rows({ ...still, ...(before === null ? {} : { [CHARGES.id]: before }) });

    const found = findNewer(look, then, PROJECT);

    const ids = found.kind === "known" ? found.sources.map(({ source }) => source) : found;
    expect(ids).toEqual(isNewer ? [CHARGES.id] : []);
  });

  it.each<[what: string, look: Parameters<typeof findNewer>[0], why: RegExp]>([
    ["the look left no results", aDbtRun([], { results: null, trouble: "missing" }), /left no results/],
    ["the look was stopped", aDbtRun(rows({ [CHARGES.id]: "2026-11-30T03:10:00Z" }), { trouble: "killed" }), /left no/],
    ["a source has no row", aDbtRun(rows({ [CHARGES.id]: "2026-11-30T03:10:00Z" })), /^how new raw\.orders is/],
    ["sources failed", aDbtRun(rows({ [CHARGES.id]: null, [ORDERS.id]: null })), /^how new raw\.charges .*and 1 more$/],
  ])("is not known where %s", (_, look, why) => {
    expect(findNewer(look, [], PROJECT)).toEqual({ kind: "unknown", why: expect.stringMatching(why) });
  });
});

describe("source_status:", () => {
  const newer = [{ source: "source.shop.raw.a", from: null, to: "2026-11-30T06:10:00.000000000Z" }];

  it.each<[text: string, ids: string]>([
    ["source_status:fresher+", "a b d"],
    ["source_status:fresher+1", "a"],
    ["source_status:fresher+,b", "b"],
    ["c source_status:fresher+1", "a c"],
  ])("selects as dbt does: %s", (text, ids) => {
    const names = selected(forked(), text, { newer, as: "build" }).filter((id) => id.startsWith("model."));

    expect(names.map((id) => id.split(".")[2]).join(" ")).toBe(ids);
  });

  it("says of each node which source it follows", () => {
    const found = select(forked(), null, options("source_status:fresher+", { newer, as: "build" }));

    const reasons = found.kind === "selected" ? found.nodes.find(({ id }) => id === "model.shop.b")?.reasons : null;
    expect(reasons).toEqual([{ kind: "downstream", of: "source.shop.raw.a" }]);
  });

  it("asks dbt where nobody looked, and refuses a word that dbt would take for nothing", () => {
    expect(select(forked(), null, options("source_status:fresher")).kind).toBe("unsupported");
    expect(() => select(forked(), null, options("source_status:freshr+", { newer }))).toThrow(SignalboxError);
  });

  it.each<[text: string, asks: boolean, rest: string | null]>([
    ["source_status:fresher+", true, null],
    ["tag:heavy 2+source_status:fresher+ b", true, "tag:heavy b"],
    ["a,source_status:fresher", true, null],
    ["tag:source_status", false, "tag:source_status"],
    ["", false, null],
  ])("is known in a selector: %j", (text, asks, rest) => {
    expect([asksNewerData(text), withoutNewerData(text)]).toEqual([asks, rest]);
  });
});
