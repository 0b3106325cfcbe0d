import { listed } from "../render/words.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import type { Permissions, SignalboxStep, Workflow } from "./ci-files/model.ts";
import type { Platform, Seen, TokenFacts } from "./facts.ts";
import { startsOf, titleOf } from "./gate.ts";

/** A token of this process, and what it may; null: there is none. */
export type TokenSeen = Seen<TokenFacts> | null;

export interface TokenPlace {
  readonly platform: Platform;
  readonly workflows: readonly Workflow[];
}

/** GitHub's token: what it costs when it is missing, and what the files of the CI give it. */
export function checkGitHub(
  seen: TokenSeen,
  { platform, workflows }: TokenPlace,
  wantsComment: boolean,
): readonly Check[] {
  const ours = workflows.filter((workflow) => workflow.ci === "github" && startsOf(workflow).length > 0);
  if (ours.length === 0 && platform !== "github" && seen === null) return [];
  const here =
    seen !== null
      ? ofToken("github-token", "GITHUB_TOKEN", seen, platform === "github")
      : platform === "github"
        ? fail(
            "github-token",
            "GITHUB_TOKEN is not set: the queue cannot see other runs, and no bundle is read",
            'env: { GITHUB_TOKEN: "${{ github.token }}" } at this step (the Action hands it over)',
          )
        : ok("github-token", "GITHUB_TOKEN is not set here, and need not be: in CI it is github.token of the job");
  return [here, ...ours.flatMap((workflow) => ofJobs(workflow, wantsComment))];
}

function ofToken(id: string, name: string, seen: Seen<TokenFacts>, isInCi: boolean): Check {
  if (seen.kind === "seen") return ok(id, `${name}: ${seen.value.found}`);
  const fix = seen.fix ?? "try again";
  return seen.isPassing || !isInCi ? warn(id, `${name}: ${seen.why}`, fix) : fail(id, `${name}: ${seen.why}`, fix);
}

/** What a token may is not told by its answers alone: the file says it, for each job. */
function ofJobs(workflow: Workflow, wantsComment: boolean): readonly Check[] {
  return workflow.jobs.flatMap(({ name, steps, permissions }) => {
    const starts = steps.filter((step): step is SignalboxStep => step.kind === "signalbox");
    if (starts.length === 0) return [];
    const place = `${titleOf(workflow)}: job ${name}`;
    const id = `permissions:${titleOf(workflow)}#${name}`;
    const withoutToken = starts.filter((step) => step.isGate && !step.isAction && !step.given.includes("GITHUB_TOKEN"));
    const needs = [
      ...(starts.some((step) => step.isGate)
        ? [{ name: "actions", level: "read", cost: "the queue cannot see other runs" }]
        : []),
      { name: "contents", level: "read", cost: "a private repository cannot be checked out" },
      ...(wantsComment && starts.some(({ command }) => ["ci", "report"].includes(command))
        ? [{ name: "pull-requests", level: "write", cost: "report.comment cannot be written" }]
        : []),
    ];
    const missing = permissions === null ? [] : needs.filter((need) => !grants(permissions, need.name, need.level));
    const all = `permissions: { ${needs.map((need) => `${need.name}: ${need.level}`).join(", ")} }`;
    return [
      ...(permissions === null
        ? [warn(id, `${place} says no permissions: the repository's default counts, and may hold only contents`, all)]
        : missing.length === 0
          ? [
              ok(
                id,
                `${place} may ${listed(
                  needs.map((need) => `${need.level} ${need.name}`),
                  4,
                )}`,
              ),
            ]
          : [
              fail(
                id,
                `${place} lacks ${listed(
                  missing.map((need) => `${need.name}: ${need.level} (${need.cost})`),
                  4,
                )}`,
                all,
              ),
            ]),
      ...(withoutToken.length === 0
        ? []
        : [
            fail(
              `github-token:${titleOf(workflow)}#${name}`,
              `${place} starts signalbox without GITHUB_TOKEN: the queue cannot see other runs`,
              'env: { GITHUB_TOKEN: "${{ github.token }}" } at the step',
            ),
          ]),
    ];
  });
}

function grants(permissions: Permissions, name: string, level: string): boolean {
  const given = permissions[name] ?? permissions["*"] ?? "none";
  return given === "write" || given === level;
}

/** CircleCI's token: of a person, since project tokens do not work with API v2. */
export function checkCircle(seen: TokenSeen, { platform, workflows }: TokenPlace): readonly Check[] {
  const ours = workflows.filter((workflow) => workflow.ci === "circleci" && startsOf(workflow).length > 0);
  if (ours.length === 0 && platform !== "circleci" && seen === null) return [];
  if (seen !== null) return [ofToken("circle-token", "CIRCLE_TOKEN", seen, platform === "circleci")];
  const cost = "the queue cannot see other runs, nor what started this one";
  const fix =
    "add a personal API token as CIRCLE_TOKEN to a context of the job: https://app.circleci.com/settings/user/tokens";
  if (platform === "circleci") return [fail("circle-token", `CIRCLE_TOKEN is not set: ${cost}`, fix)];
  return [
    ok("circle-token", `CIRCLE_TOKEN is not set here, and need not be: in CI it is looked for in ${placesOf(ours)}`),
  ];
}

/** Where CircleCI keeps secrets for the jobs of these workflows. */
export function placesOf(workflows: readonly Workflow[]): string {
  const jobs = workflows.flatMap((workflow) =>
    workflow.jobs.filter(({ steps }) => steps.some(({ kind }) => kind === "signalbox")),
  );
  const contexts = [...new Set(jobs.flatMap((job) => job.contexts))];
  return contexts.length === 0
    ? "the project's environment variables (no job names a context)"
    : `the context${contexts.length === 1 ? "" : "s"} ${listed(contexts, 6)}, else the project's environment variables`;
}
