import { availableParallelism } from "node:os";
import { showCommandLine } from "../dbt/arguments.ts";
import { askEngine } from "../dbt/ask-engine.ts";
import type { Engine } from "../dbt/engine.ts";
import { findLauncher } from "../dbt/launcher.ts";
import { createPreload, type Preload } from "../dbt/preload.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { ChildWatch } from "../support/claims.ts";
import type { Log } from "../support/log.ts";
import { once } from "../support/once.ts";
import type { DbtProject } from "./dbt-project.ts";

/** What is known and done of dbt before it is started. */
export interface DbtAhead extends Preload {
  /** Which dbt it is: asked once, when somebody wants to know. Throws a configuration error for none. */
  engine(): Promise<Engine>;
  /** A build is to come: from now on the next dbt is loaded ahead, where that pays, until `end`. */
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
  let preload: Preload | null = null;
  const open = async () => {
    const { traits } = await engine();
    const launcher = traits.loadsAhead ? await findLauncher(place) : null;
    if (over.signal.aborted || !traits.loadsAhead) return;
    if (launcher === null)
      return log.step("dbt", `each start loads dbt anew: nothing tells the Python of ${showCommandLine(command)}`);
    preload = createPreload(launcher, place);
    preload.begin();
  };
  return {
    engine,
    prepare: () => {
      // On one core it would take from the dbt at work what the next one gains. What is wrong, the first start tells.
      if (isWanted && availableParallelism() > 1) void open().catch(() => {});
    },
    begin: () => preload?.begin(),
    take: (start) => preload?.take(start) ?? null,
    end: () => {
      over.abort();
      preload?.end();
    },
  };
}
