import { type BaseCommit, listAncestors } from "../../bundles/base-commit.ts";
import { type FetchedBundle, fetchAhead } from "../../bundles/fetch-ahead.ts";
import type { WantedBundle } from "../../bundles/store.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import { type BundleParts, type Bundles, openBundles } from "../../setup/bundle-store.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import type { Git } from "../../support/git.ts";

/** The bundles of a run, with those on their way that its plan will ask for. */
export interface BaselinesAhead {
  readonly bundles: Bundles;
  /** What a change is compared with first, once it is there; null: there is none. */
  selection(): Promise<FetchedBundle | null>;
  /** For when the plan is made: what is still on its way is given up. */
  drop(): Promise<void>;
}

export interface BaselinesAheadParts extends BundleParts {
  readonly git: Git;
  readonly settings: BundleParts["settings"] & SettingsPart<"state" | "deferState", "baseline">;
}

/**
 * Begins to fetch what a plan compares with and defers to, which takes seconds from a CI's artifacts: dbt parses meanwhile.
 * What the store has to say of it is said when the plan asks for it, not in the middle of dbt's log.
 */
export async function fetchBaselines(
  parts: BaselinesAheadParts,
  { run, baseBranch, mode }: RunSettings,
  bundles: Bundles,
  base: () => Promise<BaseCommit>,
): Promise<BaselinesAhead> {
  const { given, config } = parts.settings;
  const isFirst = config.baseline.sources[0] === "store";
  if (!isFirst || given.state !== undefined) return nothingAhead(bundles);
  const selection: WantedBundle = mode === "check" ? await listAncestors(parts.git, (await base()).sha) : "newest";
  const wanted = given.deferState === undefined ? [selection, "newest" as const] : [selection];

  const kept: (() => void)[] = [];
  let isAsked = false;
  const warn = (name: string, text: string) => {
    if (isAsked) parts.log.warn(name, text);
    else kept.push(() => parts.log.warn(name, text));
  };
  const over = new AbortController();
  const signal = AbortSignal.any([parts.signal, over.signal]);
  const { opened } = openBundles({ ...parts, log: { ...parts.log, warn }, signal }, run, baseBranch);
  if (opened.store === null) return nothingAhead(bundles);
  const ahead = fetchAhead(
    {
      store: opened.store,
      folder: parts.work.path("baselines", "ahead"),
      onAsked: () => {
        isAsked = true;
        for (const say of kept.splice(0)) say();
      },
    },
    wanted,
  );
  return {
    bundles: { ...bundles, opened: { ...opened, store: ahead.store } },
    selection: () => ahead.fetched(selection),
    drop: () => {
      over.abort();
      return ahead.drop();
    },
  };
}

export function nothingAhead(bundles: Bundles): BaselinesAhead {
  return { bundles, selection: async () => null, drop: async () => {} };
}
