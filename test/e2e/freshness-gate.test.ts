import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { signalbox } from "./cli.ts";
import { describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";

const table = (name: string) => `
      - name: ${name}
        config:
          loaded_at_field: loaded_at::timestamp
          freshness: { error_after: { count: 6, period: hour } }`;
const SOURCES = `sources:
  - name: raw
    config: { meta: { external_location: "data/{name}.csv" } }
    tables:${table("charges")}${table("orders")}
`;
const loaded = (hours: number) =>
  `id,loaded_at\n1,${new Date(Date.now() - hours * 3600_000).toISOString().slice(0, 19).replace("T", " ")}\n`;
const from = (parent: string) => `select id from ${parent}\n`;

describeOnDbt("a gate of freshness on real dbt and DuckDB", () => {
  let shop: Shop;
  beforeEach(() => {
    shop = openBareShop({
      "models/sources.yml": SOURCES,
      "models/payments.sql": from("{{ source('raw', 'charges') }}"),
      "models/orders.sql": from("{{ source('raw', 'orders') }}"),
      "models/revenue.sql": from("{{ ref('payments') }} join {{ ref('orders') }} using (id)"),
      "models/visits.sql": "select 1 as id\n",
      "data/charges.csv": loaded(0),
      "data/orders.csv": loaded(0),
    });
    const settings = shop.read("signalbox.yml");
    shop.write(
      "signalbox.yml",
      settings.replace(/^modes:\n/m, "modes:\n  schedule: { target: prod, freshness: gate }\n"),
    );
    shop.commit("A gate");
    shop.git("push", "--quiet", "origin", "main");
  });
  afterEach(() => shop.remove());

  const run = () => signalbox(["ci", "--mode", "schedule"], { cwd: shop.repo, env: shop.env });
  const built = () =>
    (
      JSON.parse(readFileSync(join(shop.repo, "target/run_results.json"), "utf8")) as {
        results: { unique_id: string }[];
      }
    ).results
      .map(({ unique_id }) => unique_id.split(".")[2])
      .sort();
  const verdict = () => JSON.parse(readFileSync(join(shop.repo, ".signalbox/verdict.json"), "utf8")) as VerdictResult;

  it("holds back what a stale source feeds, says so, and publishes nothing; all is built once it is fresh, and then what has newer data", async () => {
    shop.write("data/charges.csv", loaded(7));
    shop.commit("Charges are late");
    shop.git("push", "--quiet", "origin", "main");
    const stale = await run();

    expect(stale.code, stale.stdout).toBe(1);
    expect(stale.stdout).toMatch(
      /not rebuilt: raw\.charges loaded 7 h(?: \d+ min)? ago; error after 6 h; 2 nodes keep their last state: payments, revenue/,
    );
    expect(stale.stdout).toContain("no state bundle: what lies below 1 stale source was not built");
    expect(built()).toEqual(["orders", "visits"]);
    const { findings, passed, counts } = verdict();
    expect(findings).toMatchObject([
      {
        subject: { id: "source.shop.raw.charges" },
        severity: "error",
        skipped: ["model.shop.payments", "model.shop.revenue"],
      },
    ]);
    expect(shop.read("test-results/dbt/dbt.xml").match(/"SKIPPED: not rebuilt: raw\.charges loaded 7 h/g)).toHaveLength(
      2,
    );
    expect([passed, counts.skipped]).toEqual([["model.shop.orders", "model.shop.visits", "source.shop.raw.orders"], 2]);

    shop.write("data/charges.csv", loaded(1));
    shop.commit("Charges are there");
    shop.git("push", "--quiet", "origin", "main");
    const fresh = await run();

    expect(fresh.code, fresh.stdout).toBe(0);
    expect(built()).toEqual(["orders", "payments", "revenue", "visits"]);
    expect(fresh.stdout).toMatch(/publish +state bundle of/);

    shop.write("data/orders.csv", loaded(-1));
    shop.edit("signalbox.yml", "freshness: gate", 'freshness: gate, select: "source_status:fresher+"');
    shop.commit("Orders are newer than what the bundle has seen");
    shop.git("push", "--quiet", "origin", "main");
    const newer = await run();

    expect(newer.code, newer.stdout).toBe(0);
    expect(newer.stdout).toMatch(
      /raw\.orders +newer data in the source: max_loaded_at [-\d]+ \d\d:\d\d → .* UTC\n.*2 follow/,
    );
    // dbt's own selection, by the two sources.json.
    expect(newer.stdout).toMatch(/dbt build .*--select source_status:fresher\+ --state/);
    expect([newer.stdout.match(/dbt source freshness/g)?.length, built()]).toEqual([2, ["orders", "revenue"]]);
  });
});
