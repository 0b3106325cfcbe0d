import { z } from "zod";
import { isRunnerFile, isWithheld } from "../support/secrets.ts";
import { didYouMean } from "../support/suggest.ts";

/**
 * The readers of single values. A flag, a variable and a key of signalbox.yml go through the same one, so that
 * `--timeout 60m`, `SIGNALBOX_TIMEOUT=60m` and `timeout: 60m` mean the same and fail with the same words.
 */

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const LONGEST_SECONDS = 366 * SECONDS.d;

export const text = z.string("wanted a text").min(1, "is empty: wanted a value");

/** `90s 60m 4h 7d`, in seconds. */
export const duration = z.string("wanted a duration such as 90s, 60m, 4h or 7d").transform((value, context) => {
  const match = /^(\d{1,9})(s|m|h|d)$/.exec(value.trim());
  const seconds = match ? Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS] : Number.NaN;
  if (Number.isNaN(seconds) || seconds > LONGEST_SECONDS) {
    context.addIssue({ code: "custom", message: "wanted a duration such as 90s, 60m, 4h or 7d, at most 366d" });
    return z.NEVER;
  }
  return seconds;
});

/** A duration that something may take at most. */
export const limit = duration.refine((seconds) => seconds >= 1, "wanted at least 1s: nothing takes less");

/** A duration or `none`, which is null: no limit. */
export const durationOrNone = z.union([z.literal("none").transform(() => null), duration], {
  error: "wanted a duration such as 90s, 60m, 4h or 7d (at most 366d), or none",
});

const BYTES = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 } as const;
const BINARY_BYTES = { KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40, PIB: 2 ** 50 } as const;
const SIZE = "wanted a size with its unit, such as 500MB, 50GB or 1.5TiB";

/** `50GB`, `500 MiB`, in bytes. Units of a thousand, with an i of 1,024. */
export const size = z.string(SIZE).transform((value, context) => {
  const [, number = "", unit = ""] = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{1,3})$/i.exec(value.trim()) ?? [];
  const factor = new Map(Object.entries({ ...BYTES, ...BINARY_BYTES })).get(unit.toUpperCase());
  const bytes = Math.round(Number(number) * (factor ?? Number.NaN));
  if (!(bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER)) {
    context.addIssue({ code: "custom", message: SIZE });
    return z.NEVER;
  }
  return bytes;
});

/** YAML booleans and the spellings that CI systems hand over: true false 1 0 yes no on off. */
export const boolean = z.union(
  [z.boolean(), z.stringbool({ truthy: ["true", "1", "yes", "on"], falsy: ["false", "0", "no", "off"] })],
  {
    error: "wanted true or false",
  },
);

/** Whether the age of sources is asked, and what is done about stale ones. `true` is `report`. */
export const freshness = z
  .union([boolean, z.literal(["report", "gate"])], { error: "wanted true, false, report or gate" })
  .transform((value) => (value === true ? "report" : value));

/** A ref becomes an argument of git or dbt: one that begins with `-` would be read as a flag there. */
export const notAFlag = text.regex(/^(?!-)/, "begins with -: it would be read as a flag");

/** A YAML list, a repeated flag, or one text with commas or line breaks between. */
export const list = listOf(notAFlag);

/** A command and its arguments. */
export const commandLine = listOf(text);

function listOf(item: typeof text) {
  return z.preprocess(
    (value) =>
      typeof value === "string"
        ? value
            .split(/[,\n]/)
            .map((part) => part.trim())
            .filter((part) => part !== "")
        : value,
    z.array(item, "wanted a list").min(1, "is empty: wanted at least one value"),
  );
}

/** A selector of dbt. A blank is its union; YAML's folded texts end with a line break, and inputs of CIs have several. */
export const selector = z
  .string("wanted a selector such as state:modified+")
  .overwrite((value) => value.trim().replace(/\s*\n\s*/g, " "))
  .min(1, "is empty: wanted a value")
  .regex(/^(?!-)(?!.*\s-)/, "has a word that begins with -: it would be read as a flag");

/** `09:00`. YAML 1.1 reads 9:00 without quotes as a number. */
export const timeOfDay = z
  .string('wanted a time of day in quotes, such as "09:00"')
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'wanted a time of day such as "09:00"');

export const timeZone = z.string().refine(isTimeZone, "wanted a time zone such as Europe/London");

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Names of variables with their values. */
export const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "wanted the name of a variable: letters, digits and _"),
  z.preprocess(
    (value) => (["number", "boolean"].includes(typeof value) ? String(value) : value),
    z.string("wanted a text"),
  ),
  "wanted names of variables with their values",
);

/** dbt sees every other variable of the job anyway; a name that does nothing would look as if it did. */
export const passedName = z.string("wanted the name of a variable").superRefine((name, context) => {
  const wrong = (message: string) => context.addIssue({ code: "custom", message });
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return wrong("wanted the name of a variable");
  if (isRunnerFile(name)) return wrong("names a file in which the runner reads commands: no program is told of it");
  if (!isWithheld(name)) return wrong("is not a variable that dbt lacks: dbt sees it without this; leave it out");
});

const PLACEHOLDERS = ["{branch}", "{pr}"];

/**
 * The schema of a check, with `{branch}` and `{pr}`. Other braces would become part of a schema's name, the same one for
 * all branches. A number alone is no name, and `2026_12` could be anybody's.
 */
export const schemaTemplate = text
  .superRefine((value, context) => {
    const unknown = (value.match(/\{+[^{}]*\}*|\}+/g) ?? []).filter((found) => !PLACEHOLDERS.includes(found));
    for (const found of new Set(unknown)) {
      const meant = didYouMean(`{${found.replace(/[{}\s]/g, "")}}`, PLACEHOLDERS);
      const message = `has no meaning for ${found}${meant}: wanted {branch} or {pr}, as in ci_{branch}`;
      context.addIssue({ code: "custom", message });
    }
  })
  .refine(
    (value) => !value.includes("{pr}") || value.includes("{branch}") || /^[A-Za-z]/.test(value),
    "wanted a letter first: the number of a pull request alone is no schema's name; as in ci_{pr}",
  );

export const count = z.preprocess(
  (value) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value),
  z
    .number("wanted a whole number")
    .int("wanted a whole number")
    .min(0, "wanted 0 or more")
    .max(1000, "wanted at most 1000"),
);

/** Of a warehouse that fails three times, a fourth try is no cure. */
export const retries = count.refine(
  (number) => number <= 3,
  "wanted 0 to 3: what still fails then is no passing fault",
);

/** A Slack channel's id; names can be taken over by another channel, ids cannot. */
export const channelId = z
  .string("wanted a Slack channel id such as C0123ABCD")
  .regex(
    /^[CG][A-Z0-9]{8,}$/,
    "wanted a channel id such as C0123ABCD, not a name: open the channel in Slack, click its name, the id stands at the bottom",
  );

/** A user (U…) or a user group (S…). https://api.slack.com/reference/surfaces/formatting#mentioning-users */
export const mentionId = z
  .string("wanted a Slack id such as U0123ABCD or S0123ABCD")
  .regex(/^[US][A-Z0-9]{8,}$/, "wanted the id of a Slack user (U…) or user group (S…), not a name");

export const store = z
  .string("wanted auto, dir:PATH, https://…, s3://… or gs://…")
  .regex(
    /^(auto|none|dir:.+|https:\/\/.+|s3:\/\/.+|gs:\/\/.+)$/,
    "wanted auto, none, dir:PATH, https://…, s3://… or gs://…",
  );

const WEBHOOK_URL = "wanted an address that begins with https://, without a user in it";

/** Where secrets are sent to: https alone, but for this machine itself. */
export const webhookUrl = z.string(WEBHOOK_URL).refine(isWebhookUrl, WEBHOOK_URL);

export function isWebhookUrl(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  const isHere = protocol === "http:" && (hostname === "127.0.0.1" || hostname === "localhost" || hostname === "[::1]");
  return (protocol === "https:" || isHere) && username === "" && password === "";
}

export const ledger = z
  .string("wanted slack, file:PATH or none")
  .regex(/^(slack|none|file:.+)$/, "wanted slack, file:PATH or none");

export const moment = z.string("wanted a time such as 2026-11-25T07:00:00Z").transform((value, context) => {
  const milliseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    context.addIssue({ code: "custom", message: "wanted a time such as 2026-11-25T07:00:00Z" });
    return z.NEVER;
  }
  return milliseconds;
});

export function oneOf<const T extends readonly [string, ...string[]]>(choices: T) {
  return z.enum(choices, `wanted ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
}
