import type { Mode } from "../run/mode.ts";
import { type Run, whyDistrusted } from "../run/run.ts";
import type { ExitCode, Problem } from "../support/errors.ts";
import type { Alert, Delivery } from "./alert.ts";

/** Whom an alert goes to where no channel is configured: it is drawn in the terminal. */
export const NO_CHANNEL = "no channel configured";

/**
 * Why a run sends no alert, or null. A fork never does, whatever the configuration says; a check does on a laptop, and where
 * the user asked for it (`isAsked`).
 */
export function whyNotAlerted(run: Run, mode: Mode, isAsked: boolean): string | null {
  const distrust = whyDistrusted(run);
  if (distrust !== null) return `${distrust}: nobody is alerted`;
  return mode === "check" && run.platform !== "local" && !isAsked
    ? "check mode: nobody is alerted; the log, the summary and the exit code tell"
    : null;
}

/** What is wrong with channels that alerts are to be posted to. */
export function missingChannels(slack: {
  readonly error: string | null;
  readonly warn: string | null;
}): readonly Problem[] {
  return (["error", "warn"] as const)
    .filter((severity) => slack[severity] === null)
    .map((severity) => ({
      where: `slack.${severity}`,
      got: null,
      wanted: `is missing: wanted the id of the channel for ${severity === "error" ? "errors" : "warnings"}, such as C0123ABCD`,
    }));
}

/** 5 where an alert that matters did not arrive; `policy` undefined: those about errors matter. */
export function exitCodeOfDeliveries(
  policy: "fail" | "warn" | undefined,
  alerts: readonly Alert[],
  deliveries: readonly Delivery[],
): ExitCode {
  const matters = ({ key }: Delivery) =>
    policy === "fail" || (policy === undefined && isAboutErrors(alerts.find((alert) => alert.key === key)));
  return deliveries.some((delivery) => delivery.result === "failed" && matters(delivery)) ? 5 : 0;
}

/** Whether an alert is for those who get things fixed now. An edit rings no phone. */
export function isAboutErrors(alert: Alert | undefined): boolean {
  if (alert?.address.kind === "edit") return false;
  switch (alert?.kind) {
    case "overdue":
    case "gap":
      return true;
    case "daily":
      return alert.items.length > 0;
    case "problems":
      return alert.severity === "error";
    case "flapping":
      return alert.items.some(({ severity }) => severity === "error");
    default:
      return false;
  }
}
