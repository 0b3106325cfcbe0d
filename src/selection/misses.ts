import { fieldsOf, textOf, textsOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { didYouMean } from "../support/suggest.ts";
import type { Criterion } from "./selector.ts";

/** Methods that say nothing of names: that they find nothing is an answer. */
const OF_STATE: ReadonlySet<string> = new Set(["state", "source_status", "result"]);
/** Methods whose values are a closed list, which is checked: no name can be misspelled. */
const OF_KIND: ReadonlySet<string> = new Set(["resource_type", "test_type", "version"]);

/** Whether a criterion that finds nothing in the whole project is probably not what was meant. */
export function isMiss({ text, method, position }: Criterion): boolean {
  if (text === "" && !position.whole.includes(",")) return false;
  return !OF_STATE.has(method) && !(position.option === "exclude" && OF_KIND.has(method));
}

/** `no node of the project matches tag:nigthly (did you mean nightly?)` */
export function describeMiss(criterion: Criterion, manifest: Manifest): string {
  const { text, value } = criterion;
  const isOff = [...manifest.disabled.values()].some(({ name }) => name === value);
  const meant = isOff
    ? " (it is disabled)"
    : value.length > LONGEST
      ? ""
      : didYouMean(value, namesFor(criterion, manifest));
  return text === "" ? "a part of it is empty" : `no node of the project matches ${text}${meant}`;
}

/** Longer ones are no misspelled name, and to compare them takes its time. */
const LONGEST = 120;

function namesFor({ method }: Criterion, manifest: Manifest): readonly string[] {
  const of = NAMES[method];
  if (of === undefined) return [];
  return [...new Set([...manifest.nodes.values()].flatMap(of))].filter((name) => name.length <= 2 * LONGEST);
}

const NAMES: Readonly<Record<string, (node: Node) => readonly string[]>> = {
  fqn: ({ type, name, fqn }) => (type === "source" ? [] : [name, ...fqn.slice(0, -1), fqn.slice(1).join(".")]),
  tag: (node) => node.tags,
  group: ({ group }) => (group === null ? [] : [group]),
  package: (node) => [node.package],
  source: ({ type, name, raw }) => {
    const source = textOf(raw.source_name);
    return type === "source" && source !== null ? [source, `${source}.${name}`] : [];
  },
  path: ({ path }) => [path, path.split("/").slice(0, -1).join("/")],
  file: ({ path }) => [path.split("/").at(-1) ?? ""],
  test_name: ({ raw }) => textsOf(fieldsOf(raw.test_metadata).name),
  ...Object.fromEntries(
    ["exposure", "metric", "semantic_model", "saved_query", "unit_test"].map((type) => [
      type,
      (node: Node) => (node.type === type ? [node.name] : []),
    ]),
  ),
};
