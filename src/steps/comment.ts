import type { StickyComment } from "../platforms/github/comment.ts";
import { type Comment, markerOf, renderComment } from "../render/comment.ts";
import type { Summary } from "../render/markdown.ts";
import type { Run } from "../run/run.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import { connectGitHub, type GitHubParts } from "../setup/github.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import { type Redact, redactAll } from "../support/redact.ts";

/** The one comment on the pull request of this run. */
export interface PullRequestComment {
  /** Writes it anew. A failure is a warning in the log, and fails no run. */
  put(summary: Summary): Promise<void>;
}

export interface CommentParts extends GitHubParts {
  readonly settings: SettingsPart<never, "report">;
  readonly signal: AbortSignal;
  readonly log: Pick<Log, "step" | "warn">;
  readonly redact: Redact;
}

/** Does nothing where report.comment is off, or there is no pull request of this repository. */
export function openComment(parts: CommentParts, run: Run, project: string): PullRequestComment {
  const pullRequest = run.pullRequest?.number ?? null;
  const isWanted = parts.settings.config.report.comment && run.platform === "github" && run.trust === "full";
  if (!isWanted || pullRequest === null) return { put: async () => {} };

  const { redact, signal, log } = parts;
  let opened: Promise<StickyComment> | null = null;
  let hasFailed = false;
  const open = async (): Promise<StickyComment> => {
    const { createStickyComment } = await import("../platforms/github/comment.ts");
    return createStickyComment(await connectGitHub(parts, run), { pullRequest, marker: markerOf(project) });
  };
  return {
    put: async (summary) => {
      if (signal.aborted || hasFailed) return;
      const comment: Comment = redactAll({ ...summary, project, commit: run.commit.sha, url: run.url }, redact);
      try {
        opened ??= open();
        const done = await (await opened).put(redact(renderComment(comment)));
        log.step("comment", `${done} on pull request #${pullRequest}`);
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error;
        hasFailed = true;
        const hint = error.hint === null ? "" : `\n${error.hint}`;
        log.warn("comment", `none on pull request #${pullRequest}: ${error.message}${hint}`);
      }
    },
  };
}
