import type { NodeResult } from "../artifacts/run-results.ts";
import { FAILURE_RULES, type FailureRule } from "./failure-rules.ts";
import { STOPPED } from "./status.ts";
import type { FailureClass } from "./verdict.ts";

/** Longer messages quote SQL; what went wrong stands at their beginning. */
const LOOKED_AT = 8_000;
const NO_ANSWER = "no answer";

/**
 * What a message of a node with status `error` tells. `adapter` is dbt's word (`snowflake`); where it is unknown, every
 * adapter's rules are asked. A missing relation is taken for a deferred one: the caller knows what was built.
 */
export function classifyFailure(message: string | null, adapter: string | null): FailureClass {
  return ruleOf(message, adapter)?.failureClass ?? "unknown";
}

/** What went wrong in a few words, such as `BigQuery rate limit`; null where no rule has any. */
export function describeFailure(message: string | null, adapter: string | null): string | null {
  return ruleOf(message, adapter)?.words || null;
}

/** The same of a node that failed; of one that was stopped there is no message to read. */
export function failureWords(
  { failureClass, message }: { readonly failureClass: FailureClass; readonly message: string | null },
  adapter: string | null,
): string | null {
  return failureClass === "stopped" ? NO_ANSWER : describeFailure(message, adapter);
}

/** What a failure of the class can be in words: those of its rules, and the class itself where a rule has none. */
export function wordsOfClass(failureClass: FailureClass): readonly string[] {
  if (failureClass === "stopped") return [NO_ANSWER];
  const ofRules = FAILURE_RULES.filter((rule) => rule.failureClass === failureClass && rule.words !== "");
  return [...new Set([...ofRules.map(({ words }) => words), failureClass])];
}

function ruleOf(message: string | null, adapter: string | null): FailureRule | undefined {
  const text = withoutNames((message ?? "").slice(0, LOOKED_AT));
  return FAILURE_RULES.find(
    ({ adapters, pattern }) => (adapters.length === 0 || !adapter || adapters.includes(adapter)) && pattern.test(text),
  );
}

/** What dbt puts around the warehouse's words: a test may be called `connection_reset`. The kind of error stays. */
function withoutNames(message: string): string {
  return message
    .replace(/^(\s{0,100}[a-z]{1,20} error) in [^\n]*/i, "$1")
    .replace(/\n[ \t]{0,100}compiled code at [^\n]*/gi, "");
}

/** The class of a row that failed. A source with status `error` is too old: that is data, and its query ran. */
export function failureClassOf({ id, status, message }: NodeResult, adapter: string | null): FailureClass {
  if (status === STOPPED) return "stopped";
  const isData = status === "fail" || status === "warn" || (status === "error" && id.startsWith("source."));
  return isData ? "data" : classifyFailure(message, adapter);
}

/** The warehouse's or the network's fault, not the project's: nobody has to change anything in it. */
export function isInfrastructure(failureClass: FailureClass): boolean {
  return failureClass === "infrastructure" || isPassing(failureClass);
}

/** What may be gone a minute later. */
export function isPassing(failureClass: FailureClass): boolean {
  return failureClass === "transient" || failureClass === "throttled" || failureClass === "stopped";
}
