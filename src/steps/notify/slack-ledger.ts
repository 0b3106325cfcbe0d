import type { WebClient } from "@slack/web-api";
import type { Alert, Delivery } from "../../alerts/alert.ts";
import { fingerprintOf, fingerprintOfNode } from "../../alerts/fingerprint.ts";
import type { Ledger, MessageRef } from "../../alerts/ledger.ts";
import { withTold } from "../../alerts/record.ts";
import { secondKeyOf } from "../../alerts/second-key.ts";
import { count } from "../../render/words.ts";
import { wordsOfClass } from "../../severity/failure.ts";
import { FAILURE_CLASSES, type Finding, RUN_SUBJECTS, type Subject, type Verdict } from "../../severity/verdict.ts";
import {
  BOARD_EVENT,
  type BoardPlace,
  findOlderTwin,
  loadFromBoard,
  PART_EVENT,
  readSince,
} from "../../slack/board-ledger.ts";
import { boardPayloads } from "../../slack/board-payload.ts";
import { deliver, type Post } from "../../slack/deliver.ts";
import { type Failure, isFailure, mayPass } from "../../slack/failure.ts";
import { type Candidates, THIS_MESSAGE } from "../../slack/packed-ledger.ts";
import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";

/** The ledger that the board keeps, while a run tells people of it. */

interface BoardParts {
  readonly client: WebClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface SlackLedger {
  readonly ledger: Ledger;
  readonly place: BoardPlace;
  readonly savedAt: string | null;
  readonly candidates: Candidates;
  /** Slack's times of the answers that keep a part of it. */
  readonly parts: readonly string[];
}

export type OpenedSlackLedger =
  | ({ readonly kind: "known" } & SlackLedger)
  /** Nobody lets us read it: messages are sent, and nothing is known of earlier ones. */
  | { readonly kind: "none"; readonly why: string }
  /** Slack does not answer: what was told is not known, and the next run tells. */
  | { readonly kind: "out"; readonly failure: Failure };

/** Reads the ledger; waits for a Slack that does not answer, for a minute. */
export async function openSlackLedger(
  parts: BoardParts,
  place: BoardPlace,
  scope: string,
  candidates: Candidates,
): Promise<OpenedSlackLedger> {
  const loaded = await loadFromBoard(parts, place, scope, candidates);
  if (loaded.kind === "known") return { ...loaded, place, candidates };
  const { failure, channel } = loaded;
  if (mayPass(failure)) return { kind: "out", failure };
  const why = `ledger: slack reads what was told in the messages of ${channel}, and cannot (${failure.code}): ${failure.hint}`;
  return { kind: "none", why };
}

/** What the hashes of a ledger may stand for: all that this run knows. */
export function candidatesOf(
  verdict: Verdict,
  nameOf: (finding: Pick<Finding, "subject" | "status">) => string,
  { mentions, expired }: Pick<Candidates, "mentions" | "expired">,
): Candidates {
  const fingerprints = new Map<string, string | null>();
  const { known, disabled, passed, neutral } = verdict;
  for (const id of [...known, ...disabled, ...passed, ...neutral]) fingerprints.set(fingerprintOfNode(id, null), null);
  const secondKeys = new Set<string>();
  for (const [id, facts] of Object.entries(verdict.nodes)) {
    const subject: Subject = {
      ...{ line: null, compiled: null, owner: null, ownerSlack: null, tags: [], group: null },
      ...facts,
      kind: "node",
      id,
    };
    fingerprints.set(fingerprintOfNode(id, facts.alertKey), nameOf({ subject, status: "" }));
    const key = secondKeyOf(subject);
    if (key !== null) secondKeys.add(key);
  }
  for (const finding of verdict.findings) {
    fingerprints.set(fingerprintOf(finding), nameOf(finding));
    const key = secondKeyOf(finding.subject);
    if (key !== null) secondKeys.add(key);
  }
  for (const what of RUN_SUBJECTS)
    for (const failureClass of FAILURE_CLASSES)
      for (const status of wordsOfClass(failureClass)) {
        const finding = { subject: { kind: "run", what }, failureClass, status } as const;
        fingerprints.set(fingerprintOf(finding), nameOf(finding));
      }
  return { fingerprints, secondKeys: [...secondKeys], mentions, expired };
}

/** The ledger with what other runs have posted since it was saved to the channels that errors are about to be told in. */
export async function lookBeforePosting(
  parts: BoardParts,
  { ledger, place, savedAt, candidates }: SlackLedger,
  alerts: readonly Alert[],
): Promise<Ledger> {
  const channels = new Set(
    alerts.flatMap(({ address, channel }) =>
      address.kind === "channel" && channel !== place.warnChannel ? [channel] : [],
    ),
  );
  let known = ledger;
  for (const channel of channels) {
    const read = await readSince(parts, place, known, channel, savedAt, candidates);
    if (isFailure(read))
      parts.log.warn("notify", `whether another run has told it in ${channel} meanwhile is not known (${read.code})`);
    else known = read;
  }
  return known;
}

/** The alert of the main board that keeps the ledger from now on: the new one, where the old one is closed. */
export function indexBoardOf(alerts: readonly Alert[], { warnChannel }: BoardPlace): Alert | undefined {
  return alerts.findLast(({ kind, channel }) => kind === "board" && channel === warnChannel);
}

/**
 * Posts or edits the board with the ledger in its metadata. Of two boards that two runs have posted at once the older one
 * stays; the younger one's run deletes its own, and the next run reads what both have told.
 */
export async function saveOnBoard(
  parts: BoardParts,
  { place, savedAt, parts: answers }: SlackLedger,
  recorded: Ledger,
  board: { readonly alert: Alert; readonly post: Post },
  at: string,
): Promise<{ readonly delivery: Delivery; readonly ledger: Ledger }> {
  const { alert, post } = board;
  const { client, log } = parts;
  // An edit may become a new message, too: the state names the one that it stands in.
  const inIt = withTold(recorded, alert, { channel: alert.channel, ts: THIS_MESSAGE }, at);
  const [payload, ...others] = boardPayloads(inIt, place.scopeId) ?? [];
  if (payload === undefined)
    log.warn(
      "notify",
      `${recorded.entries.length} problems are more than a message's metadata holds: the next run knows nothing of this one. ledger: file:PATH has room`,
    );
  const [delivery = { key: alert.key, result: "failed", code: "interrupted", hint: "not posted" } as const] =
    await deliver([{ ...post, eventType: BOARD_EVENT, payload: payload ?? { scope: place.scopeId } }], {
      ...parts,
      fallback: null,
    });
  if (delivery.result === "failed") return { delivery, ledger: recorded };
  if (others.length > 0) await saveParts(parts, others, delivery, delivery.result === "sent" ? [] : answers);
  if (delivery.ways?.some((way) => way.startsWith("without metadata")))
    log.warn(
      "notify",
      "Slack keeps no metadata for this app: the next run knows nothing of this one. Use ledger: file:PATH",
    );
  if (delivery.result === "sent") {
    const twin = await findOlderTwin(parts, place, delivery, savedAt);
    if (twin !== null) {
      await client.chat.delete({ channel: delivery.channel, ts: delivery.ts }).catch(() => {});
      log.step("notify", "another run has posted the board meanwhile: this one is deleted again");
      return { delivery: { ...delivery, ts: twin.ts }, ledger: withTold(recorded, alert, twin, at) };
    }
  }
  return { delivery, ledger: withTold(recorded, alert, { channel: delivery.channel, ts: delivery.ts }, at) };
}

/** What the board has no room for, in answers to it, which are edited from then on. */
async function saveParts(
  parts: BoardParts,
  payloads: readonly Readonly<Record<string, unknown>>[],
  board: MessageRef,
  answers: readonly string[],
): Promise<void> {
  const posts = payloads.map((payload, index): Post => {
    const ts = answers[index];
    const text = `Part ${index + 2} of ${payloads.length + 1} of what signalbox remembers: more is open than one message keeps.`;
    return {
      key: `part-${index + 1}`,
      channel: board.channel,
      address: ts === undefined ? { kind: "thread", ts: board.ts } : { kind: "edit", ts },
      canBeNew: true,
      message: { text, blocks: [] },
      eventType: PART_EVENT,
      payload,
    };
  });
  const deliveries = await deliver(posts, { ...parts, fallback: null });
  const failed = deliveries.filter(({ result }) => result === "failed").length;
  if (failed === 0)
    parts.log.step(
      "notify",
      `more is open than the board's metadata holds: the rest is kept in ${count(payloads.length, "answer")} to it`,
    );
  else
    parts.log.warn(
      "notify",
      `${failed} of ${payloads.length} answers that keep what the board has no room for were not saved: the next run tells some of it again`,
    );
}
