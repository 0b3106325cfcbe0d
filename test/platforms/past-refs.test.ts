import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCircleClient } from "../../src/platforms/circleci/client.ts";
import { readRefsOfPipelines } from "../../src/platforms/circleci/past-refs.ts";
import { createGitHubClient } from "../../src/platforms/github/client.ts";
import { readPullRequestRefs, readRefsOfRuns } from "../../src/platforms/github/past-refs.ts";
import { ownRef } from "../../src/run/clean.ts";
import * as circle from "./circleci/fake.ts";
import { loadCircleContract } from "./contract.ts";
import * as github from "./github/fake.ts";

const { signal } = new AbortController();
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const own = ownRef;

describe("branches that GitHub remembers", () => {
  interface Pull {
    state: "open" | "closed";
    ref: string;
    /** null: the fork was deleted. */
    from: string | null;
  }
  let pulls: Pull[] = [];
  let asked: string[] = [];
  beforeEach(() => {
    [pulls, asked] = [[], []];
  });

  async function connect() {
    const fake = github.createFakeGitHub(() => null);
    server.use(
      http.get(`${github.API}/repos/acme/shop/pulls`, ({ request }) => {
        const query = new URL(request.url).searchParams;
        asked.push(`${query.get("state")} ${query.get("sort")} ${query.get("direction")} ${query.get("page")}`);
        const all = pulls.filter(({ state }) => state === query.get("state"));
        const [page, size] = [Number(query.get("page")), Number(query.get("per_page"))];
        const rows = all.slice((page - 1) * size, page * size).map(({ ref, from }) => ({
          number: pulls.findIndex((pull) => pull.ref === ref && pull.from === from) + 1,
          head: { ref, repo: from === null ? null : { full_name: from } },
        }));
        const headers: Record<string, string> =
          page * size < all.length ? { link: '<https://x.example/>; rel="next"' } : {};
        return HttpResponse.json(rows, { headers });
      }),
      ...fake.handlers,
    );
    const options = { apiUrl: github.API, repository: github.REPOSITORY, token: github.TOKEN, fetch: null };
    return { fake, client: await createGitHubClient(options) };
  }

  const many = (count: number, state: Pull["state"], from: string | null = "acme/shop"): Pull[] =>
    Array.from({ length: count }, (_, index) => ({ state, ref: `b${index}`, from }));

  it("are heads of pull requests, a fork's by its name; a deleted fork's are not known", async () => {
    pulls = [
      { state: "closed", ref: "feature/old", from: "Acme/Shop" },
      { state: "closed", ref: "fx", from: "sam/shop" },
      { state: "closed", ref: "lost", from: null },
      { state: "open", ref: "fx", from: "kim/shop" },
    ];
    const { client } = await connect();

    expect(await readPullRequestRefs(client, "acme/shop", signal)).toEqual({
      closed: [
        { ...own("feature/old"), pullRequest: 1 },
        { name: "fx", fork: "sam/shop", pullRequest: 2 },
      ],
      open: [{ name: "fx", fork: "kim/shop", pullRequest: 4 }],
    });
    expect(asked).toEqual(["open updated desc 1", "closed updated desc 1"]);
  });

  it("are asked for in no more than ten pages; of more open ones than that nobody knows all", async () => {
    pulls = [...many(1001, "open"), ...many(1500, "closed")];
    const { client } = await connect();

    const { closed, open } = await readPullRequestRefs(client, "acme/shop", signal);

    expect(closed).toHaveLength(1000);
    expect(open).toBeNull();
    expect(asked).toHaveLength(20);
  });

  it("are known whole where ten pages are just enough", async () => {
    pulls = many(1000, "open");
    const { client } = await connect();

    expect((await readPullRequestRefs(client, "acme/shop", signal)).open).toHaveLength(1000);
  });

  it("are also those of earlier runs, of this repository alone", async () => {
    const { fake, client } = await connect();
    fake.runs = [
      github.buildRun(3, 10, { head_branch: "gh-readonly-queue/main/pr-7-abc" }),
      github.buildRun(2, 20, { head_branch: "fx", head_repository: { full_name: "sam/shop" } }),
      github.buildRun(1, 30, { head_branch: "lost", head_repository: null }),
    ];

    expect(await readRefsOfRuns(client, "acme/shop", signal)).toEqual([own("gh-readonly-queue/main/pr-7-abc")]);
  });

  it.each([
    [403, "configuration", "pull-requests: read"],
    [404, "configuration", "pull-requests: read"],
    [500, "service", "try again"],
  ])("that it does not tell (%d) are an error, with the permission that is needed", async (status, kind, hint) => {
    const { client } = await connect();
    server.use(http.get(`${github.API}/repos/acme/shop/pulls`, () => HttpResponse.json({ message: "no" }, { status })));

    await expect(readPullRequestRefs(client, "acme/shop", signal)).rejects.toMatchObject({
      kind,
      hint: expect.stringContaining(hint),
    });
  });
});

describe("branches that CircleCI remembers", () => {
  it("are those of the repository's own pipelines, tags too, in no more than fifty pages", async () => {
    const contract = await loadCircleContract();
    const fake = circle.createFakeCircle(() => contract);
    server.use(...fake.handlers);
    fake.pipelines = [
      circle.buildPipeline(9, 10, { branch: "feature/old" }),
      circle.buildPipeline(8, 20, { branch: null, tag: "v1.0" }),
      circle.buildPipeline(7, 30, { branch: "pull/12", origin: "https://github.com/sam/shop" }),
    ];
    const client = await createCircleClient(circle.BASE, circle.TOKEN, { fetch: null });

    expect(await readRefsOfPipelines(client, circle.SLUG, signal)).toEqual([own("feature/old"), own("v1.0")]);
    expect(fake.problems).toEqual([]);

    fake.pageSize = 1;
    fake.pipelines = Array.from({ length: 60 }, (_, index) => circle.buildPipeline(index + 1, 10));
    expect(await readRefsOfPipelines(client, circle.SLUG, signal)).toHaveLength(50);
  }, 60_000);
});
