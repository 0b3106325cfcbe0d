import type { StickyComment } from "../platforms/github/comment.ts";
import { type Comment, markerOf, renderComment } from "../render/comment.ts";
import type { Summary } from "../render/markdown.ts";
import type { Run } from "../run/run.ts";
import type { Context } from "../setup/context.ts";
import { connectGitHub } from "../setup/github.ts";
import { SignalboxError } from "../support/errors.ts";
import { redactAll } from "../support/redact.ts";

/** The one comment on the pull request of this run. */
export interface PullRequestComment {
  /** Writes it anew. What goes wrong is said, and fails no run. */
  put(summary: Summary): Promise<void>;
}

/** Where nobody asked for it, or there is no pull request of this repository, it does nothing. */
export function openComment(context: Context, run: Run, project: string): PullRequestComment {
  const pullRequest = run.pullRequest?.number ?? null;
  const isWanted = context.settings.config.report.comment && run.platform === "github" && run.trust === "full";
  if (!isWanted || pullRequest === null) return { put: async () => {} };

  const { redact } = context;
  let opened: Promise<StickyComment> | null = null;
  let hasFailed = false;
  const open = async (): Promise<StickyComment> => {
    const { createStickyComment } = await import("../platforms/github/comment.ts");
    return createStickyComment(await connectGitHub(context, run), { pullRequest, marker: markerOf(project) });
  };
  return {
    put: async (summary) => {
      if (context.signal.aborted || hasFailed) return;
      const comment: Comment = redactAll({ ...summary, project, commit: run.commit.sha, url: run.url }, redact);
      try {
        opened ??= open();
        const done = await (await opened).put(redact(renderComment(comment)));
        context.log.step("comment", `${done} on pull request #${pullRequest}`);
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error;
        hasFailed = true;
        const hint = error.hint === null ? "" : `\n${error.hint}`;
        context.log.warn("comment", `none on pull request #${pullRequest}: ${error.message}${hint}`);
      }
    },
  };
}
