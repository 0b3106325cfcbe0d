import { z } from "zod";
import { SignalboxError } from "../../support/errors.ts";
import { createGitHubBranches } from "./branches.ts";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { readAnswer, runAnswer } from "./workflow-run.ts";

const id = z.union([z.int().nonnegative(), z.string().regex(/^\d+$/)]).transform(String);
const word = z.string().nullish().catch(null);

/** https://docs.github.com/en/rest/actions/artifacts#list-artifacts-for-a-repository */
const artifactAnswer = z.object({
  id,
  name: z.string(),
  expired: z.boolean(),
  created_at: word,
  workflow_run: z
    .object({
      id: id.nullish(),
      repository_id: z.int().nullish(),
      head_repository_id: z.int().nullish(),
      head_branch: word,
      head_sha: word,
    })
    .nullish(),
});
const artifactPage = z.object({ total_count: z.int().nonnegative(), artifacts: z.array(artifactAnswer) });

const commitOfRun = z.object({ head_sha: word });

const PAGE_SIZE = 100;
const LIST: GitHubRoute = "GET /repos/{owner}/{repo}/actions/artifacts";
const ARCHIVE: GitHubRoute = "GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}";

/** Artifacts and what the API tells of the runs that made them. One call each. */
export function createGitHubArtifacts(
  client: GitHubClient,
  { apiUrl, signal }: { readonly apiUrl: string; readonly signal?: AbortSignal | undefined },
) {
  const options = { signal };
  const branches = createGitHubBranches(client, signal);
  return {
    async list(name: string, page: number) {
      const answer = await client.request(LIST, { name, per_page: PAGE_SIZE, page }, options);
      if (answer.status !== 200) throw client.refuse(LIST, answer);
      const { artifacts } = readAnswer(artifactPage, answer.body);
      return {
        hasNext: answer.hasNext,
        // The filter is the server's; a server that does not know it lists everything.
        artifacts: artifacts.filter((artifact) => artifact.name === name).map(tellArtifact),
      };
    },
    async run(runId: string) {
      const answer = await client.request(
        "GET /repos/{owner}/{repo}/actions/runs/{run_id}",
        { run_id: runId },
        options,
      );
      if (answer.status !== 200) return null;
      return { ...readAnswer(runAnswer, answer.body), commit: readAnswer(commitOfRun, answer.body).head_sha ?? null };
    },
    branchHead: branches.head,
    isAncestor: branches.isAncestor,
    async archive(artifactId: string) {
      const answer = await client.request(ARCHIVE, { artifact_id: artifactId, archive_format: "zip" }, options);
      if (answer.status !== 302) return null;
      const address = answer.location ?? "";
      const protocol = URL.canParse(address) ? new URL(address).protocol : "none";
      if (protocol === "https:" || protocol === new URL(apiUrl).protocol) return address;
      throw new SignalboxError("service", "GitHub named no https address for an artifact");
    },
  };
}

function tellArtifact({ id: artifactId, expired, created_at, workflow_run: run }: z.output<typeof artifactAnswer>) {
  return {
    id: artifactId,
    runId: run?.id ?? "",
    commit: run?.head_sha ?? "",
    branch: run?.head_branch ?? null,
    createdAt: created_at ?? "",
    isExpired: expired,
    isOwn: typeof run?.repository_id === "number" && run.head_repository_id === run.repository_id,
  };
}
