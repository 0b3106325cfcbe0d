import { describe, expect, it } from "vitest";
import type { Manifest } from "../../../src/artifacts/manifest.ts";
import type { Run } from "../../../src/run/run.ts";
import type { DbtProject } from "../../../src/setup/dbt-project.ts";
import type { BaselineSources } from "../../../src/steps/plan/baseline-sources.ts";
import { placeStep } from "../../../src/steps/plan/placing.ts";
import { SignalboxError } from "../../../src/support/errors.ts";
import { manifest, node } from "../../selection/build.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { aBaseline, aConfig, aDbt, aGit, someOutputs, someRunSettings } from "../build-parts.ts";

const TIP = "c".repeat(40);
const MARK = "feature_fx_1a2b3c";

/** `orders` in this schema, and in the manifest of production in `analytics`. */
const inSchema = (schema: string): Manifest =>
  manifest([node("orders", {}, { relation: { database: "db", schema, identifier: "orders" } })]);

interface World {
  readonly mode?: "check" | "deploy";
  /** Of the branch's build. */
  readonly schema?: string;
  readonly modes?: Readonly<Record<string, unknown>>;
  readonly rest?: readonly string[];
  /** Production by the newest bundle, of this commit; null: there is no bundle. */
  readonly bundle?: { readonly schema: string; readonly commit: string } | null;
  /** Production by a parse of the base branch: at its newest commit, and where the branch began. */
  readonly parsed?: { readonly tip?: string; readonly base?: string };
  readonly tip?: string | null;
  readonly run?: Partial<Run>;
}

async function place(world: World) {
  const { mode = "check", schema = "dbt_prod", modes = {}, rest = [], bundle = null, parsed = {}, tip = TIP } = world;
  const asked: string[] = [];
  const warnings: string[] = [];
  const sources: BaselineSources = {
    warnings,
    noStore: null,
    fromPath: async () => aBaseline(inSchema("analytics")),
    fromStore: async (wanted, use) => {
      asked.push(`${wanted} for ${use}`);
      return bundle === null ? null : aBaseline(inSchema(bundle.schema), { commit: bundle.commit });
    },
    fromWorktree: async (sha, target, use) => {
      const name = sha === TIP ? "tip" : "base";
      asked.push(`${name} in ${target} for ${use}`);
      const found = parsed[name];
      if (found === undefined) warnings.push(`${name} does not parse`);
      return found === undefined ? null : aBaseline(inSchema(found), { kind: "worktree", commit: sha });
    },
    warn: (...texts) => void warnings.push(...texts),
  };
  const config = aConfig({ modes: { check: { target: "ci", ...modes }, deploy: { target: "prod" } } });
  const parts = {
    settings: { config, given: {}, rest },
    git: aGit({
      ...(tip === null ? {} : { "rev-parse --verify --quiet --end-of-options refs/remotes/origin/main^{commit}": tip }),
      ...(tip === null ? {} : { "show-ref --verify --quiet --end-of-options refs/remotes/origin/main": "" }),
      "cat-file": "",
    }),
    work: someOutputs().work,
    log: quietLog(),
  };
  const project = {
    project: {
      dir: "/shop",
      outputs: { ci: { type: "postgres" }, prod: { type: "postgres" } },
      flags: { storesFailures: false },
    },
    env: {},
    folders: { top: "/shop", fromTop: "" },
    owner: { branch: "feature/fx", hash: "1a2b3c", pullRequest: 12 },
    mark: MARK,
  } as unknown as DbtProject;
  const request = { ids: ["model.shop.orders"], manifest: inSchema(schema), deferral: null, sources };
  const base = async () => ({ sha: "b".repeat(40), how: "" });
  const settings = someRunSettings({ mode, target: "ci", ...(world.run === undefined ? {} : { run: world.run }) });
  const done = await placeStep(parts, settings, project, aDbt(), { ...request, base }).catch((error: unknown) => {
    if (!(error instanceof SignalboxError)) throw error;
    return error;
  });
  const outcome = done instanceof SignalboxError ? done.message.split("\n", 1)[0] : done.warnings;
  return { outcome, asked };
}

describe("before a check is built", () => {
  it.each<[what: string, world: World]>([
    ["a deploy", { mode: "deploy", schema: "analytics" }],
    ["a plan in the branch's own schema", { schema: `ci_${MARK}` }],
    ["what modes.check.may_write names", { schema: "analytics", modes: { may_write: ["model.shop.*"] } }],
  ])("asks for nothing where it is %s", async (_, world) => {
    expect(await place(world)).toEqual({ outcome: [], asked: [] });
  });

  it("refuses what the newest bundle has, and parses nothing", async () => {
    const { outcome, asked } = await place({ schema: "analytics", bundle: { schema: "analytics", commit: TIP } });

    expect(outcome).toMatch(/^the check would write where production is: 1 node/);
    expect(asked).toEqual(["newest for production"]);
  });

  it.each<[what: string, world: World, asked: readonly string[]]>([
    [
      "the newest bundle, where it is of the base branch as it is now",
      { bundle: { schema: "analytics", commit: TIP } },
      ["newest for production"],
    ],
    [
      "the base branch as it is now, where the bundle is older",
      { bundle: { schema: "analytics", commit: "d".repeat(40) }, parsed: { tip: "analytics" } },
      ["newest for production", "tip in prod for production"],
    ],
    [
      "the base branch as it is now, where there is no bundle",
      { parsed: { tip: "analytics" } },
      ["newest for production", "tip in prod for production"],
    ],
  ])(
    "compares with %s, and lets pass what lies elsewhere, with the word that all branches share it",
    async (_, world, asked) => {
      const placed = await place(world);

      expect(placed.asked).toEqual(asked);
      expect(placed.outcome).toEqual([expect.stringContaining("the checks of all branches write to")]);
    },
  );

  it("refuses what only the base branch as it is now has", async () => {
    const { outcome } = await place({
      schema: "analytics",
      bundle: { schema: "elsewhere", commit: "d".repeat(40) },
      parsed: { tip: "analytics" },
    });

    expect(outcome).toMatch(/^the check would write where production is/);
  });

  it("warns that it compared with what is known, where the base branch as it is now does not parse", async () => {
    const older = await place({ bundle: { schema: "analytics", commit: "d".repeat(40) } });
    const begun = await place({ parsed: { base: "analytics" } });

    for (const { outcome, asked } of [older, begun]) {
      expect(outcome).toContainEqual(expect.stringContaining("not with main as it is now"));
      expect(asked).toEqual(["newest for production", "tip in prod for production", "base in prod for production"]);
    }
  });

  it("refuses where nothing tells where production is, and says why", async () => {
    const { outcome } = await place({});

    expect(outcome).toMatch(/where production is cannot be told: tip does not parse; base does not parse$/);
  });

  it("refuses vars behind --, which the plan was made without", async () => {
    const { outcome, asked } = await place({ rest: ["--vars", "{a: 1}"] });

    expect(outcome).toContain("-- --vars");
    expect(asked).toEqual([]);
  });

  it("takes a schema with the branch's name, or the number of its pull request, for its own: nothing is shared", async () => {
    const parsed = { tip: "analytics" };

    for (const schema of ["shop_feature_fx", "pr_12"]) expect((await place({ schema, parsed })).outcome).toEqual([]);
  });
});
