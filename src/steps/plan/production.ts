import { posix } from "node:path";
import type { Manifest } from "../../artifacts/manifest.ts";
import { type BaseCommit, findBaseTip } from "../../bundles/base-commit.ts";
import { describeRefused } from "../../render/placement-words.ts";
import type { Placed } from "../../selection/placement.ts";
import type { Baseline } from "../../selection/plan.ts";
import { type ProductionPart, refusedPlaces } from "../../selection/refused-places.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Git } from "../../support/git.ts";
import type { Log } from "../../support/log.ts";
import type { WorkFolder } from "../../work/folder.ts";
import type { BaselineSources } from "./baseline-sources.ts";
import { namedTargets, type OutputSettings, optionsFor, productionTargets } from "./outputs.ts";

export interface ProductionParts {
  readonly settings: OutputSettings & SettingsPart<"deferState">;
  readonly git: Git;
  readonly work: Pick<WorkFolder, "path">;
  readonly log: Pick<Log, "step">;
}

export interface PlaceRequest {
  /** What is to be built. */
  readonly ids: readonly string[];
  /** The project's own manifest. */
  readonly manifest: Manifest;
  /** What unselected parents are read from: production, where it is known already. */
  readonly deferral: Baseline | null;
  readonly sources: BaselineSources;
  readonly base: () => Promise<BaseCommit>;
}

interface Compared extends PlaceRequest {
  /** What lies outside the schema of the branch, and may be where production is. */
  readonly outside: readonly Placed[];
  readonly isApart: (place: Placed) => boolean;
}

/**
 * Compared with what is deployed, and where that is not what the base branch holds now, with that too: a deploy that ends
 * with an error publishes no bundle, and its tables are there all the same. Returns warnings.
 */
export async function assertNotProduction(
  parts: ProductionParts,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  request: Compared,
): Promise<readonly string[]> {
  const { settings, git, log } = parts;
  const { outside, isApart } = request;
  if (outside.length === 0) return [];
  const deployed = request.deferral ?? (await findDeployed(settings, request.sources));
  // Where files of production are depends on its target too.
  const isToldByBundle = deployed !== null && outside.every(({ location }) => location === null);
  const targets = isToldByBundle ? namedTargets(settings) : productionTargets(settings);
  const part = (manifest: Manifest, target: string | null): ProductionPart => ({
    manifest,
    options: optionsFor(settings, dbtProject, target),
  });
  const assertNone = (known: readonly ProductionPart[]) => {
    const refused = refusedPlaces(outside, known, isApart);
    if (refused.length === 0) return;
    const { message, hint } = describeRefused(refused, request.manifest, runSettings.target);
    throw new SignalboxError("configuration", message, { hint });
  };
  const [first = null] = targets;
  const production = deployed === null ? [] : [part(deployed.manifest, first)];
  assertNone(production);

  const tip = await findBaseTip(git, runSettings.baseBranch);
  const isCurrent = deployed !== null && tip !== null && deployed.origin.commit === tip;
  // What is deployed is of one of them, and a baseline does not say of which; a work tree was parsed with that of deploy mode.
  const isKnown = (target: string) =>
    deployed !== null &&
    (targets.length === 1 || (deployed.origin.kind === "worktree" && target === settings.config.modes.deploy.target));
  const unknown = targets.filter((target) => !isCurrent || !isKnown(target));
  if (unknown.length > 0) {
    const relation = outside.find((place) => !isApart(place))?.relation ?? null;
    const what = relation === null ? "" : `, as ${relation.schema} is not a schema of this branch alone`;
    log.step("plan", `dbt parses production (target ${unknown.join(", ")})${what}`);
  }
  const warnings: string[] = [];
  for (const target of unknown) {
    const found = await parseProduction(parts, dbtProject, dbt, request, target, tip);
    if (found.manifest !== null) production.push(part(found.manifest, target));
    if (found.isCurrent) continue;
    if (isKnown(target) || found.manifest !== null) warnings.push(describeOld(runSettings));
    else throw productionUnknown(target, found.why);
  }
  if (targets.length === 0 && !isCurrent) warnings.push(`${describeOld(runSettings)}: modes.deploy.target is missing`);
  assertNone(production);
  return warnings;
}

function describeOld({ baseBranch }: RunSettings): string {
  return `where the check writes outside its schema was compared with what is known to be deployed, not with ${baseBranch} as it is now`;
}

function productionUnknown(target: string, why: string): SignalboxError {
  return new SignalboxError(
    "configuration",
    `a part of the plan lies outside the schema of the branch, and where production is cannot be told: ${why}`,
    {
      hint: `it has to parse with target ${target}: baseline.env in signalbox.yml gives placeholders for the variables that it asks for; a bundle of a deploy run tells it too`,
    },
  );
}

/** Without a parse: what the user names, else the newest bundle. In a folder of its own: dbt may defer to another. */
async function findDeployed(
  { given, config }: ProductionParts["settings"],
  sources: BaselineSources,
): Promise<Baseline | null> {
  if (given.deferState !== undefined) return sources.fromPath(given.deferState, "production");
  return config.baseline.sources.includes("store") ? sources.fromStore("newest", "production") : null;
}

interface ParsedProduction {
  readonly manifest: Manifest | null;
  /** Whether it is the base branch as it is now. */
  readonly isCurrent: boolean;
  /** Why it is not. */
  readonly why: string;
}

/**
 * The base branch's own, as it is now: a relation that the branch renames is still there, and others have come since it
 * began. Where that does not parse, as it was when the branch began; where it has no project yet, the branch's.
 */
async function parseProduction(
  parts: ProductionParts,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  { sources, base }: PlaceRequest,
  target: string,
  tip: string | null,
): Promise<ParsedProduction> {
  const file = posix.join(dbtProject.folders.fromTop, "dbt_project.yml");
  const known = sources.warnings.length;
  const parse = async (sha: string): Promise<Manifest | null> => {
    const isThere = (await parts.git.ask("cat-file", "-e", "--end-of-options", `${sha}:${file}`)) !== null;
    return isThere
      ? ((await sources.fromWorktree(sha, target, "production"))?.manifest ?? null)
      : parseHere(parts, dbt, target);
  };
  const newest = tip === null ? null : await parse(tip);
  if (newest !== null) return { manifest: newest, isCurrent: true, why: "" };
  const begun = await base().catch((error: unknown) => {
    if (error instanceof SignalboxError) return error;
    throw error;
  });
  if (begun instanceof SignalboxError) return { manifest: null, isCurrent: false, why: begun.message };
  const manifest = begun.sha === tip ? null : await parse(begun.sha);
  const why = sources.warnings.slice(known).join("; ") || `the project does not parse with target ${target}`;
  // Without a ref of the base branch it is the newest commit of it that is known.
  return { manifest, isCurrent: tip === null && manifest !== null, why };
}

async function parseHere(
  { settings, work }: ProductionParts,
  dbt: DbtRunner,
  target: string,
): Promise<Manifest | null> {
  const env = { ...settings.config.baseline.env, SIGNALBOX_SCHEMA: undefined };
  const targetPath = work.path("baselines", "production");
  const { run } = await dbt.start({ ...dbt.defaults, command: ["parse"], args: [], target, targetPath, env });
  return run.exitCode === 0 ? run.manifest : null;
}
