import type { Finding } from "./verdict.ts";

/** What a rule can look at. Values are globs, and all that are given must match. */
const MATCH_FIELDS = [
  "name",
  "path",
  "tag",
  "owner",
  "group",
  "package",
  "resource",
  "test",
  "status",
  "tool",
  "rule",
] as const;
type MatchField = (typeof MATCH_FIELDS)[number];

export type Match = { readonly [field in MatchField]?: string | undefined };

/** A line of `rules:` in signalbox.yml; its form has been checked there. */
export interface Rule {
  readonly match: Match;
  readonly severity?: "error" | "warn" | "ignore" | undefined;
  readonly mute?: true | undefined;
  /** The last day, in UTC, on which the rule applies: `2026-12-15`. */
  readonly until?: string | undefined;
  readonly reason?: string | undefined;
}

/** Whether a glob matches a text. */
export type Matches = (glob: string, text: string) => boolean;

/** What each field of a match is compared with; one text that matches is enough. */
export type MatchFacts = { readonly [field in MatchField]: readonly string[] };

/** A finding as rules and routes see it. What went wrong with a run has a status and no more. */
export function factsOf({ subject, status }: Pick<Finding, "subject" | "status">): MatchFacts {
  const facts = {
    name: [],
    path: [],
    tag: [],
    owner: [],
    group: [],
    package: [],
    resource: [],
    test: [],
    status: [status],
    tool: [],
    rule: [],
  };
  if (subject.kind === "run") return facts;
  const { name, path, tags, owner, group, type } = subject;
  const some = (text: string | null | undefined) => (text ? [text] : []);
  const ofAll = {
    ...facts,
    name: [name],
    path: some(path),
    tag: tags,
    owner: some(owner),
    group: some(group),
    package: some(subject.id?.split(".")[1]),
    resource: some(type),
  };
  // What dbt says of a result is no word about another tool's remark.
  return subject.kind === "tool"
    ? { ...ofAll, status: [], tool: [subject.tool], rule: some(subject.rule) }
    : { ...ofAll, test: some(subject.test) };
}

/** What rules are asked with. `now` is in milliseconds since the epoch. */
export interface RuleInput {
  readonly rules: readonly Rule[];
  readonly matches: Matches;
  readonly now: number;
}

/** Whether every field that the match gives matches one of the facts. */
export function isMatch(match: Match, facts: MatchFacts, matches: Matches): boolean {
  return MATCH_FIELDS.every((field) => {
    const glob = match[field];
    return glob === undefined || facts[field].some((text) => matches(glob, text));
  });
}

/** The first rule that matches and has not expired, or null. `now` is in milliseconds since the epoch. */
export function ruleFor(rules: readonly Rule[], facts: MatchFacts, matches: Matches, now: number): Rule | null {
  return rules.find((rule) => !hasExpired(rule, now) && isMatch(rule.match, facts, matches)) ?? null;
}

/**
 * The finding after the first rule that matches; none where it says ignore. A failure that kept others from running
 * cannot be ignored, since that would call green what was not built: it becomes a warning.
 */
export function applyRules<T extends Omit<Finding, "isNew">>(
  finding: T,
  { rules, matches, now }: RuleInput,
): readonly T[] {
  const rule = ruleFor(rules, factsOf(finding), matches, now);
  if (rule === null) return [finding];
  if (rule.severity === "ignore" && finding.skipped.length === 0) return [];
  const severity = rule.severity === "ignore" ? "warn" : (rule.severity ?? finding.severity);
  const muted = rule.mute && rule.until !== undefined ? { until: rule.until, reason: rule.reason ?? "" } : null;
  return [{ ...finding, severity, muted }];
}

/** The rules that no longer apply, so that somebody removes or renews them. */
export function expiredRules(rules: readonly Rule[], now: number): readonly Rule[] {
  return rules.filter((rule) => hasExpired(rule, now));
}

const DAY_MS = 86_400_000;

function hasExpired({ until }: Rule, now: number): boolean {
  // A day that cannot be read has no end that could be kept: the rule does not apply.
  return until !== undefined && !(now < Date.parse(until) + DAY_MS);
}
