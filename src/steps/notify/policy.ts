import { createHash } from "node:crypto";
import { NO_CHANNEL } from "../../alerts/audience.ts";
import type { AlertPolicy } from "../../alerts/policy.ts";
import { channelOf, mentionsOf } from "../../alerts/route.ts";
import { minutesOf, openZone } from "../../alerts/zone.ts";
import { nameFinding } from "../../render/finding-words.ts";
import type { Context } from "../../setup/context.ts";
import { expiredRules, factsOf, isMatch } from "../../severity/rules.ts";
import type { Finding } from "../../severity/verdict.ts";
import { matchesGlob } from "../../support/globs.ts";
import { INCOMING, incomingWebhooks } from "../../webhooks/slack-incoming.ts";

interface PolicyParts extends Pick<Context, "env"> {
  readonly settings: {
    readonly config: Pick<Context["settings"]["config"], "slack" | "warnSla" | "alertAfter" | "rules" | "ledger">;
  };
}

/** What the settings say about telling people of this scope. `now` is in milliseconds since the epoch. */
export function policyOf({ env, settings: { config } }: PolicyParts, scope: string, now: number): AlertPolicy {
  const { slack } = config;
  const digest = (text: string) => createHash("sha256").update(`${scope}\n${text}`).digest("hex").slice(0, 12);
  const routes = slack.routes.map((route) => ({
    takes: (finding: Finding) => isMatch(route.match, factsOf(finding), matchesGlob),
    error: route.error ?? null,
    warn: route.warn ?? null,
  }));
  const channels =
    incomingWebhooks(env) === null
      ? { error: slack.error ?? NO_CHANNEL, warn: slack.warn ?? NO_CHANNEL, routes }
      : { ...INCOMING, routes: [] };
  return {
    channelOf: (finding: Finding) => channelOf(finding, channels),
    mentionsOf: (finding: Finding) => mentionsOf(finding, config.slack.mentions),
    nameOf: nameFinding,
    errorChannel: channels.error,
    warnChannel: channels.warn,
    digest,
    zone: openZone(slack.timeZone),
    dailyAtMinutes: minutesOf(slack.dailyAt),
    repeat: slack.repeat,
    warnSlaSeconds: config.warnSla,
    alertAfter: config.alertAfter,
    expired: expiredRules(config.rules, now).flatMap(({ mute, match, until = "", reason = "" }) => {
      const words = Object.entries(match).map(([field, glob]) => `${field}: ${glob}`);
      return mute === true ? [{ id: digest(`${words} ${until}`), match: words.join(", "), until, reason }] : [];
    }),
    isLedgerOnBoard: config.ledger === "slack" && Boolean(env.SLACK_BOT_TOKEN),
  };
}
