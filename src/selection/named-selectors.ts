import { isFields } from "../artifacts/fields.ts";
import { asksNewerData } from "./selector.ts";

/** The selectors of selectors.yml, by name. */
export type NamedSelectors = ReadonlyMap<string, NamedSelector>;

export interface NamedSelector {
  /** dbt takes it where it is told nothing else. */
  readonly isDefault: boolean;
  /** As it is written. */
  readonly definition: unknown;
}

/** The selectors that a text of --select or --exclude names: `tag:a,selector:nightly`. */
export function selectorsNamedIn(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|[\s,+@\d])selector:([^\s,+]+)/g)].flatMap(([, name]) => name ?? []);
}

/** Whether a selector asks which sources have newer data, itself or by another one that it names. */
export function definitionAsksNewerData(name: string, selectors: NamedSelectors): boolean {
  const followed = new Set<string>();
  const open: unknown[] = [];
  const follow = (names: readonly string[]) => {
    for (const each of names.filter((candidate) => !followed.has(candidate))) {
      followed.add(each);
      open.push(selectors.get(each)?.definition);
    }
  };
  follow([name]);
  // With anchors one part may stand in many places.
  const done = new Set<unknown>();
  while (open.length > 0) {
    const part = open.pop();
    if (typeof part === "string") {
      if (asksNewerData(part)) return true;
      follow(selectorsNamedIn(part));
    } else if (done.has(part)) continue;
    else if (Array.isArray(part)) for (const each of part) open.push(each);
    else if (isFields(part)) {
      // `method: source_status` beside its value, or `source_status: fresher`.
      if (part.method === "source_status" || Object.hasOwn(part, "source_status")) return true;
      const named = part.method === "selector" ? part.value : part.selector;
      if (typeof named === "string") follow([named]);
      for (const each of Object.values(part)) if (typeof each === "object") open.push(each);
    }
    done.add(part);
  }
  return false;
}
