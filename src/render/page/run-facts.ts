import { cleanLine } from "../../text/clean.ts";
import { type Html, html } from "../../text/html.ts";
import { isPlainUrl } from "../../text/url.ts";
import { costLine } from "../cost-words.ts";
import { describeRetried } from "../retried-words.ts";
import { duration, hasWaited } from "../words.ts";
import type { ReportPage } from "./page-facts.ts";
import { factList, type Section } from "./section.ts";

/** Project, what the run was for, branch and commit, and the page of the run. */
export function aboutLine({ project, mode, modeReason, run }: ReportPage): readonly Html[] {
  const facts: readonly (Html | null)[] = [
    html`<b>${cleanLine(project, 100)}</b>`,
    mode === null ? null : html`${mode}: ${cleanLine(modeReason, 200)}`,
    run === null
      ? null
      : html`<code>${cleanLine(run.ref.name, 200)}</code> at <code>${shortCommit(run.commit.sha)}</code>`,
    run === null || run.url === null ? null : runLink(run.url),
  ];
  return facts.flatMap((fact, index) => (fact === null ? [] : [html`${index === 0 ? null : " · "}${fact}`]));
}

/** Only an address that can be nothing else. */
function runLink(url: string): Html | null {
  return isPlainUrl(url) ? html`<a href="${url}" rel="noreferrer">the run</a>` : null;
}

/** Why it ended, as far as the title does not say it: what to do stands in its further lines. */
export function endedLines({ verdict, ended }: ReportPage): readonly Html[] {
  const lines = (ended ?? "").split("\n").slice(verdict === null ? 1 : 0);
  return lines.map((line) => cleanLine(line, 1000)).flatMap((line) => (line === "" ? [] : [html`<p>${line}</p>`]));
}

/** What the run took. */
export function costParagraph({ verdict }: ReportPage): Html | null {
  const line = verdict?.cost === undefined ? null : costLine(verdict.cost);
  return line === null ? null : html`<p class="about">Cost: ${line}</p>`;
}

/** What is known of the run besides its findings. */
export function runSection({ verdict, queue, target, run, judged = [] }: ReportPage): Section {
  const starts = (verdict?.dbt.commands ?? []).map((command, index) => {
    const code = verdict?.dbt.exitCodes[index] ?? null;
    return `dbt ${cleanLine(command, 40)}${code === null ? "" : ` (exit ${code})`}`;
  });
  const reproduce = verdict?.reproduce ?? null;
  const body = factList([
    ["All errors again", reproduce === null ? null : html`<code class="copy">${cleanLine(reproduce, 8000)}</code>`],
    ["Commit", run === null ? null : commitWords(run.commit)],
    ["Target", target === null ? null : html`<code>${cleanLine(target, 100)}</code>`],
    ["dbt", verdict?.dbt.version == null ? null : cleanLine(verdict.dbt.version, 60)],
    ["Starts", starts.length === 0 ? null : starts.join(", ")],
    ["Second starts", verdict === null ? null : paragraphs(describeRetried(verdict))],
    ["Queue", queue === null ? null : queueWords(queue)],
    ["Judged", paragraphs(judged)],
  ]);
  return { id: "run", title: "The run", count: null, body: html`${body}` };
}

function commitWords({ sha, title, author }: NonNullable<ReportPage["run"]>["commit"]): Html {
  const words = [title, author].flatMap((text) => (text === null ? [] : ` · ${cleanLine(text, 200)}`));
  return html`<code>${shortCommit(sha)}</code>${words}`;
}

function shortCommit(sha: string): string {
  return cleanLine(sha, 80).slice(0, 12);
}

function queueWords({ decision, reason, waitedSeconds }: NonNullable<ReportPage["queue"]>): string {
  const waited = hasWaited(waitedSeconds) ? ` after ${duration(waitedSeconds)}` : "";
  return `${cleanLine(decision, 40)}${waited}${reason === "" ? "" : `: ${cleanLine(reason, 300)}`}`;
}

function paragraphs(lines: readonly string[]): Html | null {
  return lines.length === 0 ? null : html`${lines.map((line) => html`<p>${cleanLine(line, 500)}</p>`)}`;
}
