import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DbtRun } from "../../src/artifacts/dbt-run.ts";
import type { Manifest, Node } from "../../src/artifacts/manifest.ts";
import {
  type CompletionPort,
  type CompletionRequest,
  completeSelection,
  type Selected,
  type SelectionResult,
} from "../../src/selection/complete.ts";
import { missingParents } from "../../src/selection/missing-parents.ts";
import type { Baseline } from "../../src/selection/plan.ts";
import { EVERY_TYPE } from "../../src/selection/resource-types.ts";
import { select } from "../../src/selection/select.ts";
import { aNode } from "../artifacts/build.ts";
import { manifest, node, test } from "./build.ts";

const id = (name: string) => `model.shop.${name}`;

/** `a → b → c → d`, and `e → d`; t on b. */
const chain = () => {
  const model = (name: string, parents: readonly string[], overrides: Partial<Node> = {}) =>
    node(name, {}, { parents: parents.map(id), path: `models/${name}.sql`, fqn: ["shop", name], ...overrides });
  return manifest([
    model("a", []),
    model("b", ["a"]),
    model("c", ["b"]),
    model("e", []),
    model("d", ["c", "e"]),
    test("t", [id("b")]),
  ]);
};

const relation = { database: "db", schema: "s", identifier: "t" } as const;

/** Production with relations of these models. */
const production = (...names: readonly string[]): Baseline => ({
  manifest: manifest(names.map((name) => aNode(name, { relation }))),
  dir: "/production",
  origin: { kind: "path", where: "/production", distance: 0, commit: null, createdAt: null },
});

/** Our own engine as the port; `asked` collects what it was asked. */
const engine = (current: Manifest, of: Baseline | null, asked: string[] = []): CompletionPort => ({
  ask: async (texts, exclude) => {
    asked.push(`${texts.join(" ")}${exclude.length === 0 ? "" : ` without ${exclude.join(" ")}`}`);
    const answer = select(current, null, { select: texts, exclude, indirectSelection: "eager", as: "build" });
    if (answer.kind !== "selected") throw new Error(answer.why);
    const { ids, nodes, unmatched, misses } = answer;
    return { kind: "selected", ids, nodes, unmatched, misses, delegatedToDbt: null };
  },
  findProduction: async () => of,
});

interface World {
  readonly current?: Manifest;
  readonly select: string;
  readonly exclude?: readonly string[];
  readonly production: Baseline | null;
  readonly request?: Partial<CompletionRequest>;
}

const complete = async (world: World, change: (port: CompletionPort) => CompletionPort = (port) => port) => {
  const current = world.current ?? chain();
  const asked: string[] = [];
  const port = engine(current, world.production, asked);
  const exclude = world.exclude ?? [];
  const first = await port.ask([world.select], exclude);
  if (first.kind !== "selected") throw new Error("the engine answers");
  asked.length = 0;
  const request: CompletionRequest = {
    select: world.select,
    exclude,
    manifest: current,
    resourceTypes: EVERY_TYPE,
    mayDefer: true,
    ...world.request,
  };
  return { result: await completeSelection(request, first, change(port)), asked };
};

const chosen = (result: SelectionResult) => {
  if (result.kind !== "selected") throw new Error(`not selected: ${JSON.stringify(result)}`);
  return result;
};
const short = (ids: readonly string[]) => ids.map((each) => each.split(".").at(-1)).join(" ");

describe("a selection is completed", () => {
  it.each<
    [string, World, { ids: string; promoted: string; deferral: boolean; select?: readonly string[]; warning?: RegExp }]
  >([
    [
      "not where production has every parent",
      { select: "d", production: production("c", "e") },
      { ids: "d", promoted: "", deferral: true, select: ["d"] },
    ],
    [
      "not where it has no parents, and production is not known",
      { select: "a", production: null },
      { ids: "a", promoted: "", deferral: false },
    ],
    [
      "by the parent that production lacks",
      { select: "d", production: production("e", "b") },
      { ids: "c d", promoted: "c", deferral: true, select: ["d", "fqn:shop.c"] },
    ],
    [
      "by the parents of that parent too, with the tests of what is built",
      { select: "d", production: production("e") },
      { ids: "a b c d t", promoted: "a b c", deferral: true },
    ],
    [
      "by every parent where nothing tells what production holds",
      { select: "d", production: null },
      { ids: "a b c d e t", promoted: "a b c e t", deferral: false, select: ["+d"], warning: /nothing tells what/ },
    ],
    [
      "not by what is excluded, which is said",
      { select: "d", exclude: ["c"], production: production("e") },
      {
        ids: "d",
        promoted: "",
        deferral: true,
        warning: /model\.shop\.c: excluded, and not known to be in production/,
      },
    ],
    [
      "not by a type that is left out, which is said",
      { select: "d", production: production("e"), request: { resourceTypes: { only: ["seed"], without: [] } } },
      { ids: "d", promoted: "", deferral: true, warning: /model\.shop\.c: excluded/ },
    ],
    [
      "by nothing where parents may not be read from production: they are there already",
      { select: "d", production: null, request: { mayDefer: false } },
      { ids: "d", promoted: "", deferral: false },
    ],
  ])("%s", async (_, world, expected) => {
    const { result } = await complete(world);

    const { ids, promoted, deferral, select: texts, warnings } = chosen(result);
    expect({ ids: short(ids), promoted: short(promoted), deferral }).toEqual({
      ids: expected.ids,
      promoted: expected.promoted,
      deferral: expected.deferral,
    });
    if (expected.select !== undefined) expect(texts).toEqual(expected.select);
    if (expected.warning === undefined) expect(warnings).toEqual([]);
    else expect(warnings.join("\n")).toMatch(expected.warning);
  });

  it("by all parents where no selector names the missing one alone: a folder has its name", async () => {
    const current = manifest([
      node("c", {}, { fqn: ["shop", "c"] }),
      node("deep", {}, { fqn: ["shop", "c", "deep"] }),
      node("d", {}, { fqn: ["shop", "d"], parents: [id("c")] }),
    ]);

    const { result, asked } = await complete({ current, select: "d", production: production() });

    expect(chosen(result)).toMatchObject({ ids: [id("c"), id("d")], deferral: false, select: ["+d"] });
    expect(chosen(result).warnings[0]).toMatch(/production does not have model\.shop\.c: parents are built too/);
    expect(asked).toEqual(["d fqn:shop.c", "+d"]);
  });

  it("by everything where no selector takes in every parent", async () => {
    const selected: Selected = {
      kind: "selected",
      ids: [id("d")],
      nodes: null,
      unmatched: [],
      misses: [],
      delegatedToDbt: "dbt ls was asked: selector:",
    };
    const request = {
      select: "selector:nightly",
      exclude: [],
      manifest: chain(),
      resourceTypes: EVERY_TYPE,
      mayDefer: true,
    };

    const result = await completeSelection(request, selected, {
      ask: async () => selected,
      findProduction: async () => null,
    });

    expect(result).toEqual({
      kind: "everything",
      warning: "nothing tells what production holds, and no selector takes in every parent: everything is built",
      delegatedToDbt: "dbt ls was asked: selector:",
    });
  });

  it("without asking for production where nothing is selected and it costs time", async () => {
    const needs: boolean[] = [];
    const watch = (port: CompletionPort): CompletionPort => ({
      ...port,
      findProduction: (isNeeded) => {
        needs.push(isNeeded);
        return port.findProduction(isNeeded);
      },
    });

    await complete({ select: "d", exclude: ["d"], production: null }, watch);
    await complete({ select: "d", production: production("c", "e") }, watch);

    expect(needs).toEqual([false, true]);
  });

  it.each([
    ["what is excluded is asked for", { select: "d", exclude: ["t"], production: production("e") }],
    ["a promotion is asked for", { select: "d", production: production("e") }],
    ["parents are asked for", { select: "d", production: null }],
  ])("and ends where dbt does not answer: %s", async (_, world) => {
    const run = { command: "ls", exitCode: 1 } as DbtRun;

    const { result } = await complete(world, (port) => ({ ...port, ask: async () => ({ kind: "failed", run }) }));

    expect(result).toEqual({ kind: "failed", run });
  });
});

describe("whatever the project and production", () => {
  /** A project of up to 8 models, each reading from earlier ones; production holds some. */
  const worlds = fc.integer({ min: 1, max: 8 }).chain((size) =>
    fc.record({
      parents: fc.tuple(
        ...Array.from({ length: size }, (_, index) => fc.subarray(Array.from({ length: index }, (__, each) => each))),
      ),
      kept: fc.subarray(Array.from({ length: size }, (_, index) => index)),
      selected: fc.integer({ min: 0, max: size - 1 }),
      excluded: fc.option(fc.integer({ min: 0, max: size - 1 }), { nil: null }),
      isKnown: fc.boolean(),
    }),
  );

  it("no node reads what is neither built, nor in production where it is read, nor excluded and said to be", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ parents, kept, selected, excluded, isKnown }) => {
        const current = manifest(
          parents.map((of, index) =>
            node(`m${index}`, {}, { fqn: ["shop", `m${index}`], parents: of.map((each) => id(`m${each}`)) }),
          ),
        );
        const of = isKnown ? production(...kept.map((index) => `m${index}`)) : null;
        const exclude = excluded === null ? [] : [`m${excluded}`];

        const { result } = await complete({ current, select: `m${selected}`, exclude, production: of });

        const { ids, deferral, warnings } = chosen(result);
        const lacking = missingParents(ids, current, deferral ? (of?.manifest ?? null) : null);
        for (const each of lacking) {
          expect(each).toBe(id(`m${excluded}`));
          expect(warnings.join("\n")).toContain(each);
        }
        expect(excluded === null || !ids.includes(id(`m${excluded}`))).toBe(true);
        expect(ids).toEqual([...ids].sort());
      }),
      { numRuns: 300 },
    );
  });
});
