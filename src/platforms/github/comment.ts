import { z } from "zod";
import { SignalboxError } from "../../support/errors.ts";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { readAnswer } from "./workflow-run.ts";

export interface StickyComment {
  /** Writes the comment's text: a new comment the first time, the same one after that. */
  put(body: string): Promise<"created" | "updated">;
}

/** https://docs.github.com/en/rest/issues/comments#list-issue-comments */
const commentAnswer = z.object({
  id: z.int().nonnegative(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});
/** https://docs.github.com/en/graphql/reference/queries#viewer */
const viewerAnswer = z.object({ data: z.object({ viewer: z.object({ login: z.string() }) }) });

const LIST: GitHubRoute = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
const CREATE: GitHubRoute = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
const UPDATE: GitHubRoute = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
const PAGE_SIZE = 100;
const MOST_PAGES = 10;

/**
 * The one comment on a pull request that begins with `marker` and that this token's own user wrote: anybody can write
 * the marker into a comment. Calls: who the token is, 1 to 10 pages of comments, and the comment; after that the comment
 * alone. REST does not tell an app's token who it is; GraphQL does.
 */
export function createStickyComment(
  client: GitHubClient,
  { pullRequest, marker }: { readonly pullRequest: number; readonly marker: string },
): StickyComment {
  let known: number | null | undefined;

  async function find(): Promise<number | null> {
    const viewer = await client.request("POST /graphql", { query: "query { viewer { login } }" });
    const { login } = readAnswer(viewerAnswer, viewer.body).data.viewer;
    for (let page = 1; page <= MOST_PAGES; page++) {
      const answer = await client.request(LIST, { issue_number: pullRequest, per_page: PAGE_SIZE, page });
      if (answer.status !== 200) throw client.refuse(LIST, answer);
      const comments = readAnswer(z.array(commentAnswer), answer.body);
      const own = comments.find(({ body, user }) => user?.login === login && (body ?? "").startsWith(marker));
      if (own !== undefined) return own.id;
      if (!answer.hasNext) break;
    }
    return null;
  }

  return {
    put: async (body) => {
      if (!body.startsWith(marker)) throw new SignalboxError("service", "a comment has to begin with its marker");
      known ??= await find();
      if (known !== null) {
        const updated = await client.request(UPDATE, { comment_id: known, body });
        if (updated.status === 200) return "updated";
        // Somebody has deleted it in between.
        if (updated.status !== 404 && updated.status !== 410) throw client.refuse(UPDATE, updated);
      }
      const created = await client.request(CREATE, { issue_number: pullRequest, body });
      if (created.status !== 201) throw client.refuse(CREATE, created);
      known = readAnswer(commentAnswer, created.body).id;
      return "created";
    },
  };
}
