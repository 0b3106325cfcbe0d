import { readEngine } from "../dbt/engine.ts";
import { SignalboxError } from "../support/errors.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import type { Workflow } from "./ci-files/model.ts";
import type { BaseFacts, DbtFacts, DoctorProject, GitFacts, Platform, Seen } from "./facts.ts";
import { startsOf, titleOf } from "./gate.ts";

/** The oldest Node that signalbox runs on. */
const NODE = [20, 19] as const;

/** `version`: as process.version. */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isNew = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  return isNew
    ? ok("node", `Node ${version.replace(/^v/, "")}`)
    : fail("node", `Node ${version.replace(/^v/, "")}: signalbox needs ${NODE.join(".")} or later`, "install Node 24");
}

/** The configuration file. `unread`: where one lies above that is not read. `broken`: what is wrong with it. */
export function checkConfig(file: {
  readonly name: string;
  readonly exists: boolean;
  readonly unread: string | null;
  readonly broken: { readonly message: string; readonly hint: string | null } | null;
}): readonly Check[] {
  if (file.broken !== null) return ofBroken(file.broken, file.exists);
  if (file.exists) return [ok("config", `${file.name} is read`)];
  return [
    file.unread === null
      ? fail("config", `there is no ${file.name} here`, "signalbox init writes one")
      : fail(
          "config",
          `${file.unread} is not read from here`,
          `start signalbox in its folder, or --config ${file.unread}`,
        ),
  ];
}

/** Each problem by itself; what follows below goes by the rest of the file. */
function ofBroken(
  { message, hint }: { readonly message: string; readonly hint: string | null },
  isUsed: boolean,
): readonly Check[] {
  const [first = "", ...more] = message.split("\n");
  const problems = more.length === 0 ? [first] : more.map((line) => line.replace(/^- /, ""));
  const note = isUsed ? "the rest of the file is looked at" : "nothing of the file is looked at";
  const fix = `${hint === null ? "mend it" : hint.split("\n")[0]}; every run ends with exit 2 until then (${note})`;
  return problems.map((problem, index) => fail(index === 0 ? "config" : `config:${index + 1}`, problem, fix));
}

export interface DbtWanted {
  readonly command: readonly string[];
  /** What the project's targets need. */
  readonly adapters: readonly string[];
  readonly installs: DoctorProject["installs"];
}

export function checkDbt(seen: Seen<DbtFacts>, { command, adapters, installs }: DbtWanted): Check {
  const line = command.join(" ");
  if (seen.kind === "failed") {
    const isByOther = installs !== null && installs.command.join(" ") !== line;
    const fix = isByOther
      ? `${installs.file} installs it: in signalbox.yml, dbt: { command: [${installs.command.join(", ")}] }`
      : (seen.fix ?? "start it by hand and see what it says");
    return seen.isPassing ? warn("dbt", seen.why, fix) : fail("dbt", seen.why, fix);
  }
  const read = readAnswer(seen.value, line);
  if (read.kind === "refused") return fail("dbt", read.message, read.hint);
  const found = read.engine;
  const missing = found.adapters === null ? [] : adapters.filter((each) => found.adapters?.has(each) !== true);
  const with_ = [...(found.adapters ?? [])].map(([name, version]) => `${name} ${version}`).join(", ");
  const words = `${found.words}${found.adapters === null ? "" : ` with ${with_ || "no adapter"}`} (${line})`;
  if (missing.length > 0) {
    const names = missing.map((each) => `dbt-${each}`).join(" ");
    return fail("dbt", `${words}: profiles.yml needs ${names}`, `install ${names} beside dbt-core`);
  }
  return found.note === null ? ok("dbt", words) : warn("dbt", found.note, "a newer signalbox may know it");
}

function readAnswer({ said, exitCode }: DbtFacts, line: string) {
  try {
    return { kind: "read", engine: readEngine(said, exitCode, line) } as const;
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return { kind: "refused", message: error.message, hint: error.hint ?? "" } as const;
  }
}

/** Git on this machine, and the depth of checkouts in GitHub's files. */
export function checkGit(seen: Seen<GitFacts>, platform: Platform, workflows: readonly Workflow[]): readonly Check[] {
  return [ofClone(seen, platform), ...checkoutDepths(workflows)];
}

function ofClone(seen: Seen<GitFacts>, platform: Platform): Check {
  if (seen.kind === "failed") return fail("git", seen.why, seen.fix ?? "see what git status says here");
  if (!seen.value.isShallow) return ok("git", "a clone with its whole history");
  const fix = platform === "github" ? "fetch-depth: 0 at actions/checkout" : "git fetch --unshallow";
  return warn("git", "a shallow clone: what the baseline needs is fetched in each run", fix);
}

function checkoutDepths(workflows: readonly Workflow[]): readonly Check[] {
  return workflows
    .filter((workflow) => startsOf(workflow).length > 0)
    .flatMap((workflow) =>
      workflow.jobs.flatMap(({ name, steps }) => {
        const checkout = steps.find((step) => step.kind === "checkout");
        const needsHistory = steps.some((step) => step.kind === "signalbox" && step.command !== "queue");
        if (checkout === undefined || checkout.depth === null || !needsHistory) return [];
        return [
          warn(
            `git:${titleOf(workflow)}#${name}`,
            `${titleOf(workflow)}: job ${name} checks out ${checkout.depth} commit${checkout.depth === 1 ? "" : "s"}, and the baseline needs history`,
            "with: { fetch-depth: 0 } at actions/checkout",
          ),
        ];
      }),
    );
}

export function checkBaseBranch(seen: Seen<BaseFacts>): Check {
  if (seen.kind === "failed")
    return warn("base-branch", `the base branch was not learned: ${seen.why}`, seen.fix ?? "try git ls-remote origin");
  const { name, isHere, notes } = seen.value;
  if (name === null) return fail("base-branch", "nothing tells the base branch: the remote names none", BASE);
  if (!isHere)
    return fail(
      "base-branch",
      `the base branch ${name} is not in this checkout: neither origin/${name} nor ${name} exists`,
      `fetch it: git fetch origin +refs/heads/${name}:refs/remotes/origin/${name} (at actions/checkout, fetch-depth: 0), or correct base_branch`,
    );
  return notes.length === 0
    ? ok("base-branch", `${name} is the base branch`)
    : warn(
        "base-branch",
        `${name} is the base branch; ${notes.join("; ")}`,
        "change base_branch on the default branch, where it counts",
      );
}

const BASE = "base_branch: main (or its name) in signalbox.yml, or git remote set-head origin --auto";
