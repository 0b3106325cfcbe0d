import type { MatchFacts } from "../severity/rules.ts";
import type { Finding } from "../severity/verdict.ts";

export interface Route {
  /** Whether the route is for this finding; routes are asked in order, the first match wins. */
  readonly takes: (finding: Finding) => boolean;
  readonly error: string | null;
  readonly warn: string | null;
}

export interface Channels {
  readonly error: string;
  readonly warn: string;
  readonly routes: readonly Route[];
}

/** The Slack channel of a finding: of the first route that takes it and names one for its severity, else the severity's own. */
export function channelOf(finding: Finding, channels: Channels): string {
  const routed = channels.routes.find((route) => route[finding.severity] !== null && route.takes(finding));
  return routed?.[finding.severity] ?? channels[finding.severity];
}

/** The Slack ids of a finding's owner, where it is an error and the owner has one: a warning mentions nobody. */
export function mentionsOf(finding: Finding, idByOwner: Readonly<Record<string, string>>): readonly string[] {
  const owner = finding.subject.kind === "node" ? finding.subject.owner : null;
  const id =
    owner === null || finding.severity !== "error" || !Object.hasOwn(idByOwner, owner) ? undefined : idByOwner[owner];
  return id === undefined ? [] : [id];
}

/** A finding as the matchers of `slack.routes` see it. What went wrong with a run has a status and no more. */
export function factsOf({ subject, said }: Finding): MatchFacts {
  if (subject.kind === "run")
    return { name: [], path: [], tag: [], owner: [], group: [], package: [], resource: [], test: [], status: [said] };
  const { id, name, path, tags, owner, group, type, test } = subject;
  const some = (value: string | null | undefined) => (value ? [value] : []);
  return {
    name: [name],
    path: some(path),
    tag: tags,
    owner: some(owner),
    group: some(group),
    package: some(id.split(".")[1]),
    resource: some(type),
    test: some(test),
    status: [said],
  };
}
