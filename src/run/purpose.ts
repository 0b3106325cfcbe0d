import type { Mode } from "./mode.ts";

/** What a plan or a build is for. What was made for one purpose is not used for another. */
export interface Purpose {
  readonly mode: Mode;
  /** dbt's target; null: the profile's own. */
  readonly target: string | null;
  /** The commit that was checked out; null: made of files alone, nothing tells. */
  readonly commit: string | null;
}

/** How two purposes differ, in words; null: they do not. A commit that is not known is another one. */
export function describeDifference(made: Purpose, now: Purpose): string | null {
  if (made.mode !== now.mode) return `made for ${made.mode} mode, and this is ${now.mode} mode`;
  if (made.target !== now.target) return `made for ${nameTarget(made)}, and this is ${nameTarget(now)}`;
  if (made.commit === null) return "made of files alone, and nothing tells which commit it is of";
  if (made.commit !== now.commit) return `made of commit ${short(made.commit)}, and HEAD is ${short(now.commit)}`;
  return null;
}

/** The targets of the modes in signalbox.yml. */
export type TargetOfMode = Readonly<Record<Mode, { readonly target: string | null }>>;

/**
 * Why what was built for this purpose is not what production holds; null: it is. A mode without a target in
 * signalbox.yml leaves it to the profile or to --target: then only check's own target is known to be another place.
 */
export function whyNotProduction(built: Omit<Purpose, "commit">, modes: TargetOfMode): string | null {
  if (built.mode === "check") return "it is a build of check mode";
  const wanted = modes[built.mode].target;
  if (wanted === null)
    return built.target !== null && built.target === modes.check.target
      ? `it is of target ${built.target}, which is check mode's`
      : null;
  return built.target === wanted
    ? null
    : `it is of ${nameTarget(built)}, not of ${wanted} (modes.${built.mode}.target)`;
}

function nameTarget({ target }: Pick<Purpose, "target">): string {
  return target === null ? "the profile's own target" : `target ${target}`;
}

function short(commit: string | null): string {
  return commit === null ? "not known" : commit.slice(0, 12);
}
