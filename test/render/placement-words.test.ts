import { describe, expect, it } from "vitest";
import { describeRefused, describeSchemas, describeShared } from "../../src/render/placement-words.ts";
import type { Placed } from "../../src/selection/placement.ts";
import type { RefusedPlace } from "../../src/selection/refused-places.ts";
import { aNode } from "../artifacts/build.ts";
import { macro, manifest } from "../selection/build.ts";

const placed = (id: string, schema = "reference"): Placed => ({
  id,
  relation: { database: "w", schema, identifier: id.split(".").at(-1) ?? "" },
  location: null,
});
const refused = (id: string, refusal: RefusedPlace["refusal"]): RefusedPlace => ({ ...placed(id), refusal });
const current = manifest(
  [aNode("countries", { type: "seed" }), aNode("orders"), aNode("fct", { raw: { config: { schema: "reference" } } })],
  [macro("generate_schema_name")],
);

describe("what is said of a check that would write to production", () => {
  it("names nodes, relations, what is there, and the macro that made them", () => {
    const { message } = describeRefused(
      [
        refused("seed.shop.countries", { kind: "relation", of: "seed.shop.countries" }),
        refused("model.shop.orders", { kind: "relation", of: "model.shop.old_orders" }),
        refused("model.shop.fct", { kind: "schema", of: "seed.shop.countries" }),
      ],
      current,
      "ci",
    );

    const by = "placed by macro generate_schema_name (macros/generate_schema_name.sql, package shop)";
    expect(message.split("\n")).toEqual([
      "the check would write where production is: 3 nodes, and nothing was built",
      `- seed countries → w.reference.countries: production has it there; ${by}`,
      `- model orders → w.reference.orders: production has model old_orders there; ${by}`,
      `- model fct → w.reference.fct: new in a schema of production, which has seed countries in it; ${by}`,
    ]);
  });

  it("lists the ways out in their order; whole types where no model is among them", () => {
    const seed = refused("seed.shop.countries", { kind: "relation", of: "seed.shop.countries" });
    const model = refused("model.shop.orders", { kind: "relation", of: "model.shop.orders" });

    const ofSeeds = describeRefused([seed], current, "ci").hint.split("\n");
    const ofBoth = describeRefused([model, seed], current, "ci").hint.split("\n");

    expect(ofSeeds.map((line) => /modes\.check\.\w+|SIGNALBOX_SCHEMA/.exec(line)?.[0])).toEqual([
      "modes.check.exclude",
      "SIGNALBOX_SCHEMA",
      "modes.check.may_write",
      "modes.check.separate_warehouse",
    ]);
    expect(ofSeeds[0]).toContain('modes.check.exclude: "resource_type:seed"');
    expect(ofSeeds[2]).toContain('may_write: ["seed.shop.countries"]');
    expect(ofBoth[0]).toContain('modes.check.exclude: "orders countries"');
  });

  it("is cut after twenty nodes, and says so", () => {
    const many = Array.from({ length: 23 }, (_, index) => refused(`model.shop.m${index}`, { kind: "unknown" }));

    const { message, hint } = describeRefused(many, current, null);

    expect(message.split("\n")).toHaveLength(22);
    expect(message).toContain("- +3 more");
    expect(hint).toContain('"model.shop.m3", …]');
  });

  it("shows nothing from a manifest that could steer a terminal", () => {
    const name = "a\u001b[31m\nb";
    const { message, hint } = describeRefused(
      [
        {
          ...refused(`seed.shop.${name}`, { kind: "relation", of: name }),
          relation: { database: null, schema: name, identifier: name },
        },
      ],
      current,
      "ci",
    );

    expect(message.split("\n")).toHaveLength(2);
    expect(`${message}${hint}`).not.toContain("\u001b");
  });
});

it("two branches in one schema are told what to write", () => {
  const shared = [placed("seed.shop.countries"), placed("model.shop.orders", "marts")];

  expect(describeShared(shared, true)).toBe(
    "the checks of all branches write to w.marts, w.reference and overwrite each other there (seed countries, model orders): SIGNALBOX_SCHEMA has to be part of the schema that profiles.yml or generate_schema_name gives",
  );
  expect(describeShared(shared, false)).toContain("write {branch} or {pr} into modes.check.schema");
});

it("where things go is told where it is not one schema", () => {
  expect(describeSchemas([placed("a.b.c")])).toBeNull();
  expect(describeSchemas([placed("a.b.c"), placed("a.b.d"), placed("a.b.e", "ci_x")])).toBe(
    "writes to 2 schemas: w.reference (2 nodes), w.ci_x (1 node)",
  );
});
