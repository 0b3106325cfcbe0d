import type { Alert } from "../../alerts/alert.ts";
import { incidentsOf } from "../../alerts/incidents.ts";
import type { AlertFacts } from "../../render/slack.ts";
import { renderIncident } from "../../render/webhook.ts";
import { count } from "../../render/words.ts";
import { isWebhookUrl } from "../../settings/values.ts";
import type { Context } from "../../setup/context.ts";
import type { Problem } from "../../support/errors.ts";
import { type Redact, redactAll } from "../../support/redact.ts";
import type { Environment } from "../../support/secrets.ts";
import { sendIncidents } from "../../webhooks/incidents.ts";
import { INCOMING } from "../../webhooks/slack-incoming.ts";

/** What is wrong with the webhooks of Slack; their addresses are secrets, and are not shown. */
export function webhookProblems(env: Environment): readonly Problem[] {
  const names = [INCOMING.error, INCOMING.warn];
  if (env.SLACK_BOT_TOKEN || names.every((name) => !env[name])) return [];
  return names.flatMap((where): readonly Problem[] => {
    const url = env[where];
    if (!url)
      return [
        { where, got: null, wanted: "is missing: wanted one webhook for errors and one for warnings, or a bot token" },
      ];
    return isWebhookUrl(url) ? [] : [{ where, got: null, wanted: "is no address that begins with https://" }];
  });
}

/** What webhooks of Slack cannot do and the settings ask for, in words. */
export function lostWithoutBot(
  isRemembered: boolean,
  { routes }: Pick<Context["settings"]["config"]["slack"], "routes">,
): readonly string[] {
  return [
    ...(isRemembered
      ? []
      : [
          "webhooks cannot hold what has been told: every run tells everything, and nothing is called recovered; ledger: file:PATH remembers",
        ]),
    ...(routes.length === 0 ? [] : ["webhooks post into one channel each: slack.routes needs a bot token"]),
  ];
}

interface WebhookParts
  extends Pick<Context, "env" | "clock" | "signal">,
    Pick<Context, "log" | "runner" | "openFetch"> {
  readonly redact: Redact;
  readonly settings: {
    readonly given: Pick<Context["settings"]["given"], "dryRun" | "onDeliveryFailure">;
    readonly config: Pick<Context["settings"]["config"], "webhook">;
  };
}

/**
 * Sends the errors that these alerts tell of to `webhook`. False where one did not arrive and that fails the run. Before
 * Slack hears of them: a run that is killed in between tells both again, and the key makes that one.
 */
export async function tellWebhook(
  alerts: readonly Alert[],
  facts: AlertFacts,
  digest: (text: string) => string,
  at: string,
  { env, clock, signal, log, runner, redact, openFetch, settings: { given, config } }: WebhookParts,
): Promise<boolean> {
  const { webhook } = config;
  if (webhook === null) return true;
  const secret = env.SIGNALBOX_WEBHOOK_SECRET;
  const letters = incidentsOf(alerts).map((incident) => {
    const key = `signalbox-${digest(incident.item.fingerprint)}`;
    return {
      key,
      status: incident.status,
      body: redactAll(renderIncident(incident, webhook.preset, facts, { key, at }), redact),
    };
  });
  if (letters.length === 0) return true;
  const number = (status: string) => letters.filter((letter) => letter.status === status).length;
  const what = `${number("firing")} firing, ${number("resolved")} resolved`;
  if (given.dryRun || !secret) {
    log.step(
      "webhook",
      `${given.dryRun ? "dry run" : "SIGNALBOX_WEBHOOK_SECRET is not set"}: nothing is sent (${what})`,
    );
    return true;
  }
  const fetch = (await openFetch()) ?? globalThis.fetch;
  const sent = await sendIncidents(letters, { ...webhook, secret }, { fetch, clock, signal, address: "webhook.url" });
  const failed = sent.flatMap((each) => (each.result === "failed" ? [each] : []));
  if (failed.length < sent.length)
    log.step("webhook", failed.length === 0 ? what : `${sent.length - failed.length} of ${sent.length} sent`);
  const [first] = failed;
  if (first === undefined) return true;
  const message = `${count(failed.length, "error")} NOT DELIVERED to the webhook (${first.code}): ${first.hint}`;
  log.warn("webhook", message);
  runner.annotate([{ level: "error", title: "Webhook not delivered", message, file: null, line: null }]);
  return given.onDeliveryFailure === "warn";
}
