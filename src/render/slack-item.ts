import type { RichTextElement } from "@slack/types";
import type { AlertItem } from "../alerts/alert.ts";
import { nameOfFingerprint, runTroubleOf } from "../alerts/fingerprint.ts";
import { shortName } from "../artifacts/node-name.ts";
import { cleanLine } from "../text/clean.ts";
import { describeFinding, type FindingWords, headlineOf } from "./finding-words.ts";
import { date, link, messageUrl, words } from "./slack-blocks.ts";
import { count, roughly } from "./words.ts";

/** A problem in words, as messages tell it. */
export interface ToldItem {
  readonly item: AlertItem;
  /** null where this run has no finding of it. */
  readonly said: FindingWords | null;
  /** `orders.customer_id · not_null test`: the same in every message about it. */
  readonly name: string;
  /** The name, and what was found. */
  readonly headline: string;
}

export type Inline = readonly RichTextElement[];

export function tell(item: AlertItem): ToldItem {
  const said = item.finding === null ? null : describeFinding(item.finding);
  const name = said === null ? nameOf(item) : `${said.where} · ${said.what}`;
  const found = said === null ? name : headlineOf(said);
  return {
    item,
    said,
    name,
    headline: item.news === "worse" ? `${name} · was a warning${found.slice(name.length)}` : found,
  };
}

/** As people have read it before; else by its id. */
function nameOf({ name, fingerprint }: AlertItem): string {
  const id = nameOfFingerprint(fingerprint);
  return cleanLine(name ?? (runTroubleOf(fingerprint) === null ? shortName(id) : "the run"), 220);
}

/** The name, with what is tested in bold, or struck through where it is over. */
export function nameText({ name }: ToldItem, most = 220): Inline {
  const shown = cleanLine(name, most);
  const end = shown.indexOf(" · ");
  return end === -1
    ? [words(shown, { bold: true })]
    : [words(shown.slice(0, end), { bold: true }), words(shown.slice(end))];
}

/** Facts behind each other, with a dot between them. */
export function joined(facts: readonly (Inline | null)[]): Inline {
  return facts
    .filter((fact) => fact !== null && fact.length > 0)
    .flatMap((fact, index) => (index === 0 || fact === null ? (fact ?? []) : [words(" · "), ...fact]));
}

export function fact(text: string | null): Inline | null {
  return text === null ? null : [words(text)];
}

/** `since Nov 20, 2026 (4 days, 12 runs)`; null where nobody remembers. */
export function sinceFact(item: AlertItem): Inline | null {
  const { firstSeen, runs } = item;
  if (firstSeen === null) return null;
  return [words("since "), date(firstSeen), words(` (${[ageOf(item), count(runs ?? 1, "run")].flat().join(", ")})`)];
}

/** `after 3 h, 4 runs`; empty where nobody remembers. */
export function afterWords(item: AlertItem): string {
  const { firstSeen, runs } = item;
  return firstSeen === null ? "" : ` after ${[ageOf(item), count(runs ?? 1, "run")].flat().join(", ")}`;
}

/** From the first run that found it to the last, or to the one that found it no more. */
function ageOf({ firstSeen, lastSeen, endedAt }: AlertItem): readonly string[] {
  const seconds = (Date.parse(endedAt ?? lastSeen ?? "") - Date.parse(firstSeen ?? "")) / 1000;
  return seconds >= 60 ? [roughly(seconds)] : [];
}

/** What is new about it, or how old it is. */
export function newsFact(item: AlertItem): Inline | null {
  const { news, finding, severity, runs, parent } = item;
  switch (news) {
    case "worse":
      return joined([
        [words("was a warning until now")],
        sinceFact(item),
        linkFact(messageUrl(parent), "the warning's message"),
      ]);
    case "better":
      return [words("was an error until now")];
    case "again":
      return joined([
        [words(severity === "error" ? "still failing" : "still there")],
        sinceFact(item),
        linkFact(messageUrl(parent), "first message"),
      ]);
    case "flapping":
      return [words("flapping: it comes and goes")];
    default:
      // Without a ledger everything counts as opened: "new" is said only where the baseline's verdict says so.
      if (finding?.isNew === true) return [words("new")];
      return runs === 1 ? [words("first seen in this run")] : sinceFact(item);
  }
}

/** null where there is nothing to link to: words about a link help nobody. */
export function linkFact(url: string | null, text: string): Inline | null {
  return url === null ? null : [link(url, text)];
}

export function ownerFact({ said, item }: ToldItem): string | null {
  const owner = said?.owner ?? (item.owner === null ? null : cleanLine(item.owner, 80));
  return owner === null ? null : `owner ${owner}`;
}

/** Where it stands, in words: what this run could not see is never called fine. */
export function stateWords(item: AlertItem): string | null {
  const { state, finding, isMuted, isFlapping } = item;
  if (state === "recovered") return `recovered${afterWords(item)}`;
  if (state === "removed") return "removed from the project";
  if (state === "disabled") return "disabled in the project: not tested";
  if (isMuted) return "muted";
  if (isFlapping) return "flapping: it comes and goes";
  return finding === null ? "not tested in this run" : null;
}
