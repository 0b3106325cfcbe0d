import junit, { type TestCase, type TestSuite } from "junit-report-builder";
import { shortName } from "../artifacts/node-name.ts";
import { fromRepository } from "../severity/node-path.ts";
import { ungroup } from "../severity/one-cause.ts";
import type { Finding, NodeFacts, Subject, ToolFacts, ToolSubject, Verdict } from "../severity/verdict.ts";
import { cleanLine, cut } from "../text/clean.ts";
import { describeFinding, headlineOf } from "./finding-words.ts";
import { triesWords } from "./retried-words.ts";
import { listed } from "./words.ts";

export interface JunitOptions {
  /** How a warning is told; JUnit has no word for it. */
  readonly warnAs: "skipped" | "pass" | "failure";
  readonly projectDirFromRepo: string;
  /** ISO time of the run. */
  readonly timestamp: string;
}

/** One test case, decided but not yet written. */
interface JunitCase {
  readonly suite: string;
  readonly className: string;
  readonly name: string;
  readonly seconds: number;
  readonly file: string | null;
  readonly line: number | null;
  readonly result: Result | null;
  /** What came of it at earlier tries; JUnit has one result for a case. */
  readonly note: string | null;
}

interface Result {
  readonly element: "failure" | "error" | "skipped";
  readonly message: string;
  readonly type: string;
  readonly details: string | null;
}

const SUITES = ["dbt data tests", "dbt unit tests", "dbt models", "dbt source freshness", "dbt run"] as const;
const MOST_DETAILS = 20_000;

/**
 * The verdict as JUnit XML: one file that satisfies both schemas in use (Ant's and Jenkins'), but for `file` and `line` of a
 * case, which CircleCI and GitHub's reporters read. What was neutral is left out.
 */
export function renderJunit(verdict: Verdict, options: JunitOptions): string {
  const cases = casesOf(verdict, options);
  const builder = junit.newBuilder();
  const suites = [...SUITES, ...(verdict.tools ?? []).map(({ tool }) => tool)];
  const used = suites.filter((suite) => cases.some((each) => each.suite === suite));
  for (const [index, name] of (used.length === 0 ? suites.slice(2, 3) : used).entries()) {
    const suite = builder
      .testSuite()
      .name(name)
      .property("dbt", cleanLine(verdict.dbt.version ?? "unknown"));
    const own = cases.filter((each) => each.suite === name);
    for (const each of own) writeCase(suite.testCase(), each);
    completeSuite(suite, {
      id: index,
      seconds: own.reduce((sum, each) => sum + each.seconds, 0),
      timestamp: options.timestamp,
      notes: own.flatMap(({ name: of, note }) => (note === null ? [] : `${of}: ${note}`)),
    });
  }
  return builder.build();
}

function casesOf(verdict: Verdict, options: JunitOptions): JunitCase[] {
  // Each node has a case of its own, also where several have one cause.
  const all = ungroup(verdict.findings);
  const findings = new Map(all.map((finding) => [subjectId(finding.subject), finding]));
  const causes = new Map(all.flatMap((finding) => finding.skipped.map((id) => [id, finding])));
  const neutral = new Set(verdict.neutral);
  const withRow = Object.entries(verdict.nodes).filter(([id]) => !neutral.has(id));
  const withoutRow = all.filter(({ subject }) => !Object.hasOwn(verdict.nodes, subjectId(subject)));
  return [
    ...withRow.map(([id, facts]) => {
      const finding = findings.get(id) ?? null;
      const line = finding?.subject.kind === "node" ? finding.subject.line : null;
      return {
        ...caseOf(id, facts, options),
        line,
        note: noteOf(id, verdict),
        result: finding === null ? skipOf(causes.get(id)) : resultOf(finding, options),
      };
    }),
    ...withoutRow.map((finding) => ({
      ...findingCase(finding.subject, options),
      note: null,
      result: resultOf(finding, options),
    })),
    ...(verdict.tools ?? []).flatMap(toolCases),
  ];
}

/** A tool of which nothing but this is to be told; one that failed has a finding. */
function toolCases({ tool, state, why, seconds }: ToolFacts): JunitCase[] {
  if (state === "failed") return [];
  const message = cleanLine(why ?? "");
  const result: Result | null =
    state === "ran" ? null : { element: "skipped", message: `SKIPPED: ${message}`, type: "skipped", details: null };
  return [{ ...reportCase(tool), seconds, note: null, result }];
}

function reportCase(tool: string): Omit<JunitCase, "result" | "note"> {
  return { suite: tool, className: tool, name: "report", seconds: 0, file: null, line: null };
}

function caseOf(
  id: string,
  facts: NodeFacts,
  { projectDirFromRepo }: JunitOptions,
): Omit<JunitCase, "line" | "result" | "note"> {
  const type = facts.type ?? id.split(".")[0] ?? "";
  const isTest = type === "test" || type === "unit_test";
  // What a singular test guards changes with its SQL; its name does not.
  const isSingular = type === "test" && /\.sql$/i.test(facts.path ?? "");
  const about = !isTest
    ? shortName(id)
    : facts.attachedTo === null || isSingular
      ? facts.name
      : shortName(facts.attachedTo);
  // The test's own folder: its model has no row of its own in `dbt test`, and a name must not depend on what else ran.
  const folders = facts.fqn.slice(1, -1).filter((part) => part !== about.split(".")[0]);
  return {
    suite: suiteOf(type),
    className: cleanLine([facts.package, ...folders, about].join("."), 400),
    name: cleanLine(isTest ? `${facts.name} ${shortHash(id)}` : shortName(id), 400),
    seconds: facts.seconds,
    file: facts.path === null ? null : fromRepository(projectDirFromRepo, facts.path),
  };
}

/** A finding without a row in dbt's results: a source that dbt left out, or what went wrong with the run itself. */
function findingCase(subject: Subject, options: JunitOptions): Omit<JunitCase, "result" | "note"> {
  if (subject.kind === "run")
    return { suite: "dbt run", className: "dbt", name: subject.what, seconds: 0, file: null, line: null };
  if (subject.kind === "tool") return subject.path === null ? reportCase(subject.tool) : remarkCase(subject, options);
  const facts = { ...subject, package: subject.id.split(".")[1] ?? "dbt", fqn: [], seconds: 0, startedAt: null };
  return { ...caseOf(subject.id, facts, options), line: subject.line };
}

function remarkCase(
  { tool, rule, path, line, column }: ToolSubject,
  { projectDirFromRepo }: JunitOptions,
): Omit<JunitCase, "result" | "note"> {
  const parts = [rule, line === null ? null : `line ${line}`, column === null ? null : `column ${column}`];
  return {
    suite: tool,
    className: cleanLine((path ?? "").replace(/\.sql$/i, "").replaceAll("/", "."), 400),
    name: cleanLine(parts.filter((part) => part !== null).join(" "), 400),
    seconds: 0,
    file: path === null ? null : fromRepository(projectDirFromRepo, path),
    line,
  };
}

function noteOf(id: string, { retried, findings }: Verdict): string | null {
  const tries = retried?.nodes[id];
  if (tries === undefined) return null;
  const isError = ungroup(findings).some(
    ({ severity, subject }) => severity === "error" && subject.kind === "node" && subject.id === id,
  );
  return triesWords(tries, !isError);
}

function suiteOf(type: string): (typeof SUITES)[number] {
  if (type === "test") return "dbt data tests";
  if (type === "unit_test") return "dbt unit tests";
  return type === "source" ? "dbt source freshness" : "dbt models";
}

function resultOf(finding: Finding, { warnAs }: JunitOptions): Result | null {
  const words = describeFinding(finding);
  const message = cleanLine(finding.message === "" ? headlineOf(words) : finding.message, 500);
  const details = [
    headlineOf(words),
    words.owner === null ? null : `owner: ${words.owner}`,
    words.caused === null ? null : `${words.caused}: ${listed(words.skipped, 20)}`,
    words.compiled === null ? null : `compiled: ${words.compiled}`,
    words.message === null ? null : cut(words.message, MOST_DETAILS),
  ]
    .filter((line) => line !== null)
    .join("\n");
  if (finding.severity === "error") {
    return { element: isFailure(finding) ? "failure" : "error", message, type: finding.failureClass, details };
  }
  if (warnAs === "pass") return null;
  return { element: warnAs === "failure" ? "failure" : "skipped", message: `WARN: ${message}`, type: "warn", details };
}

/** What was looked at, and is wrong; an error: it could not be looked at. */
function isFailure({ status, subject }: Finding): boolean {
  return subject.kind === "tool" ? subject.rule !== null : status === "fail";
}

function skipOf(cause: Finding | undefined): Result | null {
  if (cause === undefined) return null;
  return { element: "skipped", message: `SKIPPED: ${whySkipped(cause)}`, type: "skipped", details: null };
}

/** A stale source holds back what is built; all else made dbt skip it. */
function whySkipped({ subject, message }: Finding): string {
  if (subject.kind === "node" && subject.type === "source")
    return `not rebuilt: ${cleanLine(shortName(subject.id), 200)} ${cleanLine(message, 300)}`;
  return `upstream ${cleanLine(subjectId(subject))} failed`;
}

/** The builder's `skipped()` takes no message, its text is CDATA and its time can read `1e-7`: set on the built element. */
function writeCase(testCase: TestCase, { className, name, seconds, file, line, result }: JunitCase): void {
  testCase.className(className).name(name);
  if (file !== null) testCase.file(file);
  if (result?.element === "failure") testCase.failure(result.message, result.type);
  if (result?.element === "error") testCase.error(result.message, result.type);
  if (result?.element === "skipped") testCase.skipped();
  const build = testCase.build.bind(testCase);
  testCase.build = (parent) => {
    const element = build(parent);
    element.att("time", timeOf(seconds));
    if (line !== null) element.att("line", line);
    const child = result === null ? undefined : childOf(element, result.element);
    if (result?.element === "skipped") child?.att("message", result.message);
    if (result !== null && result.details !== null) child?.txt(result.details);
    return element;
  };
}

type XmlElement = ReturnType<TestCase["build"]>;

/** xmlbuilder keeps an element's children in a field that its types do not name. */
function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return (
    element as unknown as { readonly children: readonly (XmlElement & { readonly name: string })[] }
  ).children.find((child) => child.name === name);
}

/** What Ant's schema asks of a suite, and the builder's totals on the root, which it forbids. */
function completeSuite(
  suite: TestSuite,
  { id, seconds, timestamp, notes }: { id: number; seconds: number; timestamp: string; notes: readonly string[] },
): void {
  // The schema's pattern has no fraction and no zone.
  suite.timestamp(new Date(timestamp).toISOString().slice(0, 19));
  const build = suite.build.bind(suite);
  suite.build = (parent) => {
    const element = build(parent);
    for (const [key, value] of Object.entries({ id, package: "dbt", hostname: "localhost", time: timeOf(seconds) }))
      element.att(key, value);
    const out = element.ele("system-out");
    if (notes.length > 0) out.txt(notes.join("\n"));
    element.ele("system-err");
    for (const total of ["tests", "failures", "errors", "skipped"]) parent?.removeAttribute(total);
    return element;
  };
}

/** Both schemas want a plain decimal; dbt's JSON can hold NaN. */
function timeOf(seconds: number): string {
  return Number.isFinite(seconds) && seconds > 0 ? seconds.toFixed(3) : "0.000";
}

function subjectId(subject: Subject): string {
  if (subject.kind === "tool") return `tool:${subject.tool}`;
  return subject.kind === "run" ? `run:${subject.what}` : subject.id;
}

/** FNV-1a, 32 bits, eight hex digits. http://www.isthe.com/chongo/tech/comp/fnv/ */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
