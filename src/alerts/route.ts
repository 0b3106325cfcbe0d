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

/** The Slack ids of a finding's owner, where one is configured. */
export function mentionsOf({ subject }: Finding, idByOwner: Readonly<Record<string, string>>): readonly string[] {
  const owner = subject.kind === "node" ? subject.owner : null;
  const id = owner === null || !Object.hasOwn(idByOwner, owner) ? undefined : idByOwner[owner];
  return id === undefined ? [] : [id];
}
