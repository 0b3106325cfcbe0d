import { join } from "node:path";
import { cleanArguments, readCleanLog } from "../dbt/clean-macro.ts";
import {
  CLEAN_MACRO,
  type Cleaning,
  type CleanRequest,
  decideClean,
  ownRef,
  parseNamedRef,
  prefixOf,
} from "../run/clean.ts";
import { whyDistrusted } from "../run/run.ts";
import type { Context } from "../setup/context.ts";
import { type DbtProject, hashOfBranch, openDbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner, type DbtRunner } from "../setup/dbt-runner.ts";
import { learnRun, type RunSettings } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { readKnownRefs } from "../steps/known-refs.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { MOST_LIST_MS } from "../support/remote.ts";

/** `clean --json`. */
export interface CleanResult {
  readonly schema: 1;
  /** With dryRun: what would be. */
  readonly dropped: readonly string[];
  /** Of branches and tags that are there, or asked for with --keep. */
  readonly kept: readonly string[];
  /** They look like a check's, and no branch is known that had them: kept as well. */
  readonly notProven: readonly string[];
  readonly dryRun: boolean;
}

/** Drops the schemas of branches and tags that are gone. Names first, then the deed. */
export async function run(context: Context): Promise<number> {
  const naming = chooseNaming(context);
  const runSettings = await occasionOfClean(context);
  const dbtProject = await openDbtProject(context, runSettings);
  return withWork(context, () => clean(context, runSettings, dbtProject, naming), {
    targetPath: dbtProject.targetPath,
  });
}

async function clean(
  context: Context,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  naming: Naming,
): Promise<number> {
  const { given } = context.settings;
  const { prefix } = naming;
  const dryRun = given.dryRun;
  const dbt = createDbtRunner(context, runSettings, dbtProject);

  const deps = await dbt.installPackages();
  if (deps !== null && deps.run.exitCode !== 0) throw dbtFailed("dbt deps", deps.run.lastWords);
  const schemas = await callMacro(dbt, prefix, null);
  const { known, living } = await readKnownRefs(context, runSettings.run);
  const named = given.branch.map(parseNamedRef);
  // What lives is asked last: a branch that came back in between lives.
  const refs = [...(await listRefs(context)), runSettings.run.ref.name].map(ownRef);
  const cleaning = decideClean({
    schemas,
    living: [...refs, ...living],
    known: [...known, ...named],
    ...naming,
    keep: given.keep,
    also: given.also,
    hashOf: hashOfBranch,
  });
  refuseContradiction(cleaning);
  for (const line of describe(cleaning, dryRun)) context.log.step("clean", line);
  const { drop, keep, notProven } = cleaning;
  const dropped = dryRun || drop.length === 0 ? drop : await callMacro(dbt, prefix, drop);
  const result: CleanResult = {
    schema: 1,
    dropped,
    kept: keep,
    notProven,
    dryRun,
  };
  context.result([summary(result)], result);
  return 0;
}

function refuseContradiction({ contradicted }: Cleaning): void {
  if (contradicted.length === 0) return;
  throw configurationError(
    contradicted.map((name) => ({
      where: "--also",
      got: JSON.stringify(name),
      wanted: "is the schema of a branch or tag that is there, or one to keep",
    })),
    "nothing was dropped: leave it out, or delete the branch first",
  );
}

/** Always with the check target: production's schemas are out of reach, whatever else happens. */
async function occasionOfClean(context: Context): Promise<RunSettings> {
  const { given, config } = context.settings;
  // What the tree calls the base branch says nothing of whose code it is.
  const { run: thisRun, baseBranch } = await learnRun(context, { baseBranch: true, trigger: false, trust: true });
  const distrust = whyDistrusted(thisRun);
  if (distrust !== null) {
    throw new SignalboxError("configuration", `${distrust}: it drops nothing`, {
      hint: "run clean on the base branch, on a schedule",
    });
  }
  const { exclude, failOn, target } = config.modes.check;
  return {
    run: thisRun,
    baseBranch: baseBranch ?? thisRun.ref.name,
    mode: "check",
    modeReason: "clean",
    target: given.target ?? target,
    select: null,
    exclude,
    failOn,
  };
}

/** How the schemas of checks are named. */
type Naming = Pick<CleanRequest, "template" | "prefix">;

function chooseNaming({ settings: { given, config } }: Context): Naming {
  const template = given.prefix === undefined ? config.modes.check.schema : `${given.prefix}{branch}`;
  const prefix = prefixOf(template);
  if (prefix !== null) return { template, prefix };
  throw configurationError(
    [
      given.prefix === undefined
        ? {
            where: "modes.check.schema",
            got: JSON.stringify(template),
            wanted: "is not a prefix with {branch} or {pr} behind it",
          }
        : {
            where: "--prefix",
            got: JSON.stringify(given.prefix),
            wanted: "wanted two or more letters, digits and underscores",
          },
    ],
    "clean knows a branch's schema by its prefix, such as ci_ in ci_{branch}",
  );
}

/**
 * Branches and tags, which runs build schemas for alike: of origin, and of this clone, since one may not have been pushed
 * yet. Throws where origin cannot be asked.
 */
async function listRefs({ git, signal }: Context): Promise<readonly string[]> {
  const far = git.within({ ms: MOST_LIST_MS, signal });
  const asked = await far.run("ls-remote", "--heads", "--tags", "--refs", "--end-of-options", "origin");
  const remote = [...asked.matchAll(/^[0-9a-f]+\trefs\/(heads|tags)\/(.+)$/gm)];
  if (!remote.some(([, kind]) => kind === "heads")) {
    throw new SignalboxError("configuration", "origin has no branches: that every branch is gone cannot be", {
      hint: "is origin the right remote?",
    });
  }
  const local = await git.run("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/tags");
  return [...new Set([...remote.map(([, , name = ""]) => name), ...local.split("\n").filter((name) => name !== "")])];
}

/** The names that the macro found; with `only`, the ones that it has dropped. */
async function callMacro(dbt: DbtRunner, prefix: string, only: readonly string[] | null): Promise<readonly string[]> {
  const args = cleanArguments(prefix, only);
  const { run: started, dir } = await dbt.start({
    ...dbt.defaults,
    command: ["run-operation"],
    args,
  });
  const log = (await readFileIfAny(join(dir, "dbt.log"))) ?? "";
  if (/could not find a macro with the name .{1,2}signalbox_clean/.test(`${started.lastWords ?? ""}${log}`)) {
    throw new SignalboxError("configuration", `the project has no macro ${CLEAN_MACRO}`, {
      hint: "signalbox init writes it: macros/signalbox_clean.sql",
    });
  }
  if (started.exitCode !== 0) throw dbtFailed(`dbt run-operation ${CLEAN_MACRO}`, started.lastWords);
  const names = readCleanLog(log);
  if (names === null) {
    throw new SignalboxError("dbt", `the macro ${CLEAN_MACRO} did not say what it found`, {
      hint: "it is another one than signalbox init writes: delete it, and run signalbox init again",
    });
  }
  return names;
}

function dbtFailed(what: string, lastWords: string | null): SignalboxError {
  return new SignalboxError("dbt", `${what} failed: ${lastWords ?? "it said nothing"}`, {
    hint: "its log is in .signalbox/dbt/",
  });
}

function describe({ drop, keep, notProven, absent }: Cleaning, dryRun: boolean): readonly string[] {
  const listed = (names: readonly string[]) => names.map((name) => `\n  ${name}`).join("");
  const lines = (names: readonly string[], what: string) => (names.length === 0 ? [] : [`${what}:${listed(names)}`]);
  return [
    ...lines(keep, `keeps ${keep.length}, of branches and tags that are there, or asked for`),
    ...lines(
      notProven,
      `keeps ${notProven.length}, not proven: no branch is known that had them; --branch NAME or --also SCHEMA drops them`,
    ),
    ...lines(absent, "no schema has this name, which --also says"),
    drop.length === 0
      ? "no schema is of a branch or tag that is known to be gone"
      : `${dryRun ? "would drop" : "drops"} ${drop.length}, of branches and tags that are gone, or asked for:${listed(drop)}`,
  ];
}

function summary({ dropped, kept, notProven, dryRun }: CleanResult): string {
  const unproven = notProven.length === 0 ? "" : `, ${notProven.length} not proven and kept`;
  return `${dropped.length} ${dryRun ? "would be dropped" : "dropped"}, ${kept.length} kept${unproven}`;
}
