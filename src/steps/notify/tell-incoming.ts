import type { Alert, Delivery } from "../../alerts/alert.ts";
import type { Decision } from "../../alerts/decide.ts";
import type { AlertPolicy } from "../../alerts/policy.ts";
import { recordDeliveries } from "../../alerts/record.ts";
import { asEdited, withoutThreads } from "../../alerts/without-threads.ts";
import type { SlackMessage } from "../../render/slack.ts";
import type { Post } from "../../slack/deliver.ts";
import type { KeptLedger } from "./kept-ledger.ts";
import type { TellingEnd } from "./tell-people.ts";

interface IncomingParts {
  readonly render: (alert: Alert) => SlackMessage;
  readonly deliver: (posts: readonly Post[]) => Promise<readonly Delivery[]>;
  readonly policy: Pick<AlertPolicy, "zone">;
  readonly at: string;
}

/** Posts through webhooks, which answer and edit nothing, and records what has arrived. `file` null: no ledger is kept. */
export async function tellIncoming(
  { render, deliver, policy, at }: IncomingParts,
  file: KeptLedger | null,
  decision: Decision,
): Promise<TellingEnd> {
  const { said, unsaid } = withoutThreads(decision.alerts);
  const posts = said.map((alert) => ({ key: alert.key, channel: alert.channel, message: render(alert) }));
  const deliveries = await deliver(posts);
  const told = { decision, alerts: said, deliveries, isRemembered: false };
  if (file === null || decision.ledger === null) return { ...told, ledger: null };
  const all = [...deliveries, ...unsaid.flatMap(asEdited)];
  const recorded = recordDeliveries(decision.ledger, decision.alerts, all, policy, at);
  return { ...told, ledger: (await file.save(recorded)).ledger };
}
