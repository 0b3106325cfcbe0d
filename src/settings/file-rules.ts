import { z } from "zod";
import { channelId, oneOf, text } from "./values.ts";

/** The lists of signalbox.yml whose items match findings: rules and routes. */

export const glob = z.string("wanted a glob such as not_null_*").min(1);
const match = z
  .strictObject({
    name: glob.optional().describe("The name of a node, as a glob."),
    path: glob.optional().describe("Its file, from the project, as a glob."),
    tag: glob.optional().describe("One of its tags, as a glob."),
    owner: glob.optional().describe("Its owner: of the group, or meta.owner, as a glob."),
    group: glob.optional().describe("Its group, as a glob."),
    package: glob.optional().describe("Its package, as a glob."),
    resource: glob.optional().describe("Its kind: model, test, source, …, as a glob."),
    test: glob.optional().describe("The kind of a test: not_null, unique, …, as a glob."),
    status: glob.optional().describe("dbt's word for the result: fail, error, warn, …, as a glob."),
    tool: glob
      .optional()
      .describe(
        "The tool of findings that found it, such as sqlfluff, as a glob; dbt for what dbt 2 warns about in code.",
      ),
    rule: glob.optional().describe("That tool's rule, such as LT01 or dbt1089, as a glob."),
  })
  .refine(
    (value) => Object.keys(value).length > 0,
    'is empty: it would match everything; to match everything say name: "*"',
  );

const day = z.preprocess(
  (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : value),
  z.string("wanted a day such as 2026-12-15").regex(/^\d{4}-\d\d-\d\d$/, "wanted a day such as 2026-12-15"),
);

export const rule = z
  .strictObject({
    match: match.describe("What the rule is for: every line has to match."),
    severity: oneOf(["error", "warn", "ignore"])
      .optional()
      .describe("What the finding counts as; ignore needs until and reason."),
    mute: z
      .literal(true, "wanted true (leave it out otherwise)")
      .optional()
      .describe(
        "true: the finding counts in the verdict, and sends no message. Needs until (90 days at most) and reason.",
      ),
    until: day.optional().describe("The last day of the rule, such as 2026-12-15."),
    reason: text.optional().describe("Why, for who reads it later: a ticket, a name."),
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

const route = z
  .strictObject({
    match: match.describe("What the route takes: every line has to match."),
    error: channelId.optional().describe("The id of its channel for errors."),
    warn: channelId.optional().describe("The id of its channel for warnings."),
  })
  .refine(
    ({ error, warn }) => error !== undefined || warn !== undefined,
    "leads nowhere: wanted error or warn, the id of a channel",
  );

/** Each route is compared with so many of the first ones: a person's file has less, and to compare all takes the square. */
const MOST_COMPARED = 100;

export const routes = z.array(route, "wanted a list").superRefine((all, context) => {
  const wide: Reach[] = [];
  for (const [index, later] of all.entries()) {
    const { resource, test } = later.match;
    if (test !== undefined && resource !== undefined && isLiteral(resource) && resource !== "test")
      context.addIssue({
        code: "custom",
        path: [index],
        message: `can never match: no ${resource} has a kind of test; leave out resource or test`,
      });
    const reach = reachOf(later);
    // The first match wins, for each severity on its own.
    const isTaken = (severity: "error" | "warn") =>
      !reach[severity] || wide.some((earlier) => earlier[severity] && takesAll(earlier, reach));
    if (isTaken("error") && isTaken("warn"))
      context.addIssue({
        code: "custom",
        path: [index],
        message: "can never match: a route above takes all that it would take; put it before that one",
      });
    if (wide.length < MOST_COMPARED) wide.push(reach);
  }
});

/** A glob as far as two of them can be compared. */
interface ReadGlob {
  readonly glob: string;
  readonly isLiteral: boolean;
  /** Of `finance_*` what stands before the star and behind it; null: it is another glob. */
  readonly ends: readonly [string, string] | null;
}

/** What a route takes, read once. */
interface Reach {
  readonly error: boolean;
  readonly warn: boolean;
  readonly globs: ReadonlyMap<string, ReadGlob>;
}

function reachOf({ match: fields, error, warn }: z.output<typeof route>): Reach {
  const globs = new Map<string, ReadGlob>();
  for (const [field, glob] of Object.entries(fields)) if (glob !== undefined) globs.set(field, readGlob(glob));
  return { error: error !== undefined, warn: warn !== undefined, globs };
}

function readGlob(glob: string): ReadGlob {
  const star = glob.indexOf("*");
  const ends = [glob.slice(0, Math.max(star, 0)), glob.slice(star + 1)] as const;
  const hasEnds = star >= 0 && isLiteral(`${ends[0]}${ends[1]}x`);
  return { glob, isLiteral: isLiteral(glob), ends: hasEnds ? ends : null };
}

/** Whether every line of `wide` stands in `narrow` too, or matches all that it matches. */
function takesAll({ globs: wide }: Reach, { globs: narrow }: Reach): boolean {
  // What went wrong with the run has a status and no name.
  const hasName = [...narrow.keys()].some((key) => key !== "status");
  return [...wide].every(([field, each]) => {
    const other = narrow.get(field);
    if (each.glob === "*") return other !== undefined || (field === "name" && hasName);
    return other !== undefined && (each.glob === other.glob || matchesLiteral(each, other));
  });
}

function isLiteral(glob: string): boolean {
  return /^[\w. -]+$/.test(glob);
}

/** Of `finance_*` whether it matches the plain word; other globs are not read here. */
function matchesLiteral({ ends }: ReadGlob, { glob: word, isLiteral }: ReadGlob): boolean {
  if (ends === null || !isLiteral) return false;
  const [start, end] = ends;
  return word.length >= start.length + end.length && word.startsWith(start) && word.endsWith(end);
}
