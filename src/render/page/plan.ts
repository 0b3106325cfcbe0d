import type { PlanResult } from "../../selection/plan.ts";
import { html } from "../../text/html.ts";
import { describePlan } from "../plan-words.ts";
import { firstItems, fitting } from "./fitting.ts";
import type { Section } from "./section.ts";

const MOST_BYTES = { roots: 400_000, warnings: 50_000 };
const MOST_FOLLOWERS = 300;

/** What is built and why: each node with a reason of its own, and what follows it. */
export function planSection(plan: PlanResult, nodesInProject: number | null): Section {
  const { headline, roots, notes, warnings } = describePlan(plan, nodesInProject);
  const entries = roots.map(({ name, why, follow }) => {
    const names = follow?.names ?? [];
    const render = (each: string) => html`<li>${each}</li>`;
    const list = html`<ul class="names">${firstItems(MOST_FOLLOWERS, names, { render, file: "plan.json" })}</ul>`;
    return html`<li><b>${name}</b> <span>${why}</span>${
      follow === null
        ? null
        : names.length === 0
          ? html`<p>${follow.words}</p>`
          : html`<details><summary>${follow.words}</summary>${list}</details>`
    }</li>`;
  });
  const cautions = fitting(
    MOST_BYTES.warnings,
    warnings.map((warning) => html`<p class="caution">${warning}</p>`),
    (more) => html`<p class="cut">+${more} more warnings in plan.json</p>`,
  );
  const list = fitting(MOST_BYTES.roots, entries, (more) => html`<li class="cut">+${more} more in plan.json</li>`);
  const body = html`<p>${headline}</p>
${notes.map((note) => html`<p class="note">${note}</p>`)}${cautions}
${list.length === 0 ? null : html`<ul class="roots">${list}</ul>`}`;
  return { id: "plan", title: "What was built, and why", count: null, body };
}
