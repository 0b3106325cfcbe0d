import { basename, join } from "node:path";
import { SignalboxError } from "../../support/errors.ts";
import { readBytesIfAny, STORED } from "../../support/files.ts";
import { type BundleHeader, isCommit, readHeader } from "../bundle.ts";
import { download, followWithoutHeaders, type OpenFetch } from "../download.ts";
import { putInOutbox, putRecordInOutbox } from "../outbox.ts";
import { inTemporary, MOST_FILE_BYTES, MOST_HEADER_BYTES, receiveBundle } from "../receive.ts";
import { MOST_RECORD_BYTES } from "../run-record-file.ts";
import { type BundleRef, type BundleStore, type RecordFile, recordFileOf, type WantedBundle } from "../store.ts";

/** Where bundles lie among a job's artifacts: the orb keeps the whole work folder. */
const STATE_FILE = /^(?:.*\/)?(?:bundle|signalbox-bundle)\/state\.json$/;

/**
 * CircleCI's artifacts, as far as bundles are looked for. Everything in them is what the API says. `mayAsk` is asked
 * before each call of a list: where it says no, the list ends there.
 */
export interface CircleArtifacts {
  /** Pipelines of a branch, newest first; `next` is null behind the last page. */
  pipelines(
    branch: string,
    page: string | null,
  ): Promise<{ readonly pipelines: readonly CirclePipeline[]; readonly next: string | null }>;
  /** Newest first. */
  workflows(
    pipelineId: string,
    mayAsk: () => boolean,
  ): Promise<readonly { readonly id: string; readonly status: string }[]>;
  /** Numbers of the workflow's jobs whose status is one of these. */
  jobs(workflowId: string, statuses: readonly string[], mayAsk: () => boolean): Promise<readonly number[]>;
  /** Of the job's first container: address by path. */
  artifacts(jobNumber: number, mayAsk: () => boolean): Promise<ReadonlyMap<string, string>>;
  /** The headers for an artifact's address; null: it is of a host that is not CircleCI's. */
  headersFor(url: string): Readonly<Record<string, string>> | null;
}

export interface CirclePipeline {
  readonly id: string;
  readonly number: number | null;
  readonly branch: string | null;
  readonly tag: string | null;
  readonly commit: string | null;
  /** `owner/name` of the repository that the commit is in; null: CircleCI does not tell. */
  readonly origin: string | null;
  /** CircleCI's word for what started it. */
  readonly trigger: string | null;
  readonly isKnownTrigger: boolean;
}

export interface CircleStoreOptions {
  /** Called when a bundle is looked for; a run that only leaves one needs no token. */
  readonly connect: () => Promise<CircleArtifacts>;
  /** `owner/name`. */
  readonly repository: string;
  readonly baseBranch: string;
  /** Whether the base branch holds a commit, as git or GitHub tells: CircleCI's API cannot. */
  readonly isInBase: (commit: string) => Promise<boolean>;
  /** Why a bundle is of another project or target, of which a pipeline may leave some too; null: it is not. */
  readonly whyOfOther: (header: BundleHeader) => Promise<string | null>;
  /** Absolute folder that the `store_artifacts` step takes. */
  readonly outbox: string;
  /** The same for the record of this run. */
  readonly recordOutbox: string;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly openFetch?: OpenFetch | undefined;
}

const MOST_PAGES = 5;
const MOST_CANDIDATES = 8;
const MOST_WORKFLOWS = 3;
const MOST_CALLS = 40;
const MOST_RECORD_PIPELINES = 5;
const MOST_RECORD_CALLS = 30;

/** https://circleci.com/docs/api/v2/#operation/listWorkflowJobs */
const SUCCESS: readonly string[] = ["success"];
const ENDED: readonly string[] = [...SUCCESS, "failed", "timedout", "infrastructure_fail", "canceled"];

/**
 * The artifacts of CircleCI as store. A bundle counts where the API says that its pipeline ran on the base branch of
 * this very repository and that the workflow and the job have succeeded, and where git says that the commit is in the
 * base branch. Calls of a find: 1 to 5 pages of pipelines, then for each of at most 8 its workflows, the jobs of at
 * most 3, the artifacts of each job, all by pages, and the state.json in them: 6 as a rule with the project's slug, 42 at
 * most. A read: one download for each file. Nothing is written by API: the job's `store_artifacts` step has to.
 */
export function createCircleStore(options: CircleStoreOptions): BundleStore {
  const { connect, outbox, notice, signal, openFetch } = options;
  const known = new Map<string, ReadonlyMap<string, string>>();

  const take = async (url: string, where: string, mostBytes: number, file: string) => {
    const headers = (await connect()).headersFor(url);
    if (headers === null) {
      throw new SignalboxError("service", `${where}: CircleCI names an address on another host: ${hostOf(url)}`, {
        hint: "it is not asked; please report it if that host is CircleCI's",
      });
    }
    const served = await followWithoutHeaders(url, { where, mostBytes, headers, signal, openFetch }, download);
    await served.save(file);
  };

  /** Whether what is there is the bundle of the commit: if not, one of many pipelines may not keep the others from it. */
  const isBundleOf = (commit: string, files: ReadonlyMap<string, string>, where: string) =>
    inTemporary(async (folder) => {
      await take(files.get("state.json") ?? "", where, MOST_HEADER_BYTES, join(folder, "state.json"));
      const header = await readHeader(folder, where);
      // A job may have fetched the bundle of another commit into its work folder.
      if (header.commit !== commit) return false;
      const why = await options.whyOfOther(header);
      if (why !== null) notice(`the bundle in ${where} is not used: ${why}`);
      return why === null;
    }).catch((error: unknown) => {
      if (!(error instanceof SignalboxError) || error.kind !== "artifacts") throw error;
      notice(`passed over: ${error.message}`);
      return false;
    });

  return {
    find: async (wanted) => {
      const artifacts = await connect();
      const spend = createAllowance(MOST_CALLS);
      const { listed, hasMore } = await listCandidates(artifacts, options, wanted, spend);
      for (const pipeline of listed.slice(0, MOST_CANDIDATES)) {
        const workflows = await artifacts.workflows(pipeline.id, spend);
        for (const workflow of workflows.filter(({ status }) => status === "success").slice(0, MOST_WORKFLOWS)) {
          for (const job of await artifacts.jobs(workflow.id, SUCCESS, spend)) {
            // One job may run signalbox for several projects, each with a work folder of its own.
            const bundles = bundlesIn(await artifacts.artifacts(job, spend));
            for (const [below, files] of bundles) {
              const where = `artifacts of job ${job}${bundles.length === 1 ? "" : `, ${below}`}`;
              const ref: BundleRef = { commit: pipeline.commit ?? "", where };
              // Where nothing more may be spent, the list of files may be cut short.
              if (!spend() || !(await isBundleOf(ref.commit, files, where))) continue;
              known.set(where, files);
              return ref;
            }
          }
        }
      }
      if (!spend()) notice(`no bundle in ${MOST_CALLS} calls of CircleCI's API: it was looked for no further`);
      else if (hasMore || listed.length > MOST_CANDIDATES)
        notice(`no bundle among the newest pipelines of ${options.baseBranch}: it was looked for no further`);
      return null;
    },
    read: (ref, into) =>
      receiveBundle(ref, into, async (folder) => {
        const files = known.get(ref.where) ?? new Map<string, string>();
        const fetchFile = async (name: string, mostBytes: number) => {
          const url = files.get(name);
          if (url !== undefined) await take(url, `${name} of ${ref.where}`, mostBytes, join(folder, name));
        };
        await fetchFile("state.json", MOST_HEADER_BYTES);
        const header = await readHeader(folder, ref.where);
        for (const { name, bytes } of header.files) await fetchFile(name, Math.min(bytes, MOST_FILE_BYTES));
      }),
    write: (folder, header) =>
      putInOutbox(
        folder,
        header,
        outbox,
        "which the job's store_artifacts step publishes; CircleCI keeps it for 30 days if nothing else is set",
      ),
    records: {
      read: (of) => readRecords(options, of, take),
      write: async (of, { file }) => {
        const path = await putRecordInOutbox(options.recordOutbox, of, file(null));
        return { where: `${path}, which the job's store_artifacts step publishes` };
      },
    },
  };
}

type Take = (url: string, where: string, mostBytes: number, file: string) => Promise<void>;

/**
 * Records of runs count as bundles do, but for how workflow and job have ended: red ones tell most. Calls: those of a find,
 * of the newest page and 5 pipelines alone, 30 at most, and a download for each file.
 */
async function* readRecords(options: CircleStoreOptions, of: string, take: Take): AsyncGenerator<RecordFile> {
  const artifacts = await options.connect();
  const spend = createAllowance(MOST_RECORD_CALLS);
  const quietly = { ...options, notice: () => {} };
  const { listed } = await listCandidates(artifacts, quietly, "newest", spend, 1);
  const name = `${basename(options.recordOutbox)}/${recordFileOf(of)}`;
  for (const pipeline of listed.slice(0, MOST_RECORD_PIPELINES)) {
    const workflows = await artifacts.workflows(pipeline.id, spend);
    for (const workflow of workflows.slice(0, MOST_WORKFLOWS)) {
      for (const job of await artifacts.jobs(workflow.id, ENDED, spend)) {
        for (const [path, url] of await artifacts.artifacts(job, spend)) {
          if (path !== name && !path.endsWith(`/${name}`)) continue;
          const where = `${path} of job ${job}`;
          const bytes = () =>
            inTemporary(async (folder) => {
              await take(url, where, MOST_RECORD_BYTES, join(folder, "records"));
              return readBytesIfAny(join(folder, "records"), STORED);
            });
          yield { where, bytes, isVouched: true };
        }
      }
    }
  }
}

/** Pipelines that may be trusted, in the order of the commits, the newest first of one commit; whether others are left. */
async function listCandidates(
  artifacts: CircleArtifacts,
  { baseBranch, repository, isInBase, notice }: CircleStoreOptions,
  wanted: WantedBundle,
  spend: () => boolean,
  mostPages = MOST_PAGES,
): Promise<{ readonly listed: readonly CirclePipeline[]; readonly hasMore: boolean }> {
  const found: CirclePipeline[] = [];
  let page: string | null = null;
  for (let count = 0; count < mostPages && spend(); count++) {
    const { pipelines, next }: Awaited<ReturnType<CircleArtifacts["pipelines"]>> = await artifacts.pipelines(
      baseBranch,
      page,
    );
    for (const pipeline of pipelines) {
      const { commit } = pipeline;
      if (commit === null || !isCommit(commit) || (wanted !== "newest" && !wanted.includes(commit))) continue;
      const distrust = distrustOf(pipeline, baseBranch, repository) ?? ((await isInBase(commit)) ? null : NOT_IN_BASE);
      if (distrust === null) found.push(pipeline);
      else notice(`pipeline ${pipeline.number ?? pipeline.id} is not used: ${distrust}`);
    }
    const isEnough =
      wanted === "newest" ? found.length >= MOST_CANDIDATES : found.some(({ commit }) => commit === wanted[0]);
    page = next;
    if (page === null || isEnough) break;
  }
  const indexOf = ({ commit }: CirclePipeline) => (wanted === "newest" ? 0 : wanted.indexOf(commit ?? ""));
  return { listed: found.sort((a, b) => indexOf(a) - indexOf(b)), hasMore: page !== null };
}

const NOT_IN_BASE = "nothing tells that its commit is in the base branch";

function distrustOf(pipeline: CirclePipeline, baseBranch: string, repository: string): string | null {
  const { branch, tag, origin, trigger, isKnownTrigger } = pipeline;
  if (tag !== null || branch !== baseBranch) return `it ran on ${tag ?? branch ?? "no branch"}`;
  if (origin?.toLowerCase() !== repository.toLowerCase())
    return origin === null ? "CircleCI does not say whose commit it ran" : `it ran a commit of ${origin}`;
  return isKnownTrigger ? null : `it was started by ${trigger ?? "nothing that is told"}`;
}

/** The files of each bundle by their names, by the folder that they are in. */
function bundlesIn(
  artifacts: ReadonlyMap<string, string>,
): readonly (readonly [below: string, files: ReadonlyMap<string, string>])[] {
  const states = [...artifacts.keys()].filter((path) => STATE_FILE.test(path));
  return states.map((state) => {
    const below = state.slice(0, -"state.json".length);
    const inside = [...artifacts].filter(([path]) => path.startsWith(below));
    return [below, new Map(inside.map(([path, url]) => [path.slice(below.length), url]))] as const;
  });
}

/** A function that says whether one call more may be made. */
function createAllowance(most: number): () => boolean {
  let left = most;
  return () => left > 0 && left-- > 0;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "none";
}
