import type { Wait } from "./decide.ts";
import type { Outlook } from "./queue-position.ts";
import type { SeenRun } from "./ticket.ts";

/** What a waiting run has to tell, whenever something changed and at least once a minute. */
export type QueueEvent = { readonly ref: string; readonly waitedSeconds: number } & (
  | { readonly kind: "waiting" | "still-waiting"; readonly wait: Wait; readonly outlook: Outlook }
  /** The platform did not answer; it is asked again. */
  | { readonly kind: "unanswered"; readonly message: string }
  | { readonly kind: "quiet"; readonly run: SeenRun; readonly quietSeconds: number }
  | {
      readonly kind: "entered";
      /** By the first look, however long it took. */
      readonly atOnce: boolean;
      readonly waitedFor: readonly SeenRun[];
      readonly ignored: readonly SeenRun[];
    }
  | { readonly kind: "left"; readonly atOnce: boolean; readonly by: SeenRun }
  | {
      readonly kind: "timed-out";
      readonly onTimeout: "fail" | "proceed" | "cancel";
      readonly outlook: Outlook | null;
      /** What it waited for at the last look; null: there was none. */
      readonly wait: Wait | null;
      /** Why the platform's last answer was none. */
      readonly unanswered: string | null;
      /** Why this run could not be cancelled. */
      readonly cancelFailed: string | null;
    }
);
