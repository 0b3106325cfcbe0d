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

/** The id of a Slack user or user group. https://docs.slack.dev/messaging/formatting-message-text#mentioning-users */
export const MENTIONABLE = /^[US][A-Z0-9]{8,}$/;

/** The Slack id of a finding's owner: as signalbox.yml maps the name, else as the owner's dbt group gives it. */
export function mentionsOf({ subject }: Finding, idByOwner: Readonly<Record<string, string>>): readonly string[] {
  if (subject.kind === "run") return [];
  const { owner, ownerSlack } = subject;
  const id = owner !== null && Object.hasOwn(idByOwner, owner) ? idByOwner[owner] : ownerSlack;
  return typeof id === "string" && MENTIONABLE.test(id) ? [id] : [];
}

/** What dbt groups give as their owner's Slack id and is none, with the owner's name: nobody is mentioned for it. */
export function unmentionable(
  findings: readonly Finding[],
  idByOwner: Readonly<Record<string, string>>,
): readonly { readonly owner: string; readonly got: string }[] {
  const found = new Map<string, { owner: string; got: string }>();
  for (const { subject } of findings) {
    if (subject.kind === "run" || subject.ownerSlack === null || MENTIONABLE.test(subject.ownerSlack)) continue;
    const owner = subject.owner ?? subject.group ?? "";
    if (!Object.hasOwn(idByOwner, owner))
      found.set(`${owner} ${subject.ownerSlack}`, { owner, got: subject.ownerSlack });
  }
  return [...found.values()];
}
