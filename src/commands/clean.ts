import { join } from "node:path";
import { cleanArguments, readCleanLog } from "../dbt/clean-macro.ts";
import type { Detected } from "../platforms/detect.ts";
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
import type { Config } from "../settings/file.ts";
import type { Context } from "../setup/context.ts";
import { hashOfBranch, openDbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner, type DbtRunner } from "../setup/dbt-runner.ts";
import { learnRun, type RunSettings } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { readKnownRefs } from "../steps/known-refs.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import type { Git } from "../support/git.ts";
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
  const { given, config } = context.settings;
  const { dryRun } = given;
  const naming = chooseNaming(given.prefix, config.modes.check.schema);
  const { prefix } = naming;
  // What the tree calls the base branch says nothing of whose code it is.
  const detected = await learnRun(context, { baseBranch: true, trigger: false, trust: true });
  const runSettings = runSettingsOfClean(detected, config.modes.check, given.target);
  const dbtProject = await openDbtProject(context, runSettings);

  const clean = async (): Promise<number> => {
    const dbt = createDbtRunner(context, runSettings, dbtProject);
    const deps = await dbt.installPackages();
    if (deps !== null && deps.run.exitCode !== 0) throw dbtFailed("dbt deps", deps.run.lastWords);
    const schemas = await callMacro(dbt, prefix, null);
    const { known, living } = await readKnownRefs(context, runSettings.run);
    const named = given.branch.map(parseNamedRef);
    // What lives is asked last: a branch that came back in between lives.
    const refs = [...(await listRefs(context.git, context.signal)), runSettings.run.ref.name].map(ownRef);
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
    const result: CleanResult = { schema: 1, dropped, kept: keep, notProven, dryRun };
    context.result([summary(result)], result);
    return 0;
  };
  return withWork(context, clean, { targetPath: dbtProject.folders.targetPath });
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
function runSettingsOfClean(
  { run: thisRun, baseBranch }: Detected,
  check: Config["modes"]["check"],
  target: string | undefined,
): RunSettings {
  const distrust = whyDistrusted(thisRun);
  if (distrust !== null) {
    throw new SignalboxError("configuration", `${distrust}: it drops nothing`, {
      hint: "run clean on the base branch, on a schedule",
    });
  }
  return {
    run: thisRun,
    baseBranch: baseBranch ?? thisRun.ref.name,
    mode: "check",
    modeReason: "clean",
    target: target ?? check.target,
    select: null,
    exclude: check.exclude,
    failOn: check.failOn,
  };
}

/** How the schemas of checks are named. */
type SchemaNaming = Pick<CleanRequest, "template" | "prefix">;

/** By --prefix, else by the schema of modes.check. */
function chooseNaming(asked: string | undefined, schema: string): SchemaNaming {
  const template = asked === undefined ? schema : `${asked}{branch}`;
  const prefix = prefixOf(template);
  if (prefix !== null) return { template, prefix };
  throw configurationError(
    [
      asked === undefined
        ? {
            where: "modes.check.schema",
            got: JSON.stringify(template),
            wanted: "is not a prefix with {branch} or {pr} behind it",
          }
        : {
            where: "--prefix",
            got: JSON.stringify(asked),
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
async function listRefs(git: Git, signal: AbortSignal): Promise<readonly string[]> {
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
