import { createHmac } from "node:crypto";
import type { WebhookPreset } from "../render/webhook.ts";
import { type Posted, type PostOptions, postUntilTaken } from "./post.ts";

export interface IncidentLetter {
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface IncidentWebhook {
  readonly url: string;
  readonly preset: WebhookPreset;
  readonly secret: string;
}

/** All of a run end within this time; what is left is told by its own words, and loudly. */
const ALL_END_MS = 180_000;

/**
 * Sends one message after another; each has its result, by its key. The same message twice is one for who gets it: a lost
 * answer is posted again, as it was.
 */
export async function sendIncidents(
  letters: readonly IncidentLetter[],
  { url, preset, secret }: IncidentWebhook,
  options: PostOptions,
): Promise<readonly (Posted & { readonly key: string })[]> {
  const end = options.clock.monotonic() + ALL_END_MS;
  const results: (Posted & { readonly key: string })[] = [];
  for (const { key, body } of letters) {
    const text = JSON.stringify(body);
    const leftMs = end - options.clock.monotonic();
    const posted: Posted =
      leftMs <= 0
        ? {
            result: "failed",
            code: "out_of_time",
            hint: "the messages before it took all the time",
            mayHaveArrived: false,
          }
        : await postUntilTaken(url, () => ({ body: text, headers: headersFor(text, preset, secret) }), options);
    results.push({ key, ...posted });
  }
  return results;
}

/** incident.io knows its sources by a token; whoever else gets a message can tell by the signature that it is ours. */
function headersFor(body: string, preset: WebhookPreset, secret: string): Readonly<Record<string, string>> {
  return preset === "incident.io"
    ? { authorization: `Bearer ${secret}` }
    : { "x-signalbox-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` };
}
