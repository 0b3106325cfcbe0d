import { showCommandLine } from "../dbt/arguments.ts";
import { askEngine } from "../dbt/ask-engine.ts";
import type { Engine } from "../dbt/engine.ts";
import { findLauncher } from "../dbt/launcher.ts";
import { createPreload, type Preload } from "../dbt/preload.ts";
import { mappingAt } from "../dbt/project.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { ChildWatch } from "../support/claims.ts";
import type { Log } from "../support/log.ts";
import { once } from "../support/once.ts";
import type { DbtProject } from "./dbt-project.ts";

/** What is known and done of dbt before it is started. */
export interface DbtAhead extends Pick<Preload, "take" | "end"> {
  /** Which dbt it is: asked once, when somebody wants to know. Throws a configuration error for none. */
  engine(): Promise<Engine>;
  /** Several starts are to come: dbt is loaded for all of them, until `end`. */
  prepare(): void;
}

export interface DbtAheadParts {
  readonly settings: SettingsPart<never, "dbt">;
  readonly children: ChildWatch;
  readonly signal: AbortSignal;
  readonly log: Pick<Log, "step">;
}

/** Nothing is loaded before `prepare`, nor where dbt is no program of Python, or its launcher tells of none. */
export function openDbtAhead(
  { settings, children, signal, log }: DbtAheadParts,
  { project, env }: DbtProject,
): DbtAhead {
  const { command, preload: isWanted } = settings.config.dbt;
  const place = { command, cwd: project.dir, env };
  const over = new AbortController();
  const engine = once(async () => {
    const found = await askEngine({ ...place, children, signal: AbortSignal.any([signal, over.signal]) });
    if (found.note !== null) log.step("dbt", found.note);
    return found;
  });
  const tellOver = once(async () => log.step("dbt", "each start loads dbt anew: it could not be loaded ahead"));
  let preload: Preload | null = null;
  const open = async () => {
    const launcher = await findLauncher(place);
    const begin = () => {
      if (launcher !== null && !over.signal.aborted)
        preload ??= createPreload(launcher, { ...place, adapters: adaptersOf(project.outputs) });
    };
    // Only the Python of dbt 1 has such a launcher.
    if (launcher?.isCertain) begin();
    const { traits } = await engine();
    if (!traits.loadsAhead) {
      preload?.end();
      preload = null;
    } else if (launcher !== null) begin();
    else log.step("dbt", `each start loads dbt anew: nothing tells the Python of ${showCommandLine(command)}`);
  };
  return {
    engine,
    prepare: () => {
      // What is wrong, the first start tells.
      if (isWanted) void open().catch(() => {});
    },
    take: async (start, until) => {
      const taken = (await preload?.take(start, until)) ?? null;
      if (taken === null && preload?.isOver() && !until.aborted) tellOver();
      return taken;
    },
    end: () => {
      over.abort();
      preload?.end();
    },
  };
}

/** What profiles.yml calls the adapters of the profile's outputs; null: it cannot be told of each. */
function adaptersOf(outputs: DbtProject["project"]["outputs"]): readonly string[] | null {
  const types = Object.values(outputs ?? {}).map((output) => mappingAt({ output }, "output")?.type);
  const isKnown = types.length > 0 && types.every((type) => typeof type === "string" && /^\w+$/.test(type));
  return isKnown ? [...new Set(types.map(String))] : null;
}
