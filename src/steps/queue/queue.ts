import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isHeld, openTickets, takeTicket } from "../../platforms/local/tickets.ts";
import { sendWithin } from "../../platforms/requests.ts";
import type { Me } from "../../queue/decide.ts";
import type { RunSource } from "../../queue/source.ts";
import type { Scan } from "../../queue/ticket.ts";
import { type Mode, triggerOfTicket } from "../../run/mode.ts";
import { type Run, whyDistrusted } from "../../run/run.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import { type GitHubParts, gitHubApiUrl } from "../../setup/github.ts";
import type { Children } from "../../support/claims.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import type { Log } from "../../support/log.ts";

/** The line of runs that this one stands in, whichever platform keeps it. */
export interface QueueBackend {
  readonly group: string;
  readonly me: Me;
  readonly source: RunSource;
  readonly pace: Polling;
  /** True where the platform itself knows when this run has ended; a ticket in a folder ends with this process. */
  readonly outlivesProcess: boolean;
  /** For a command that runs in this turn. */
  readonly env: Readonly<Record<string, string>>;
  /** Lets the next run in. `status` is what later runs read. */
  readonly end: (status: EndStatus) => Promise<void>;
}

export type EndStatus = "success" | "failed" | "cancelled" | "left";

export interface Polling {
  /** How stale an answer may be. */
  readonly lagSeconds: number;
  readonly pollSeconds: number;
  readonly maxPollSeconds: number;
}

/** Tells a signalbox that `signalbox queue -- command` started that its turn has come: it would wait for itself. */
const TICKET_VARIABLE = "SIGNALBOX_TICKET";

/** There is no queue: the log says why, and the run goes on. `inside`: it has its turn already. */
export interface NoQueue {
  readonly kind: "none" | "inside";
  readonly why: string;
  readonly group: string;
}

const POLLING: Readonly<Record<"github" | "circleci" | "folder", Polling>> = {
  github: { lagSeconds: 20, pollSeconds: 5, maxPollSeconds: 60 },
  circleci: { lagSeconds: 10, pollSeconds: 5, maxPollSeconds: 30 },
  // A folder costs nothing to look at.
  folder: { lagSeconds: 0, pollSeconds: 0.5, maxPollSeconds: 2 },
};

/** What the queue is asked with. */
export interface QueueParts extends GitHubParts {
  readonly settings: SettingsPart<"ticketDir" | "apiLag" | "poll" | "circleUrl", "queue">;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly startedAt: number;
  readonly log: Pick<Log, "step" | "warn">;
}

/**
 * Enters the queue. `mode`: what the run is for; null: it is not known. Throws a configuration error where a
 * token is missing or is refused.
 */
export async function joinQueue(
  parts: QueueParts & { readonly children: Children },
  run: Run,
  mode: Mode | null,
): Promise<QueueBackend | NoQueue> {
  const { settings, log } = parts;
  const host = hostOf(parts, run);
  if (host.kind === "none") return host;
  if (host.kind === "folder") {
    const trigger = mode === null ? run.trigger : triggerOfTicket(mode, run.trigger);
    const { dir, group } = host;
    const outer = parts.env[TICKET_VARIABLE] ?? "";
    if (await isHeld({ dir, group }, outer)) {
      const why = "it runs inside signalbox queue, which has its turn";
      return { kind: "inside", why, group };
    }
    const ticket = await takeTicket({ dir, group, run: { ...run, trigger } });
    const forget = parts.children.add(ticket);
    const { me, source } = ticket;
    const end = async (status: EndStatus) => {
      forget();
      // The run itself is over: what it found stands, and the end of this process tells the others the rest.
      await ticket.release(status).catch((error: unknown) => {
        if (!(error instanceof SignalboxError)) throw error;
        log.warn("queue", `the end of this run is not in its ticket: ${error.message}`);
      });
    };
    const env = { [TICKET_VARIABLE]: ticket.name };
    return { group, me, source, end, env, pace: pollingOf(settings, "folder"), outlivesProcess: false };
  }
  const { outsider, ...opened } = await openPlatform(parts, run, host, {
    timeoutSeconds: settings.config.queue.timeout,
  });
  if (outsider !== null) throw notInGroup(outsider, settings.config.queue.workflows);
  return { ...opened, pace: pollingOf(settings, host.kind), outlivesProcess: true, env: {}, end: async () => {} };
}

/** Others with this list do not see such a run, and it does not see itself: it would wait to its deadline. */
function notInGroup(own: string, workflows: readonly string[]): SignalboxError {
  return configurationError(
    [
      {
        where: "queue.workflows",
        got: JSON.stringify(workflows),
        wanted: `this run's own workflow is missing (${JSON.stringify(own)}), so no run of these would wait for it`,
      },
    ],
    "write it into the list, which has to be the same for all workflows that write the same schema; a workflow that writes elsewhere needs no queue: signalbox ci --no-queue",
  );
}

/** One look at the queue. */
export interface QueueView {
  readonly group: string;
  readonly scan: Scan;
  /** The run that a look has to show, else it may hide others as well; null: none has to be there. */
  readonly me: Me | null;
}

/** Who looks and does not wait wants to know soon that there is no answer: in ten seconds, with the start of the process. */
const LONGEST_SILENCE_MS = 9_500;
/** Longer than a proxy may take for a tunnel, as far as the start leaves it. */
const SHORTEST_REQUEST_MS = 5_000;
/** Of a scan whose requests are all answered, however many they are. */
const LONGEST_LOOK_MS = 60_000;

/**
 * One look, without a ticket of one's own where the platform has them. Throws a service error at the first request that the
 * CI does not answer within seconds.
 */
export async function viewQueue(parts: QueueParts, run: Run): Promise<QueueView | NoQueue> {
  const { clock, signal } = parts;
  const host = hostOf(parts, run);
  if (host.kind === "none") return host;
  if (host.kind === "folder") {
    const { dir, group } = host;
    return { group, scan: await openTickets({ dir, group }).scan(signal), me: null };
  }
  const leftMs = LONGEST_SILENCE_MS - (clock.monotonic() - parts.startedAt);
  const requestTimeoutMs = Math.max(SHORTEST_REQUEST_MS, Math.floor(leftMs / 500) * 500);
  const look = async (within: AbortSignal): Promise<QueueView> => {
    const oneTry = { timeoutSeconds: 0, requestTimeoutMs };
    const { outsider, me, source, group } = await openPlatform({ ...parts, signal: within }, run, host, oneTry);
    return { group, scan: await source.scan(within), me: outsider === null ? me : null };
  };
  const view = await sendWithin({ clock, ms: LONGEST_LOOK_MS, signal }, look);
  if (view !== "too late") return view;
  const name = host.kind === "github" ? "GitHub" : "CircleCI";
  throw new SignalboxError(
    "service",
    `a look at the queue took more than ${LONGEST_LOOK_MS / 1000} s: ${name} is slow`,
    {
      hint: "try again; a lower queue.max_age has less to look at",
    },
  );
}

/** What keeps the queue of this run. */
type QueueHost =
  | { readonly kind: "folder"; readonly dir: string; readonly group: string }
  | { readonly kind: "github" | "circleci"; readonly token: string }
  | (NoQueue & { readonly kind: "none" });

function hostOf({ settings: { given, config }, cwd, env }: QueueParts, run: Run): QueueHost {
  const group = groupOf(run, config.queue.workflows);
  if (given.ticketDir !== undefined) return { kind: "folder", dir: resolve(cwd, given.ticketDir), group };
  switch (run.platform) {
    case "local":
      return {
        kind: "folder",
        dir: join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state"), "signalbox", "tickets"),
        group,
      };
    case "unknown":
      return {
        kind: "none",
        group,
        why: `this CI is not known: nothing keeps two runs of ${run.ref.name} apart; --ticket-dir DIR queues in a folder that all runs share`,
      };
    case "github":
    case "circleci": {
      const token = run.platform === "github" ? env.GITHUB_TOKEN : env.CIRCLE_TOKEN;
      if (token) return { kind: run.platform, token };
      // Its runs cannot be told from those of a fork, which has no token and has to be checked all the same.
      if (run.trust === "fork") {
        const name = run.platform === "github" ? "GITHUB_TOKEN" : "CIRCLE_TOKEN";
        return { kind: "none", group, why: `${whyDistrusted(run)}, and ${name} is not set: it does not wait` };
      }
      throw tokenMissing(run.platform);
    }
  }
}

function tokenMissing(platform: "github" | "circleci"): SignalboxError {
  return platform === "github"
    ? new SignalboxError("configuration", "GITHUB_TOKEN is not set: the queue reads the runs of this workflow", {
        hint: 'env: { GITHUB_TOKEN: "${{ github.token }}" } at this step, and permissions: { actions: read } for the job',
      })
    : new SignalboxError("configuration", "CIRCLE_TOKEN is not set: the queue reads the pipelines of this project", {
        hint: "add a personal API token of a user who can see the project as CIRCLE_TOKEN to a context of this job",
      });
}

interface Asking {
  /** How long to ask again for what has to be known first; null: as long as it takes, 0: one try. */
  readonly timeoutSeconds: number | null;
  readonly requestTimeoutMs?: number;
}

async function openPlatform(
  parts: QueueParts,
  run: Run,
  { kind, token }: Extract<QueueHost, { token: string }>,
  asking: Asking,
) {
  const { settings } = parts;
  const { given, config } = settings;
  const common = {
    workflows: config.queue.workflows,
    token,
    lagSeconds: pollingOf(settings, kind).lagSeconds,
    maxAgeSeconds: config.queue.maxAge,
    ...asking,
    clock: parts.clock,
    signal: parts.signal,
    startedAt: parts.startedAt,
    notice: (text: string) => parts.log.step("queue", text),
    fetch: await parts.openFetch(),
  };
  if (kind === "github") {
    const { createGitHubSource } = await import("../../platforms/github/source.ts");
    const { repository, headRepository, id: runId, attempt, ref } = run;
    const apiUrl = gitHubApiUrl(parts);
    return createGitHubSource({ ...common, repository, headRepository, ref: ref.name, runId, attempt, apiUrl });
  }
  const { createCircleSource } = await import("../../platforms/circleci/source.ts");
  return createCircleSource({ ...common, workflowId: run.id, baseUrl: given.circleUrl });
}

/** A platform's usual pace, with flags over it. */
function pollingOf({ given }: SettingsPart<"apiLag" | "poll">, kind: keyof typeof POLLING): Polling {
  const usual = POLLING[kind];
  if (kind !== "folder" && given.apiLag === 0) {
    throw configurationError([
      {
        where: "--api-lag",
        got: '"0s"',
        wanted: "wanted at least 1s: the API's times are whole seconds, and its answers are never quite fresh",
      },
    ]);
  }
  const pollSeconds = given.poll ?? usual.pollSeconds;
  return {
    lagSeconds: given.apiLag ?? usual.lagSeconds,
    pollSeconds,
    maxPollSeconds: Math.max(pollSeconds, usual.maxPollSeconds),
  };
}

/** The runs that must not overlap: one repository, one ref, one head repository, one list of workflows. */
export function groupOf(run: Run, workflows: readonly string[]): string {
  const names = workflows.map((name) => (name === "self" ? run.workflow : name));
  return [run.repository, run.headRepository, run.ref.name, [...new Set(names)].sort().join(",")].join(" ");
}
