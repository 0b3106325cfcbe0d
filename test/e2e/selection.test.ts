import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Manifest, readManifest } from "../../src/artifacts/manifest.ts";
import { type IndirectSelection, type SelectOptions, select } from "../../src/selection/select.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { createRandom } from "../support/random.ts";
import { randomSelector, randomWorld } from "./random-world.ts";
import { DBT_BIN, describeOnDbt } from "./real-dbt.ts";
import { copyProject, EDITS, filesIn } from "./selection-project.ts";

const MODES: readonly IndirectSelection[] = ["eager", "cautious", "buildable", "empty"];

/** For every edit. */
const STATE_SELECTORS = [
  "state:modified",
  "state:modified+",
  "+state:modified",
  "1+state:modified+1",
  "@state:modified",
  "state:modified.body+ state:modified.macros",
  "state:modified.configs",
  "state:modified.relation state:modified.contract",
  "state:modified.persisted_descriptions+",
  "state:new state:modified,resource_type:model",
  "state:old,state:unmodified",
  "+state:modified,stg_customers+ contracted",
];

/** For every edit, what is selected and what is left out of it. */
const STATE_EXCLUDES: readonly (readonly [string, string])[] = [
  ["state:modified+", "state:new"],
  ["state:modified+", "state:old"],
  ["state:modified+", "state:new+ resource_type:seed"],
  ["+state:modified+", "state:unmodified"],
  ["+state:new+1", "state:old,resource_type:model"],
  ["state:old", "state:modified"],
  ["state:old+ state:new", "+state:new"],
  ["@state:new", "resource_type:seed source:*"],
];

/** Without an edit: the language and the methods. */
const SELECTORS = [
  "*",
  "fct_orders",
  "shop.fct_orders",
  "shop.marts",
  "marts.finance",
  "marts.finance.*",
  "fct_*",
  "*_orders",
  "shop.*.crm.*",
  "dim_customers+",
  "+dim_customers",
  "2+fct_orders",
  "fct_orders+1",
  "0+fct_orders+0",
  "+fct_orders+",
  "@stg_orders",
  "@+stg_orders",
  "1+stg_orders+2",
  "account",
  "account.v1",
  "account_v2",
  "shop.extra.account.v2",
  "account.*",
  "under",
  "nested.deep",
  "stg_order[s_]",
  "stg_[!o]*",
  "stg_customer?",
  "path:models/staging",
  "path:models/staging/",
  "models/staging/stg_orders.sql",
  "models/marts/**/*.sql",
  "models/*/*.sql+",
  "models/extra/_extra.yml",
  "path:models",
  "path:seeds/c*",
  "path:tests",
  "path:nothing/here",
  "path:functions",
  "path:macros",
  "path:dbt_packages/own",
  "path:*",
  "path:**",
  "path:models/**",
  "stg_orders.sql",
  "file:stg_orders",
  "file:_staging.yml",
  "countries.csv",
  "file:*.csv",
  "file:fct_*",
  "tag:nightly",
  "tag:n*",
  "tag:nightly,tag:eu",
  "group:finance",
  "group:f*",
  "access:public",
  "access:protected",
  "package:own",
  "package:this",
  "package:sh*",
  "source:*",
  "source:shop",
  "source:shop.orders+",
  "source:shop.shop.orders",
  "source:*.orders",
  "source:b*",
  "+exposure:*",
  "exposure:shop.revenue_dashboard",
  "+exposure:revenue*",
  "metric:*",
  "+metric:revenue",
  "semantic_model:sales",
  "+saved_query:*",
  "saved_query:shop.daily_revenue",
  "unit_test:*",
  "unit_test:shop.cancelled*",
  "unit_test:cancelled_orders_are_no_revenue",
  "config.materialized:view",
  "config.materialized:incremental",
  "config.meta.owner:ann",
  "config.meta.level:1",
  "config.meta.list:a",
  "config.meta.on:true",
  "config.meta.on:True",
  "config.contract.enforced:true",
  "config.contract.enforced:false",
  "config.severity:WARN",
  "config.tags:nightly",
  "config.enabled:true",
  "config.unique_key:order_id",
  "config.nothing.here:x",
  "config:x",
  "config.group:crm",
  "config.access:public",
  "config.store_failures:false",
  "config.persist_docs.relation:true",
  ...[
    "model",
    "test",
    "source",
    "seed",
    "snapshot",
    "exposure",
    "unit_test",
    "metric",
    "semantic_model",
    "saved_query",
    "analysis",
    "operation",
    "function",
  ].map((type) => `resource_type:${type}`),
  "test_type:generic",
  "test_type:singular",
  "test_type:unit",
  "test_type:data",
  "test_type:schema",
  "test_type:sing",
  "test_name:unique",
  "test_name:not_*",
  "test_name:cancelled*",
  "version:latest",
  "version:old",
  "version:prerelease",
  "version:none",
  "stg_orders,tag:nightly",
  "stg_orders+,config.materialized:view",
  "stg_orders stg_customers",
  "stg_orders,stg_orders stg_customers",
  "+fct_orders,stg_orders+ contracted",
  "contracted account",
  "stg_customers+,@stg_payments",
  "@uses_account uses_own+",
  "uses_function+ +uses_function",
  "nothing_here",
  "stg_orders  stg_customers",
  "stg_orders,",
  "+",
  "a+b+",
  "",
  "blank",
  "twice+",
  "fqn:twice",
  "days+ sales+",
  "customers_snapshot+",
  "source:shop.customers+1,resource_type:test",
];

const EXCLUDES: readonly (readonly [string[], string[]])[] = [
  [[], ["stg_orders+"]],
  [[], ["resource_type:test"]],
  [["+fct_orders"], ["source:*"]],
  [["stg_orders+"], ["test_type:generic"]],
  [
    ["stg_orders+", "stg_payments+"],
    ["stg_customers", "fct_orders+"],
  ],
  [["stg_orders stg_customers"], ["stg_customers"]],
  [["contracted account"], ["contracted_in_accounts"]],
  [["*"], ["config.materialized:view", "package:own"]],
  [[], []],
];

/** What dbt refuses, the engine refuses too. */
const REFUSED = [
  "@stg_orders+",
  "resource_type:table",
  "test_type:slow",
  "version:2",
  "source:a.b.c.d",
  "exposure:a.b.c",
  "metric:a.b.c",
  "unit_test:a.b.c",
  "state:changed",
];

interface Question {
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  readonly mode: IndirectSelection;
  readonly as: "ls" | "build";
  readonly cli?: boolean;
}
interface Reply {
  readonly error: string | null;
  readonly answers: readonly (readonly string[] | { readonly error: string })[];
}

describeOnDbt("the engine selects what dbt selects", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-selection-")));
  const places = { base: join(root, "base"), project: join(root, "project"), target: join(root, "target") };
  const totals = { edits: 0, answers: 0, filled: 0, differences: 0 };
  let dbt: Dbt;

  beforeAll(async () => {
    copyProject(places.base).write("seeds/large.csv", `id\n${"1\n".repeat(600_000)}`);
    dbt = startDbt(root);
    await parse("state", () => {}, []);
    await parse("state-unrendered", unrendered, []);
  });

  afterAll(() => {
    dbt?.stop();
    rmSync(root, { recursive: true, force: true });
    const { edits, answers, filled, differences } = totals;
    console.log(`${edits} edits, ${answers} answers of dbt, ${filled} of them not empty: ${differences} differences`);
  });

  it.each(EDITS.map((edit, index) => ({ ...edit, index })))("after an edit: $name", async ({ apply, index }) => {
    const questions = STATE_SELECTORS.flatMap((text) => MODES.map((mode) => ask(text, mode)));
    const built = MODES.map((mode) => ask("state:modified+", mode, "build"));
    // A whole `dbt ls` takes its time; that it answers as its selector classes do needs no more than every fourth.
    const started = index % 4 === 0 ? [{ ...ask("state:modified+", "eager"), cli: true }] : [];

    const left = STATE_EXCLUDES.flatMap(([text, exclude]) =>
      MODES.flatMap((mode) => (["ls", "build"] as const).map((as) => ({ ...ask(text, mode, as), exclude: [exclude] }))),
    );

    const differences = await compare({
      state: "state",
      apply,
      questions: [...questions, ...built, ...left, ...started],
    });

    expect(differences).toEqual([]);
  });

  it.each([
    {
      name: "another value of a rendered config",
      apply: (files: ReturnType<typeof filesIn>) =>
        files.edit("models/extra/configured.sql", "'table'", "target.name == 'x' and 'view' or 'table'"),
    },
    {
      name: "a source's schema under the same expression",
      apply: (files: ReturnType<typeof filesIn>) => files.edit("dbt_project.yml", "place: one", "place: two"),
    },
    { name: "a body", apply: (files: ReturnType<typeof filesIn>) => files.add("models/staging/stg_orders.sql", "--") },
  ])("with more unrendered values compared: $name", async ({ apply }) => {
    const questions = STATE_SELECTORS.flatMap((text) => MODES.map((mode) => ask(text, mode)));

    const differences = await compare({
      state: "state-unrendered",
      compareUnrendered: true,
      apply: (files) => {
        unrendered(files);
        apply(files);
      },
      questions,
    });

    expect(differences).toEqual([]);
  });

  it("for every method, operator and set operation", async () => {
    const listed = SELECTORS.flatMap((text) => MODES.map((mode) => ask(text, mode)));
    const built = SELECTORS.map((text) => ask(text, "buildable", "build"));
    const excluded = EXCLUDES.flatMap(([texts, exclude]) =>
      MODES.flatMap((mode) => (["ls", "build"] as const).map((as): Question => ({ select: texts, exclude, mode, as }))),
    );

    const differences = await compare({ state: null, apply: () => {}, questions: [...listed, ...built, ...excluded] });

    expect(differences).toEqual([]);
  });

  it("on random graphs, for random selections and exclusions", async () => {
    const [random, worlds] = [createRandom(20_261_128), 40];
    const differences: unknown[] = [];
    for (let index = 0; index < worlds; index += 1) {
      const { current, baseline, names } = randomWorld(random);
      const [now, before] = [join(places.target, `now-${index}`), join(places.target, `before-${index}`)];
      const questions = Array.from({ length: 8 }).flatMap(() => {
        const isUsual = random.chance(0.2);
        const [text, exclude] = isUsual
          ? ["state:modified+", "state:new"]
          : [randomSelector(random, names), randomSelector(random, names)];
        return MODES.flatMap((mode) =>
          (["ls", "build"] as const).map((as) => ({ ...ask(text, mode, as), exclude: [exclude] })),
        );
      });
      const read = [now, before].map((dir, which) => {
        mkdirSync(dir, { recursive: true });
        const manifest = JSON.stringify([current, baseline][which]);
        writeFileSync(join(dir, "manifest.json"), manifest);
        return readManifest(manifest, dir);
      });
      const reply = await dbt.ask({
        ...{ project: places.base, target: join(places.target, "random"), args: [] },
        ...{ manifest: now, state: before, questions },
      });
      if (reply.error !== null) throw new Error(reply.error);
      const [nowRead, beforeRead] = read;
      if (nowRead === undefined || beforeRead === undefined) throw new Error("two manifests are read");
      differences.push(...differencesOf(questions, reply, nowRead, beforeRead).map((each) => ({ index, ...each })));
    }

    expect(differences).toEqual([]);
  });

  it("and refuses what dbt refuses", async () => {
    const reply = await parse(
      "project",
      () => {},
      REFUSED.map((text) => ask(text, "eager")),
      "state",
    );
    const [current, baseline] = [manifestOf("project"), manifestOf("state")];

    const accepted = REFUSED.filter((text, index) => {
      const answer = reply.answers[index];
      const isRefusedByDbt = answer !== undefined && "error" in answer;
      return !(isRefusedByDbt && isRefused(() => select(current, baseline, options(ask(text, "eager")))));
    });

    expect(accepted).toEqual([]);
  });

  async function compare(round: {
    state: string | null;
    apply: (files: ReturnType<typeof filesIn>) => void;
    questions: readonly Question[];
    compareUnrendered?: boolean;
  }): Promise<unknown[]> {
    const reply = await parse("project", round.apply, round.questions, round.state);
    const [current, baseline] = [manifestOf("project"), round.state === null ? null : manifestOf(round.state)];
    const differences = differencesOf(round.questions, reply, current, baseline, round.compareUnrendered);
    totals.edits += 1;
    totals.differences += differences.length;
    return differences;
  }

  function differencesOf(
    questions: readonly Question[],
    reply: Reply,
    current: Manifest,
    baseline: Manifest | null,
    compareUnrendered?: boolean,
  ): object[] {
    return questions.flatMap((question, index): object[] => {
      const selection = select(current, baseline, options(question, compareUnrendered));
      const found = selection.kind === "selected" ? selection.ids : [selection.why];
      const answer = reply.answers[index] ?? { error: "no answer" };
      if ("error" in answer) return [{ question, dbt: answer.error }];
      totals.answers += 1;
      if (answer.length > 0) totals.filled += 1;
      if (found.join("\n") === answer.join("\n")) return [];
      const [missing, extra] = [answer.filter((id) => !found.includes(id)), found.filter((id) => !answer.includes(id))];
      return [{ question, missing, extra }];
    });
  }

  /** A copy of the base with an edit, parsed by dbt into the target folder of that name. */
  async function parse(
    target: string,
    apply: (files: ReturnType<typeof filesIn>) => void,
    questions: readonly Question[],
    state: string | null = null,
  ): Promise<Reply> {
    rmSync(places.project, { recursive: true, force: true });
    cpSync(places.base, places.project, { recursive: true });
    apply(filesIn(places.project));
    mkdirSync(join(places.target, target), { recursive: true });
    const reply = await dbt.ask({
      project: places.project,
      target: join(places.target, target),
      state: state === null ? null : join(places.target, state),
      args: [],
      questions,
    });
    if (reply.error !== null) throw new Error(reply.error);
    return reply;
  }

  function manifestOf(target: string) {
    const path = join(places.target, target, "manifest.json");
    return readManifest(readFileSync(path, "utf8"), path);
  }
});

function unrendered({ edit, add }: ReturnType<typeof filesIn>): void {
  edit("dbt_project.yml", "flags:", "flags:\n  state_modified_compare_more_unrendered_values: true");
  add("dbt_project.yml", "\nvars:\n  place: one\n");
  edit("models/staging/_sources.yml", "  - name: billing", "  - name: billing\n    schema: \"{{ var('place') }}\"");
}

function ask(text: string, mode: IndirectSelection, as: Question["as"] = "ls"): Question {
  return { select: [text], exclude: [], mode, as };
}

function options({ select: texts, exclude, mode, as }: Question, compareUnrendered?: boolean): SelectOptions {
  const asked = { select: texts, exclude, indirectSelection: mode, as };
  return compareUnrendered === undefined ? asked : { ...asked, compareUnrendered };
}

function isRefused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof SignalboxError && error.kind === "configuration";
  }
}

interface Dbt {
  ask(request: unknown): Promise<Reply>;
  stop(): void;
}

function startDbt(root: string): Dbt {
  const script = fileURLToPath(new URL("dbt-answers.py", import.meta.url));
  const child: ChildProcessWithoutNullStreams = spawn(join(DBT_BIN ?? "", "python"), [script], {
    cwd: root,
    env: { ...process.env, SHOP_DUCKDB: join(root, "shop.duckdb") },
  });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`dbt-answers.py ended: ${words}`);
      return JSON.parse(value) as Reply;
    },
    stop: () => child.stdin.end(),
  };
}
