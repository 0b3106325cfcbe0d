import { type Html, type HtmlPart, markupOf } from "../../text/html.ts";
import { howManyFit } from "../within.ts";
import { grouped } from "../words.ts";

/** As many pieces as fit into so many bytes; `more` tells how many did not. */
export function fitting(most: number, pieces: readonly Html[], more: (number: string) => Html): readonly Html[] {
  const fit = howManyFit(
    most,
    markups(pieces, (piece) => piece),
  );
  return fit === pieces.length ? pieces : [...pieces.slice(0, fit), more(grouped(pieces.length - fit))];
}

/** The markup of each item, made only when it is asked for. */
export function* markups<T>(items: readonly T[], render: (item: T) => HtmlPart): Iterable<string> {
  for (const item of items) yield markupOf(render(item));
}
