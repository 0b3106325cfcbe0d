import { describe, expect, it } from "vitest";
import type { Node } from "../../src/artifacts/manifest.ts";
import { renderedOtherwise } from "../../src/selection/rendered-values.ts";
import { select } from "../../src/selection/select.ts";
import { manifest, node, options } from "./build.ts";

type Raw = Readonly<Record<string, unknown>>;
const FLAG = "state_modified_compare_more_unrendered_values";

const source = (raw: Raw) =>
  node(
    "orders",
    { source_name: "raw", database: "d", schema: "s", identifier: "orders", ...raw },
    { type: "source", id: "source.shop.raw.orders", path: "models/sources.yml", fqn: ["shop", "raw", "orders"] },
  );
const child = node("child", {}, { parents: ["source.shop.raw.orders"] });

interface Case {
  readonly files?: readonly string[] | null;
  readonly flag?: boolean;
  readonly version?: string;
}

/** What is said of a plan of `state:modified+`. */
function said(
  now: readonly Node[],
  before: readonly Node[],
  { files = [], flag = false, version = "1.11.16" }: Case = {},
) {
  const [current, baseline] = [now, before].map((nodes) => manifest(nodes, [], { dbtVersion: version }));
  if (current === undefined || baseline === undefined) throw new Error("two are given");
  const selection = select(current, baseline, options("state:modified+", { as: "build", compareUnrendered: flag }));
  if (selection.kind !== "selected") throw new Error(selection.why);
  return renderedOtherwise(selection.nodes, current, baseline, {
    compareUnrendered: flag,
    changedFiles: files === null ? null : new Set(files),
  }).join("\n");
}

describe("a source whose place depends on the target", () => {
  const WRITTEN = { unrendered_schema: "{{ target.schema }}", unrendered_database: null };

  it("is why what follows it is in every plan, and the flag is named", () => {
    const words = said([source({ ...WRITTEN, schema: "ci" }), child], [source({ ...WRITTEN, schema: "prod" }), child]);

    expect(words).toMatch(/^raw\.orders: changed for dbt, though the same is written as in the baseline/);
    expect(words).toContain("(1 of the plan follows)");
    expect(words).toContain(`flags: { ${FLAG}: true } in dbt_project.yml`);
  });

  it("is one too where it takes the target's database without saying so", () => {
    const raw = { unrendered_schema: "raw", unrendered_database: null };

    expect(said([source({ ...raw, database: "ci" }), child], [source({ ...raw, database: "prod" }), child])).toContain(
      "raw.orders: changed for dbt",
    );
  });

  it.each<[string, Raw, Raw, Case]>([
    [
      "another schema is written",
      { ...WRITTEN, schema: "a", unrendered_schema: "a" },
      { ...WRITTEN, schema: "b", unrendered_schema: "b" },
      {},
    ],
    [
      "it has another config too",
      { ...WRITTEN, schema: "a", quoting: { schema: true } },
      { ...WRITTEN, schema: "b" },
      {},
    ],
    [
      "its identifier is another, and its file changed",
      { ...WRITTEN, identifier: "a" },
      { ...WRITTEN, identifier: "b" },
      { files: ["models/sources.yml"] },
    ],
    ["nothing differs", WRITTEN, WRITTEN, {}],
    ["dbt compares what is written", { ...WRITTEN, schema: "a" }, { ...WRITTEN, schema: "b" }, { flag: true }],
  ])("is none where %s", (_, now, before, circumstances) => {
    expect(said([source(now), child], [source(before), child], circumstances)).toBe("");
  });

  it("is none where nothing of the plan follows it", () => {
    expect(said([source({ ...WRITTEN, schema: "a" })], [source({ ...WRITTEN, schema: "b" })])).toBe("");
  });

  it.each<[string, Raw, Raw, Case]>([
    [
      "its identifier, which is not kept as written",
      { ...WRITTEN, identifier: "a" },
      { ...WRITTEN, identifier: "b" },
      {},
    ],
    ["its schema, before dbt 1.9", { schema: "a" }, { schema: "b" }, { version: "1.8.9" }],
    ["its schema, and git does not say which files changed", { schema: "a" }, { schema: "b" }, { files: null }],
  ])("is likely where it is %s", (_, now, before, circumstances) => {
    const words = said([source(now), child], [source(before), child], circumstances);

    expect(words).toMatch(/^raw\.orders: changed config or relation, and no changed file/);
    expect(words).toContain(circumstances.version === undefined ? "With flags:" : "From dbt 1.9 on the flag");
  });
});

describe.each(["model", "seed", "snapshot"])("a %s whose config depends on the target", (type) => {
  const path = "models/a.sql";
  const made = (config: Raw, raw: Raw = {}, overrides: Partial<Node> = {}) =>
    node(
      "a",
      { unrendered_config: config, checksum: { name: "sha256", checksum: "1" }, ...raw },
      { type, path, patchPath: "models/a.yml", ...overrides },
    );
  const CODE = { raw_code: "{{ config(schema=target.name) }} select 1" };

  it.each(["schema", "database", "alias", "materialized"])("is likely where no file of it changed: %s", (key) => {
    const words = (files: readonly string[]) => said([made({ [key]: "a" })], [made({ [key]: "b" })], { files });

    expect(words(["models/b.sql"])).toMatch(/^a: changed config or relation, and no changed file/);
    expect(words(["models/b.sql"])).toContain(FLAG);
    for (const file of [path, "models/a.yml", "dbt_project.yml"]) expect(words([file])).toBe("");
  });

  it("is sure where its own code sets it and is the same", () => {
    const words = said([made({ schema: "a" }, CODE)], [made({ schema: "b" }, CODE)], { files: null });

    expect(words).toMatch(/^a: changed for dbt, though the same is written/);
  });

  it("is told otherwise where dbt compares what is written, and the baseline has what it gave", () => {
    const words = said([made({ schema: "target.name" }, CODE)], [made({ schema: "b" }, CODE)], { flag: true });

    expect(words).toContain("Or the baseline was made before the flag");
  });

  it("is none where there is another reason, or where it is a package's", () => {
    const OTHER = { description: "b", config: { persist_docs: { relation: true } } };
    const [now, before] = [made({ schema: "a" }, { ...OTHER, description: "a" }), made({ schema: "b" }, OTHER)];
    const ofPackage = (schema: string) => made({ schema }, {}, { package: "pkg" });

    expect(said([now], [before])).toBe("");
    expect(said([ofPackage("a")], [ofPackage("b")])).toBe("");
  });
});
