import type { Run } from "../run/run.ts";
import type { Address, Alert } from "./alert.ts";
import type { AlertPolicy } from "./policy.ts";

/** `Omit` of each member of a union on its own. */
type OmitEach<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An alert that has no key yet. */
export type Draft = OmitEach<Alert, "key">;

export function inThread(ts: string): Address {
  return { kind: "thread", ts };
}

export const IN_CHANNEL: Address = { kind: "channel" };

/** Its key: the same for the same thing in the same run, and another for other news, places and scopes. */
export function withKey(
  draft: Draft,
  run: Pick<Run, "id" | "attempt">,
  { digest }: Pick<AlertPolicy, "digest">,
): Alert {
  const { kind, channel, address, items } = draft;
  const what = kind === "problems" ? draft.severity : kind;
  const place = "ts" in address ? `${address.kind} ${address.ts}` : address.kind;
  const news = items.map((item) => `${item.news} ${item.fingerprint}`).sort();
  const key = `${run.id}/${run.attempt}/${what}/${channel}/${digest([place, ...news].join("\n"))}`;
  return { ...draft, key };
}

/** What the keys of two runs for the same alert share: kind, channel, digest. */
export function withoutRun(key: string): string {
  return key.split("/").slice(-3).join("/");
}
