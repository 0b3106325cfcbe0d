import type { Piece } from "./item.ts";
import type { Ledger } from "./ledger.ts";
import type { AlertPolicy } from "./policy.ts";

export interface Mentions {
  /** The owners of what has to be fixed now. */
  always(pieces: readonly Piece[]): readonly string[];
  /** The owners that nobody has mentioned today. */
  onceADay(pieces: readonly Piece[]): readonly string[];
}

/** Who is mentioned in a run; asked in the order of the messages, so that nobody is mentioned twice for less than an error. */
export function createMentions(
  { mentioned }: Pick<Ledger, "mentioned">,
  { mentionsOf, zone }: Pick<AlertPolicy, "mentionsOf" | "zone">,
  now: number,
): Mentions {
  const today = zone.wall(now).day;
  const done = new Set(mentioned?.day === today ? mentioned.ids : []);
  const idsOf = (pieces: readonly Piece[]) => [
    ...new Set(pieces.flatMap(({ finding }) => (finding === null ? [] : mentionsOf(finding)))),
  ];
  return {
    always: (pieces) => {
      const ids = idsOf(pieces);
      for (const id of ids) done.add(id);
      return ids;
    },
    onceADay: (pieces) => {
      const ids = idsOf(pieces).filter((id) => !done.has(id));
      for (const id of ids) done.add(id);
      return ids;
    },
  };
}
