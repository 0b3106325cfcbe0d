import { type Html, html } from "../../text/html.ts";
import { grouped } from "../words.ts";

/** A part of the page that the navigation leads to. */
export interface Section {
  /** A plain word of ours. */
  readonly id: string;
  readonly title: string;
  /** Shown beside the title; null: nothing to count. */
  readonly count: number | null;
  readonly body: Html;
}

export function renderSection({ id, title, count, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}${counted(count)}</h2>
${body}</section>
`;
}

export function renderNavigation(sections: readonly Section[]): Html {
  const links = sections.map(({ id, title, count }) => html`<li><a href="#${id}">${title}${counted(count)}</a></li>`);
  return html`<nav aria-label="Parts of this page"><ul>${links}</ul></nav>`;
}

function counted(count: number | null): Html | null {
  return count === null ? null : html` <span class="count">${grouped(count)}</span>`;
}

/** A list of names and values, without those that are not known. */
export function factList(facts: readonly (readonly [name: string, value: Html | string | null])[]): Html | null {
  const known = facts.filter(([, value]) => value !== null);
  if (known.length === 0) return null;
  return html`<dl>${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
