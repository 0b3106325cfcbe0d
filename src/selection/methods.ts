import { type Fields, fieldsOf, isFields, textOf, textsOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { didYouMean } from "../support/suggest.ts";
import type { Changes, Compare } from "./changes.ts";
import { isInNodes } from "./collections.ts";
import type { Dialect } from "./dialect.ts";
import { createNameMatcher } from "./names.ts";
import { isGenericTest } from "./node-comparison.ts";
import { createPathTest } from "./paths.ts";
import { type Criterion, refuse } from "./selector.ts";
import { createMatcher } from "./wildcard.ts";

/** What selector methods look at. */
export interface MethodContext {
  readonly manifest: Manifest;
  readonly dialect: Dialect;
  /** null: there is no baseline. */
  readonly compare: Compare | null;
  /** Status by id of the baseline's run; null: there is none. */
  readonly statuses: ReadonlyMap<string, string> | null;
  /** Ids of the sources with newer rows than the baseline's; null: nobody looked. */
  readonly newer: ReadonlySet<string> | null;
}

type NodeTest = (node: Node) => boolean;
export type Found =
  | { readonly kind: "test"; readonly test: NodeTest }
  | { readonly kind: "unsupported"; readonly why: string };
type Method = (criterion: Criterion, context: MethodContext) => NodeTest | string;

/**
 * The test that a criterion's method puts nodes to, as dbt/graph/selector_methods.py has it. Unsupported: only dbt can
 * decide. Throws a configuration error for a value that dbt refuses too.
 */
export function testOf(criterion: Criterion, context: MethodContext): Found {
  const method = Object.hasOwn(METHODS, criterion.method) ? METHODS[criterion.method] : undefined;
  if (method === undefined) {
    const meant = didYouMean(criterion.method, Object.keys(METHODS));
    return { kind: "unsupported", why: `${criterion.method}: in ${criterion.text}${meant}` };
  }
  const test = method(criterion, context);
  return typeof test === "string" ? { kind: "unsupported", why: test } : { kind: "test", test };
}

const METHODS: Readonly<Record<string, Method>> = {
  fqn: ({ value }, { dialect }) => {
    const matches = createNameMatcher(value, dialect.wildcardMatchesLeaf);
    return (node) => node.type !== "source" && matches(node);
  },
  tag: byTexts((node) => textsOf(node.type === "unit_test" ? fieldsOf(node.raw.config).tags : node.raw.tags)),
  group: ({ value }) => {
    const matches = createMatcher(value);
    return (node) => {
      const group = isInNodes(node.type) || node.type === "metric" ? textOf(fieldsOf(node.raw.config).group) : null;
      return group !== null && matches(group);
    };
  },
  access:
    ({ value }) =>
    (node) =>
      node.type === "model" && value === (node.raw.access ?? "protected"),
  source: (criterion) =>
    byParts(criterion, "source", 3, (node) => [node.package, textOf(node.raw.source_name) ?? "", node.name]),
  exposure: (criterion) => byParts(criterion, "exposure", 2, packageAndName),
  metric: (criterion) => byParts(criterion, "metric", 2, packageAndName),
  semantic_model: (criterion) => byParts(criterion, "semantic_model", 2, packageAndName),
  saved_query: (criterion) => byParts(criterion, "saved_query", 2, packageAndName),
  unit_test: (criterion) => byParts(criterion, "unit_test", 2, packageAndName),
  path: ({ value, text }, { manifest, dialect }) => {
    const test = createPathTest(value, manifest);
    return test === null ? `the path in ${text}` : (node) => isSearched(node, dialect) && test(node);
  },
  file: byTexts((node) => {
    const name = node.path.split("/").at(-1) ?? "";
    return [name, /^.+\../.test(name) ? name.slice(0, name.lastIndexOf(".")) : name];
  }),
  package: ({ value, ...rest }, context) =>
    byTexts((node) => [node.package])(
      {
        ...rest,
        value: value === "this" && context.manifest.projectName !== "" ? context.manifest.projectName : value,
      },
      context,
    ),
  config: byConfig,
  resource_type: (criterion) => {
    if (!RESOURCE_TYPES.includes(criterion.value))
      throw refuse(criterion, `expected one of ${RESOURCE_TYPES.join(", ")}`);
    return (node) => node.type === criterion.value;
  },
  test_name: ({ value }) => {
    const matches = createMatcher(value);
    return (node) =>
      node.type === "unit_test"
        ? matches(node.name)
        : isGenericTest(node) && matches(textOf(fieldsOf(node.raw.test_metadata).name) ?? "");
  },
  test_type: (criterion) => {
    const types = testTypes(criterion);
    return (node) =>
      node.type === "unit_test"
        ? types.includes("unit")
        : node.type === "test" && types.includes(isGenericTest(node) ? "generic" : "singular");
  },
  state: byState,
  result: ({ value }, { statuses }) =>
    statuses === null
      ? "result: needs the run_results.json of the baseline"
      : (node) => statuses.get(node.id) === value,
  source_status: (criterion, { newer }) => {
    // dbt selects nothing for any other word, and says nothing.
    if (criterion.value !== "fresher") throw refuse(criterion, "expected source_status:fresher: dbt knows no other");
    return newer === null
      ? "source_status: needs two looks at the sources, now and when the baseline was built"
      : (node) => newer.has(node.id);
  },
  version: (criterion) => {
    const test = Object.hasOwn(VERSIONS, criterion.value) ? VERSIONS[criterion.value] : undefined;
    if (test === undefined) throw refuse(criterion, `expected one of ${Object.keys(VERSIONS).join(", ")}`);
    return (node) => node.type === "model" && test(node.raw.version ?? null, node.raw.latest_version ?? null);
  },
};

const RESOURCE_TYPES: readonly string[] = [
  "model",
  "analysis",
  "test",
  "snapshot",
  "operation",
  "seed",
  "rpc",
  "sql_operation",
  "doc",
  "source",
  "macro",
  "exposure",
  "metric",
  "group",
  "saved_query",
  "semantic_model",
  "unit_test",
  "fixture",
  "function",
];

function packageAndName(node: Node): readonly string[] {
  return [node.package, node.name];
}

/** Any of the texts matches the value. */
function byTexts(textsOfNode: (node: Node) => readonly string[]): Method {
  return ({ value }, { dialect }) => {
    const matches = createMatcher(value);
    return (node) => isSearched(node, dialect) && textsOfNode(node).some(matches);
  };
}

function isSearched(node: Node, dialect: Dialect): boolean {
  return dialect.searchesSavedQueries || node.type !== "saved_query";
}

/** `package.source.table`: the package may be left out, and the table of a source. */
function byParts(
  criterion: Criterion,
  type: string,
  most: number,
  partsOf: (node: Node) => readonly string[],
): NodeTest {
  const given = criterion.value.split(".");
  if (given.length > most) throw refuse(criterion, `expected at most ${most} names with dots between them`);
  const complete = given.length < most ? ["*", ...given] : given;
  const matchers = complete.map(createMatcher);
  return (node) => node.type === type && partsOf(node).every((part, index) => matchers[index]?.(part) ?? true);
}

function byConfig({ value, arguments: keys }: Criterion): NodeTest {
  const wanted = value.toUpperCase();
  const isBoolean = wanted === "TRUE" || wanted === "FALSE";
  // dbt spells severity as the user did, and compares it in any case.
  const equals =
    keys.join(".") === "severity"
      ? (found: unknown) => typeof found === "string" && found.toUpperCase() === wanted
      : (found: unknown) => found === value;
  return (node) => {
    if (!isInNodes(node.type) && node.type !== "source") return false;
    const found = descend(fieldsOf(node.raw.config), keys);
    // In a list Python finds True where a 1 is.
    if (Array.isArray(found)) {
      return found.some(
        (item) => equals(item) || (isBoolean && isBooleanLike(item) && Boolean(item) === (wanted === "TRUE")),
      );
    }
    return equals(found) || (isBoolean && found === (wanted === "TRUE"));
  };
}

function descend(config: Fields, keys: readonly string[]): unknown {
  let value: unknown = config;
  for (const key of keys) {
    if (!isFields(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function isBooleanLike(value: unknown): boolean {
  return typeof value === "boolean" || value === 0 || value === 1;
}

/** dbt asks whether the value is a part of the word: `test_type:sing` is singular. */
function testTypes(criterion: Criterion): readonly ("generic" | "singular" | "unit")[] {
  const { value } = criterion;
  if (value === "generic" || value === "schema") return ["generic"];
  if ("data".includes(value)) return ["generic", "singular"];
  if ("singular".includes(value)) return ["singular"];
  if ("unit".includes(value)) return ["unit"];
  throw refuse(criterion, "expected one of generic, singular, unit, data");
}

const STATES: Readonly<Record<string, (changes: Changes) => boolean>> = {
  new: ({ isNew }) => isNew,
  old: ({ isNew }) => !isNew,
  modified: ({ isModified }) => isModified,
  unmodified: ({ isModified }) => !isModified,
  "modified.body": ({ parts }) => parts.has("body"),
  "modified.configs": ({ parts }) => parts.has("configs"),
  "modified.persisted_descriptions": ({ parts }) => parts.has("persisted_descriptions"),
  "modified.relation": ({ parts }) => parts.has("relation"),
  "modified.macros": ({ parts }) => parts.has("macros"),
  "modified.contract": ({ parts }) => parts.has("contract"),
};

function byState(criterion: Criterion, { compare, dialect }: MethodContext): NodeTest {
  const holds = Object.hasOwn(STATES, criterion.value) ? STATES[criterion.value] : undefined;
  if (holds === undefined) throw refuse(criterion, `expected one of ${Object.keys(STATES).join(", ")}`);
  if (compare === null) throw refuse(criterion, "needs a baseline to compare with, and there is none");
  return (node) => isSearched(node, dialect) && holds(compare(node));
}

const VERSIONS: Readonly<Record<string, (version: unknown, latest: unknown) => boolean>> = {
  latest: (version, latest) => version !== null && version === latest,
  prerelease: (version, latest) => isVersion(version) && isVersion(latest) && isBefore(latest, version),
  old: (version, latest) => isVersion(version) && isVersion(latest) && isBefore(version, latest),
  none: (version) => version === null,
};

function isVersion(value: unknown): value is string | number {
  return (typeof value === "string" || typeof value === "number") && Boolean(value);
}

/** As numbers where both are numbers, else as texts. */
function isBefore(a: string | number, b: string | number): boolean {
  const [left, right] = [Number(a), Number(b)];
  return Number.isNaN(left) || Number.isNaN(right) ? String(a) < String(b) : left < right;
}
