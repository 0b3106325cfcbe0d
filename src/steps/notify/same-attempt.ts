import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Delivery } from "../../alerts/alert.ts";
import type { Post } from "../../slack/deliver.ts";
import { lookFor } from "../../slack/look.ts";
import type { Clock } from "../../support/clock.ts";
import type { WorkFolder } from "../../work/folder.ts";

const alertsFile = z.object({
  deliveries: z.array(
    z.object({
      key: z.string(),
      result: z.enum(["sent", "updated", "already-there", "left", "failed"]),
      channel: z.string().optional(),
      ts: z.string().optional(),
      mayBeIn: z.object({ channel: z.string(), since: z.string(), isKeyless: z.literal(true).optional() }).optional(),
    }),
  ),
});

const LOOKS_END_MS = 30_000;

/**
 * What this attempt of a CI run has posted before, by alerts.json in its work folder: without a ledger, a second `notify`
 * of one attempt would tell everything again. A key holds run, attempt, channel and what is told, so that another verdict
 * is another message. `repeats`: keys that may have arrived and that nobody can look up.
 */
export async function findOfSameAttempt(
  client: WebClient,
  work: WorkFolder,
  posts: readonly Post[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<{ readonly there: readonly Delivery[]; readonly repeats: readonly string[] }> {
  const known = alertsFile.safeParse(await work.readJson("alerts.json").catch(() => null));
  const earlier = new Map(known.data?.deliveries.map((delivery) => [delivery.key, delivery]));
  const there: Delivery[] = [];
  const repeats: string[] = [];
  const end = clock.monotonic() + LOOKS_END_MS;
  for (const { key } of posts) {
    const { result, channel, ts, mayBeIn } = earlier.get(key) ?? {};
    if (result !== undefined && result !== "failed" && channel !== undefined && ts !== undefined)
      there.push({ key, result: "already-there", channel, ts });
    if (mayBeIn === undefined) continue;
    const seen = await lookFor(client, { key, ...mayBeIn }, () => signal.aborted || clock.monotonic() > end);
    if (seen.kind === "found") there.push({ key, result: "already-there", channel: mayBeIn.channel, ts: seen.ts });
    else if (seen.kind !== "absent") repeats.push(key);
  }
  return { there, repeats };
}
