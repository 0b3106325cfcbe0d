import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Node } from "../../src/artifacts/manifest.ts";
import { decideGate, withoutHeld } from "../../src/severity/freshness-gate.ts";
import { aDbtRun, aManifest, aNode, aResult, aSource, aTest } from "../artifacts/build.ts";
import { plan } from "../render/build.ts";

const source = (name: string, hasFreshness = true) =>
  aSource(name, { hasFreshness, fqn: ["shop", "raw", name], raw: { source_name: "raw" } });
const model = (name: string, ...parents: string[]) => aNode(name, { parents, raw: { raw_code: "select 1" } });
const STRIPE = "source.shop.raw.stripe";
const SHOP = "source.shop.raw.shop";
/** stripe → payments → revenue (with a test) ← orders ← shop; unwatched → extra. */
const NODES: readonly Node[] = [
  source("stripe"),
  source("shop"),
  source("unwatched", false),
  model("payments", STRIPE),
  model("orders", SHOP),
  model("revenue", "model.shop.payments", "model.shop.orders"),
  model("extra", "source.shop.raw.unwatched"),
  aTest("t", ["model.shop.revenue"], { raw: { raw_code: "{{ test_not_null() }}" } }),
];
const looked = (rows: Readonly<Record<string, string>>, overrides: Parameters<typeof aDbtRun>[1] = {}) =>
  aDbtRun(
    Object.entries(rows).map(([id, status]) => aResult(id, status)),
    { command: "source freshness", manifest: aManifest(NODES), ...overrides },
  );
const gateOf = (freshness: ReturnType<typeof looked>, planned: readonly string[] | null = null, nodes = NODES) =>
  decideGate({ freshness, manifest: aManifest(nodes), planned, defaultSelector: null });

describe("the gate of freshness", () => {
  it("holds back all that lies below a stale source, and nothing else", () => {
    expect(gateOf(looked({ [STRIPE]: "error", [SHOP]: "warn" }))).toEqual({
      kind: "held",
      held: [{ source: STRIPE, ids: ["model.shop.payments", "model.shop.revenue", "test.shop.t"] }],
      exclude: ["source:shop.raw.stripe+"],
      isAnyLeft: true,
    });
  });

  it("tells a node below two of them once, and says where nothing is left", () => {
    const planned = ["model.shop.orders", "model.shop.payments", "model.shop.revenue"];

    expect(gateOf(looked({ [STRIPE]: "error", [SHOP]: "error" }), planned)).toEqual({
      kind: "held",
      held: [
        { source: SHOP, ids: ["model.shop.orders", "model.shop.revenue"] },
        { source: STRIPE, ids: ["model.shop.payments"] },
      ],
      exclude: ["source:shop.raw.shop+", "source:shop.raw.stripe+"],
      isAnyLeft: false,
    });
  });

  it("keeps to what was planned", () => {
    expect(gateOf(looked({ [STRIPE]: "error", [SHOP]: "pass" }), ["model.shop.orders"])).toMatchObject({
      held: [{ source: STRIPE, ids: [] }],
      isAnyLeft: true,
    });
  });

  it.each<[what: string, run: ReturnType<typeof looked>, why: string | null]>([
    ["every source is fresh", looked({ [STRIPE]: "pass", [SHOP]: "warn" }), null],
    [
      "sources.json is missing",
      looked({}, { results: null, trouble: "missing" }),
      "dbt source freshness left no results",
    ],
    ["it is damaged", looked({}, { results: null, trouble: "unreadable" }), "dbt source freshness left no results"],
    [
      "it is of another run",
      looked({ [STRIPE]: "error" }, { trouble: "stale" }),
      "dbt source freshness left no results",
    ],
    ["a source has no row", looked({ [STRIPE]: "error" }), "how old raw.shop is could not be asked"],
    [
      "a source's query failed",
      looked({ [STRIPE]: "error", [SHOP]: "runtime error" }),
      "how old raw.shop is could not be asked",
    ],
    [
      "dbt has a word that nobody knows",
      looked({ [STRIPE]: "error", [SHOP]: "lukewarm" }),
      "how old raw.shop is could not be asked",
    ],
    ["nothing has a row", looked({}, { exitCode: 1 }), "how old raw.shop is could not be asked, and 1 more"],
    [
      "dbt ended well without a row",
      looked({ [STRIPE]: "pass" }, { exitCode: 0 }),
      "how old raw.shop is could not be asked",
    ],
    [
      "a source was passed over",
      looked({ [STRIPE]: "error", [SHOP]: "skipped" }),
      "how old raw.shop is could not be asked",
    ],
  ])("builds everything where %s, and says what is not known", (_, run, why) => {
    expect(gateOf(run)).toEqual({ kind: "open", why });
  });

  it("builds everything where no selector names what lies below a source alone", () => {
    const odd = aSource("a*b", {
      id: "source.shop.raw.a*b",
      hasFreshness: true,
      fqn: ["shop", "raw", "a*b"],
      raw: { source_name: "raw" },
    });
    const nodes = [odd, model("b*w", odd.id), model("below")];

    expect(gateOf(looked({ [odd.id]: "error" }), null, nodes)).toEqual({
      kind: "open",
      why: "no selector names what lies below raw.a*b",
    });
  });

  it.each(["charges.v1", "charges of today", "events_*"])(
    "names node by node what lies below a source called %s",
    (name) => {
      const odd = { ...source(name), id: `source.shop.raw.${name}` };
      const nodes = [odd, source("shop"), model("payments", odd.id), model("orders", SHOP)];

      expect(gateOf(looked({ [odd.id]: "error", [SHOP]: "pass" }), null, nodes)).toEqual({
        kind: "held",
        held: [{ source: odd.id, ids: ["model.shop.payments"] }],
        exclude: ["fqn:shop.payments,resource_type:model"],
        isAnyLeft: true,
      });
    },
  );

  it("builds everything where a default selector chooses what is built: dbt drops it for an --exclude", () => {
    const freshness = looked({ [STRIPE]: "error", [SHOP]: "pass" });

    expect(
      decideGate({ freshness, manifest: aManifest(NODES), planned: null, defaultSelector: { name: "nightly" } }),
    ).toMatchObject({ kind: "open", why: expect.stringContaining("default selector nightly") });
    expect(
      decideGate({ freshness, manifest: aManifest(NODES), planned: null, defaultSelector: { name: null } }),
    ).toMatchObject({ kind: "open", why: expect.stringContaining("dbt 2 does not tell") });
  });

  it("counts of a manifest that only dbt selects from what a build builds: no exposure", () => {
    const board = aNode("board", { type: "exposure", parents: ["model.shop.payments"] });
    const manifest = aManifest([...NODES, board], { dbtVersion: "2.0.0" });
    const freshness = looked({ [STRIPE]: "error", [SHOP]: "pass" });

    const gate = decideGate({ freshness, manifest, planned: null, defaultSelector: null });

    expect(gate).toMatchObject({ kind: "held", exclude: ["source:shop.raw.stripe+"], isAnyLeft: true });
    expect(gate.kind === "held" && gate.held[0]?.ids).toContain("model.shop.payments");
    expect(gate.kind === "held" && gate.held[0]?.ids).not.toContain(board.id);
  });

  it("takes what is held back out of the plan, and tells dbt so", () => {
    const ids = ["model.shop.extra", "model.shop.payments"];
    const held = { held: [{ source: STRIPE, ids: ["model.shop.payments"] }], exclude: ["source:shop.raw.stripe+"] };
    const left = withoutHeld(plan({ kind: "selected", ids }), { ...held, isAnyLeft: true });

    expect(left).toMatchObject({
      kind: "selected",
      ids: ["model.shop.extra"],
      choosing: { exclude: ["source:shop.raw.stripe+"] },
    });
    expect(withoutHeld(plan({ kind: "selected", ids }), { ...held, isAnyLeft: false }).kind).toBe("nothing");
  });

  it("leaves of any project only nodes that no stale source feeds, and all of those", () => {
    const projects = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { maxLength: 20 }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    );
    fc.assert(
      fc.property(projects, ([sources, links, isStale]) => {
        const made: Node[] = Array.from({ length: sources }, (_, index) => source(`s${index}`));
        for (const [index, of] of links.entries()) {
          const parents = [...new Set(of.map((each) => made[each % made.length]?.id ?? ""))];
          made.push(model(`m${index}`, ...parents));
        }
        const rows = Object.fromEntries(
          made.slice(0, sources).map(({ id }, index) => [id, isStale[index] ? "error" : "pass"]),
        );
        // What a node holds is as old as the oldest that it reads: told by hand, parents first.
        const old = new Set(Object.entries(rows).flatMap(([id, status]) => (status === "error" ? [id] : [])));
        for (const { id, parents } of made) if (parents.some((parent) => old.has(parent))) old.add(id);
        const models = made.slice(sources).map(({ id }) => id);

        const gate = gateOf(looked(rows), models, made);

        const held = gate.kind === "held" ? gate.held.flatMap(({ ids }) => ids) : [];
        expect([...held].sort()).toEqual(models.filter((id) => old.has(id)).sort());
        expect(new Set(held).size).toBe(held.length);
      }),
      { numRuns: 300 },
    );
  });
});
