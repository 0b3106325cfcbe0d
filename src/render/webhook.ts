import type { Incident } from "../alerts/incidents.ts";
import { cleanLine, cleanText, cutText } from "../text/clean.ts";
import { markdownBlock } from "../text/markdown.ts";
import { tell } from "./slack-item.ts";
import { type AlertFacts, placeOf } from "./slack-message.ts";

export type WebhookPreset = "signalbox" | "incident.io";

const MOST_DESCRIPTION = 2_000;

/** The body of a webhook about one error. `key` stays the same while the problem is the same, whatever its severity. */
export function renderIncident(
  { status, item }: Incident,
  preset: WebhookPreset,
  facts: AlertFacts,
  { key, at }: { readonly key: string; readonly at: string },
): Readonly<Record<string, unknown>> {
  const { run, target, projectName } = facts;
  const told = tell(item);
  const title = cleanLine(`${placeOf(facts)}: ${status === "firing" ? told.headline : told.name}`, 250);
  const message = cutText(cleanText(item.finding?.message ?? ""), MOST_DESCRIPTION, 40);
  const url = run.url?.startsWith("https://") === true ? run.url : null;
  const about = {
    severity: "error",
    repository: run.repository,
    project: projectName,
    target,
    finding: item.fingerprint,
    owner: item.owner,
    firstSeen: item.firstSeen,
    runs: item.runs,
    commit: run.commit.sha,
    reproduce: status === "firing" ? facts.reproduce : null,
  };
  if (preset === "signalbox")
    return { schema: 1, status, deduplicationKey: key, title, description: message, url, at, ...about };
  // https://docs.incident.io/reference/alert-events-http-create-http-alert-event: its description is Markdown.
  return {
    title,
    status,
    deduplication_key: key,
    ...(message === "" ? {} : { description: markdownBlock(message) }),
    ...(url === null ? {} : { source_url: url }),
    metadata: about,
  };
}
