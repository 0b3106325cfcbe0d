import { filesOf, type OutputOf, renderMembers, renderText } from "../../dbt/warehouse.ts";
import type { WriteOptions } from "../../selection/placement.ts";
import { readDbtOptions } from "../../settings/dbt-words.ts";
import type { Settings, SettingsPart } from "../../settings/resolve.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import { configurationError } from "../../support/errors.ts";

/** The settings that decide beside the manifest what a build writes. */
export type OutputSettings = Pick<Settings, "rest"> & SettingsPart<never, "baseline" | "dbt" | "modes">;

/** Whether words for dbt hold this option. */
export function hasOption(words: readonly string[], wanted: string): boolean {
  return readDbtOptions(words).some(({ name }) => name === wanted);
}

/** What decides beside the manifest what a build with this target writes. */
export function optionsFor(settings: OutputSettings, dbtProject: DbtProject, target: string | null): WriteOptions {
  const { rest, config } = settings;
  const isAsked = hasOption([...config.dbt.args, ...rest], "store-failures");
  const found = outputOf(settings, dbtProject, target);
  const { output, env } = found;
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
    files: filesOf(found, dbtProject.project.dir),
  };
}

/** The output of the target; production's is read with the placeholders that its parse has. */
export function outputOf(
  { config: { baseline, modes } }: OutputSettings,
  { project, env }: DbtProject,
  target: string | null,
): OutputOf {
  const found = target === null ? undefined : project.outputs?.[target];
  const { SIGNALBOX_SCHEMA: _, ...others } = env;
  return {
    target: target ?? "the profile's own",
    output: typeof found === "object" && found !== null ? (found as Record<string, unknown>) : null,
    env: target === modes.check.target ? env : { ...others, ...baseline.env },
  };
}

/** Targets that signalbox.yml names for production. */
export function namedTargets({ config }: OutputSettings): readonly string[] {
  const { deploy, schedule } = config.modes;
  return [...new Set([deploy.target, schedule.target])].filter((target) => target !== null);
}

/** The same; a configuration error where there is none. */
export function productionTargets(settings: OutputSettings): readonly string[] {
  const targets = namedTargets(settings);
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
