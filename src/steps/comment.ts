import type { GitHubClient } from "../platforms/github/client.ts";
import type { StickyComment } from "../platforms/github/comment.ts";
import { type Comment, markerOf, renderComment } from "../render/comment.ts";
import type { Summary } from "../render/markdown.ts";
import { type Run, whyDistrusted } from "../run/run.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import { connectGitHub, type GitHubParts } from "../setup/github.ts";
import { SignalboxError } from "../support/errors.ts";
import { writeFileAtomic } from "../support/files.ts";
import type { Log } from "../support/log.ts";
import type { Outputs } from "../support/outputs.ts";
import { type Redact, redactAll } from "../support/redact.ts";
import type { WorkFolder } from "../work/folder.ts";

/** The one comment on the pull request of this run. */
export interface PullRequestComment {
  /** Writes it anew, and beside it comment.md. A refusal is a warning in the log, and fails no run. */
  put(summary: Summary, work: Pick<WorkFolder, "path">): Promise<void>;
}

export interface CommentParts extends GitHubParts {
  readonly settings: SettingsPart<never, "report">;
  readonly signal: AbortSignal;
  readonly log: Pick<Log, "step" | "warn">;
  readonly outputs: Outputs;
  readonly redact: Redact;
}

/** A comment to write, and on which pull request. */
interface CommentOn {
  readonly pullRequest: number;
  readonly comment: StickyComment;
}

/**
 * Does nothing where report.comment is off. There is a comment where the code is this repository's own and GitHub's API can
 * be asked: on GitHub, and on CircleCI with a token. Elsewhere there is comment.md alone.
 */
export function openComment(parts: CommentParts, run: Run, project: string): PullRequestComment {
  if (!parts.settings.config.report.comment) return { put: async () => {} };

  const { redact, signal, log, outputs } = parts;
  let opened: Promise<CommentOn | null> | null = null;
  let hasFailed = false;
  return {
    put: async (summary, work) => {
      if (signal.aborted) return;
      const comment: Comment = redactAll({ ...summary, project, commit: run.commit.sha, url: run.url }, redact);
      const text = redact(renderComment(comment));
      await outputs.write("the comment", () => writeFileAtomic(work.path("comment.md"), text));
      if (hasFailed) return;
      try {
        opened ??= openOn(parts, run, markerOf(project));
        const on = await opened;
        if (on !== null) log.step("comment", `${await on.comment.put(text)} on pull request #${on.pullRequest}`);
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error;
        hasFailed = true;
        const hint = error.hint === null ? "" : `\n${error.hint}`;
        const where = run.pullRequest === null ? "the pull request" : `pull request #${run.pullRequest.number}`;
        log.warn("comment", `none on ${where}: ${error.message}${hint}`);
      }
    },
  };
}

/** null: there is nothing to write on. */
async function openOn(parts: CommentParts, run: Run, marker: string): Promise<CommentOn | null> {
  const distrust = whyDistrusted(run);
  if (distrust !== null) {
    parts.log.step("comment", `in comment.md alone: ${distrust}`);
    return null;
  }
  if (run.platform === "circleci") return openFromCircle(parts, run, marker);
  const pullRequest = run.pullRequest?.number ?? null;
  if (run.platform !== "github" || pullRequest === null) return null;
  return openedOn(await connectGitHub(parts, run), pullRequest, marker);
}

/**
 * CircleCI's variables name the pull request of some projects alone, and a job's own environment can name any: GitHub says
 * whose head this commit is.
 */
async function openFromCircle(parts: CommentParts, run: Run, marker: string): Promise<CommentOn | null> {
  const { env, log } = parts;
  if (run.ref.kind !== "branch") return null;
  if (!env.GITHUB_TOKEN) {
    log.step("comment", "in comment.md alone: without a GITHUB_TOKEN CircleCI cannot write it on the pull request");
    return null;
  }
  const client = await connectGitHub(parts, run);
  const { findPullRequest } = await import("../platforms/github/pull-requests.ts");
  const head = { repository: run.repository, branch: run.ref.name, commit: run.commit.sha };
  const pullRequest = await findPullRequest(client, head, run.pullRequest?.number ?? null);
  if (pullRequest !== null) return openedOn(client, pullRequest, marker);
  log.step("comment", `in comment.md alone: no open pull request has ${run.commit.sha.slice(0, 12)} as its head`);
  return null;
}

async function openedOn(client: GitHubClient, pullRequest: number, marker: string): Promise<CommentOn> {
  const { createStickyComment } = await import("../platforms/github/comment.ts");
  return { pullRequest, comment: createStickyComment(client, { pullRequest, marker }) };
}
