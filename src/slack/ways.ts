import type { Address } from "../alerts/alert.ts";
import { IN_CHANNEL } from "../alerts/draft.ts";
import { refusesAnswer } from "./codes.ts";
import type { Failure } from "./failure.ts";

/** What becomes of a message that Slack refuses as it is. Pure. */

/** What a post says of where it may go. */
export interface Meant {
  readonly channel: string;
  /** `signalbox_alert`, unless something else: of what keeps the ledger. */
  readonly eventType?: string;
  /** Of an edit: whether a new message takes its place where Slack does not let it be edited; else it is left. */
  readonly canBeNew?: boolean;
  /** Of an answer: the channel that it would stand in today, for where the old one refuses it; absent: it stays there. */
  readonly home?: string;
}

type Form = "full" | "plain" | "first line";

/** How a message goes out; each step takes something away, and none is taken twice. */
export interface Way {
  readonly channel: string;
  readonly address: Address;
  readonly form: Form;
  readonly hasMetadata: boolean;
  readonly isMarked: boolean;
  /** The code with which the post's own channel refused it. */
  readonly redirected: string | null;
}

/**
 * Whether no later try of an edit would end otherwise: the message is gone, or its channel takes nothing any more. What
 * keeps the ledger is never left: nobody would know what was told.
 */
export function isLeft({ canBeNew, eventType }: Meant, { reaction }: Failure): boolean {
  return eventType === undefined && (reaction === "elsewhere" || (reaction === "anew" && canBeNew !== true));
}

/** What else can be tried after a refusal, and in words why; null: nothing. */
export function nextWay(
  way: Way,
  { reaction, code, hint, pointers }: Failure,
  fallback: string | null,
  { channel: meant, canBeNew, home }: Meant,
): { way: Way; words: string } | null {
  const at = pointers.length === 0 ? "" : ` at ${pointers.join(", ")}`;
  if (reaction === "plainer" && way.form !== "first line") {
    const form = way.form === "full" ? "plain" : "first line";
    const what = form === "plain" ? "as plain text" : "with its first line only";
    return { way: { ...way, form }, words: `${what}: Slack refused the rest (${code}${at})` };
  }
  if (reaction === "no-metadata" && way.hasMetadata)
    return {
      way: { ...way, hasMetadata: false },
      words: `without metadata: Slack refused it (${code}${at}); a lost answer cannot be looked up`,
    };
  if (reaction === "anew" && way.address.kind === "edit" && canBeNew === true)
    // One that is gone is posted anew; one that stands is answered: a new one each time would be a message a run.
    return refusesAnswer(code)
      ? { way: { ...way, address: IN_CHANNEL }, words: `as a new message: the old one is gone (${code})` }
      : {
          way: { ...way, address: { kind: "thread", ts: way.address.ts } },
          words: `as an answer: the workspace does not let the message be edited (${code})`,
        };
  if (way.address.kind === "thread" && refusesAnswer(code))
    return {
      way: { ...way, address: IN_CHANNEL },
      words: `as a message of its own: the one that it answers takes no answer (${code})`,
    };
  // An edit makes no sense in another channel.
  const isTied = way.address.kind === "edit" || (way.address.kind === "thread" && home === undefined);
  if (reaction !== "elsewhere" || isTied) return null;
  const others = [...new Set([home ?? null, fallback])].filter((channel) => channel !== null && channel !== meant);
  const next = others[others.indexOf(way.channel) + 1];
  if (next === undefined || next === null) return null;
  return {
    way: { ...way, channel: next, address: IN_CHANNEL, redirected: code },
    words: `in ${next === fallback ? "slack.fallback " : ""}${next}: ${meant} refused it (${code}): ${hint}`,
  };
}
