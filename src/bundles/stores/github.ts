import { join } from "node:path";
import { SignalboxError } from "../../support/errors.ts";
import { readBytesIfAny, STORED } from "../../support/files.ts";
import { isCommit } from "../bundle.ts";
import { download, followWithoutHeaders, type OpenFetch } from "../download.ts";
import { putInOutbox, putRecordInOutbox } from "../outbox.ts";
import { inTemporary, receiveBundle } from "../receive.ts";
import { MOST_RECORD_BYTES } from "../run-record-file.ts";
import { type BundleRef, type BundleStore, type RecordFile, recordFileOf, type WantedBundle } from "../store.ts";
import { unzipBundle, unzipRecord } from "../zip.ts";

/** GitHub's artifacts, as far as bundles are looked for. Everything in them is what the API says. */
export interface GitHubArtifacts {
  /** The artifacts of that name, of all runs and branches; pages of 100, from 1. */
  list(name: string, page: number): Promise<{ readonly artifacts: readonly Artifact[]; readonly hasNext: boolean }>;
  /** null: there is no such run any more. */
  run(id: string): Promise<ArtifactRun | null>;
  /** The commit of a branch; null: there is no such branch. */
  branchHead(branch: string): Promise<string | null>;
  isAncestor(commit: string, of: string): Promise<boolean>;
  /** A signed address of the zip, of another host, for a minute; null: the artifact is gone. */
  archive(artifactId: string): Promise<string | null>;
}

export interface Artifact {
  readonly id: string;
  readonly runId: string;
  readonly commit: string;
  readonly branch: string | null;
  readonly createdAt: string;
  readonly isExpired: boolean;
  /** False where the run's commit is another repository's. */
  readonly isOwn: boolean;
}

export interface ArtifactRun {
  readonly event: string | null;
  readonly status: string | null;
  readonly conclusion: string | null;
  readonly branch: string | null;
  readonly commit: string | null;
  readonly headRepository: string | null;
}

export interface GitHubStoreOptions {
  /** Called when a bundle is looked for; a run that only leaves one needs no token. */
  readonly connect: () => Promise<GitHubArtifacts>;
  /** `owner/name`. */
  readonly repository: string;
  readonly baseBranch: string;
  /** The name under which the workflow uploads the bundles of this project and target, and no others. */
  readonly artifactName: () => Promise<string>;
  /** Absolute folder that a later step uploads. */
  readonly outbox: string;
  /** The same for the record of this run. */
  readonly recordOutbox: string;
  /** Of this run. */
  readonly runId: string;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly openFetch?: OpenFetch | undefined;
}

const EVENTS: readonly string[] = ["push", "schedule", "workflow_dispatch"];
const MOST_PAGES = 3;
const MOST_CANDIDATES = 8;
const MOST_RECORD_FILES = 5;
const MOST_ZIP_BYTES = 512 * 1024 * 1024;

/**
 * The artifacts of GitHub Actions as store. A bundle counts where the API says that its run was started on the base
 * branch of this very repository by push, schedule or hand and has succeeded, and that its commit is an ancestor of the
 * base branch: anybody who opens a pull request can upload an artifact of any name.
 * Calls of a find: 1 to 3 pages, then for each of at most 8 candidates the run and a comparison, and the base branch
 * once: 4 as a rule, 20 at most. A read: 1, and the download without the token. Nothing is written by API: a step of
 * the workflow has no token that may upload, so that the workflow's own upload step has to.
 */
export function createGitHubStore(options: GitHubStoreOptions): BundleStore {
  const { connect, baseBranch, outbox, notice, signal, openFetch } = options;
  const known = new Map<string, string>();
  return {
    find: async (wanted) => {
      const [artifacts, name] = [await connect(), await options.artifactName()];
      const { listed, hasMore } = await listCandidates((page) => artifacts.list(name, page), baseBranch, wanted);
      const alive = listed.filter(({ isExpired }) => !isExpired);
      const judge = createJudge(artifacts, options, whyNotSucceeded);
      for (const artifact of alive.slice(0, MOST_CANDIDATES)) {
        const distrust = await judge(artifact);
        if (distrust === null) {
          const ref: BundleRef = {
            commit: artifact.commit,
            where: `artifact ${artifact.id} of run ${artifact.runId}`,
          };
          known.set(ref.where, artifact.id);
          return ref;
        }
        notice(`artifact ${artifact.id} of run ${artifact.runId} is not used: ${distrust}`);
      }
      const expired = listed.find(({ isExpired }) => isExpired);
      if (expired !== undefined) {
        notice(
          `the bundle of ${expired.commit.slice(0, 12)} has expired: GitHub keeps artifacts for 90 days if nothing else is set (retention-days)`,
        );
      }
      if (hasMore || alive.length > MOST_CANDIDATES)
        notice(`no bundle among the newest artifacts ${name}: it was looked for no further`);
      return null;
    },
    read: (ref, into) =>
      receiveBundle(ref, into, async (folder) => {
        const id = known.get(ref.where);
        const url = id === undefined ? null : await (await connect()).archive(id);
        if (url === null) {
          throw new SignalboxError("artifacts", `${ref.where} is gone: it has expired, or somebody deleted it`, {
            hint: "a deploy run publishes a new one",
          });
        }
        const archive = join(folder, "archive.zip");
        const served = await followWithoutHeaders(
          url,
          { where: ref.where, mostBytes: MOST_ZIP_BYTES, signal, openFetch },
          download,
        );
        await served.save(archive);
        await unzipBundle(archive, folder, ref.where);
      }),
    write: async (folder, header) => {
      const artifact = await options.artifactName();
      const how = `which the workflow's upload step publishes as artifact ${artifact}`;
      return { ...(await putInOutbox(folder, header, outbox, how)), artifact };
    },
    records: {
      read: (of) => readRecords(options, of),
      write: async (of, { attempt, file }) => {
        const path = await putRecordInOutbox(options.recordOutbox, of, file(null));
        const artifact = attempt === 1 ? of : againOf(of);
        const where = `${path}, which the workflow's upload step publishes as artifact ${artifact}`;
        return { where, upload: { path, artifact } };
      },
    },
  };
}

/**
 * An artifact of a later attempt takes the place of one of the same name: the record of the first has to stay, as the two
 * together tell what fails and passes on one commit.
 */
function againOf(of: string): string {
  return `${of}-again`;
}

/**
 * Records of runs count as bundles do, but for how the run has ended: red ones tell most. Those of earlier attempts of this
 * very run too, which goes on. Calls: 2 lists, and for each of at most 5 files the run, a comparison and the archive, and
 * the base branch once: 18 at most, and the downloads.
 */
async function* readRecords(options: GitHubStoreOptions, of: string): AsyncGenerator<RecordFile> {
  const { connect, baseBranch, signal, openFetch } = options;
  const artifacts = await connect();
  const [first, again] = await Promise.all([artifacts.list(of, 1), artifacts.list(againOf(of), 1)]);
  const listed = [...first.artifacts, ...again.artifacts]
    .filter(({ isOwn, branch, commit, isExpired }) => isOwn && !isExpired && branch === baseBranch && isCommit(commit))
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const judge = createJudge(artifacts, options, ({ status, conclusion }, runId) =>
    status === "completed" || runId === options.runId ? null : `its run has not ended: ${conclusion ?? status}`,
  );
  for (const artifact of listed.slice(0, MOST_RECORD_FILES)) {
    if ((await judge(artifact)) !== null) continue;
    const where = `artifact ${artifact.id} of run ${artifact.runId}`;
    const bytes = async () => {
      const url = await artifacts.archive(artifact.id);
      if (url === null) return null;
      return inTemporary(async (folder) => {
        const archive = join(folder, "archive.zip");
        const request = { where, mostBytes: MOST_RECORD_BYTES, signal, openFetch };
        await (await followWithoutHeaders(url, request, download)).save(archive);
        await unzipRecord(archive, folder, recordFileOf(of), where);
        return readBytesIfAny(join(folder, recordFileOf(of)), STORED);
      });
    };
    yield { where, bytes, isVouched: true };
  }
}

/** Of the base branch as the list tells it, in the order of the commits, the newest first of one commit; whether others are left. */
async function listCandidates(
  list: (page: number) => ReturnType<GitHubArtifacts["list"]>,
  baseBranch: string,
  wanted: WantedBundle,
): Promise<{ readonly listed: readonly Artifact[]; readonly hasMore: boolean }> {
  const isWanted = ({ branch, isOwn, commit }: Artifact) =>
    isOwn && branch === baseBranch && isCommit(commit) && (wanted === "newest" || wanted.includes(commit));
  const found: Artifact[] = [];
  let hasMore = true;
  for (let page = 1; page <= MOST_PAGES; page++) {
    const { artifacts: rows, hasNext } = await list(page);
    found.push(...rows.filter(isWanted));
    const isEnough = found.some(({ commit, isExpired }) => !isExpired && (wanted === "newest" || commit === wanted[0]));
    hasMore = hasNext;
    if (!hasNext || isEnough) break;
  }
  const indexOf = ({ commit }: Artifact) => (wanted === "newest" ? 0 : wanted.indexOf(commit));
  found.sort((a, b) => indexOf(a) - indexOf(b) || b.createdAt.localeCompare(a.createdAt));
  return { listed: found, hasMore };
}

function whyNotSucceeded({ status, conclusion }: ArtifactRun): string | null {
  if (status === "completed" && conclusion === "success") return null;
  return `its run has not succeeded: ${conclusion ?? status ?? "unknown"}`;
}

/** A function that says why an artifact is not to be trusted, or null. */
function createJudge(
  artifacts: GitHubArtifacts,
  { repository, baseBranch }: GitHubStoreOptions,
  whyOfEnd: (run: ArtifactRun, runId: string) => string | null,
) {
  let head: Promise<string | null> | null = null;
  return async ({ runId, commit }: Artifact): Promise<string | null> => {
    const run = await artifacts.run(runId);
    if (run === null) return "its run is gone";
    if (run.headRepository?.toLowerCase() !== repository.toLowerCase())
      return `its run is of ${run.headRepository ?? "a repository that is gone"}`;
    if (run.branch !== baseBranch) return `its run is on ${run.branch ?? "no branch"}`;
    if (!EVENTS.includes(run.event ?? "")) return `its run was started by ${run.event ?? "nothing that is told"}`;
    const end = whyOfEnd(run, runId);
    if (end !== null) return end;
    if (run.commit !== commit) return "its run is of another commit";
    head ??= artifacts.branchHead(baseBranch);
    const branchHead = await head;
    if (branchHead === null) return `there is no branch ${baseBranch}`;
    return (await artifacts.isAncestor(commit, branchHead)) ? null : `${commit.slice(0, 12)} is not in ${baseBranch}`;
  };
}
