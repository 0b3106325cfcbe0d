/** A piece of HTML. Only `html` makes one: whatever else stands in a page is a text, and is escaped. */
export interface Html {
  readonly [MARKUP]: string;
}

const MARKUP = Symbol("markup");

export type HtmlPart = Html | string | number | null | readonly HtmlPart[];

const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/**
 * HTML with texts in it, each escaped for an element's content and for an attribute in double quotes: these are the only
 * two places that a template may have them in. https://html.spec.whatwg.org/multipage/syntax.html#text
 */
export function html(literals: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const pieces = literals.map((literal, index) => literal + markupOf(parts[index] ?? null));
  return { [MARKUP]: pieces.join("") };
}

/** The markup of a piece, with texts in it escaped. */
export function markupOf(part: HtmlPart): string {
  if (part === null) return "";
  if (typeof part === "string") return part.replace(/[&<>"]/g, (character) => REFERENCES[character] ?? "");
  if (typeof part === "number") return String(part);
  return MARKUP in part ? part[MARKUP] : part.map(markupOf).join("");
}
