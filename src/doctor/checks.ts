import type { Unread } from "../init/facts.ts";
import type { Trigger } from "../run/run.ts";
import { type Check, warn } from "./check.ts";
import type { Workflow } from "./ci-files/model.ts";
import type {
  BaseFacts,
  DbtFacts,
  DoctorProject,
  GitFacts,
  LedgerFacts,
  Platform,
  Seen,
  SlackFacts,
  StoreFacts,
} from "./facts.ts";
import { checkFiles, checkGates, checkGroup } from "./gate.ts";
import { checkLedger } from "./ledger.ts";
import { checkLocks } from "./locks.ts";
import { checkBaseBranch, checkConfig, checkDbt, checkGit, checkNode } from "./machine.ts";
import { checkSlack } from "./slack.ts";
import { checkStore } from "./store.ts";
import { checkTargets, type TargetsOfModes } from "./targets.ts";
import { checkCircle, checkGitHub, type TokenSeen } from "./tokens.ts";
import { checkTriggers } from "./triggers.ts";

/** All that was looked at. */
export interface DoctorFacts {
  readonly platform: Platform;
  /** As process.version. */
  readonly node: string;
  readonly config: {
    readonly file: Parameters<typeof checkConfig>[0];
    readonly command: readonly string[];
    /** As this checkout's file says; null: it says nothing. */
    readonly baseBranch: string | null;
    readonly targets: TargetsOfModes;
    readonly group: readonly string[];
    readonly wantsComment: boolean;
    readonly channels: { readonly error: string | null; readonly warn: string | null };
  };
  readonly sendTest: boolean;
  readonly dbt: Seen<DbtFacts>;
  readonly git: Seen<GitFacts>;
  readonly base: Seen<BaseFacts>;
  readonly project: Seen<DoctorProject>;
  readonly store: Seen<StoreFacts>;
  readonly files: Seen<{
    readonly paths: readonly string[];
    readonly workflows: readonly Workflow[];
    readonly unread: readonly Unread[];
  }>;
  readonly github: TokenSeen;
  readonly circle: TokenSeen;
  /** null: there is no token. */
  readonly slack: Seen<SlackFacts> | null;
  /** null: it is no file. */
  readonly ledger: Seen<LedgerFacts> | null;
  /** Whether Slack's incoming webhooks stand in for a token. */
  readonly hasWebhooks: boolean;
}

/** Facts in, checks out, in the order in which a newcomer sets things up. */
export function checksOf(facts: DoctorFacts, triggerOf: (event: string) => Trigger): readonly Check[] {
  const { platform, config, sendTest } = facts;
  const files = facts.files.kind === "seen" ? facts.files.value : { paths: [], workflows: [], unread: [] };
  const { workflows } = files;
  const place = { platform, workflows };
  const targets = facts.project.kind === "seen" ? (facts.project.value.targets ?? []) : [];
  const used = targets.filter(({ name }) => name === config.targets.check || name === config.targets.deploy);
  const adapters = [...new Set(used.flatMap(({ adapter }) => (adapter === null ? [] : [adapter])))];
  const installs = facts.project.kind === "seen" ? facts.project.value.installs : null;
  const base = facts.base.kind === "seen" ? facts.base.value.name : config.baseBranch;
  return [
    ...checkConfig(config.file),
    checkNode(facts.node),
    checkDbt(facts.dbt, { command: config.command, adapters, installs }),
    ...checkGit(facts.git, platform, workflows),
    // Without a clone nothing can tell it.
    ...(facts.git.kind === "seen" ? [checkBaseBranch(facts.base)] : []),
    ...checkTargets(facts.project, config.targets, config.file.exists),
    checkStore(facts.store, platform),
    ...checkGitHub(facts.github, place, config.wantsComment),
    ...checkCircle(facts.circle, place),
    ...checkSlack(facts.slack, {
      ...place,
      channels: config.file.exists ? config.channels : null,
      sendTest,
      hasWebhooks: facts.hasWebhooks,
    }),
    ...checkLedger(facts.ledger),
    ...(facts.files.kind === "seen"
      ? checkFiles(files.paths, files.unread, workflows)
      : [warn("ci", `the CI files were not looked at: ${facts.files.why}`, facts.files.fix ?? "try again")]),
    ...checkGates(workflows, config.group),
    ...checkGroup(
      workflows,
      config.group,
      files.unread.map(({ path }) => path),
    ),
    ...checkLocks(workflows),
    ...checkTriggers(workflows, base, triggerOf),
  ];
}

/** `doctor --json`. */
export interface DoctorResult {
  readonly schema: 1;
  readonly checks: readonly Check[];
}
