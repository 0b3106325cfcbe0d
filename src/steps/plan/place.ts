import { relative, sep } from "node:path";
import type { Manifest } from "../../artifacts/manifest.ts";
import { type BaseCommit, findBaseTip } from "../../bundles/base-commit.ts";
import {
  compareWarehouses,
  filesOf,
  isOwnDatabase,
  type OutputPlace,
  renderMembers,
  renderText,
} from "../../dbt/warehouse.ts";
import { describeRefused, describeShared } from "../../render/placement-words.ts";
import { holdsMark, slugOf } from "../../run/schema.ts";
import {
  outsideOf,
  type Placed,
  type ProductionPart,
  placesOf,
  refusedPlaces,
  type WriteOptions,
} from "../../selection/placement.ts";
import type { Baseline } from "../../selection/plan.ts";
import { readDbtOptions } from "../../settings/dbt-words.ts";
import type { Context } from "../../setup/context.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { matchesGlob } from "../../support/globs.ts";
import type { BaselineSources } from "./baseline-sources.ts";

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

/** Where the nodes of a plan are written, and what is to be said of it. */
export interface Placing {
  readonly places: readonly Placed[];
  readonly warnings: readonly string[];
}

/**
 * Before a check is built: nothing of the plan is written where production is. Production is asked for only where
 * something lies outside the schema of the branch. Throws a configuration error that names nodes, relations and the
 * macro that made them.
 */
export async function placeStep(
  context: Context,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  request: PlaceRequest,
): Promise<Placing> {
  const places = placesOf(request.ids, request.manifest, optionsFor(context, dbtProject, runSettings.target));
  if (runSettings.mode !== "check") return { places, warnings: [] };
  assertSameVars(context);
  const { check } = context.settings.config.modes;
  const outside = outsideOf(places, dbtProject.mark).filter(
    ({ id }) => !check.mayWrite.some((glob) => matchesGlob(glob, id)),
  );
  if (outside.length === 0) return { places, warnings: [] };
  if (check.separateWarehouse) assertSeparate(context, runSettings, dbtProject);
  const isApart = apartOf(context, runSettings, dbtProject);
  const isCompared = (place: Placed) => !isApart(place) || place.location !== null;
  const warnings = await assertNotProduction(context, runSettings, dbtProject, dbt, {
    ...request,
    outside: outside.filter(isCompared),
    isApart,
  });
  const shared = outside.filter(({ relation }) => !tellsBranch(relation?.schema ?? "", dbtProject));
  const ofShared = shared.length === 0 ? [] : [describeShared(shared, dbtProject.mark !== null)];
  return { places, warnings: [...warnings, ...ofShared] };
}

/**
 * Whether a relation is in a warehouse that production is not in. What the warehouse attaches is not the warehouse, and a
 * bucket belongs to none.
 */
function apartOf(context: Context, { target }: RunSettings, dbtProject: DbtProject): (place: Placed) => boolean {
  if (!context.settings.config.modes.check.separateWarehouse) return () => false;
  const output = outputOf(context, dbtProject, target);
  return ({ relation }) => relation !== null && isOwnDatabase(relation.database, output, dbtProject.project.dir);
}

/** A schema by a variable of the CI, such as GITHUB_HEAD_REF, is the branch's own too. */
function tellsBranch(schema: string, { owner }: DbtProject): boolean {
  if (owner === null) return false;
  const words = schema.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const { branch, pullRequest } = owner;
  return holdsMark(words, slugOf(branch)) || (pullRequest !== null && holdsMark(words, String(pullRequest)));
}

/** Vars can decide schemas, and behind `--` only the build would have them: the plan would be another project's. */
function assertSameVars({ settings: { rest } }: Context): void {
  if (!hasOption(rest, "vars")) return;
  throw configurationError(
    [{ where: "-- --vars", got: null, wanted: "reaches the build alone, and the plan of a check was made without" }],
    "write it into dbt.args of signalbox.yml, which every start of dbt takes",
  );
}

function hasOption(words: readonly string[], wanted: string): boolean {
  return readDbtOptions(words).some(({ name }) => name === wanted);
}

/** What decides beside the manifest what a build with this target writes. */
function optionsFor(context: Context, dbtProject: DbtProject, target: string | null): WriteOptions {
  const { rest, config } = context.settings;
  const isAsked = hasOption([...config.dbt.args, ...rest], "store-failures");
  const place = outputOf(context, dbtProject, target);
  const { output, env } = place;
  const root = output?.external_root;
  const ofTarget = { ...output, ...(target === null ? {} : { name: target, target_name: target }) };
  return {
    storesFailures: isAsked || dbtProject.project.flags.storesFailures,
    externalRoot: renderText(root, env) ?? (typeof root === "string" ? root : "."),
    render: (location, relation) =>
      renderMembers(location, env, {
        target: ofTarget,
        this: { ...relation, name: relation?.identifier, table: relation?.identifier },
      }),
    files: filesOf(place, dbtProject.project.dir),
  };
}

/** The output of the target; production's is read with the placeholders that its parse has. */
function outputOf(context: Context, { project, env }: DbtProject, target: string | null): OutputPlace {
  const { baseline, modes } = context.settings.config;
  const found = target === null ? undefined : project.outputs?.[target];
  const { SIGNALBOX_SCHEMA: _, ...others } = env;
  return {
    target: target ?? "the profile's own",
    output: typeof found === "object" && found !== null ? (found as Record<string, unknown>) : null,
    env: target === modes.check.target ? env : { ...others, ...baseline.env },
  };
}

function assertSeparate(context: Context, { target }: RunSettings, dbtProject: DbtProject): void {
  const problems = productionTargets(context).flatMap((production) => {
    const [check, other] = [target, production].map((name) => outputOf(context, dbtProject, name));
    if (check === undefined || other === undefined) return [];
    const found = compareWarehouses(check, other, dbtProject.project.dir);
    if (found.kind === "separate") return [];
    return [
      {
        where: "modes.check.separate_warehouse",
        got: "true",
        wanted: `it is not shown that ${target} and ${production} are apart: ${found.why}`,
      },
    ];
  });
  if (problems.length > 0)
    throw configurationError(
      problems,
      "let host, account, project or path differ in profiles.yml (baseline.env gives variables that are missing here), or take it out: then relations are compared",
    );
}

function namedTargets({ settings }: Context): readonly string[] {
  const { deploy, schedule } = settings.config.modes;
  return [...new Set([deploy.target, schedule.target])].filter((target) => target !== null);
}

/** Targets that production is built with. Throws where nobody says so. */
function productionTargets(context: Context): readonly string[] {
  const targets = namedTargets(context);
  if (targets.length > 0) return targets;
  throw configurationError(
    [
      {
        where: "modes.deploy.target",
        got: null,
        wanted: "is missing: what a check may not write is where production's target builds",
      },
    ],
    "name it in signalbox.yml, even where something else deploys: modes: { deploy: { target: prod } }",
  );
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
async function assertNotProduction(
  context: Context,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  request: Compared,
): Promise<readonly string[]> {
  const { outside, isApart } = request;
  if (outside.length === 0) return [];
  const deployed = request.deferral ?? (await findDeployed(context, request.sources));
  // Where files of production are depends on its target too.
  const isToldByBundle = deployed !== null && outside.every(({ location }) => location === null);
  const targets = isToldByBundle ? namedTargets(context) : productionTargets(context);
  const part = (manifest: Manifest, target: string | null): ProductionPart => ({
    manifest,
    options: optionsFor(context, dbtProject, target),
  });
  const assertNone = (production: readonly ProductionPart[]) => {
    const refused = refusedPlaces(outside, production, isApart);
    if (refused.length === 0) return;
    const { message, hint } = describeRefused(refused, request.manifest, runSettings.target);
    throw new SignalboxError("configuration", message, { hint });
  };
  const [first = null] = targets;
  const parts = deployed === null ? [] : [part(deployed.manifest, first)];
  assertNone(parts);

  const tip = await findBaseTip(context.git, runSettings.baseBranch);
  const isCurrent = deployed !== null && tip !== null && deployed.origin.commit === tip;
  // A bundle is of one target, and does not say of which; a work tree was parsed with that of deploy mode.
  const isKnown = (target: string) =>
    deployed !== null &&
    (targets.length === 1 ||
      (deployed.origin.kind === "worktree" && target === context.settings.config.modes.deploy.target));
  const unknown = targets.filter((target) => !isCurrent || !isKnown(target));
  if (unknown.length > 0) {
    const relation = outside.find((place) => !isApart(place))?.relation ?? null;
    const what = relation === null ? "" : `, as ${relation.schema} is not a schema of this branch alone`;
    context.log.step("plan", `dbt parses production (target ${unknown.join(", ")})${what}`);
  }
  const warnings: string[] = [];
  for (const target of unknown) {
    const found = await parseProduction(context, dbtProject, dbt, request, target, tip);
    if (found.manifest !== null) parts.push(part(found.manifest, target));
    if (found.isCurrent) continue;
    if (isKnown(target) || found.manifest !== null) warnings.push(describeOld(runSettings));
    else throw productionUnknown(target, found.why);
  }
  if (targets.length === 0 && !isCurrent) warnings.push(`${describeOld(runSettings)}: modes.deploy.target is missing`);
  assertNone(parts);
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
async function findDeployed(context: Context, sources: BaselineSources): Promise<Baseline | null> {
  const { given, config } = context.settings;
  if (given.deferState !== undefined) return sources.fromPath(given.deferState, "production");
  return config.baseline.sources.includes("store") ? sources.fromStore([], "production") : null;
}

interface Parsed {
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
  context: Context,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  { sources, base }: PlaceRequest,
  target: string,
  tip: string | null,
): Promise<Parsed> {
  const dir = relative(dbtProject.top, dbtProject.project.dir).split(sep).join("/");
  const file = `${dir === "" ? "" : `${dir}/`}dbt_project.yml`;
  const known = sources.warnings.length;
  const parse = async (sha: string): Promise<Manifest | null> => {
    const isThere = (await context.git.ask("cat-file", "-e", "--end-of-options", `${sha}:${file}`)) !== null;
    return isThere
      ? ((await sources.fromWorktree(sha, target, "production"))?.manifest ?? null)
      : parseHere(context, dbt, target);
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

async function parseHere(context: Context, dbt: DbtRunner, target: string): Promise<Manifest | null> {
  const env = { ...context.settings.config.baseline.env, SIGNALBOX_SCHEMA: undefined };
  const targetPath = context.work.path("baselines", "production");
  const { run } = await dbt.start({ ...dbt.defaults, command: ["parse"], args: [], target, targetPath, env });
  return run.exitCode === 0 ? run.manifest : null;
}
