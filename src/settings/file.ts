import { z } from "zod";
import { glob, routes, rule } from "./file-rules.ts";
import { choicesOf, ofTable, section } from "./file-sections.ts";
import { tools } from "./file-tools.ts";
import {
  boolean,
  channelId,
  commandLine,
  count,
  duration,
  durationOrNone,
  environment,
  freshness,
  ledger,
  limit,
  list,
  mentionId,
  notAFlag,
  oneOf,
  passedName,
  retries,
  schemaTemplate,
  selector,
  size,
  store,
  text,
  timeOfDay,
  timeZone,
  webhookUrl,
} from "./values.ts";

/** signalbox.yml: names are snake_case in the file and camelCase in the code. */

const supersede = oneOf(choicesOf("supersede"));
const exclude = selector.nullable().default(null).describe("What is left out of it.");
/** Of a mode that writes production. */
const selection = {
  select: selector
    .nullable()
    .default(null)
    .describe("What is built, in dbt's selector syntax, such as tag:hourly. Without it, everything."),
  exclude,
};
/** Of every mode. */
const everyMode = {
  fail_on: oneOf(choicesOf("fail-on"))
    .default("error")
    .describe("What makes the exit code 1: an error, also a warning, or nothing."),
  threads: count.nullable().default(null).describe("dbt's --threads in this mode. Without it, dbt.threads."),
};

export const configFile = section({
  version: z.literal(1, "wanted 1").default(1).describe("The version of this file's format: 1."),
  base_branch: notAFlag
    .nullable()
    .default(null)
    .describe(
      "The branch that production is built from. It is read from the file of the remote's default branch; without it, that branch.",
    ),
  dbt: section({
    command: commandLine
      .default(["dbt"])
      .describe("How dbt is started, as a list of words: [uv, run, dbt]. Never a shell string."),
    project_dir: text.default(".").describe("The folder of dbt_project.yml, from this file."),
    profiles_dir: text
      .nullable()
      .default(null)
      .describe("The folder of profiles.yml, from this file. Without it, where dbt looks itself."),
    profile: notAFlag
      .nullable()
      .default(null)
      .describe("The profile of profiles.yml, where it is not the one that dbt_project.yml names."),
    deps: oneOf(["auto", "always", "never"])
      .default("auto")
      .describe(
        "When dbt deps is run first: auto (there is a packages file, and its packages are not installed), always, never.",
      ),
    args: z
      .array(text, "wanted a list")
      .default([])
      .describe(
        "Words that every start of dbt gets which takes them, such as [--no-use-colors]. What the plan decides is refused here.",
      ),
    preload: boolean
      .default(true)
      .describe(
        "Whether ci loads dbt 1 once for all its starts, which takes seconds each; false: each start loads its own.",
      ),
    env: environment.prefault({}).describe("Variables that dbt gets beside those of the job, such as DBT_TARGET_PATH."),
    pass_env: z
      .array(passedName, "wanted a list of names")
      .default([])
      .describe(
        "Names of secrets that dbt sees all the same, such as ACTIONS_ID_TOKEN_REQUEST_TOKEN for workload identity or GH_TOKEN for private packages. Full trust only, and where the base branch's file names them too.",
      ),
    threads: count.nullable().default(null).describe("dbt's --threads. Without it, the profile's."),
  })
    .prefault({})
    .describe("How dbt is started."),
  modes: section({
    check: section({
      target: text.nullable().default(null).describe("The dbt target of checks: one of its own, never production's."),
      schema: schemaTemplate
        .default("ci_{branch}")
        .describe(
          "The schema of a check, SIGNALBOX_SCHEMA for dbt. {branch}: slug and hash of the branch; {pr}: the number of the pull request, slug and hash where there is none.",
        ),
      select: selector.nullable().default("state:modified+").describe("What a check builds, in dbt's selector syntax."),
      exclude,
      defer: boolean.default(true).describe("Whether parents that a check does not build are read from production."),
      ...everyMode,
      may_write: z
        .array(glob, "wanted a list of node ids or globs such as seed.shop.*")
        .default([])
        .describe("Ids of nodes, or globs, that a check may write where production is."),
      separate_warehouse: boolean
        .default(false)
        .describe(
          "true: check and deploy connect to another host, account, project or file, so that relations are not compared; needs defer: false.",
        ),
    })
      .prefault({})
      .describe("Pull requests, merge groups, other branches, laptops: what changed, into a schema of its own.")
      .refine(({ separateWarehouse, defer }) => !(separateWarehouse && defer), {
        path: ["separate_warehouse"],
        error: "needs defer: false beside it: production's tables cannot be read from another warehouse",
      }),
    deploy: section({
      target: text.nullable().default(null).describe("The dbt target of deploys: production."),
      ...selection,
      ...everyMode,
    })
      .prefault({})
      .describe("A push to the base branch, or a manual start on it."),
    schedule: section({
      target: text.nullable().default(null).describe("The dbt target of scheduled runs: production."),
      ...selection,
      freshness: freshness
        .default(false)
        .describe(
          "Whether dbt source freshness is run too. report (or true): behind the build, and its findings are told. gate: before it, and what lies below a source that is older than its error_after is not built.",
        ),
      ...everyMode,
    })
      .prefault({})
      .describe("A scheduled run on the base branch."),
  })
    .prefault({})
    .describe("What a run builds and where, by its occasion."),
  build: section({
    retries: ofTable(retries, "build.retries").describe(
      "How often dbt is started again for what failed for a while (a rate limit, a lost connection) and for what waited for it; 0 to 3.",
    ),
    retry_pause: duration
      .default(30)
      .describe(
        "The shortest pause before it, such as 30s. It grows from one to the next, by up to as much again at random.",
      ),
  })
    .prefault({})
    .describe("What happens when a build fails."),
  baseline: section({
    sources: z
      .array(oneOf(["store", "worktree"]), "wanted a list")
      .min(1, "is empty: wanted store, worktree or both")
      .default(["store", "worktree"])
      .describe(
        "Where the state of the base branch comes from, in this order: a bundle that a deploy left in the store; the base commit, parsed in a work tree.",
      ),
    on_missing: oneOf(["full", "fail"])
      .default("full")
      .describe("What a check does where there is no baseline: build everything, or fail."),
    env: environment
      .prefault({})
      .describe("Variables for parsing the base branch, where its project reads some that this job does not have."),
  })
    .prefault({})
    .describe("What a check is compared with."),
  store: ofTable(store, "store").describe(
    "Where state bundles are kept: auto (the artifacts of the CI), none, dir:PATH (a folder that all runs share), https://… (to read), s3://… or gs://… (through aws or gcloud).",
  ),
  queue: section({
    workflows: ofTable(list, "queue.workflows").describe(
      "The workflows that write the same schema, by name (CircleCI) or path (GitHub); self is the one of this run. Alike in all of them.",
    ),
    timeout: ofTable(durationOrNone, "queue.timeout").describe("The longest wait; none: as long as it takes."),
    max_age: ofTable(duration, "queue.max_age").describe(
      "How far back earlier runs are looked for. Alike in all runs.",
    ),
    on_timeout: ofTable(oneOf(choicesOf("on-timeout")), "queue.on_timeout").describe(
      "What happens after the longest wait: the run fails, goes on without its turn, or cancels the run ahead.",
    ),
    supersede: section({
      check: supersede
        .default("all")
        .describe(
          "Whether a waiting check leaves for a newer run of its branch: all, for a newer schedule alone, or none.",
        ),
      deploy: supersede.default("none").describe("Whether a waiting deploy leaves for a newer run."),
      schedule: supersede.default("schedule").describe("Whether a waiting schedule leaves for a newer run."),
    })
      .prefault({})
      .describe("Which waiting runs leave for a newer one, by mode."),
    supersede_running: boolean
      .default(false)
      .describe(
        "true: a check that runs stops dbt and ends, with exit code 0, where a newer run of its branch runs. Where the CI does not do it.",
      ),
  })
    .prefault({})
    .describe("Whom a run waits for."),
  slack: section({
    error: channelId.nullable().default(null).describe("The id of the channel for errors."),
    warn: channelId.nullable().default(null).describe("The id of the channel for warnings."),
    mentions: z
      .record(z.string(), mentionId)
      .default({})
      .describe(
        "Owners of dbt groups and models, and whom to mention for them: the id of a user (U…) or of a user group (S…).",
      ),
    routes: routes.default([]).describe("Other channels for some findings; the first that matches wins."),
    fallback: channelId
      .nullable()
      .default(null)
      .describe(
        "The id of the channel for what another one refuses: it is archived or read-only, or the bot is not in it.",
      ),
    time_zone: timeZone
      .default("UTC")
      .describe(
        "The time zone of the daily message, of the board's week and of days in messages, such as Europe/London.",
      ),
    daily_at: timeOfDay
      .default("09:00")
      .describe(
        'When the first run from then on tells which errors still fail, in one message a day, such as "09:00".',
      ),
    repeat: oneOf(["channel", "thread", "off"])
      .default("channel")
      .describe(
        "Where that daily message stands: in the channel, as answers to the messages that told the errors first, or nowhere.",
      ),
  })
    .prefault({})
    .describe("Where messages go, and whom they name."),
  ledger: ofTable(ledger, "ledger").describe(
    "Where it is kept what has been told: slack, file:PATH (a folder that lasts), or none.",
  ),
  rules: z
    .array(rule, "wanted a list")
    .default([])
    .describe("Findings that are to be an error, a warning, ignored or muted; the first that matches wins."),
  findings: tools
    .default([])
    .describe(
      "Other tools whose findings on the changed lines of a check are part of its verdict, such as sqlfluff. docs/findings.md tells more.",
    ),
  warn_sla: duration
    .default(7 * 86_400)
    .describe(
      "How long a warning may stay before it is overdue: its owner is mentioned a day before, the error channel is told from then on, every three days.",
    ),
  overdue: oneOf(["tell", "fail"])
    .default("tell")
    .describe("What an overdue warning does besides: nothing, or the exit code is 1."),
  alert_after: count
    .refine((runs) => runs >= 1, "wanted 1 or more")
    .default(1)
    .describe(
      "How many runs in a row have to find a warning, or a temporary fault of the warehouse or network, before it is told. Other errors are told at once.",
    ),
  webhook: section({
    url: webhookUrl.describe("Its address: https alone, as it is sent what is secret."),
    preset: oneOf(["signalbox", "incident.io"])
      .default("signalbox")
      .describe(
        "The form of its messages: signalbox (signed with SIGNALBOX_WEBHOOK_SECRET), or what incident.io's HTTP alert source takes (SIGNALBOX_WEBHOOK_SECRET is its token).",
      ),
  })
    .nullable()
    .default(null)
    .describe("A webhook that is sent each error when it begins and when it is over, beside Slack."),
  budget: section({
    bytes: size
      .nullable()
      .default(null)
      .describe(
        "The most bytes that a run may be billed for (or read, where dbt tells no more), such as 50GB or 1.5TiB.",
      ),
    seconds: limit
      .nullable()
      .default(null)
      .describe(
        "The most time that all nodes of a run may take together, such as 10m: what runs at once counts for each.",
      ),
    severity: oneOf(["error", "warn"]).default("warn").describe("What it is to have taken more."),
  })
    .refine(
      ({ bytes, seconds }) => bytes !== null || seconds !== null,
      "sets no limit: wanted bytes (such as 50GB), seconds (such as 10m), or both",
    )
    .nullable()
    .default(null)
    .describe("What one run may take, by what the warehouse told dbt; more is a finding."),
  report: section({
    junit: ofTable(text, "report.junit").describe("The folder for JUnit XML, from the working directory."),
    comment: boolean
      .default(false)
      .describe(
        "Whether the verdict is kept up to date in one comment on the pull request: on GitHub, and on CircleCI where the job has a GITHUB_TOKEN. Its text is also the work folder's comment.md.",
      ),
    html: boolean.default(true).describe("Whether the work folder gets report.html, the report as one page."),
  })
    .prefault({})
    .describe("The files and comments that tell of a verdict."),
});

/** signalbox.yml with its defaults and with flags and variables laid over it. Durations are in seconds. */
export type Config = z.output<typeof configFile>;
