import { z } from "zod";
import { choosePassEnv, type SharedPassEnv } from "../run/pass-env.ts";
import { type Run, whyDistrusted } from "../run/run.ts";
import type { Config } from "../settings/file.ts";
import { parseYaml } from "../settings/yaml.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import { type RepositoryParts, readFileOfBranch } from "./base-branch.ts";

export interface PassEnvParts extends RepositoryParts {
  readonly settings: { readonly config: { readonly dbt: Pick<Config["dbt"], "passEnv"> } };
  readonly log: Pick<Log, "warn">;
}

/** Names of secrets that dbt, or the command of `queue --`, gets all the same. Says why it gets none that it should. */
export async function openPassEnv(
  parts: PassEnvParts,
  { run, baseBranch }: { readonly run: Run; readonly baseBranch: string | null },
): Promise<readonly string[]> {
  const own = parts.settings.config.dbt.passEnv;
  if (own.length === 0) return [];
  const distrust = whyDistrusted(run);
  const shared = distrust === null ? await readShared(parts, run, baseBranch) : ({ kind: "unreadable" } as const);
  const { names, note } = choosePassEnv({ own, shared, baseBranch, distrust });
  if (note !== null) parts.log.warn("dbt", note);
  return names;
}

async function readShared(parts: PassEnvParts, { platform }: Run, baseBranch: string | null): Promise<SharedPassEnv> {
  if (platform === "local") return { kind: "own" };
  const text = baseBranch === null ? null : await readFileOfBranch(parts, baseBranch);
  if (text === null) return { kind: "unreadable" };
  return text === "absent" ? { kind: "read", names: [] } : parsePassEnv(text.content);
}

const sharedFile = z.object({ dbt: z.object({ pass_env: z.array(z.string()).nullish() }).nullish() }).nullable();

/** The other keys may be of another version of signalbox. */
function parsePassEnv(text: string): SharedPassEnv {
  try {
    const parsed = sharedFile.safeParse(parseYaml(text, "signalbox.yml").value);
    return parsed.success ? { kind: "read", names: parsed.data?.dbt?.pass_env ?? [] } : { kind: "unreadable" };
  } catch (error) {
    if (error instanceof SignalboxError) return { kind: "unreadable" };
    throw error;
  }
}
