import { z } from "zod";
import {
  boolean,
  channelId,
  commandLine,
  count,
  duration,
  durationOrNone,
  ledger,
  list,
  mentionId,
  notAFlag,
  oneOf,
  schemaTemplate,
  selector,
  store,
  text,
} from "./values.ts";

/** signalbox.yml: names are snake_case in the file and camelCase in the code. */

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
type CamelKeys<T> = { [K in keyof T as K extends string ? CamelCase<K> : K]: T[K] };

function camelKeys<T extends object>(value: T): CamelKeys<T> {
  const entries = Object.entries(value).map(([key, item]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    item,
  ]);
  return Object.fromEntries(entries) as CamelKeys<T>;
}

/** A part of the file: unknown keys are errors; a missing or empty part is its defaults. */
function section<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess((value) => value ?? {}, z.strictObject(shape, "wanted keys and values").transform(camelKeys));
}

const failOn = oneOf(["error", "warn", "never"]);
const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "wanted the name of a variable"),
  z.coerce.string(),
);

const glob = z.string("wanted a glob such as not_null_*").min(1);
const match = z
  .strictObject({
    name: glob.optional(),
    path: glob.optional(),
    tag: glob.optional(),
    owner: glob.optional(),
    group: glob.optional(),
    package: glob.optional(),
    resource: glob.optional(),
    test: glob.optional(),
    status: glob.optional(),
  })
  .refine(
    (value) => Object.keys(value).length > 0,
    'is empty: it would match everything; to match everything say name: "*"',
  );

const day = z.preprocess(
  (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : value),
  z.string("wanted a day such as 2026-12-15").regex(/^\d{4}-\d\d-\d\d$/, "wanted a day such as 2026-12-15"),
);

const rule = z
  .strictObject({
    match,
    severity: oneOf(["error", "warn", "ignore"]).optional(),
    mute: z.literal(true, "wanted true (leave it out otherwise)").optional(),
    until: day.optional(),
    reason: text.optional(),
  })
  .superRefine((value, context) => {
    if (value.severity === undefined && value.mute === undefined) {
      context.addIssue({ code: "custom", message: "does nothing: wanted severity or mute" });
    }
    const mustEnd = value.mute === true || value.severity === "ignore";
    if (mustEnd && (value.until === undefined || value.reason === undefined)) {
      const what = value.mute ? "mute: true" : "severity: ignore";
      context.addIssue({
        code: "custom",
        message: `${what} needs until (a day) and reason, so that it ends and someone knows why`,
      });
    }
  });

const route = z.strictObject({ match, error: channelId.optional(), warn: channelId.optional() });

export const configFile = section({
  version: z.literal(1, "wanted 1").default(1),
  base_branch: notAFlag.nullable().default(null),
  dbt: section({
    command: commandLine.default(["dbt"]),
    project_dir: text.default("."),
    profiles_dir: text.nullable().default(null),
    profile: notAFlag.nullable().default(null),
    deps: oneOf(["auto", "always", "never"]).default("auto"),
    args: z.array(text, "wanted a list").default([]),
    env: environment.default({}),
    threads: count.nullable().default(null),
  }).prefault({}),
  modes: section({
    check: section({
      target: text.nullable().default(null),
      schema: schemaTemplate
        .default("ci_{branch}")
        .describe(
          "The schema of a check, SIGNALBOX_SCHEMA for dbt. {branch}: slug and hash of the branch; {pr}: the number of the pull request, slug and hash where there is none.",
        ),
      select: selector.nullable().default("state:modified+"),
      exclude: selector.nullable().default(null),
      defer: boolean.default(true),
      fail_on: failOn.default("error"),
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
      .refine(({ separateWarehouse, defer }) => !(separateWarehouse && defer), {
        path: ["separate_warehouse"],
        error: "needs defer: false beside it: production's tables cannot be read from another warehouse",
      }),
    deploy: section({
      target: text.nullable().default(null),
      select: selector.nullable().default(null),
      exclude: selector.nullable().default(null),
      fail_on: failOn.default("error"),
    }).prefault({}),
    schedule: section({
      target: text.nullable().default(null),
      select: selector.nullable().default(null),
      exclude: selector.nullable().default(null),
      freshness: boolean.default(false),
      fail_on: failOn.default("error"),
    }).prefault({}),
  }).prefault({}),
  baseline: section({
    sources: z
      .array(oneOf(["store", "worktree"]), "wanted a list")
      .min(1, "is empty: wanted store, worktree or both")
      .default(["store", "worktree"]),
    on_missing: oneOf(["full", "fail"]).default("full"),
    env: environment.default({}),
  }).prefault({}),
  store: store.default("auto"),
  queue: section({
    workflows: list.default(["self"]),
    timeout: durationOrNone.default(3600),
    max_age: duration.default(86_400),
    on_timeout: oneOf(["fail", "proceed", "cancel"]).default("fail"),
    supersede: section({
      check: oneOf(["none", "schedule", "all"]).default("all"),
      deploy: oneOf(["none", "schedule", "all"]).default("none"),
      schedule: oneOf(["none", "schedule", "all"]).default("schedule"),
    }).prefault({}),
  }).prefault({}),
  slack: section({
    error: channelId.nullable().default(null),
    warn: channelId.nullable().default(null),
    mentions: z.record(z.string(), mentionId).default({}),
    routes: z.array(route, "wanted a list").default([]),
    fallback: channelId.nullable().default(null),
    time_zone: z.string().refine(isTimeZone, "wanted a time zone such as Europe/London").default("UTC"),
  }).prefault({}),
  ledger: ledger.default("slack"),
  rules: z.array(rule, "wanted a list").default([]),
  warn_sla: duration.default(7 * 86_400),
  report: section({
    junit: text.default("test-results/dbt"),
    comment: boolean.default(false),
  }).prefault({}),
});

/** signalbox.yml with its defaults and with flags and variables laid over it. Durations are in seconds. */
export type Config = z.output<typeof configFile>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
