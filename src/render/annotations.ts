import { fromRepository } from "../severity/node-path.ts";
import type { Finding, FindingPlace, Verdict } from "../severity/verdict.ts";
import { cleanText, cutText } from "../text/clean.ts";
import { defuseInside } from "../text/terminal-line.ts";
import { describeFinding, headlineOf } from "./finding-words.ts";
import { count, listed } from "./words.ts";

/** A remark on a line of a file, beside the diff of a pull request and on the page of the run. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly title: string;
  readonly message: string;
  /** From the repository's root; null for a remark on the run. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column?: number | null;
}

/** GitHub shows ten of a level a step and drops the rest without a word. https://github.com/orgs/community/discussions/26680 */
const MOST = 10;
const MOST_MESSAGE = 1500;
const MOST_MESSAGE_LINES = 20;

/** At most ten errors and ten warnings, in the verdict's order; where there are more, the tenth says how many. */
export function annotationsOf(
  verdict: Verdict,
  { projectDirFromRepo }: { readonly projectDirFromRepo: string },
): Annotation[] {
  const of = (severity: Finding["severity"]) => verdict.findings.filter((finding) => finding.severity === severity);
  return [
    ...annotate(of("error"), "error", projectDirFromRepo),
    ...annotate(of("warn"), "warning", projectDirFromRepo),
  ];
}

function annotate(findings: readonly Finding[], level: "error" | "warning", projectDir: string): Annotation[] {
  const all = findings.flatMap((finding) => placesOf(finding).map((place) => ({ finding, place })));
  const shown = all.length <= MOST ? all : all.slice(0, MOST - 1);
  const more = all.length - shown.length;
  return [
    ...shown.map(({ finding, place }) => annotation(finding, place, level, projectDir)),
    ...(more === 0
      ? []
      : [
          {
            level,
            title: count(more, `more ${level}`),
            message: "All of them are in the job summary and in verdict.json.",
            file: null,
            line: null,
          },
        ]),
  ];
}

/**
 * Each place that dbt names, of a finding about nothing else: in others its words stand behind the node's own. null: the
 * finding's.
 */
function placesOf({ places = [], status, failureClass, subject }: Finding): readonly (FindingPlace | null)[] {
  const isOnlyThat = (status === "warn" && failureClass === "code") || subject.kind === "run";
  return isOnlyThat && places.length > 0 ? places : [null];
}

function annotation(
  finding: Finding,
  place: FindingPlace | null,
  level: "error" | "warning",
  projectDir: string,
): Annotation {
  const whole = wholeAnnotation(finding, level, projectDir);
  if (place === null) return whole;
  const { path, line, column, message } = place;
  const text = cutText(cleanText(message), MOST_MESSAGE, MOST_MESSAGE_LINES);
  return { ...whole, message: text, file: shownFile(projectDir, path), line, column };
}

function wholeAnnotation(finding: Finding, level: "error" | "warning", projectDir: string): Annotation {
  const { subject } = finding;
  const words = describeFinding(finding);
  const facts = [words.news, words.owner === null ? null : `owner ${words.owner}`, words.muted].filter(
    (fact) => fact !== null,
  );
  const paragraphs = [
    words.fault,
    words.caused === null ? null : `${words.caused}: ${listed(words.skipped, 4)}`,
    words.message === null ? null : cutText(words.message, MOST_MESSAGE, MOST_MESSAGE_LINES),
    words.compiled === null ? null : `compiled: ${words.compiled}`,
    facts.length === 0 ? null : facts.join(" · "),
  ].filter((paragraph) => paragraph !== null);
  return {
    level,
    title: headlineOf({ ...words, fault: null }),
    // GitHub drops an annotation without a message.
    message: paragraphs.length === 0 ? words.what : paragraphs.join("\n"),
    file: subject.kind === "run" || subject.path === null ? null : shownFile(projectDir, subject.path),
    line: subject.kind === "run" ? null : subject.line,
  };
}

/** null also for a name that the runner would take for a command: it cannot be escaped, and changed it is another file. */
function shownFile(projectDir: string, path: string): string | null {
  const file = fromRepository(projectDir, path);
  return file === null || defuseInside(file) === file ? file : null;
}

/** `::error file=…,line=…,title=…::message`, escaped as the runner unescapes it, on one line. */
export function toWorkflowCommand({ level, title, message, file, line, column = null }: Annotation): string {
  const properties = [
    ...(file === null ? [] : [`file=${escapeProperty(file)}`]),
    ...(file === null || line === null ? [] : [`line=${line}`]),
    ...(file === null || line === null || column === null ? [] : [`col=${column}`]),
    `title=${escapeProperty(title)}`,
  ];
  return defuseInside(`::${level} ${properties.join(",")}::${escapeCommandValue(cleanText(message))}`);
}

/** For the value behind a command. https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts */
export function escapeCommandValue(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeCommandValue(cleanText(text)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** The two lines around a foreign log in which no line is taken for a command. `token`: random and new each time. */
export function stopCommands(token: string): { readonly begin: string; readonly end: string } {
  return { begin: `::stop-commands::${token}`, end: `::${token}::` };
}
