import { markdownCode } from "../text/markdown.ts";
import { isPlainUrl } from "../text/url.ts";
import { type PartBytes, renderSummary, type Summary } from "./markdown.ts";

export interface Comment extends Summary {
  /** The dbt project: two of them in one repository have a comment each. */
  readonly project: string;
  readonly commit: string;
  /** The page of this run. */
  readonly url: string | null;
}

/** https://github.com/orgs/community/discussions/27190: GitHub refuses a longer one. */
const MOST_CHARACTERS = 65_536;
const PART_BYTES: PartBytes = { errors: 22_000, warnings: 10_000, plan: 14_000, planWarnings: 4_000 };

/** A line that nobody sees, by which the comment is found again. No text from outside can write it elsewhere. */
export function markerOf(project: string): string {
  return `<!-- signalbox:${project.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 100)} -->`;
}

/** The one comment of a pull request, in GitHub's Markdown: what was planned and why, and how it went. */
export function renderComment(comment: Comment): string {
  const { project, commit, url } = comment;
  const summary = renderSummary(comment, PART_BYTES).trimEnd();
  const run = url !== null && isPlainUrl(url) ? ` · [run](${url})` : "";
  const wrap = (text: string) =>
    `${markerOf(project)}\n${text}\n\nsignalbox · ${markdownCode(commit.slice(0, 12))}${run}\n`;
  const whole = wrap(summary);
  if (whole.length <= MOST_CHARACTERS) return whole;
  return wrap(`${summary.split("\n", 1)[0]}\n\nThe rest is too long for a comment: see the summary of the run.`);
}
