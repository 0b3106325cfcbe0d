import { ungroup } from "../../severity/one-cause.ts";
import { targetOf } from "../../severity/reproduce.ts";
import type { Finding, VerdictResult } from "../../severity/verdict.ts";
import { type Html, html, markupOf } from "../../text/html.ts";
import { byteLength } from "../within.ts";
import { grouped } from "../words.ts";
import { type CardParts, compiledCode, findingCard, leftOutCode } from "./findings.ts";
import { howManyPiecesFit } from "./fitting.ts";
import { anchorOf } from "./node-rows.ts";
import type { ReportPage } from "./page-facts.ts";
import type { Section } from "./section.ts";

const MOST_BYTES = { errors: 900_000, warnings: 400_000, muted: 200_000 };
/** Of all compiled code together. */
const MOST_CODE_BYTES = 700_000;

export interface FindingSections {
  readonly sections: readonly Section[];
  /** Names of the nodes that have a card: their rows lead there. */
  readonly anchors: ReadonlySet<string>;
}

/** Errors, warnings and what is muted, each in the verdict's order: what weighs most comes first. */
export function findingSections(
  verdict: VerdictResult,
  { evidence, target, firstSeen = {}, writtenAt }: ReportPage,
): FindingSections {
  const parts: CardParts = {
    ...{ evidence, retried: verdict.retried, target: targetOf(verdict.sources) ?? target },
    ...{ firstSeen, writtenAt },
  };
  const shown: Finding[] = [];
  let codeLeft = MOST_CODE_BYTES;
  const codeOf = (finding: Finding): Html | null => {
    const code = compiledCode(finding, parts);
    const bytes = byteLength(markupOf(code));
    if (bytes > codeLeft) return leftOutCode(finding);
    codeLeft -= bytes;
    return code;
  };
  const sections = groupsOf(verdict).map(({ id, title, findings }): Section => {
    const fit = howManyPiecesFit(MOST_BYTES[id], findings, (finding) =>
      findingCard(finding, parts, leftOutCode(finding)),
    );
    const more = findings.length - fit;
    shown.push(...findings.slice(0, fit));
    const cards = findings.slice(0, fit).map((finding) => findingCard(finding, parts, codeOf(finding)));
    const rest = more === 0 ? null : html`<p class="cut">+${grouped(more)} more in verdict.json</p>`;
    return { id, title, count: findings.length, body: html`${cards}${rest}` };
  });
  const ids = ungroup(shown).flatMap(({ subject }) => (subject.kind === "node" ? [anchorOf(subject.id)] : []));
  return { sections, anchors: new Set(ids) };
}

interface Group {
  readonly id: keyof typeof MOST_BYTES;
  readonly title: string;
  readonly findings: readonly Finding[];
}

function groupsOf({ findings }: VerdictResult): readonly Group[] {
  const told = findings.filter(({ muted }) => muted === null);
  const of = (severity: Finding["severity"]) => told.filter((finding) => finding.severity === severity);
  const groups: readonly Group[] = [
    { id: "errors", title: "Errors", findings: of("error") },
    { id: "warnings", title: "Warnings", findings: of("warn") },
    { id: "muted", title: "Muted", findings: findings.filter(({ muted }) => muted !== null) },
  ];
  return groups.filter((group) => group.findings.length > 0);
}
