import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PlanResult } from "../../src/selection/plan.ts";
import { json, signalbox } from "./cli.ts";
import { describeOnDbt } from "./real-dbt.ts";
import { openShop, type Shop } from "./shop.ts";

/** A check must never read from production what production does not have. */
describeOnDbt("the frontier of a plan", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = openShop();
    const deploy = await signalbox(["ci", "--mode", "deploy", "--no-notify"], { cwd: shop.repo, env: shop.env });
    expect(deploy.code).toBe(0);
  });
  afterAll(() => shop?.remove());

  it("takes in a parent that was merged and not yet deployed, by a selector that names it alone", async () => {
    shop.write("models/marts/fct_new.sql", "select 1 as id\n");
    shop.commit("A model that is not deployed yet");
    shop.git("push", "--quiet", "origin", "main");
    await signalbox(["plan"], { cwd: shop.repo, env: shop.env });
    const merged = join(shop.dir, "merged.json");
    copyFileSync(join(shop.repo, ".signalbox/dbt/01-parse/manifest.json"), merged);
    shop.git("switch", "--quiet", "--create", "feature/child");
    shop.write("models/marts/fct_child.sql", "select * from {{ ref('fct_new') }}\n");
    shop.commit("A child of it");

    const plan = json<PlanResult>(
      await signalbox(["plan", "--json", "--verify", "--state", merged], { cwd: shop.repo, env: shop.env }),
    );
    const check = await signalbox(["ci", "--state", merged], { cwd: shop.repo, env: shop.env });

    expect(plan.ids).toEqual(["model.shop.fct_child", "model.shop.fct_new"]);
    expect(plan.promoted).toEqual(["model.shop.fct_new"]);
    expect(plan.nodes.map(({ reasons }) => reasons)).toEqual([[{ kind: "new" }], [{ kind: "missing-in-production" }]]);
    expect(plan.defer).toBe(true);
    expect(check.code).toBe(0);
    expect(JSON.parse(readFileSync(join(shop.repo, ".signalbox/build.json"), "utf8"))).toMatchObject({
      planMatchesRun: true,
    });
  });

  it("builds parents too where nothing tells what production holds", async () => {
    const plan = json<PlanResult>(
      await signalbox(["plan", "--json", "--store", "none", "--config", "no-deploy.yml"], {
        cwd: withoutDeployTarget(),
        env: shop.env,
      }),
    );

    expect(plan.defer).toBe(false);
    expect(plan.promoted).toEqual(["model.shop.fct_new"]);
    expect(plan.warnings.join()).toContain(
      "nothing tells what production holds: parents are built too (+state:modified+), and nothing is deferred",
    );
  });

  function withoutDeployTarget(): string {
    writeFileSync(
      join(shop.repo, "no-deploy.yml"),
      "version: 1\nbase_branch: main\nmodes: { check: { target: ci } }\n",
    );
    return shop.repo;
  }
});
