import type { Alert, Delivery } from "../../alerts/alert.ts";
import { isAboutErrors, NO_CHANNEL } from "../../alerts/audience.ts";
import { drawMessage } from "../../render/slack-preview.ts";
import { count } from "../../render/words.ts";
import type { Context } from "../../setup/context.ts";
import type { Post } from "../../slack/deliver.ts";

const MOST_COLUMNS = 88;

/** The messages that would be sent, in the terminal. */
export function drawPosts(
  { env, log, paint }: Pick<Context, "env" | "log" | "paint">,
  alerts: readonly Alert[],
  posts: readonly Post[],
): void {
  log.step(
    "notify",
    env.SLACK_BOT_TOKEN
      ? "dry run: nothing is sent; the messages would look like this"
      : "SLACK_BOT_TOKEN is not set: nothing is sent; the messages would look like this",
  );
  for (const [index, { channel, message }] of posts.entries()) {
    const alert = alerts[index];
    const what =
      alert?.kind === "problems" ? (alert.severity === "error" ? "errors" : "warnings") : (alert?.kind ?? "");
    const where = channel === NO_CHANNEL ? channel : `#${channel}`;
    log.more(["", ...drawMessage(message, { channel: `${where} · ${what}`, paint, width: MOST_COLUMNS })]);
  }
}

/**
 * What became of an alert; an error that did not arrive is loud: in the log and beside the run. An edit that was made is no
 * news. `isRemembered`: whether the ledger holds what is posted now, for the next run to look for.
 */
export function announce(
  { log, runner }: Pick<Context, "log" | "runner">,
  delivery: Delivery,
  alert: Alert | undefined,
  isRemembered: boolean,
): void {
  const what = alert === undefined ? delivery.key : `${nameOf(alert)} → ${alert.channel}`;
  if (delivery.result !== "failed") {
    if (alert?.address.kind !== "edit") log.step("notify", `${what}: ${delivery.result}`);
    for (const way of delivery.ways ?? []) log.warn("notify", `${what}: ${delivery.result} ${way}`);
    return;
  }
  const next =
    delivery.mayBeIn === undefined
      ? ""
      : isRemembered
        ? "; the next run looks for it before it is posted again"
        : "; without a ledger the next run posts it again";
  const message = `${what}: NOT DELIVERED (${delivery.code}): ${delivery.hint}${next}`;
  log.warn("notify", message);
  const level = isAboutErrors(alert) ? "error" : "warning";
  runner.annotate([{ level, title: "Slack alert not delivered", message, file: null, line: null }]);
}

function nameOf(alert: Alert): string {
  if (alert.address.kind === "edit" && alert.kind !== "board") return "edit of a message";
  if (alert.kind !== "problems") return alert.kind;
  return count(alert.items.length, alert.severity === "error" ? "error" : "warning");
}
