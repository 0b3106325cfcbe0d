import { z } from "zod";
import { type NamedRef, ownRef } from "../../run/clean.ts";
import type { CircleClient } from "./client.ts";
import { pathOf, readPages } from "./pages.ts";

/** https://circleci.com/docs/api/v2/#operation/listPipelinesForProject */
const pipelineAnswer = z.object({
  vcs: z
    .object({
      branch: z.string().nullish(),
      tag: z.string().nullish(),
      origin_repository_url: z.string().nullish(),
      target_repository_url: z.string().nullish(),
    })
    .nullish(),
});

/** Of 20 pipelines each. */
const MOST_PAGES = 50;

/**
 * Branches and tags of the repository itself that pipelines ran for. A fork's are left out, since nothing tells whether its
 * pull request is closed; so are pipelines that do not say whose repository they are of.
 */
export async function readRefsOfPipelines(
  client: CircleClient,
  slug: string,
  signal: AbortSignal,
): Promise<readonly NamedRef[]> {
  let pages = 0;
  const pipelines = await readPages(
    client,
    {
      path: pathOf("project", slug, "pipeline"),
      item: pipelineAnswer,
      mayAsk: () => pages++ < MOST_PAGES,
    },
    signal,
  );
  return pipelines.flatMap(({ vcs }) => {
    const name = vcs?.branch || vcs?.tag;
    const isOwn = vcs?.origin_repository_url && vcs.origin_repository_url === vcs.target_repository_url;
    return name && isOwn ? [ownRef(name)] : [];
  });
}
