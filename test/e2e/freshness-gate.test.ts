import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CiResult } from "../../src/commands/ci-ending.ts";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { serveSlack } from "../slack/serve-slack.ts";
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

describeOnDbt("a schedule that looks at its sources, on real dbt and DuckDB", () => {
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

  const run = (more: Readonly<Record<string, string>> = {}) =>
    signalbox(["ci", "--mode", "schedule"], { cwd: shop.repo, env: { ...shop.env, ...more } });
  const built = () =>
    (
      JSON.parse(readFileSync(join(shop.repo, "target/run_results.json"), "utf8")) as {
        results: { unique_id: string }[];
      }
    ).results
      .map(({ unique_id }) => unique_id.split(".")[2])
      .sort();
  const value = <T>(name: string) => JSON.parse(readFileSync(join(shop.repo, ".signalbox", name), "utf8")) as T;
  const verdict = () => value<VerdictResult>("verdict.json");

  it("holds back what a stale source feeds, says so, and publishes nothing; all is built once it is fresh", async () => {
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
  });

  it("ends with 0 where no source has newer data: nothing is built, and Slack hears of the run; newer data is built with what follows", async () => {
    const slack = await serveSlack(["C0ERRORS00", "C0WARNINGS"]);
    const withSlack = { SLACK_BOT_TOKEN: "xoxb-1234567890-end-to-end", SIGNALBOX_SLACK_URL: slack.url };
    const settings = shop.read("signalbox.yml").replace("freshness: gate", 'select: "source_status:fresher+"');
    shop.write("signalbox.yml", `${settings}slack: { error: C0ERRORS00, warn: C0WARNINGS }\n`);
    shop.write("tests/few_visits.sql", "{{ config(severity='warn') }} select * from {{ ref('visits') }}\n");
    shop.commit("Only what has newer data");
    shop.git("push", "--quiet", "origin", "main");
    try {
      const first = await run(withSlack);

      expect(first.code, first.stdout).toBe(0);
      expect(built()).toEqual(["few_visits", "orders", "payments", "revenue", "visits"]);
      expect(slack.messages.map(({ channel, edits }) => [channel, edits])).toEqual([["C0WARNINGS", 0]]);

      const nothing = await run(withSlack);

      expect(nothing.code, nothing.stdout).toBe(0);
      expect(nothing.stdout).toContain("No source has newer data");
      expect(nothing.stdout).not.toMatch(/dbt build/);
      expect(readdirSync(join(shop.repo, ".signalbox/dbt")).map((name) => name.replace(/^\d+-/, ""))).toEqual([
        "parse",
        "freshness",
      ]);
      expect(value<CiResult>("ci.json")).toMatchObject({ outcome: "nothing", exitCode: 0, published: null });
      expect(verdict()).toMatchObject({ level: "nothing", findings: [], passed: [] });
      // What was not built is neither over nor told again.
      expect(slack.messages.map(({ channel, edits }) => [channel, edits])).toEqual([["C0WARNINGS", 1]]);

      shop.write("data/orders.csv", loaded(-1));
      shop.edit("signalbox.yml", 'select: "source', 'freshness: gate, select: "source');
      const newer = await run(withSlack);

      expect(newer.code, newer.stdout).toBe(0);
      expect(newer.stdout).toMatch(
        /raw\.orders +newer data in the source: max_loaded_at [-\d]+ \d\d:\d\d → .* UTC\n.*2 follow/,
      );
      // dbt's own selection, by the two sources.json; the gate takes the look that the plan was made with.
      expect(newer.stdout).toMatch(/dbt build .*--select source_status:fresher\+ --state/);
      expect([newer.stdout.match(/dbt source freshness/g)?.length, built()]).toEqual([2, ["orders", "revenue"]]);
    } finally {
      await slack.close();
    }
  });
});
