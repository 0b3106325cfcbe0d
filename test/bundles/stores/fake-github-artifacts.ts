import { type HttpHandler, HttpResponse, http } from "msw";
import type { Contract } from "../../platforms/contract.ts";
import { API, ago, REPOSITORY, TOKEN } from "../../platforms/github/fake.ts";

export const SIGNED = "https://results.blob.example/signed";

export interface FakeArtifact {
  id: number;
  name: string;
  runId: number;
  commit: string;
  branch: string;
  createdAt: string;
  expired: boolean;
  headRepositoryId: number;
  zip: Buffer;
}

export interface FakeArtifacts {
  readonly handlers: HttpHandler[];
  artifacts: FakeArtifact[];
  /** The base branch, newest first. */
  history: string[];
  readonly requests: string[];
  readonly problems: string[];
  /** Headers of what came to the signed address. */
  readonly downloads: Headers[];
  pageSize: number;
  /** Answers a request for a zip in another way. */
  archive: (() => Response) | null;
}

const ROOT = `${API}/repos/${REPOSITORY}`;

/** Artifacts, branches and comparisons of GitHub, beside the runs of the other fake. Held to GitHub's OpenAPI file. */
export function createFakeArtifacts(contract: () => Contract | null): FakeArtifacts {
  const fake: FakeArtifacts = {
    handlers: [],
    artifacts: [],
    history: [],
    requests: [],
    problems: [],
    downloads: [],
    pageSize: 100,
    archive: null,
  };

  function note(request: Request, status: number, body: unknown) {
    const url = new URL(request.url);
    const path = url.pathname.replace("/api/v3", "");
    fake.requests.push(`${request.method} ${path.replace(`/repos/${REPOSITORY}`, "")}`);
    if (request.headers.get("authorization") !== `token ${TOKEN}`) fake.problems.push(`${path}: no token`);
    const query = Object.fromEntries(url.searchParams);
    if (status < 400)
      fake.problems.push(...(contract()?.problems({ method: request.method, path, query, status, body }) ?? []));
  }
  function answer(
    request: Request,
    status: number,
    body: Record<string, unknown>,
    headers: Record<string, string> = {},
  ) {
    note(request, status, body);
    return HttpResponse.json(body, { status, headers });
  }

  fake.handlers.push(
    http.get(`${ROOT}/actions/artifacts`, ({ request }) => {
      const url = new URL(request.url);
      const [name, page] = [url.searchParams.get("name"), Number(url.searchParams.get("page") ?? "1")];
      const all = fake.artifacts
        .filter((artifact) => name === null || artifact.name === name)
        .sort((a, b) => b.id - a.id);
      const rows = all.slice((page - 1) * fake.pageSize, page * fake.pageSize).map(tellArtifact);
      const hasNext = page * fake.pageSize < all.length;
      const link: Record<string, string> = hasNext ? { link: '<https://evil.example/?page=2>; rel="next"' } : {};
      return answer(request, 200, { total_count: all.length, artifacts: rows }, link);
    }),
    http.get(`${ROOT}/actions/artifacts/:id/zip`, ({ request, params }) => {
      note(request, 302, undefined);
      const artifact = fake.artifacts.find(({ id }) => String(id) === params.id);
      if (fake.archive !== null) return fake.archive();
      return artifact === undefined || artifact.expired
        ? HttpResponse.json({ message: "Artifact has expired" }, { status: 410 })
        : new HttpResponse(null, { status: 302, headers: { location: `${SIGNED}/${params.id}?sig=secret` } });
    }),
    http.get(`${SIGNED}/:id`, ({ request, params }) => {
      fake.downloads.push(request.headers);
      const artifact = fake.artifacts.find(({ id }) => String(id) === params.id);
      return artifact === undefined
        ? new HttpResponse(null, { status: 404 })
        : new HttpResponse(new Uint8Array(artifact.zip), { headers: { "content-type": "application/zip" } });
    }),
    http.get(`${ROOT}/branches/:branch`, ({ request, params }) =>
      params.branch === "main"
        ? answer(request, 200, tellBranch(fake.history[0] ?? "f".repeat(40)))
        : answer(request, 404, { message: "Branch not found" }),
    ),
    http.get(`${ROOT}/compare/:basehead`, ({ request, params }) => {
      const [base = "", head = ""] = String(params.basehead).split("...");
      const [from, to] = [fake.history.indexOf(base), fake.history.indexOf(head)];
      const status = from === -1 || to === -1 ? "diverged" : to > from ? "behind" : to === from ? "identical" : "ahead";
      return answer(request, 200, tellComparison(base, status));
    }),
  );
  return fake;
}

export function buildArtifact(id: number, overrides: Partial<FakeArtifact> = {}): FakeArtifact {
  return {
    id,
    name: "signalbox-state",
    runId: id,
    commit: "a".repeat(40),
    branch: "main",
    createdAt: ago(10_000 - id),
    expired: false,
    headRepositoryId: 1,
    zip: Buffer.alloc(0),
    ...overrides,
  };
}

function tellArtifact({ id, name, runId, commit, branch, createdAt, expired, headRepositoryId, zip }: FakeArtifact) {
  return {
    id,
    node_id: `A_${id}`,
    name,
    size_in_bytes: zip.length,
    url: `${ROOT}/actions/artifacts/${id}`,
    archive_download_url: "https://evil.example/zip",
    expired,
    created_at: createdAt,
    expires_at: createdAt,
    updated_at: createdAt,
    workflow_run: {
      id: runId,
      repository_id: 1,
      head_repository_id: headRepositoryId,
      head_branch: branch,
      head_sha: commit,
    },
  };
}

const LINK = "https://github.example/x";

function tellCommit(sha: string) {
  const git = {
    url: LINK,
    author: null,
    committer: null,
    message: "",
    comment_count: 0,
    tree: { sha, url: LINK },
  };
  return {
    url: LINK,
    sha,
    node_id: "C_1",
    html_url: LINK,
    comments_url: LINK,
    commit: git,
    author: null,
    committer: null,
    parents: [],
  };
}

function tellBranch(sha: string) {
  return {
    name: "main",
    commit: tellCommit(sha),
    _links: { html: LINK, self: LINK },
    protected: false,
    protection: {},
    protection_url: LINK,
  };
}

function tellComparison(base: string, status: string) {
  return {
    url: LINK,
    html_url: LINK,
    permalink_url: LINK,
    diff_url: LINK,
    patch_url: LINK,
    base_commit: tellCommit(base),
    merge_base_commit: tellCommit(base),
    status,
    ahead_by: 0,
    behind_by: 0,
    total_commits: 0,
    commits: [],
    files: [],
  };
}
