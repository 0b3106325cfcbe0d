import { stringify } from "yaml";
import { SignalboxError } from "../support/errors.ts";
import { configFile } from "./file.ts";
import { parseYaml } from "./yaml.ts";

/** Each try takes one value away. */
const MOST_TRIES = 100;

/**
 * A broken signalbox.yml without the values that are wrong, for who has said already what is; null: nothing of it can be
 * used. No run may go by it: what is left out may be what keeps a check from production.
 */
export function salvage(text: string, name: string): string | null {
  try {
    const { value } = parseYaml(text, name);
    const rest: unknown = structuredClone(value);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const [issue] = configFile.safeParse(rest).error?.issues ?? [];
      if (issue === undefined) return stringify(rest, { aliasDuplicateObjects: false });
      const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
      const paths = keys.length === 0 ? [issue.path] : keys.map((key) => [...issue.path, key]);
      if (!paths.every((path) => removeAt(rest, path))) return null;
    }
    return null;
  } catch (error) {
    if (error instanceof SignalboxError) return null;
    throw error;
  }
}

/** false: there is nothing at the path that could be taken away. A key that is missing counts against the section that wants it. */
function removeAt(value: unknown, path: readonly PropertyKey[]): boolean {
  const parents: unknown[] = [value];
  for (const key of path) parents.push(childOf(parents.at(-1), key));
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const [parent, key] = [parents[depth], path[depth]];
    if (typeof parent !== "object" || parent === null || key === undefined || !(key in parent)) continue;
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete (parent as Record<PropertyKey, unknown>)[key];
    return true;
  }
  return false;
}

function childOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
}
