import { expect, it } from "vitest";
import { readKnownRefs } from "../../src/steps/known-refs.ts";
import { aGitHubRun } from "../setup/build.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { quietLog } from "../support/quiet-log.ts";
import { never } from "../support/signals.ts";
import { aGit } from "./build-parts.ts";

it("what CircleCI and GitHub remember of branches is asked through the proxy of the job", async () => {
  const asked: string[] = [];
  const answers: Record<string, unknown> = { "/api/v2/workflow/w-1": { project_slug: "gh/acme/shop" } };
  const fetch = async (input: string | URL | Request) => {
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    asked.push(host);
    const empty = host === "api.github.com" ? [] : { items: [], next_page_token: null };
    return Response.json(pathname.endsWith("/actions/runs") ? { workflow_runs: [] } : (answers[pathname] ?? empty));
  };
  const parts = {
    env: {
      CIRCLE_TOKEN: "t0ken",
      CIRCLE_WORKFLOW_ID: "w-1",
      CIRCLE_REPOSITORY_URL: "git@github.com:acme/shop",
      GITHUB_TOKEN: "t0ken",
    },
    settings: { given: { circleUrl: "https://circle.test" }, config: {} },
    clock: createFakeClock({ auto: true }),
    log: quietLog(),
    signal: never(),
    openFetch: async () => fetch as typeof globalThis.fetch,
    git: aGit({ "for-each-ref": "" }),
  };

  const { known } = await readKnownRefs(parts, aGitHubRun({ platform: "circleci" }));

  expect(known).toEqual([]);
  expect([...new Set(asked)].sort()).toEqual(["api.github.com", "circle.test"]);
});
