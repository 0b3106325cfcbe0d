import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolve, type Sources } from "../../src/settings/resolve.ts";
import { SignalboxError } from "../../src/support/errors.ts";

const NOW = Date.parse("2026-11-25T07:00:00Z");

function sources(overrides: Partial<Sources> & { yaml?: string } = {}): Sources {
  const { yaml, ...rest } = overrides;
  return {
    command: "ci",
    flags: {},
    words: [],
    rest: [],
    env: {},
    file: { name: "signalbox.yml", text: yaml ?? null },
    now: NOW,
    ...rest,
  };
}

function refused(given: Sources): SignalboxError {
  try {
    resolve(given);
  } catch (error) {
    if (error instanceof SignalboxError && error.exitCode === 2) return error;
    throw error;
  }
  throw new Error("was accepted");
}

function refusal(given: Sources): string {
  return refused(given).message;
}

describe("precedence", () => {
  it("takes the flag over the variable over the file over the default", () => {
    const yaml = "queue:\n  timeout: 10m\n";
    const env = { SIGNALBOX_TIMEOUT: "20m" };

    expect(resolve(sources()).config.queue.timeout).toBe(3600);
    expect(resolve(sources({ yaml })).config.queue.timeout).toBe(600);
    expect(resolve(sources({ yaml, env })).config.queue.timeout).toBe(1200);
    expect(resolve(sources({ yaml, env, flags: { timeout: "none" } })).config.queue.timeout).toBeNull();
  });

  it("takes queue.max_age in the same order", () => {
    const yaml = "queue:\n  max_age: 48h\n";
    const env = { SIGNALBOX_MAX_AGE: "36h" };

    expect(resolve(sources()).config.queue.maxAge).toBe(86_400);
    expect(resolve(sources({ yaml })).config.queue.maxAge).toBe(2 * 86_400);
    expect(resolve(sources({ yaml, env })).config.queue.maxAge).toBe(36 * 3600);
    expect(resolve(sources({ yaml, env, flags: { "max-age": "12h" } })).config.queue.maxAge).toBe(12 * 3600);
  });

  it("lays a flag over a section that the file leaves empty or does not have", () => {
    expect(resolve(sources({ yaml: "slack:\n", flags: { "error-channel": "C012345678" } })).config.slack.error).toBe(
      "C012345678",
    );
    expect(resolve(sources({ flags: { "warn-channel": "C012345678" } })).config.slack.warn).toBe("C012345678");
  });

  it("takes an empty variable for one that is not set, as an Action's unused input arrives", () => {
    expect(resolve(sources({ env: { SIGNALBOX_MODE: "", SIGNALBOX_STORE: " " } })).given.mode).toBe("auto");
  });

  it("ignores the variable of another command's flag", () => {
    expect(resolve(sources({ command: "queue", env: { SIGNALBOX_DRY_RUN: "true" } })).given.dryRun).toBe(false);
  });
});

describe("values", () => {
  it.each<[yaml: string, where: string, wanted: string]>([
    ["modes: { check: { freshness: true } }", "modes.check.freshness", "modes.schedule.freshness"],
    ["modes: { deploy: { defer: false } }", "modes.deploy.defer", "modes.check.defer"],
    ["retries: 2", "retries", "build.retries"],
    ["target: prod", "target", "modes.check.target or modes.deploy.target or modes.schedule.target"],
  ])("says of %s where the key belongs", (yaml, where, wanted) => {
    const message = refusal(sources({ yaml: `version: 1\n${yaml}` }));

    expect(message).toContain(`signalbox.yml:2 ${where} is no key of signalbox.yml (did you mean ${wanted}?)`);
  });

  it.each([
    ["true", true],
    ["1", true],
    ["yes", true],
    ["false", false],
    ["0", false],
    ["no", false],
  ])("reads the boolean %s", (text, value) => {
    expect(resolve(sources({ env: { SIGNALBOX_NO_QUEUE: text } })).given.noQueue).toBe(value);
  });

  it.each([
    ["90s", 90],
    ["60m", 3600],
    ["7d", 604_800],
    ["0s", 0],
  ])("reads the duration %s", (text, seconds) => {
    expect(resolve(sources({ flags: { settle: text } })).given.settle).toBe(seconds);
  });

  it.each(["", "5", "5 m", "-5m", "1.5h", "5M", "abc", "99999999999d", "367d"])(
    "refuses the duration %j by the flag's name",
    (text) => {
      expect(refusal(sources({ flags: { settle: text } }))).toMatch(/^--settle is ".*": wanted a duration/);
    },
  );

  it("splits a list at commas and line breaks", () => {
    const flags = { workflows: ["nightly", "merge,self"], "ignore-run": ["41", "42"] };
    expect(resolve(sources({ flags })).config.queue.workflows).toEqual(["nightly", "merge", "self"]);
    expect(resolve(sources({ flags })).given.ignoreRun).toEqual(["41", "42"]);
    expect(resolve(sources({ env: { SIGNALBOX_WORKFLOWS: "nightly, merge\nself" } })).config.queue.workflows).toEqual([
      "nightly",
      "merge",
      "self",
    ]);
  });

  it.each([
    ["a flag's words", { flags: { select: ["tag:a", "tag:b"] } }],
    ["a flag's words with blanks around them", { flags: { select: [" tag:a", "tag:b\n"] } }],
    ["a flag's one text", { flags: { select: "tag:a tag:b" } }],
    ["a variable with lines", { env: { SIGNALBOX_SELECT: "tag:a\n  tag:b\n" } }],
  ])("reads the union of %s", (_, given) => {
    expect(resolve(sources(given)).given.select).toBe("tag:a tag:b");
  });

  it("takes the line breaks of YAML's long texts for blanks", () => {
    const yaml = [
      "modes:",
      "  check:",
      "    select: >",
      "      tag:a",
      "      tag:b",
      "    exclude: |",
      "      tag:c",
      "      tag:d",
    ].join("\n");

    expect(resolve(sources({ yaml: `${yaml}\n` })).config.modes.check).toMatchObject({
      select: "tag:a tag:b",
      exclude: "tag:c tag:d",
    });
  });

  it.each([
    ["select", [""]],
    ["select", []],
    ["select", ["tag:a", ""]],
    ["work", ""],
    ["workflows", []],
    ["workflows", ["nightly", ""]],
  ])("refuses the empty --%s %j once, and says it once", (name, value) => {
    expect(refusal(sources({ flags: { [name]: value } }))).toMatch(
      new RegExp(`^--${name} is empty: wanted (a value|at least one value)$`),
    );
  });

  it("refuses two values of a flag that takes one", () => {
    expect(refusal(sources({ flags: { timeout: ["5m", "6m"] } }))).toBe(
      '--timeout takes one value: it was given "5m" and "6m"',
    );
    expect(refusal(sources({ flags: { "error-channel": ["C012345678", "C876543210"] } }))).toMatch(
      /^--error-channel takes one value/,
    );
  });

  it.each([
    ["--select", { flags: { select: ["-x"] } }],
    ["--select", { flags: { select: ["tag:a", "-x"] } }],
    ["--select", { flags: { select: "tag:a --exclude tag:b" } }],
    ["--workflows", { flags: { workflows: ["-x"] } }],
    ["--work", { flags: { work: "-x" } }],
  ])("refuses a value of %s that begins with a dash, in one problem", (name, given) => {
    expect(refusal(sources(given))).toMatch(new RegExp(`^${name} is .* begins with -: it would be read as a flag$`));
  });

  it("refuses a selector that begins with a dash: dbt would take it for a flag", () => {
    expect(refusal(sources({ flags: { select: "--full-refresh" } }))).toContain("--select");
    expect(refusal(sources({ yaml: "modes: { check: { select: -x } }" }))).toContain(
      "signalbox.yml:1 modes.check.select",
    );
  });

  it("never throws anything but a configuration error, whatever the file holds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          resolve(sources({ yaml: text }));
        } catch (error) {
          expect(error).toBeInstanceOf(SignalboxError);
        }
      }),
    );
  });
});

describe("dbt.pass_env", () => {
  it("names secrets that dbt lacks", () => {
    const yaml = "dbt: { pass_env: [GH_TOKEN, CIRCLE_OIDC_TOKEN_V2, ACTIONS_ID_TOKEN_REQUEST_URL] }\n";

    expect(resolve(sources({ yaml })).config.dbt.passEnv).toEqual([
      ...["GH_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "ACTIONS_ID_TOKEN_REQUEST_URL"],
    ]);
  });

  it.each([
    ["DBT_KEY", "dbt sees it without this; leave it out"],
    ["GH_TOKN", "dbt sees it without this; leave it out"],
    ["GITHUB_OUTPUT", "no program is told of it"],
    ["GH_*", "wanted the name of a variable"],
  ])("refuses %s: %s", (name, why) => {
    expect(refusal(sources({ yaml: `dbt: { pass_env: ["${name}"] }\n` }))).toContain(why);
  });
});

describe("a broken signalbox.yml", () => {
  it("is told with the line of every problem at once", () => {
    const yaml = [
      "version: 2",
      "slak:",
      "  error: C012345678",
      "slack:",
      "  warn: '#dbt-warnings'",
      "queue:",
      "  timeout: 1 hour",
      "  supersede: { chek: all }",
    ].join("\n");

    const message = refusal(sources({ yaml, flags: { dryrun: true }, env: { SIGNALBOX_TIMOUT: "5m" } }));

    expect(message).toContain("7 problems:");
    expect(message).toContain("--dryrun is no flag of ci (did you mean --dry-run?)");
    expect(message).toContain("SIGNALBOX_TIMOUT is no variable of signalbox (did you mean SIGNALBOX_TIMEOUT?)");
    expect(message).toContain("signalbox.yml:1 version is 2: wanted 1");
    expect(message).toContain("signalbox.yml:2 slak is no key of signalbox.yml (did you mean slack?)");
    expect(message).toContain('signalbox.yml:5 slack.warn is "#dbt-warnings": wanted a channel id');
    expect(message).toContain('signalbox.yml:7 queue.timeout is "1 hour": wanted a duration');
    expect(message).toContain("signalbox.yml:8 queue.supersede.chek is no key of signalbox.yml (did you mean check?)");
  });

  it.each([
    ["a syntax error", "modes: [", /signalbox\.yml:1 is not YAML/],
    [
      "the first mistake of each line",
      "slack: { error: { a } b: [c] } d: {\nqueue: x } y: z }\n",
      /^2 problems:\n- signalbox\.yml:1 is not YAML: .*\n- signalbox\.yml:2 is not YAML: .*$/,
    ],
    ["a key twice", "store: auto\nstore: auto\n", /signalbox\.yml:2 is not YAML: Map keys must be unique/],
    [
      "a key twice, deep inside",
      "queue: { timeout: 1m,\n timeout: 2m }\n",
      /signalbox\.yml:2 is not YAML: Map keys must/,
    ],
    [
      "more than anybody reads",
      Array.from({ length: 100 }, (_, index) => `key_${index}: 1\n`).join(""),
      /^100 problems:(\n- .*){50}\n- and 50 more$/,
    ],
    ["a list", "- a\n", /signalbox\.yml wanted keys and values|signalbox\.yml is \["a"\]: wanted keys and values/],
    ["a text", "hello", /wanted keys and values/],
    [
      "an alias bomb",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij"
        .split("")
        .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefghij"[i]}`).join(",")}]`)
        .join("\n")}`,
      /./,
    ],
    ["a list in itself", "rules: &a [*a]", /^signalbox\.yml:1 rules\.0 is an alias of what it stands in/],
    ["lists in lists", `rules: ${"[".repeat(100)}${"]".repeat(100)}`, /^signalbox\.yml:1 rules is nested too deeply$/],
    ["lists without an end", `rules: ${"[".repeat(50_000)}`, /^signalbox\.yml is not read: it is nested more/],
    [
      "an alias of nothing",
      "store: *dir",
      /^signalbox\.yml is not YAML: an alias has no anchor before it; .* needs quotes$/,
    ],
    ["a NUL character", 'dbt:\n  args: ["a\\0b"]', /^signalbox\.yml:2 dbt\.args\.0 holds a NUL character/],
    [
      "a NUL character in a key",
      'dbt:\n  env: { "A\\0B": x }',
      /^signalbox\.yml:2 dbt\.env has a key that holds a NUL/,
    ],
    ["a text that is too long", `store: dir:${"x".repeat(200_000)}`, /^signalbox\.yml:1 store has 200004 bytes: /],
  ])("with %s is one clear error", (_, yaml, pattern) => {
    expect(refusal(sources({ yaml }))).toMatch(pattern);
  });

  it.each([
    ["a NUL character", 'dbt: { env: { FOO: "hunter2\\0hunter2" } }'],
    ["too long", `dbt: { env: { FOO: "${"hunter2".repeat(20_000)}" } }`],
    ["a list", "dbt: { env: { FOO: [hunter2] } }"],
    ["nothing", "dbt: { env: { BAR: hunter2, FOO: } }"],
    ["under a bad name", "dbt: { env: { FOO-BAR: hunter2 } }"],
    ["under a bad name of baseline", "baseline: { env: { FOO-BAR: hunter2 } }"],
    ["where names are wanted", "dbt: { env: [hunter2] }"],
    ["where a text is", "dbt: { env: hunter2 }"],
    ["where a section is wanted", "dbt: [hunter2]"],
    ["an alias of nothing", "dbt: { env: { FOO: *hunter2 } }"],
  ])("shows no value of a variable that is %s", (_, yaml) => {
    const { message, hint } = refused(sources({ yaml }));

    expect(`${message}${hint}`).not.toContain("hunter2");
    expect(message).toMatch(/^signalbox\.yml/);
    expect(message.length).toBeLessThan(200);
  });

  it("may be empty", () => {
    expect(resolve(sources({ yaml: "" })).config).toEqual(resolve(sources()).config);
  });

  it.each([
    ["a mute without end", "{ match: { name: x }, mute: true }", "rules.0"],
    ["a mute for ever", "{ match: { name: x }, mute: true, until: 2027-06-01, reason: DATA-12 }", "within 90 days"],
    [
      "an ignore without reason",
      "{ match: { name: x }, severity: ignore, until: 2026-12-01 }",
      "needs until (a day) and reason",
    ],
    ["a rule that does nothing", "{ match: { name: x } }", "does nothing"],
    ["a rule that matches everything", "{ match: {}, severity: warn }", "would match everything"],
    ["a rule by an unknown field", "{ match: { nam: x }, severity: warn }", "rules.0.match.nam"],
    [
      "a day that is none",
      "{ match: { name: x }, mute: true, until: 2026-13-45, reason: DATA-12 }",
      "is no day of the calendar",
    ],
    [
      "a day that the month does not have",
      "{ match: { name: x }, severity: warn, until: 2026-02-31 }",
      "is no day of the calendar",
    ],
  ])("fails every command for %s", (_, rule, words) => {
    expect(refusal(sources({ yaml: `rules:\n  - ${rule}\n` }))).toContain(words);
  });
});

describe("words that a command does not take", () => {
  it.each([
    ["plan", ["tag:a"], [], '"tag:a" is no flag of plan: a selector is --select tag:a'],
    ["status", ["now", "x"], [], 'status is "now x": takes no words'],
    [
      "queue",
      ["dbt", "build"],
      [],
      '"dbt build" is no flag of queue: words of a command stand behind --: -- dbt build',
    ],
    ["plan", [], ["--full-refresh"], '"-- --full-refresh" is too much: plan takes nothing behind --'],
  ] as const)("are an error of %s", (command, words, rest, message) => {
    const error = refused(sources({ command, words, rest }));

    expect(error.message).toBe(message);
    expect(error.hint).toBe(`signalbox ${command} --help lists what it takes`);
  });

  it.each([
    ["report", ["a.json", "b.json"], []],
    ["state", ["publish"], []],
    ["queue", [], ["dbt", "build"]],
    ["build", [], ["--full-refresh"]],
    ["ci", [], ["--full-refresh"]],
  ] as const)("are none of %s where it takes them", (command, words, rest) => {
    expect(resolve(sources({ command, words, rest }))).toMatchObject({ words, rest });
  });
});

it("tells a flag with one dash as it was typed", () => {
  expect(refusal(sources({ flags: { "-x": true } }))).toBe("-x is no flag of ci");
});

describe("arguments of dbt that contradict the plan", () => {
  it("are told with their lines in signalbox.yml, all at once", () => {
    const yaml =
      "dbt:\n  args:\n    - --full-refresh\n    - --target=prod\n    - --vars\n    - '{a: 1}'\n    - -s\n    - orders\n";

    expect(refusal(sources({ yaml })).split("\n")).toEqual([
      "2 problems:",
      expect.stringMatching(
        /^- signalbox\.yml:4 dbt\.args\.1 is "--target": contradicts the plan: use modes\.check\.target/,
      ),
      expect.stringMatching(/^- signalbox\.yml:7 dbt\.args\.4 is "-s": contradicts the plan: use modes\.check\.select/),
    ]);
  });

  it("are refused behind -- of ci and build, and are no matter of the command that queue starts", () => {
    const rest = ["--full-refresh", "-t", "prod"];

    expect(refusal(sources({ rest }))).toMatch(/^-- -t contradicts the plan/);
    expect(refusal(sources({ command: "build", rest }))).toMatch(/^-- -t contradicts the plan/);
    expect(resolve(sources({ command: "queue", rest: ["dbt", "build", "-t", "prod"] })).rest).toContain("-t");
    expect(resolve(sources({ rest: ["--full-refresh", "--threads", "2"] })).rest).toHaveLength(3);
  });
});

describe("the advice below a configuration error", () => {
  it.each([
    ["a value of the file points to the file's keys", { yaml: "version: 2" }, /^signalbox's README .* keys/],
    ["an unknown flag points to the command's help", { flags: { dryrun: true } }, /^signalbox ci --help lists/],
    ["a value of a flag says itself what is wanted", { flags: { timeout: "soon" } }, /^none$/],
    ["a flag over a value of the file is no problem of the file", { flags: { workflows: ["-x"] } }, /^none$/],
    ["both are said where both are wrong", { yaml: "a: 1", flags: { dryrun: true } }, /--help lists.*\n.*README/],
  ])("%s", (_, given, pattern) => {
    expect(refused(sources(given)).hint ?? "none").toMatch(pattern);
  });
});

it.each(["full", "target"])("refuses --%s beside --manifest, where it says nothing to a plan", (name) => {
  const flags = { manifest: "manifest.json", [name]: name === "full" ? true : "ci" };

  expect(refusal(sources({ command: "plan", flags }))).toMatch(new RegExp(`^--${name} says nothing to a plan`));
  expect(resolve(sources({ command: "plan", flags: { manifest: "m", full: "false" } })).given.full).toBe(false);
});

it.each([
  ["action", "input node-timeout"],
  ["orb", "parameter node_timeout"],
  [undefined, "SIGNALBOX_NODE_TIMEOUT"],
])("names a value as the user of %s wrote it", (face, words) => {
  const env = { SIGNALBOX_FACE: face, SIGNALBOX_NODE_TIMEOUT: "soon" };

  expect(refusal(sources({ env }))).toMatch(new RegExp(`^${words} is "soon": wanted a duration`));
});

describe("the schema of a check", () => {
  const check = (text: string) => sources({ yaml: `version: 1\nmodes:\n  check:\n    ${text}\n` });

  it.each([
    ["ci_{brnch}", "{brnch} (did you mean {branch}?)"],
    ["ci_{PR}", "{PR} (did you mean {pr}?)"],
    ["ci_{{ branch }}", "{{ branch }} (did you mean {branch}?)"],
    ["ci_{branch", "{branch (did you mean {branch}?)"],
    ["ci_{user}", "{user}: wanted {branch} or {pr}"],
    ["ci_{}", "{}"],
  ])("%s is refused with its line and what was meant", (template, words) => {
    const message = refusal(check(`schema: "${template}"`));

    expect(message).toMatch(/^signalbox\.yml:4 modes\.check\.schema is /);
    expect(message).toContain(words);
  });

  it.each(["ci_{branch}", "ci_{pr}", "{branch}", "{branch}_{pr}", "ci"])("%s is taken", (template) => {
    expect(resolve(check(`schema: "${template}"`)).config.modes.check.schema).toBe(template);
  });

  it.each(["{pr}", "2026_{pr}"])("%s is refused: a number is no name", (template) => {
    expect(refusal(check(`schema: "${template}"`))).toContain("wanted a letter first");
  });

  it("in another warehouse needs defer: false", () => {
    expect(refusal(check("separate_warehouse: true"))).toMatch(
      /^signalbox\.yml:4 modes\.check\.separate_warehouse is true: needs defer: false/,
    );
    expect(resolve(check("separate_warehouse: true\n    defer: false")).config.modes.check).toMatchObject({
      separateWarehouse: true,
      defer: false,
    });
  });

  it("may write where globs say so", () => {
    expect(resolve(check('may_write: ["seed.shop.*"]')).config.modes.check.mayWrite).toEqual(["seed.shop.*"]);
    expect(refusal(check("may_write: seed.shop.countries"))).toContain("wanted a list of node ids or globs");
  });
});

describe("what messages go by", () => {
  const slack = (...lines: string[]) =>
    sources({ yaml: ["version: 1", "slack:", ...lines.map((line) => `  ${line}`), ""].join("\n") });
  const top = (line: string) => sources({ yaml: `version: 1\n${line}\n` });
  const refusal = (from: Parameters<typeof resolve>[0]) => {
    try {
      resolve(from);
      return "";
    } catch (error) {
      return String((error as Error).message);
    }
  };

  it("has defaults", () => {
    const { config } = resolve(sources());

    expect(config.slack).toMatchObject({ timeZone: "UTC", dailyAt: "09:00", repeat: "channel" });
    expect(config).toMatchObject({ warnSla: 7 * 86_400, overdue: "tell", alertAfter: 1, ledger: "slack" });
  });

  it.each<[what: string, from: Parameters<typeof resolve>[0], wanted: string]>([
    ["a time zone that nobody knows", slack("time_zone: Europe/Lodnon"), "time_zone"],
    ["a time of day that is none", slack('daily_at: "25:00"'), "wanted a time of day"],
    ["a time of day that YAML takes for a number", slack("daily_at: 540"), "in quotes"],
    ["a mention that is no id", slack("mentions: { data-core: data-core }"), "wanted the id of a Slack user"],
    ["a route that leads nowhere", slack("routes: [{ match: { tag: x } }]"), "leads nowhere"],
    [
      "a route that another one takes all of",
      slack("routes: [{ match: { tag: x }, error: C0AAAAAAA }, { match: { tag: x, path: a }, error: C0BBBBBBB }]"),
      "can never match",
    ],
    [
      "a route below one for everything",
      slack(
        'routes: [{ match: { name: "*" }, error: C0AAAAAAA, warn: C0AAAAAAA }, { match: { tag: x }, warn: C0BBBBBBB }]',
      ),
      "can never match",
    ],
    [
      "a route for one of those that a route above takes",
      slack('routes: [{ match: { tag: "fin*" }, error: C0AAAAAAA }, { match: { tag: finance }, error: C0BBBBBBB }]'),
      "can never match",
    ],
    [
      "a route for a kind of test of models",
      slack("routes: [{ match: { resource: model, test: not_null }, error: C0AAAAAAA }]"),
      "no model has a kind of test",
    ],
    ["a mute without an end", top("rules: [{ match: { tag: x }, mute: true, reason: y }]"), "needs until"],
    ["no run to wait for", top("alert_after: 0"), "wanted 1 or more"],
    ["a word for overdue", top("overdue: shout"), "overdue"],
  ])("refuses %s", (_, from, wanted) => {
    expect(refusal(from)).toContain(wanted);
  });

  it("compares a route with the first hundred above it", () => {
    const many = Array.from({ length: 300 }, (_, index) => `{ match: { tag: t${index} }, error: C0AAAAAAA }`);
    const late = "{ match: { tag: t250, path: a }, error: C0BBBBBBB }";
    const early = "{ match: { tag: t99, path: a }, error: C0BBBBBBB }";

    expect(refusal(slack(`routes: [${[...many, late].join(", ")}]`))).toBe("");
    expect(refusal(slack(`routes: [${[...many, early].join(", ")}]`))).toContain("slack.routes.300 ");
  });

  it.each([
    [
      "for the other severity",
      "routes: [{ match: { tag: x }, error: C0AAAAAAA }, { match: { tag: x }, warn: C0BBBBBBB }]",
    ],
    [
      "that takes more",
      "routes: [{ match: { tag: x, path: a }, error: C0AAAAAAA }, { match: { tag: x }, error: C0BBBBBBB }]",
    ],
    [
      "for problems of the run, which have no name",
      'routes: [{ match: { name: "*" }, error: C0AAAAAAA }, { match: { status: dbt-failed }, error: C0BBBBBBB }]',
    ],
  ])("takes a second route %s", (_, line) => {
    expect(refusal(slack(line))).toBe("");
  });
});

describe("the budget of a run", () => {
  const budget = (value: string) => sources({ yaml: `version: 1\nbudget: ${value}\n` });
  const refusal = (value: string) => {
    try {
      resolve(budget(value));
      return "";
    } catch (error) {
      return String((error as Error).message);
    }
  };

  it.each([
    ["{ bytes: 50GB }", { bytes: 50e9, seconds: null, severity: "warn" }],
    ["{ bytes: 1.5 tib, seconds: 10m, severity: error }", { bytes: 1.5 * 2 ** 40, seconds: 600, severity: "error" }],
    ["null", null],
  ])("is read: %s", (value, read) => {
    expect(resolve(budget(value)).config.budget).toEqual(read);
  });

  it.each([
    ["bytes without a unit", "{ bytes: 50 }", "budget.bytes is 50: wanted a size with its unit, such as 500MB, 50GB"],
    ["bytes of no unit that is known", '{ bytes: "50 G" }', "wanted a size with its unit"],
    ["more bytes than there are", "{ bytes: 999999PB }", "wanted a size with its unit"],
    ["no bytes at all", "{ bytes: 0GB }", "wanted a size with its unit"],
    ["seconds without a unit", "{ seconds: 600 }", "budget.seconds is 600: wanted a duration such as 90s"],
    ["no limit", "{ severity: error }", "sets no limit: wanted bytes"],
    ["nothing", "{}", "sets no limit: wanted bytes"],
    ["a word", "50GB", "budget is"],
  ])("is refused with one error that says what was wanted: %s", (_, value, wanted) => {
    const message = refusal(value);

    expect(message).toContain(wanted);
    expect(message).not.toContain("problems");
  });
});
