import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PlanResult } from "../../src/selection/plan.ts";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { json, signalbox } from "./cli.ts";
import { describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";

const contracted = (versions: string, columns = "id, other") => `models:
  - name: account
    latest_version: 1
    config: { contract: { enforced: true } }
    columns: [${columns
      .split(", ")
      .map((name) => `{ name: ${name}, data_type: integer }`)
      .join(", ")}]
    versions: [${versions}]
  - name: account_plain
    config: { contract: { enforced: true } }
    columns: [{ name: id, data_type: integer }]
`;

/** dbt looks at contracts where it compares states: what it refuses is no surprise after the queue. */
describeOnDbt("contracts that a change breaks", () => {
  let shop: Shop;
  const run = (...args: string[]) => signalbox([...args, "--store", "none"], { cwd: shop.repo, env: shop.env });
  beforeEach(() => {
    shop = openBareShop({
      "models/account_v1.sql": "select 1 as id, 2 as other\n",
      "models/account_v2.sql": "select 1 as id, 2 as other\n",
      "models/account_plain.sql": "select 1 as id\n",
      "models/account.yml": contracted("{ v: 1 }, { v: 2 }"),
    });
    shop.git("switch", "--quiet", "--create", "feature");
  });
  afterEach(() => shop.remove());

  it("fail the run with dbt's reason where a version is gone and nothing else changed", async () => {
    shop.git("rm", "--quiet", "models/account_v2.sql");
    shop.write("models/account.yml", contracted("{ v: 1 }"));
    shop.commit("Without version 2");

    const ended = await run("ci");

    expect(ended.code).toBe(1);
    const verdict = JSON.parse(readFileSync(join(shop.repo, ".signalbox/verdict.json"), "utf8")) as VerdictResult;
    expect(verdict.findings).toMatchObject([{ subject: { kind: "run", what: "dbt-failed" }, severity: "error" }]);
    expect(verdict.findings[0]?.message).toContain("breaking change to an enforced contract");
    expect(verdict.findings[0]?.message).toContain("Contracted model 'model.shop.account.v2' was deleted or renamed.");
  });

  it("fail it where a column goes, and only warn where the model has no version", async () => {
    shop.write("models/account_v1.sql", "select 1 as id\n");
    shop.write("models/account_v2.sql", "select 1 as id\n");
    shop.write("models/account.yml", contracted("{ v: 1 }, { v: 2 }", "id"));
    const changed = await run("plan");
    shop.git("checkout", "--quiet", "main", "--", "models");
    shop.write("models/account_plain.sql", "{{ config(enabled=false) }} select 1 as id\n");
    const disabled = json<PlanResult>(await run("plan", "--json"));

    expect(changed.code).toBe(1);
    expect(changed.stderr).toMatch(/Columns were removed:\s+- other/);
    expect(changed.stderr).toContain("make a new version of the model");
    expect(disabled.warnings.join("\n")).toContain("Contracted model 'model.shop.account_plain' was disabled.");
    expect(disabled.kind).toBe("nothing");
  });
});
