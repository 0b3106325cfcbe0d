import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { PlanResult } from "../../src/selection/plan.ts";
import { json, signalbox } from "./cli.ts";
import { describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";

/** A check must never read from production what production does not have. */
describeOnDbt("the frontier of a plan", () => {
  let deployed: Shop;
  let shop: Shop;
  beforeAll(async () => {
    deployed = openBareShop({ "models/fct_old.sql": "select 1 as id\n" });
    const here = { cwd: deployed.repo, env: deployed.env };
    const deploy = await signalbox(["ci", "--mode", "deploy", "--no-notify"], here);
    expect(deploy.code).toBe(0);
    deployed.write("models/fct_new.sql", "select 1 as id\n");
    deployed.commit("A model that is not deployed yet");
    deployed.git("push", "--quiet", "origin", "main");
  });
  afterAll(() => deployed.remove());
  beforeEach(() => {
    shop = deployed.copy();
  });
  afterEach(() => shop.remove());

  function switchToChild(): void {
    shop.git("switch", "--quiet", "--create", "feature/child");
    shop.write("models/fct_child.sql", "select * from {{ ref('fct_new') }}\n");
    shop.commit("A child of it");
  }

  it("takes in a parent that was merged and not yet deployed, by a selector that names it alone", async () => {
    await signalbox(["plan"], { cwd: shop.repo, env: shop.env });
    const merged = join(shop.dir, "merged.json");
    copyFileSync(join(shop.repo, ".signalbox/dbt/01-parse/manifest.json"), merged);
    switchToChild();

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
    switchToChild();

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
