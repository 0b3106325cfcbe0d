import { describe, expect, it } from "vitest";
import { touchedBy } from "../../src/severity/touched.ts";
import { aManifest, aNode, aTest } from "../artifacts/build.ts";

const ORDERS = "model.shop.orders";

function anExposure(name: string, parents: readonly string[], raw: Record<string, unknown> = {}) {
  return aNode(name, { type: "exposure", id: `exposure.shop.${name}`, parents, relation: null, raw });
}

const MANIFEST = aManifest(
  [
    aNode("orders", { meta: { owner: "data-core" } }),
    aNode("revenue", { parents: [ORDERS], group: "finance" }),
    aNode("customers"),
    aTest("t", [ORDERS]),
    anExposure("kpis", ["model.shop.revenue"], { type: "dashboard", label: "Weekly KPIs", owner: { name: "Ana" } }),
    anExposure("churn", ["model.shop.customers"], { type: "ml" }),
    // dbt refuses a circle; a manifest from outside may hold one.
    anExposure("round", [ORDERS, "exposure.shop.round"], { owner: { email: ["ana@acme.example"] } }),
  ],
  { owners: new Map([["finance", { name: "Finance", email: null, slack: null }]]) },
);

describe("whom a plan reaches", () => {
  it("are the exposures below what is built, and the owners of what is built", () => {
    expect(touchedBy({ kind: "selected", ids: [ORDERS, "model.shop.revenue", "test.shop.t"] }, MANIFEST)).toEqual({
      exposures: [
        { name: "Weekly KPIs", type: "dashboard", owner: "Ana" },
        { name: "round", type: null, owner: "ana@acme.example" },
      ],
      owners: [
        { name: "Finance", nodes: 1 },
        { name: "data-core", nodes: 1 },
      ],
    });
  });

  it("reaches through what is not built", () => {
    expect(touchedBy({ kind: "selected", ids: [ORDERS] }, MANIFEST)?.exposures.map(({ name }) => name)).toContain(
      "Weekly KPIs",
    );
  });

  it.each(["everything", "nothing"] as const)("is not told where %s is built", (kind) => {
    expect(touchedBy({ kind, ids: [] }, MANIFEST)).toBeNull();
    expect(touchedBy({ kind: "selected", ids: [ORDERS] }, null)).toBeNull();
  });
});
