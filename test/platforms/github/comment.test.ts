import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGitHubClient } from "../../../src/platforms/github/client.ts";
import { createStickyComment } from "../../../src/platforms/github/comment.ts";
import { type Contract, loadGitHubContract } from "../contract.ts";
import { API, ago, REPOSITORY, TOKEN } from "./fake.ts";

const MARKER = "<!-- signalbox:shop -->";
const US = "github-actions[bot]";

interface FakeComment {
  id: number;
  login: string | null;
  body: string;
}

let contract: Contract | null = null;
let comments: FakeComment[];
let requests: string[];
let problems: string[];
let pageSize: number;
const server = setupServer();

beforeAll(async () => {
  contract = await loadGitHubContract();
  server.listen({ onUnhandledRequest: "error" });
}, 120_000);
beforeEach(() => {
  [comments, requests, problems, pageSize] = [[], [], [], 100];
  server.use(...handlers());
});
afterEach(() => {
  server.resetHandlers();
  expect(problems).toEqual([]);
});
afterAll(() => server.close());

function tell({ id, login, body }: FakeComment) {
  const link = "https://github.example/x";
  return {
    id,
    node_id: `IC_${id}`,
    url: link,
    html_url: link,
    issue_url: link,
    created_at: ago(100),
    updated_at: ago(100),
    author_association: "NONE",
    body,
    user: login === null ? null : { ...USER, login },
  };
}

const USER = {
  id: 1,
  node_id: "U_1",
  gravatar_id: "",
  type: "Bot",
  site_admin: false,
  ...Object.fromEntries(
    "avatar_url url html_url followers_url following_url gists_url starred_url subscriptions_url organizations_url repos_url events_url received_events_url"
      .split(" ")
      .map((key) => [key, "https://github.example/x"]),
  ),
};

function handlers() {
  const root = `${API}/repos/${REPOSITORY}/issues`;
  const answer = (
    request: Request,
    status: number,
    body: unknown,
    { headers = {}, sent }: { headers?: Record<string, string>; sent?: unknown } = {},
  ) => {
    const url = new URL(request.url);
    const path = url.pathname.replace("/api/v3", "");
    requests.push(`${request.method} ${path.replace(`/repos/${REPOSITORY}`, "")}`);
    if (request.headers.get("authorization") !== `token ${TOKEN}`) problems.push(`${path}: no token`);
    const query = Object.fromEntries(url.searchParams);
    problems.push(...(contract?.problems({ method: request.method, path, query, sent, status, body }) ?? []));
    return HttpResponse.json(body as Record<string, unknown>, { status, headers });
  };
  return [
    http.post("https://github.example/api/graphql", async ({ request }) => {
      requests.push("POST /graphql");
      expect(await request.json()).toEqual({ query: "query { viewer { login } }" });
      return HttpResponse.json({ data: { viewer: { login: US } } });
    }),
    http.get(`${root}/12/comments`, ({ request }) => {
      const page = Number(new URL(request.url).searchParams.get("page") ?? "1");
      const rows = comments.slice((page - 1) * pageSize, page * pageSize).map(tell);
      const hasNext = page * pageSize < comments.length;
      const link: Record<string, string> = hasNext ? { link: '<https://evil.example/?page=2>; rel="next"' } : {};
      return answer(request, 200, rows, { headers: link });
    }),
    http.post(`${root}/12/comments`, async ({ request }) => {
      const sent = (await request.json()) as { body: string };
      const comment = { id: 1000 + comments.length, login: US, body: sent.body };
      comments.push(comment);
      return answer(request, 201, tell(comment), { sent });
    }),
    http.patch(`${root}/comments/:id`, async ({ request, params }) => {
      const comment = comments.find(({ id }) => String(id) === params.id);
      if (comment === undefined) return HttpResponse.json({ message: "Not Found" }, { status: 404 });
      const sent = (await request.json()) as { body: string };
      comment.body = sent.body;
      return answer(request, 200, tell(comment), { sent });
    }),
  ];
}

async function open() {
  const client = await createGitHubClient({ apiUrl: API, repository: REPOSITORY, token: TOKEN, fetch: null });
  return createStickyComment(client, { pullRequest: 12, marker: MARKER });
}

describe("the sticky comment", () => {
  it("is made once, and changed after that without looking for it", async () => {
    const comment = await open();

    expect(await comment.put(`${MARKER}\nplan`)).toBe("created");
    expect(await comment.put(`${MARKER}\nverdict`)).toBe("updated");

    expect(comments).toEqual([{ id: 1000, login: US, body: `${MARKER}\nverdict` }]);
    expect(requests).toEqual([
      "POST /graphql",
      "GET /issues/12/comments",
      "POST /issues/12/comments",
      "PATCH /issues/comments/1000",
    ]);
  });

  it("is found again by a later run", async () => {
    await (await open()).put(`${MARKER}\nfirst`);

    expect(await (await open()).put(`${MARKER}\nsecond`)).toBe("updated");
    expect(comments).toHaveLength(1);
  });

  it.each<[what: string, comment: FakeComment]>([
    ["somebody else wrote with our marker", { id: 1, login: "mallory", body: `${MARKER}\nhostile` }],
    ["another bot wrote with our marker", { id: 1, login: "evil[bot]", body: `${MARKER}\nhostile` }],
    ["somebody wrote who is gone", { id: 1, login: null, body: `${MARKER}\nhostile` }],
    ["is ours and quotes the marker", { id: 1, login: US, body: `> ${MARKER}\nquoted` }],
    ["is ours, of another project", { id: 1, login: US, body: "<!-- signalbox:other -->\nplan" }],
    ["is ours and empty", { id: 1, login: US, body: "" }],
  ])("leaves a comment alone that %s", async (_, other) => {
    comments.push({ ...other });

    expect(await (await open()).put(`${MARKER}\nplan`)).toBe("created");
    expect(comments[0]).toEqual(other);
  });

  it("is found on a later page, but not for ever", async () => {
    pageSize = 2;
    for (let id = 1; id <= 7; id++) comments.push({ id, login: "dana", body: "hello" });
    comments.push({ id: 8, login: US, body: `${MARKER}\nfirst` });
    expect(await (await open()).put(`${MARKER}\nsecond`)).toBe("updated");

    requests.length = 0;
    for (let id = 20; id <= 60; id++) comments.unshift({ id, login: "dana", body: "hello" });
    expect(await (await open()).put(`${MARKER}\nthird`)).toBe("created");
    expect(requests).toHaveLength(1 + 10 + 1);
  });

  it("is made anew where somebody has deleted it", async () => {
    const comment = await open();
    await comment.put(`${MARKER}\nplan`);
    comments.length = 0;

    expect(await comment.put(`${MARKER}\nverdict`)).toBe("created");
    expect(comments).toHaveLength(1);
  });

  it("names the permission where the token may not write it", async () => {
    server.use(
      http.post(`${API}/repos/${REPOSITORY}/issues/12/comments`, () =>
        HttpResponse.json({ message: "Resource not accessible by integration" }, { status: 403 }),
      ),
    );

    await expect((await open()).put(`${MARKER}\nplan`)).rejects.toMatchObject({
      kind: "configuration",
      hint: expect.stringContaining("pull-requests: write"),
    });
  });

  it("says in GitHub's words that the conversation is locked, and recommends no permission", async () => {
    const message = "Unable to create comment because issue is locked.";
    server.use(
      http.post(`${API}/repos/${REPOSITORY}/issues/12/comments`, () => HttpResponse.json({ message }, { status: 403 })),
    );

    await expect((await open()).put(`${MARKER}\nplan`)).rejects.toMatchObject({
      message: expect.stringContaining("issue is locked"),
      hint: expect.not.stringContaining("permissions"),
    });
  });

  it("is not written where GitHub does not say who the token is", async () => {
    server.use(http.post("https://github.example/api/graphql", () => HttpResponse.json({ errors: [{}] })));

    await expect((await open()).put(`${MARKER}\nplan`)).rejects.toMatchObject({ kind: "service" });
    expect(comments).toEqual([]);
  });
});
