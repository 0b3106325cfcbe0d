import { join } from "node:path";
import { CLEAN_MACRO, cleanArguments, readCleanLog } from "../dbt/clean-macro.ts";
import { type Cleaning, decideClean, prefixOf } from "../run/clean.ts";
import { whyDistrusted } from "../run/run.ts";
import type { Context } from "../setup/context.ts";
import { createStarter, type DbtStarter } from "../setup/dbt.ts";
import { learnRun, type Occasion } from "../setup/occasion.ts";
import { withWork } from "../setup/work-lock.ts";
import { hashOfBranch, openWorkshop, type Workshop } from "../setup/workshop.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";

/** `clean --json`. */
export interface CleanResult {
  readonly schema: 1;
  /** With dryRun: what would be. */
  readonly dropped: readonly string[];
  readonly kept: readonly string[];
  readonly dryRun: boolean;
}

/** Drops the schemas of branches and tags that are gone. Names first, then the deed. */
export async function run(context: Context): Promise<number> {
  const prefix = choosePrefix(context);
  const occasion = await occasionOfClean(context);
  const workshop = await openWorkshop(context, occasion);
  return withWork(context, () => clean(context, occasion, workshop, prefix));
}

async function clean(context: Context, occasion: Occasion, workshop: Workshop, prefix: string): Promise<number> {
  const { given } = context.settings;
  const dryRun = given.dryRun ?? false;
  const dbt = createStarter(context, occasion, workshop);
  const refs = [...(await listRefs(context)), occasion.run.ref.name];

  const deps = await dbt.installPackages();
  if (deps !== null && deps.run.exitCode !== 0) throw dbtFailed("dbt deps", deps.run.lastWords);
  const { drop, keep } = decideClean({
    schemas: await callMacro(dbt, prefix, null),
    refs,
    prefix,
    keep: given.keep ?? [],
    hashOf: hashOfBranch,
  });
  for (const line of describe({ drop, keep }, dryRun)) context.log.step("clean", line);
  const dropped = dryRun || drop.length === 0 ? drop : await callMacro(dbt, prefix, drop);
  const result: CleanResult = { schema: 1, dropped, kept: keep, dryRun };
  context.result([summary(result)], result);
  return 0;
}

/** Always with the check target: production's schemas are out of reach, whatever else happens. */
async function occasionOfClean(context: Context): Promise<Occasion> {
  const { given, config } = context.settings;
  const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false, trust: true });
  const distrust = whyDistrusted(thisRun);
  if (distrust !== null) {
    throw new SignalboxError("configuration", `${distrust}: it drops nothing`, {
      hint: "run clean on the base branch, on a schedule",
    });
  }
  const { exclude, failOn, target } = config.modes.check;
  return {
    run: thisRun,
    baseBranch: config.baseBranch ?? thisRun.ref.name,
    mode: "check",
    modeReason: "clean",
    target: given.target ?? target,
    select: null,
    exclude,
    failOn,
  };
}

function choosePrefix({ settings: { given, config } }: Context): string {
  const template = config.modes.check.schema;
  const prefix = prefixOf(given.prefix === undefined ? template : `${given.prefix}{branch}`);
  if (prefix !== null) return prefix;
  throw configurationError(
    [
      given.prefix === undefined
        ? {
            where: "modes.check.schema",
            got: JSON.stringify(template),
            wanted: "is not a prefix with {branch} behind it",
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
async function listRefs({ git }: Context): Promise<readonly string[]> {
  const asked = await git.run("ls-remote", "--heads", "--tags", "--refs", "--end-of-options", "origin");
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
async function callMacro(dbt: DbtStarter, prefix: string, only: readonly string[] | null): Promise<readonly string[]> {
  const args = cleanArguments(prefix, only);
  const { run: started, dir } = await dbt.start({ ...dbt.place, command: ["run-operation"], args });
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

function describe({ drop, keep }: Cleaning, dryRun: boolean): readonly string[] {
  const listed = (names: readonly string[]) => names.map((name) => `\n  ${name}`).join("");
  return [
    ...(keep.length === 0
      ? []
      : [`keeps ${keep.length}, of branches and tags that are there, or asked for:${listed(keep)}`]),
    drop.length === 0
      ? "no schema is of a branch or tag that is gone"
      : `${dryRun ? "would drop" : "drops"} ${drop.length}, of branches and tags that are gone:${listed(drop)}`,
  ];
}

function summary({ dropped, kept, dryRun }: CleanResult): string {
  return `${dropped.length} ${dryRun ? "would be dropped" : "dropped"}, ${kept.length} kept`;
}
