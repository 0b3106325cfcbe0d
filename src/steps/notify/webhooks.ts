import type { Alert } from "../../alerts/alert.ts";
import { type Incident, incidentsOf } from "../../alerts/incidents.ts";
import type { AlertFacts } from "../../render/slack.ts";
import { renderIncident } from "../../render/webhook.ts";
import { count } from "../../render/words.ts";
import { isWebhookUrl } from "../../settings/values.ts";
import type { Context } from "../../setup/context.ts";
import { fingerprintHash } from "../../slack/packed-ledger.ts";
import type { Problem } from "../../support/errors.ts";
import { type Redact, redactAll } from "../../support/redact.ts";
import type { Environment } from "../../support/secrets.ts";
import { sendIncidents } from "../../webhooks/incidents.ts";
import { INCOMING, incomingWebhooks } from "../../webhooks/slack-incoming.ts";

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

const NO_SECRET = {
  code: "no_secret",
  hint: "SIGNALBOX_WEBHOOK_SECRET is not set in this job: give it, or take `webhook` out of signalbox.yml",
};

/**
 * What the receiver knows one problem by. A ledger in Slack knows of a problem that is over only the hash of its
 * fingerprint: the key is made of that.
 */
export function keyOfIncident({ item }: Pick<Incident, "item">, digest: (text: string) => string): string {
  return `signalbox-${digest(fingerprintHash(item.fingerprint))}`;
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
  const letters = incidentsOf(alerts).map((incident) => {
    const key = keyOfIncident(incident, digest);
    return {
      key,
      status: incident.status,
      body: redactAll(renderIncident(incident, webhook.preset, facts, { key, at }), redact),
    };
  });
  if (letters.length === 0) return true;
  const number = (status: string) => letters.filter((letter) => letter.status === status).length;
  const what = `${number("firing")} firing, ${number("resolved")} resolved`;
  const secret = env.SIGNALBOX_WEBHOOK_SECRET;
  // Where nothing is sent to Slack either, the run is one to look at.
  const isDrawn = !secret && !env.SLACK_BOT_TOKEN && incomingWebhooks(env) === null;
  if (given.dryRun || isDrawn) {
    const why = given.dryRun ? "dry run" : "SIGNALBOX_WEBHOOK_SECRET is not set";
    log.step("webhook", `${why}: nothing is sent (${what})`);
    return true;
  }
  const fetch = (await openFetch()) ?? globalThis.fetch;
  const sent = secret
    ? await sendIncidents(letters, { ...webhook, secret }, { fetch, clock, signal, address: "webhook.url" })
    : letters.map(() => ({ result: "failed", ...NO_SECRET }) as const);
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
