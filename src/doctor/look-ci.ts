import type { Unread } from "../init/facts.ts";
import { openRepositoryFiles, readCiFiles } from "../init/repository-files.ts";
import { gitHubRepository } from "../setup/ancestry.ts";
import type { Context } from "../setup/context.ts";
import { openGitHub } from "../setup/github.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Remote } from "../support/remote.ts";
import { repositoryIn } from "../support/repository-address.ts";
import type { Environment } from "../support/secrets.ts";
import { readYaml } from "../support/yaml.ts";
import { readCircleWorkflows } from "./ci-files/circleci.ts";
import { readGitHubWorkflows } from "./ci-files/github.ts";
import type { Workflow } from "./ci-files/model.ts";
import type { Platform, TokenFacts } from "./facts.ts";

export interface CiFiles {
  readonly paths: readonly string[];
  readonly workflows: readonly Workflow[];
  readonly unread: readonly Unread[];
}

/** The workflows of the repository's CI files. `top`: its top folder. One that cannot be read says nothing of the others. */
export async function lookAtCiFiles(top: string): Promise<CiFiles> {
  const repository = openRepositoryFiles(top);
  const files = await readCiFiles(repository, top);
  const parsed = files.flatMap(({ ci, path, text, why }) => {
    // CircleCI's files merge with `<<`.
    const read = why === null ? readYaml(text, { merge: true }) : null;
    if (read?.kind === "refused") repository.note(path, read.why);
    return read?.kind === "read" ? [{ ci, path, value: read.value }] : [];
  });
  return {
    paths: files.map(({ path }) => path),
    workflows: [
      ...readGitHubWorkflows(parsed.filter(({ ci }) => ci === "github")),
      ...parsed.flatMap(({ ci, path, value }) => (ci === "circleci" ? readCircleWorkflows(path, value) : [])),
    ],
    unread: repository.unread(),
  };
}

/** What GITHUB_TOKEN may read. Throws a configuration error for what it may not. */
export async function lookAtGitHub(
  context: Pick<Context, "env" | "clock" | "openFetch">,
  platform: Platform,
  remote: Remote,
  signal: AbortSignal,
): Promise<TokenFacts> {
  const { env } = context;
  const repository = await gitHubRepository({ platform, repository: env.GITHUB_REPOSITORY ?? "" }, remote);
  if (repository === null) {
    throw new SignalboxError("configuration", "the remote is not on github.com: what the token may do was not tried", {
      hint: "on GitHub Enterprise, look at it in a job",
    });
  }
  const client = await openGitHub(context, repository, env.GITHUB_TOKEN ?? "");
  const routes = ["GET /repos/{owner}/{repo}/actions/runs", "GET /repos/{owner}/{repo}/pulls"] as const;
  for (const answer of await Promise.all(
    routes.map(async (route) => ({ route, answer: await client.request(route, { per_page: 1 }, { signal }) })),
  ))
    if (answer.answer.status !== 200) throw client.refuse(answer.route, answer.answer);
  return { found: `reads Actions and pull requests of ${repository}; what it may write is not tried` };
}

/** Whether CIRCLE_TOKEN is a person's, and sees the project. Throws a configuration error where it is not. */
export async function lookAtCircle(
  context: Pick<Context, "env" | "clock" | "openFetch">,
  circleUrl: string,
  remote: Remote,
  signal: AbortSignal,
): Promise<TokenFacts> {
  const { env, clock } = context;
  const { createCircleClient } = await import("../platforms/circleci/client.ts");
  const client = await createCircleClient(circleUrl, env.CIRCLE_TOKEN ?? "", {
    clock,
    fetch: await context.openFetch(),
  });
  const place = placeOf(env, (await remote.url()) ?? "");
  const [, seen] = await Promise.all([
    client.get("/me", signal),
    place === null ? null : client.find(place.path, signal),
  ]);
  if (place === null) return { found: "is a personal token; which project it is for cannot be told here" };
  if (seen !== null) return { found: `is a personal token, and sees ${place.name}` };
  throw new SignalboxError("configuration", `is a personal token, and CircleCI shows it no project ${place.name}`, {
    hint: "the token's user has to see the project; a project of the GitHub App or GitLab has another name, and is seen in a job alone",
  });
}

function placeOf(env: Environment, address: string): { readonly path: string; readonly name: string } | null {
  if (env.CIRCLE_WORKFLOW_ID)
    return { path: `/workflow/${encodeURIComponent(env.CIRCLE_WORKFLOW_ID)}`, name: "this workflow" };
  const repository = repositoryIn(address);
  const vcs = /github\.com/i.test(address) ? "gh" : /bitbucket\.org/i.test(address) ? "bb" : null;
  if (repository === null || vcs === null) return null;
  const slug = [vcs, ...repository.split("/")].map(encodeURIComponent).join("/");
  return { path: `/project/${slug}`, name: `${vcs}/${repository}` };
}
