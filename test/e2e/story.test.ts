import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { CiResult } from "../../src/commands/ci-ending.ts";
import type { PlanResult } from "../../src/selection/plan.ts";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import type { FakeMessage } from "../slack/fake-slack.ts";
import { type ServedSlack, serveSlack } from "../slack/serve-slack.ts";
import { type Ended, json, signalbox, start } from "./cli.ts";
import { describeOnDbt } from "./real-dbt.ts";
import { MISTAKE, openShop, type Shop } from "./shop.ts";

const TOKEN = "xoxb-1234567890-end-to-end";
const FAILING = "test.shop.unique_int_orders_eur_order_id.b2a50f1b5a";
const WARNING = "test.shop.orders_with_old_fx_rate";

interface Run {
  readonly shop: Shop;
  readonly ended: Ended;
  readonly posted: readonly FakeMessage[];
}

/** One day of a team on real dbt and DuckDB: each test has a copy of the shop as one of its two first runs has left it. */
describeOnDbt("a team's day", () => {
  let slack: ServedSlack;
  let deployed: Run;
  let checked: Run;
  let shop: Shop;
  const value = <T>(name: string, { repo } = shop) =>
    JSON.parse(readFileSync(join(repo, ".signalbox", name), "utf8")) as T;
  const withSlack = ({ env } = shop) => ({ ...env, SLACK_BOT_TOKEN: TOKEN, SIGNALBOX_SLACK_URL: slack.url });
  const goOnFrom = (run: Run) => {
    shop = run.shop.copy();
  };

  beforeAll(async () => {
    slack = await serveSlack(["C0ERRORS00", "C0WARNINGS"]);
    const run = async (shop: Shop, args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
      const ended = await signalbox(args, { cwd: shop.repo, env: { ...withSlack(shop), ...more } });
      return { shop, ended, posted: slack.take() };
    };
    const first = openShop();
    first.write("models/marts/token.sql", `select '{{ env_var("SLACK_BOT_TOKEN", "absent") }}' as token\n`);
    first.commit("A model that reads a secret");
    first.git("push", "--quiet", "origin", "main");
    deployed = await run(first, ["ci", "--mode", "deploy", "--json"]);

    const second = first.copy();
    second.git("switch", "--quiet", "--create", "feature/rates");
    second.edit(MISTAKE.file, MISTAKE.old, MISTAKE.now);
    second.commit("Use a rate through its last day");
    // Of another step of the job: the plan says what dbt compares with and defers to.
    checked = await run(second, ["ci"], { DBT_DEFER_STATE: "/nowhere", DBT_STATE: "/nowhere" });
  });
  afterAll(async () => {
    await slack?.close();
    for (const run of [deployed, checked]) run?.shop.remove();
  });
  beforeEach(() => void slack.take());
  afterEach(() => shop?.remove());

  it("begins with a deploy that builds everything, sends the warning to its channel and publishes a bundle", () => {
    const { ended, posted } = deployed;
    const result = json<CiResult>(ended);
    expect(ended.code).toBe(0);
    expect(result).toMatchObject({
      mode: "deploy",
      outcome: "warn",
      exitCode: 0,
      plan: { kind: "everything" },
      queue: { decision: "entered" },
    });
    expect(result.verdict?.counts).toMatchObject({ error: 0, warn: 1, skipped: 0 });
    expect(posted.map(({ channel }) => channel)).toEqual(["C0WARNINGS"]);
    expect(new Set(slack.authorizations)).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(result.published?.commit).toBe(deployed.shop.git("rev-parse", "HEAD"));
    expect(readdirSync(result.published?.where ?? "").sort()).toEqual([
      "manifest.json",
      "run_results.json",
      "state.json",
      "verdict.json",
    ]);
  });

  it("keeps Slack's token from dbt and from every file", () => {
    const manifest = readFileSync(join(deployed.shop.repo, ".signalbox/dbt/01-build/manifest.json"), "utf8");

    expect(manifest).toContain("model.shop.token");
    const files = readdirSync(join(deployed.shop.repo, ".signalbox"), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    const holding = files.filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(TOKEN));
    expect(holding.map(({ name }) => name)).toEqual([]);
    expect(files.length).toBeGreaterThan(8);
  });

  it("checks a branch: only what changed, against production, with the error and its cause; nobody is alerted", () => {
    const { ended, posted } = checked;

    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("check: branch feature/rates is not main");
    expect(ended.stdout).toMatch(/int_orders_eur\s+body changed/);
    expect(value("build.json", checked.shop)).toMatchObject({ planMatchesRun: true });
    const plan = value<PlanResult>("plan.json", checked.shop);
    expect(plan).toMatchObject({
      kind: "selected",
      defer: true,
      baselines: { selection: { kind: "bundle", distance: 0 }, deferral: { kind: "bundle" } },
    });
    expect(plan.delegatedToDbt).toBeNull();
    expect(plan.ids).toHaveLength(13);
    expect(plan.estimate).toMatchObject({ untimed: 0 });
    expect(ended.stdout).toMatch(/13 of \d+ nodes: 1 changed, 12 follow; about \d/);
    // One bundle is both: dbt reads it once.
    expect(plan.dbt?.deferState).toBe(plan.dbt?.state);
    const verdict = value<VerdictResult>("verdict.json", checked.shop);
    expect(
      verdict.findings.map(({ subject, severity, isNew }) => [subject.kind === "node" && subject.id, severity, isNew]),
    ).toEqual([
      [FAILING, "error", true],
      [WARNING, "warn", false],
    ]);
    expect(verdict.findings[0]?.skipped).toHaveLength(9);
    expect(posted).toEqual([]);
    expect(existsSync(join(checked.shop.store, checked.shop.git("rev-parse", "HEAD")))).toBe(false);
  });

  it("goes on from the files: report and notify say the same as ci did", async () => {
    goOnFrom(checked);

    const report = await signalbox(["report", "--json"], { cwd: shop.repo, env: shop.env });
    const notify = await signalbox(["notify"], { cwd: shop.repo, env: shop.env });

    expect(report.code).toBe(1);
    expect(json<VerdictResult>(report).counts).toMatchObject({ error: 1, warn: 1, skipped: 9 });
    expect(notify.code).toBe(0);
    expect(notify.stdout).toContain("#C0ERRORS00 · errors");
    expect(notify.stdout).toContain("#C0WARNINGS · warnings");
  });

  it("compares with a work tree where the store has nothing, and selects the same", async () => {
    goOnFrom(checked);
    const inStore = value<PlanResult>("plan.json").ids;

    const ended = await signalbox(["plan", "--json", "--store", "none"], { cwd: shop.repo, env: shop.env });

    const plan = json<PlanResult>(ended);
    expect(plan.baselines).toMatchObject({ selection: { kind: "worktree" }, deferral: { kind: "worktree" } });
    expect(plan.warnings.join()).toContain("no bundle tells what is deployed");
    expect(plan.ids).toEqual(inStore);
    expect(shop.git("worktree", "list").split("\n")).toHaveLength(1);
  });

  it("sends an error and a warning to their channels when the mistake is merged, and publishes nothing", async () => {
    goOnFrom(checked);
    shop.git("switch", "--quiet", "main");
    shop.git("merge", "--quiet", "--ff-only", "feature/rates");

    const ended = await signalbox(["ci", "--mode", "deploy"], { cwd: shop.repo, env: withSlack() });

    expect(ended.code).toBe(1);
    expect(slack.messages.map(({ channel }) => channel)).toEqual(["C0ERRORS00", "C0WARNINGS"]);
    expect(slack.messages[0]?.text).toContain("1 error");
    expect(JSON.stringify(slack.messages[0]?.blocks)).toContain("S0FINANCE1");
    expect(JSON.stringify(slack.messages[1]?.blocks)).not.toContain("S0FINANCE1");
    expect(ended.stdout).toContain("no state bundle: the build has errors");
    expect(value<CiResult>("ci.json").published).toBeNull();
  });

  it("lets the second of two runs wait for the first, names it, and lets it in when the first has ended", async () => {
    goOnFrom(deployed);
    const hourly = shop.clone("hourly");
    const hold = join(shop.dir, "hold");
    writeFileSync(hold, "");
    const untilGone = ["sh", "-c", `while [ -e ${hold} ]; do sleep 0.1; done`];
    const first = start(["queue", "--", ...untilGone], { cwd: shop.repo, env: shop.env });
    await first.prints(/entered at once/);

    const second = start(["queue", "--json", "--", "true"], { cwd: shop.repo, env: shop.env });
    await second.prints(/waits for run \d+ of main, .* \(running since \d\d:\d\d:\d\d UTC/);
    const three = await signalbox(["queue", "--timeout", "0s"], { cwd: hourly, env: shop.env });
    rmSync(hold);
    const [one, two] = await Promise.all([first.ended, second.ended]);

    expect([one.code, two.code, three.code]).toEqual([0, 0, 75]);
    expect(json(two)).toMatchObject({ decision: "entered", blockers: [{ status: "success" }] });
    expect(two.stderr).toMatch(/entered after \d+ s: run \d+ has ended/);
    expect(three.stdout).toMatch(/timed out after \d+ s: run \d+ has not ended/);
  });

  it("does not start dbt where nothing changed", async () => {
    goOnFrom(deployed);
    shop.git("switch", "--quiet", "--create", "feature/nothing");

    const ended = await signalbox(["ci", "--json"], { cwd: shop.repo, env: shop.env });

    expect(ended.code).toBe(0);
    expect(json(ended)).toMatchObject({ outcome: "nothing", plan: { kind: "nothing", ids: [] }, verdict: null });
    expect(readdirSync(join(shop.repo, ".signalbox/dbt")).filter((name) => name.endsWith("build"))).toEqual([]);
  });

  it("takes a project that does not compile for a finding about the run, and never the results of the run before", async () => {
    goOnFrom(deployed);
    shop.git("switch", "--quiet", "--create", "feature/broken");
    shop.write("models/marts/broken.sql", "select * from {{ ref('no_such_model') }}\n");
    shop.commit("Break it");

    const check = await signalbox(["ci"], { cwd: shop.repo, env: shop.env });
    const deploy = await signalbox(["ci", "--mode", "deploy"], { cwd: shop.repo, env: shop.env });

    expect([check.code, deploy.code]).toEqual([1, 1]);
    expect(check.stdout).toContain("no_such_model");
    expect(value<VerdictResult>("verdict.json").findings).toMatchObject([
      { subject: { kind: "run", what: "dbt-failed" }, severity: "error" },
    ]);
    expect(deploy.stdout).toContain("#C0ERRORS00 · errors");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("stops dbt first when it gets %s, and lets the next run in", async (name, code) => {
    goOnFrom(deployed);
    const running = start(["ci", "--mode", "deploy", "--settle", "0s"], { cwd: shop.repo, env: shop.env });
    await running.prints(/of \d+ START/);

    running.child.kill(name);
    const ended = await running.ended;

    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(`stopped by ${name}`);
    expect(value("ci.json")).toMatchObject({ outcome: "failed", exitCode: code });
    const next = await signalbox(["queue", "--settle", "0s", "--timeout", "120s"], { cwd: shop.repo, env: shop.env });
    expect(next.code).toBe(0);
  });
});
