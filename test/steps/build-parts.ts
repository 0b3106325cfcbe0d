import type { Manifest } from "../../src/artifacts/manifest.ts";
import { readEngine } from "../../src/dbt/engine.ts";
import type { DbtStart, StartRequest } from "../../src/dbt/start.ts";
import type { Run } from "../../src/run/run.ts";
import type { Baseline, Origin } from "../../src/selection/plan.ts";
import { EVERY_TYPE } from "../../src/selection/resource-types.ts";
import { type Config, configFile } from "../../src/settings/file.ts";
import type { DbtRunner } from "../../src/setup/dbt-runner.ts";
import type { RunSettings } from "../../src/setup/run-settings.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import type { Git } from "../../src/support/git.ts";
import { createOutputs } from "../../src/support/outputs.ts";
import { aDbtRun } from "../artifacts/build.ts";
import { aGitHubRun } from "../setup/build.ts";

/** The settings of a file with these keys, as they stand in signalbox.yml. */
export function aConfig(keys: Readonly<Record<string, unknown>> = {}): Config {
  return configFile.parse(keys);
}

export function someRunSettings(
  overrides: Partial<Omit<RunSettings, "run">> & { run?: Partial<Run> } = {},
): RunSettings {
  const { run = {}, ...others } = overrides;
  return {
    run: aGitHubRun(run),
    baseBranch: "main",
    mode: "deploy",
    modeReason: "push to main",
    target: "prod",
    select: null,
    exclude: null,
    failOn: "error",
    ...others,
  };
}

/** git that answers these command lines, by their first words, and to all others that it does not know. */
export function aGit(answers: Readonly<Record<string, string>> = {}): Git {
  const ask = async (...args: string[]) => {
    const line = args.join(" ");
    const known = Object.keys(answers).find((words) => line === words || line.startsWith(`${words} `));
    return known === undefined ? null : (answers[known] ?? null);
  };
  const git: Git = {
    ask,
    run: async (...args) => {
      const answer = await ask(...args);
      if (answer === null) throw new SignalboxError("configuration", `git ${args[0]} failed`);
      return answer;
    },
    within: () => git,
    top: async () => "/shop",
    head: async () => "a".repeat(40),
  };
  return git;
}

/** dbt that ends as it is told to; `started` holds the command of each start. */
export function aDbt(
  end: (request: StartRequest) => Partial<DbtStart["run"]> = () => ({}),
  deps: Partial<DbtStart["run"]> | null = null,
): DbtRunner & { readonly started: string[] } {
  const started: string[] = [];
  const startOf = (command: string, overrides: Partial<DbtStart["run"]>): DbtStart => ({
    run: aDbtRun([], { command, ...overrides }),
    argv: ["dbt", command],
    stdout: "",
    dir: `/work/dbt/${started.length}-${command}`,
  });
  return {
    started,
    ended: [],
    engine: async () => readEngine("- installed: 1.11.16", 0, "dbt"),
    defaults: { projectDir: "/shop", targetPath: "/shop/target", target: "prod" },
    choosing: { indirectSelection: null, resourceTypes: EVERY_TYPE },
    installPackages: async () => (deps === null ? null : startOf("deps", deps)),
    start: async (request) => {
      const command = request.command.join(" ");
      started.push([command, ...request.args].join(" "));
      return startOf(command, end(request));
    },
  };
}

export function aBaseline(manifest: Manifest, origin: Partial<Origin> = {}): Baseline {
  return {
    manifest,
    dir: "/baseline",
    origin: { kind: "bundle", where: "bundle of main", distance: null, commit: null, createdAt: null, ...origin },
  };
}

/** A work folder in memory, and what a run leaves for others. */
export function someOutputs() {
  const files = new Map<string, unknown>();
  const told: string[] = [];
  return {
    files,
    told,
    work: {
      dir: "/nowhere",
      path: (...names: string[]) => ["/nowhere", ...names].join("/"),
      writeJson: async (name: string, value: unknown) => void files.set(name, value),
    },
    outputs: createOutputs((text) => void told.push(text)),
  };
}
