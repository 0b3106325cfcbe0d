import type { Alert } from "../alerts/alert.ts";
import { boardMessage } from "./slack-board.ts";
import {
  changeMessage,
  dailyMessage,
  expiredMessage,
  flappingMessage,
  gapMessage,
  overdueMessage,
  reminderMessage,
  warnMessage,
} from "./slack-lists.ts";
import type { AlertFacts, SlackMessage } from "./slack-message.ts";
import { errorEdit, errorMessage } from "./slack-problems.ts";

export type { AlertFacts, SlackMessage } from "./slack-message.ts";

/** An alert as a Slack message. Facts come in one order everywhere; nothing is cut without saying how much. */
export function renderAlert(alert: Alert, facts: AlertFacts): SlackMessage {
  switch (alert.kind) {
    case "problems":
      if (alert.severity === "warn") return warnMessage(alert, facts);
      return alert.address.kind === "edit" ? errorEdit(alert, facts) : errorMessage(alert, facts);
    case "daily":
      return dailyMessage(alert, facts);
    case "recovered":
    case "removed":
    case "downgraded":
      return changeMessage(alert, facts);
    case "flapping":
      return flappingMessage(alert, facts);
    case "board":
      return boardMessage(alert, facts);
    case "reminder":
      return reminderMessage(alert, facts);
    case "overdue":
      return overdueMessage(alert, facts);
    case "gap":
      return gapMessage(alert, facts);
    case "expired":
      return expiredMessage(alert, facts);
  }
}
