import type { Finding, Subject, Verdict } from "../severity/verdict.ts";
import type { OutlineEntry } from "../support/yaml-outline.ts";

type NodeSubject = Extract<Subject, { kind: "node" }>;

/**
 * The verdict with the line of each finding: dbt's artifacts have none. What is declared in yml is looked up there, of the
 * rest it is line 1; null where the file or the declaration was not found, as a wrong line is worse than none. Lines in
 * dbt's messages count in compiled SQL and are of no use here. `readText` takes a path from the project's folder.
 */
export function locateFindings(
  verdict: Verdict,
  readText: (path: string) => string | null,
  outlineOf: (text: string) => readonly OutlineEntry[],
): Verdict {
  const texts = new Map<string, string | null>();
  const outlines = new Map<string, readonly OutlineEntry[]>();
  const read = (path: string) => remembered(texts, path, () => readText(path));
  const outline = (path: string) => remembered(outlines, path, () => outlineOf(read(path) ?? ""));
  const locate = (finding: Finding): Finding => {
    const { subject } = finding;
    if (subject.kind !== "node" || subject.path === null || subject.line !== null || read(subject.path) === null)
      return finding;
    const line = /\.ya?ml$/i.test(subject.path) ? declaredAt(subject, outline(subject.path)) : 1;
    return { ...finding, subject: { ...subject, line } };
  };
  return { ...verdict, findings: verdict.findings.map(locate) };
}

/** The line of the declaration, or of the nearest thing around it that was found for certain. */
function declaredAt(subject: NodeSubject, outline: readonly OutlineEntry[]): number | null {
  if (subject.type === "unit_test") return named(sections(outline, ["unit_tests"]), subject.name)?.line ?? null;
  const owner = resourceAt(subject.attachedTo ?? subject.id, outline);
  if (subject.attachedTo === null || owner === null) return owner?.line ?? null;
  const column = subject.column === null ? owner : named(sections(owner.children, ["columns"]), subject.column);
  if (column === null) return owner.line;
  const tests = sections(column.children, ["data_tests", "tests"]).filter((item) => isTest(item, subject));
  return tests.length === 1 ? (tests[0]?.line ?? null) : column.line;
}

function resourceAt(id: string, outline: readonly OutlineEntry[]): OutlineEntry | null {
  const [type = "", , first = "", ...rest] = id.split(".");
  if (type !== "source") return named(sections(outline, [`${type}s`]), first);
  const source = named(sections(outline, ["sources"]), first);
  return source === null ? null : named(sections(source.children, ["tables"]), rest.join("."));
}

/** An item names its test as `not_null`, `not_null:` or `package.not_null:`, or has a name of its own. */
function isTest(item: OutlineEntry, { name, test }: NodeSubject): boolean {
  const given = nameOf(item) ?? item.children.map(nameOf).find((each) => each !== null);
  if (given !== undefined) return given === name;
  // dbt's own name for a test holds the test's; one given by hand would stand in the item.
  return test !== null && name.includes(test) && (item.value ?? item.children[0]?.key)?.split(".").at(-1) === test;
}

/** The items of the sequences under these keys. */
function sections(entries: readonly OutlineEntry[], keys: readonly string[]): readonly OutlineEntry[] {
  return entries
    .filter(({ key }) => key !== null && keys.includes(key))
    .flatMap(({ children }) => children.filter(({ key }) => key === null));
}

/** The only item with this name; two of them leave it open which is meant. */
function named(items: readonly OutlineEntry[], name: string): OutlineEntry | null {
  const matching = items.filter((item) => nameOf(item) === name);
  return matching.length === 1 ? (matching[0] ?? null) : null;
}

function nameOf(entry: OutlineEntry): string | null {
  return entry.children.find(({ key }) => key === "name")?.value ?? null;
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key);
  if (value !== undefined) return value;
  const made = make();
  known.set(key, made);
  return made;
}
