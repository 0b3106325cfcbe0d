import { markdownCode } from "../text/markdown.ts";
import { isPlainUrl } from "../text/url.ts";
import { type Rooms, renderSummary, type Summary } from "./markdown.ts";

export interface Comment extends Summary {
  /** The dbt project: two of them in one repository have a comment each. */
  readonly project: string;
  readonly commit: string;
  /** The page of this run. */
  readonly url: string | null;
}

/**
 * GitHub's message says 65,536 characters; what has been measured is that many code points, or four bytes for each. A text of
 * so many UTF-16 units is within all of them. https://github.com/dead-claudia/github-limits/pull/13
 */
const MOST_CHARACTERS = 65_536;
const ROOMS: Rooms = {
  errors: 20_000,
  warnings: 12_000,
  plan: 12_000,
  planWarnings: 4_000,
  measure: ({ length }) => length,
};
/** Where names or reasons are so long that what has no room of its own needs more. */
const SMALLER = [1, 0.5, 0.1] as const;

/** A line that nobody sees, by which the comment is found again. No text from outside can write it elsewhere. */
export function markerOf(project: string): string {
  return `<!-- signalbox:${project.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 100)} -->`;
}

/** The one comment of a pull request, in GitHub's Markdown: how it went, what was planned and why, and what it took. */
export function renderComment(comment: Comment): string {
  const { project, commit, url } = comment;
  const run = url !== null && isPlainUrl(url) ? ` · [run](${url})` : "";
  const wrap = (text: string) =>
    `${markerOf(project)}\n${text.trimEnd()}\n\nsignalbox · ${markdownCode(commit.slice(0, 12))}${run}\n`;
  for (const share of SMALLER) {
    const whole = wrap(renderSummary(comment, smaller(share)));
    if (whole.length < MOST_CHARACTERS) return whole;
  }
  const [title = ""] = renderSummary(comment, smaller(0)).split("\n", 1);
  return wrap(`${title}\n\nThe rest is too long for a comment: see the summary of the run.`);
}

function smaller(share: number): Rooms {
  const { errors, warnings, plan, planWarnings, measure } = ROOMS;
  return {
    errors: errors * share,
    warnings: warnings * share,
    plan: plan * share,
    planWarnings: planWarnings * share,
    measure,
  };
}
