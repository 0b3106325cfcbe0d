import type { KnownBlock, RichTextElement } from "@slack/types";
import type { BoardAlert } from "../alerts/alert.ts";
import { cleanLine } from "../text/clean.ts";
import { bullets, type Cell, messageUrl, newLine, paragraph, richText, table, words } from "./slack-blocks.ts";
import {
  fact,
  joined,
  linkFact,
  nameText,
  ownerFact,
  sinceFact,
  stateWords,
  type ToldItem,
  tell,
} from "./slack-item.ts";
import { expiredNote } from "./slack-lists.ts";
import { type AlertFacts, assemble, placeOf, type SlackMessage } from "./slack-message.ts";
import { count, grouped } from "./words.ts";

/** Of both kinds together; Slack takes 100 rows in a table. */
const MOST_ROWS = 60;
const MOST_NAME = 120;

type Detail =
  | { readonly kind: "error"; readonly elements: readonly RichTextElement[] }
  | { readonly kind: "warn"; readonly cells: readonly Cell[] };

/** Everything that is open: errors with a link to their message, warnings as a table. */
export function boardMessage(
  { state, week, score, items: all, mentions, expired, address }: BoardAlert,
  facts: AlertFacts,
): SlackMessage {
  const place = placeOf(facts);
  const isClosed = state === "closed";
  // Nobody edits a closed board again: errors on it would stay open for ever.
  const items = isClosed ? all.filter(({ severity }) => severity === "warn") : all;
  const told = [...items].sort((a, b) => rank(a.severity) - rank(b.severity)).map(tell);
  const errors = items.filter(({ severity }) => severity === "error").length;
  const warnings = items.length - errors;
  const open = [
    errors === 0 ? null : count(errors, "error"),
    warnings === 0 ? null : count(warnings, "warning"),
  ].filter((part) => part !== null);
  const scored = `${grouped(score.opened)} opened, ${grouped(score.fixed)} fixed`;
  const name = weekName(week);
  const note = expiredNote(expired);
  return assemble({
    title: isClosed
      ? `${capitalised(name)} is over: ${scored}, ${grouped(score.carried)} carried · ${place}`
      : `${open.length === 0 ? "Nothing open" : `${open.join(" and ")} open`} in ${place} · ${name}`,
    headlines: told.map(({ headline }) => headline),
    facts,
    mentions,
    intro: [
      ...(isClosed
        ? [
            richText(
              paragraph(words(warnings === 0 ? "No warning is left." : "The board of this week goes on with these:")),
            ),
          ]
        : [richText(paragraph(words(`Warnings this week: ${scored}.`)))]),
      ...(note === null ? [] : [note]),
    ],
    details: told.slice(0, MOST_ROWS).map(detailOf),
    asBlocks,
    reproduce: null,
    ...(address.kind === "edit" ? { before: "Last updated:" } : {}),
  });
}

function rank(severity: "error" | "warn"): number {
  return severity === "error" ? 0 : 1;
}

function detailOf(told: ToldItem): Detail {
  const { item, said } = told;
  const state = stateWords(item);
  if (item.severity === "error") {
    const line = joined([
      fact(state),
      sinceFact(item),
      fact(ownerFact(told)),
      linkFact(messageUrl(item.parent), "its message"),
    ]);
    return {
      kind: "error",
      elements: [...nameText(told, MOST_NAME), ...(line.length === 0 ? [] : [words(" · "), ...line])],
    };
  }
  const found = [said?.fault ?? null, item.news === null ? null : "new on this board", state]
    .filter((part) => part !== null)
    .join(" · ");
  const owner = said?.owner ?? item.owner;
  return {
    kind: "warn",
    cells: [
      richText(paragraph(...nameText(told, MOST_NAME), ...(found === "" ? [] : [newLine, words(found)]))),
      day(item.firstSeen),
      { type: "raw_text", text: item.runs === null ? "–" : grouped(item.runs) },
      richText(paragraph(words(owner === null ? "–" : cleanLine(owner, 40)))),
      day(item.dueAt),
    ],
  };
}

/** A day is the same to everybody: the deadline's own message says the hour. */
function day(iso: string | null): Cell {
  const isDay = iso !== null && /^\d{4}-\d\d-\d\dT/.test(iso);
  return { type: "raw_text", text: isDay ? iso.slice(0, 10) : "–" };
}

function asBlocks(details: readonly Detail[]): readonly KnownBlock[] {
  const errors = details.flatMap((detail) => (detail.kind === "error" ? [detail.elements] : []));
  const warnings = details.flatMap((detail) => (detail.kind === "warn" ? [detail.cells] : []));
  return [
    ...(errors.length === 0 ? [] : [richText(paragraph(words("Errors: fix now", { bold: true })), bullets(errors))]),
    ...(warnings.length === 0 ? [] : [table(["Warning: fix this week", "Since", "Runs", "Owner", "Due"], warnings)]),
  ];
}

/** `week 48` of `2026-W48`. */
function weekName(week: string): string {
  const number = /^\d{4}-W0?(\d{1,2})$/.exec(week)?.[1];
  return number === undefined ? `week ${cleanLine(week, 12)}` : `week ${number}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
