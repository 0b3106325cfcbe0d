import { shortName } from "../artifacts/node-name.ts";
import { countVerdict } from "../severity/outcome.ts";
import { kindOf as kindOfStatus } from "../severity/status.ts";
import type { FailureClass, Finding, Subject, Verdict } from "../severity/verdict.ts";
import { cleanCut, cleanLine } from "../text/clean.ts";
import { describeHistory } from "./history-words.ts";
import { count, grouped, listed } from "./words.ts";

/** A finding in words, the same on every surface. All texts are clean, all but `message` are one line; none is escaped. */
export interface FindingWords {
  /** `stg_orders.customer_id`, `fct_orders`, `shop.orders`, `the run`. */
  readonly where: string;
  /** `relationships test`, `model`, `queue timed out`. */
  readonly what: string;
  /** `36 failures, error if != 0`, or what kind of fault it was; null where `what` says it all. */
  readonly fault: string | null;
  /** dbt's message, where it says more than `fault`; several lines, of a very long one the beginning. */
  readonly message: string | null;
  /** `models/_models.yml:12`, from the project's folder. */
  readonly place: string | null;
  /** `target/compiled/shop/models/fct_orders.sql`, from the project's folder. */
  readonly compiled: string | null;
  readonly owner: string | null;
  readonly news: "new" | "known" | null;
  readonly muted: string | null;
  /** `failures 3 → 9 → 41: growing`: what earlier runs tell of it; null: nothing. */
  readonly history: string | null;
  /** `1 failing test kept 5 nodes from running`; null where it kept none. */
  readonly caused: string | null;
  /** Names of the nodes that did not run. */
  readonly skipped: readonly string[];
}

const FAULTS: Readonly<Record<Exclude<FailureClass, "data">, string>> = {
  code: "an error in the code",
  transient: "a temporary fault of the warehouse or network",
  throttled: "refused for now by the warehouse: too much at once",
  stopped: "stopped without an answer",
  infrastructure: "a fault of the infrastructure",
  "deferred-relation-missing": "reads a relation that production does not have",
  unknown: "failed",
};

const RUN_WORDS: Readonly<Record<Extract<Subject, { kind: "run" }>["what"], string>> = {
  "dbt-failed": "dbt failed before it had results",
  artifacts: "dbt's results cannot be used",
  "queue-timeout": "the queue timed out",
  warehouse: "one cause",
  budget: "over its budget",
  project: "dbt warns about the project's code",
};

/** No place shows more of one. */
const MOST_MESSAGE = 20_000;
/** Names of the nodes that have one cause. */
const MOST_NODES = 4;

/** What dbt 1 says of every failed test, and what stands for dbt 2's silence; `failures` and `threshold` say it shorter. */
const COUNTED = /^(?:Got [\d,.]+ results?, configured to (?:fail|warn) if |\d+ failures?$)/;

export function describeFinding(finding: Finding): FindingWords {
  const { subject } = finding;
  const message = cleanCut(finding.message, MOST_MESSAGE, MOST_MESSAGE);
  const isSaid = message === "" || (finding.failures !== null && COUNTED.test(message));
  return {
    where: finding.nodes === undefined ? whereOf(subject) : cleanLine(finding.status, 100),
    what: finding.nodes === undefined ? whatOf(subject) : nodesInWords(finding.nodes),
    fault: faultOf(finding),
    message: isSaid || isOneLine(finding) ? null : message,
    place:
      subject.kind === "run" || subject.path === null
        ? null
        : cleanLine(subject.path) + (subject.line === null ? "" : `:${subject.line}`),
    compiled: subject.kind !== "node" || subject.compiled === null ? null : cleanLine(subject.compiled, 400),
    owner: subject.kind === "run" || subject.owner === null ? null : cleanLine(subject.owner, 80),
    news: finding.isNew === null ? null : finding.isNew ? "new" : "known",
    muted: finding.muted === null ? null : cleanLine(mutedWords(finding.muted)),
    history: describeHistory(finding),
    caused:
      finding.skipped.length === 0
        ? null
        : `${finding.nodes === undefined ? one(subject) : count(finding.nodes.length, "failing node")} kept ${count(finding.skipped.length, "node")} from running`,
    skipped: finding.skipped.map((id) => cleanLine(shortName(id), 100)),
  };
}

/** `11 nodes: unique_orders_id, dim_customers, +9 more`. */
function nodesInWords(nodes: readonly Finding[]): string {
  const names = nodes.flatMap(({ subject }) => (subject.kind === "run" ? [] : cleanLine(subject.name, 100)));
  return `${count(nodes.length, "node")}: ${listed(names, MOST_NODES)}`;
}

function mutedWords({ until, reason }: NonNullable<Finding["muted"]>): string {
  return `muted until ${until} (sends no message, changes no exit code): ${reason}`;
}

/** `stg_orders.customer_id · relationships test`: what a problem is called in every message about it. */
export function nameFinding({ subject, status }: Pick<Finding, "subject" | "status">): string {
  const isCause = subject.kind === "run" && subject.what === "warehouse";
  return `${isCause ? cleanLine(status, 100) : whereOf(subject)} · ${whatOf(subject)}`;
}

/** `where · what · fault`: a finding in one line. */
export function headlineOf({ where, what, fault }: FindingWords): string {
  return [where, what, fault].filter((part) => part !== null).join(" · ");
}

/**
 * How many of each, without the zeros: `1 error · 1 warning · 5 skipped · 27 passed`. `counted`: errors and warnings as
 * somebody else counts them.
 */
export function totalsOf(verdict: Verdict, counted: { error: string; warn: string } | null = null): string {
  const { error, warn, skipped, passed, muted } = countVerdict(verdict);
  const parts = [
    error === 0 ? null : (counted?.error ?? count(error, "error")),
    warn === 0 ? null : (counted?.warn ?? count(warn, "warning")),
    skipped === 0 ? null : `${grouped(skipped)} skipped`,
    passed === 0 ? null : `${grouped(passed)} passed`,
    verdict.neutral.length === 0 ? null : `${grouped(verdict.neutral.length)} neutral`,
    muted === 0 ? null : `${grouped(muted)} muted${counted === null ? " (counted, but not told)" : ""}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "nothing ran" : parts.join(" · ");
}

function whereOf(subject: Subject): string {
  if (subject.kind === "run") return "the run";
  if (subject.kind === "tool") return cleanLine(subject.name, 100);
  const { id, name, attachedTo, column, test, type } = subject;
  // A singular or unit test may guard a node too, but people know it by its name.
  if (attachedTo === null || test === null) return cleanLine(type === "source" ? shortName(id) : name, 100);
  return cleanLine(column === null ? shortName(attachedTo) : `${shortName(attachedTo)}.${column}`, 100);
}

function whatOf(subject: Subject): string {
  if (subject.kind === "run") return RUN_WORDS[subject.what];
  if (subject.kind === "tool")
    return subject.rule === null ? "gave no report" : cleanLine(`${subject.tool} ${subject.rule}`, 120);
  const { name, test, type } = subject;
  if (test === null) return type === "source" ? "source freshness" : kindOf(subject);
  // dbt's own name for a test holds the test's; any other was given by hand, to say more.
  return cleanLine(name.includes(test) ? `${test} test` : `${test} test ${name}`, 120);
}

/** `1 failing test`; a source that is too old keeps nodes from running too. */
function one(subject: Subject): string {
  const kind = kindOf(subject);
  return `1 ${kind === "source" ? "stale" : "failing"} ${kind}`;
}

function kindOf(subject: Subject): string {
  if (subject.kind === "run") return "run";
  const type = subject.type ?? subject.id?.split(".")[0] ?? "";
  return /^[a-z_]{1,30}$/.test(type) ? type.replaceAll("_", " ") : "node";
}

/** What another tool says is short as a rule: it stands in the finding's own line. */
function isOneLine({ subject, message }: Finding): boolean {
  return subject.kind === "tool" && subject.rule !== null && message.length <= 160 && !message.includes("\n");
}

/** A test's failures against its threshold; of a source how late it is; else what kind of fault it was. */
function faultOf(finding: Finding): string | null {
  const { failures, threshold, failureClass, status, subject } = finding;
  if (subject.kind === "tool") return isOneLine(finding) ? cleanLine(finding.message) || null : null;
  if (subject.kind === "run")
    return subject.what === "warehouse" && failureClass !== "data" ? FAULTS[failureClass] : null;
  if (kindOfStatus(status) === "unknown")
    return status === ""
      ? "dbt gave no status"
      : `status ${JSON.stringify(cleanLine(status, 40))}, which signalbox does not know`;
  if (status === "warn" && failureClass === "code") return "dbt warns about its code";
  if (failureClass !== "data") return FAULTS[failureClass];
  const isCounted = failures !== null && subject.type !== "unit_test";
  const fault = isCounted
    ? count(failures, "failure")
    : subject.type === "source"
      ? "stale"
      : status === "warn"
        ? "warned"
        : "failed";
  return threshold === null ? fault : `${fault}, ${cleanLine(threshold, 120)}`;
}
