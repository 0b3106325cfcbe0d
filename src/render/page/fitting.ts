import { type Html, type HtmlPart, html, markupOf } from "../../text/html.ts";
import { howManyFit } from "../within.ts";
import { grouped } from "../words.ts";

/** As many pieces as fit into so many bytes; `more` tells how many did not. */
export function fitting(most: number, pieces: readonly Html[], more: (number: string) => Html): readonly Html[] {
  const fit = howManyPiecesFit(most, pieces, (piece) => piece);
  return fit === pieces.length ? pieces : [...pieces.slice(0, fit), more(grouped(pieces.length - fit))];
}

/** Of the items, from the first on, how many fit into so many bytes of HTML; each is rendered only when it is looked at. */
export function howManyPiecesFit<T>(most: number, items: readonly T[], render: (item: T) => HtmlPart): number {
  return howManyFit(most, markups(items, render));
}

function* markups<T>(items: readonly T[], render: (item: T) => HtmlPart): Iterable<string> {
  for (const item of items) yield markupOf(render(item));
}

/** The first items of a list, and where the others are: `file` is the work folder's. */
export function firstItems<T>(
  most: number,
  items: readonly T[],
  { render, file }: { readonly render: (item: T) => Html; readonly file: string },
): readonly Html[] {
  const more = items.length - most;
  const shown = items.slice(0, most).map(render);
  return more > 0 ? [...shown, html`<li class="cut">+${grouped(more)} more in ${file}</li>`] : shown;
}
