import { type Html, html } from "../../text/html.ts";

/**
 * Comments, texts and words that begin a part of a query. What has no end goes on to the end of the text, so that nothing is
 * looked at twice.
 */
const TOKENS =
  /(?<comment>--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?)|(?<text>'[^']*'?)|(?<word>\b(?:select|distinct|from|where|group|order|by|having|limit|qualify|window|over|partition|with|recursive|as|join|left|right|full|inner|outer|cross|lateral|on|using|union|all|except|intersect|case|when|then|else|end|and|or|not|in|is|null|like|between|exists|cast|create|table|view|insert|into|values|merge|update|delete|set)\b)/gi;

/** SQL with its comments, texts and key words marked, for reading; no dialect is parsed. */
export function markSql(sql: string): readonly Html[] {
  const parts: Html[] = [];
  let from = 0;
  for (const match of sql.matchAll(TOKENS)) {
    const { comment, text } = match.groups ?? {};
    const [token] = match;
    parts.push(html`${sql.slice(from, match.index)}`);
    if (comment !== undefined) parts.push(html`<i>${token}</i>`);
    else if (text !== undefined) parts.push(html`<span>${token}</span>`);
    else parts.push(html`<b>${token}</b>`);
    from = match.index + token.length;
  }
  return [...parts, html`${sql.slice(from)}`];
}
