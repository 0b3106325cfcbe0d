// `npm run demo`: a team's day with signalbox, on real dbt-core and DuckDB, with nothing to sign up for; `npm run demo --
// --dbt 2`: the same day on dbt 2.
// Everything that is shown is printed by signalbox and dbt themselves; only dbt's log is shortened, and it says so.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareBuild, prepareDbt, prepareDbt2, preparePackages, ROOT, withDbt } from "../test/prepare.mjs";

const isTerminal = process.stdout.isTTY === true;
const hasColor = isTerminal && !process.env.NO_COLOR;
const paint = (on, off) => (text) => (hasColor ? `\u001b[${on}m${text}\u001b[${off}m` : text);
const [bold, dim, cyan, green, yellow, red] = [
  paint(1, 22),
  paint(2, 22),
  paint(36, 39),
  paint(32, 39),
  paint(33, 39),
  paint(31, 39),
];
const say = (text = "") => process.stdout.write(`${text}\n`);

/** dbt 2 begins its lines with what became of a node, and ends with what became of all. */
const OF_DBT_2 =
  /^ *(?:Passed|Succeeded|Warned|Failed|Skipped) +\[|^(?:dbt-\w+ \d|Loading |={5}|Finished |Processed: |Summary: )|^$/;

const MISTAKE = {
  file: "models/intermediate/int_orders_eur.sql",
  old: "    and orders.ordered_on < rates.valid_to",
  now: "    and orders.ordered_on <= rates.valid_to",
};

const isDbt2 = readVersion() === "2";
say(bold(`\nsignalbox: a team's day on real dbt ${isDbt2 ? "2 " : ""}and DuckDB`));
say(dim("Two data engineers, one dbt project, one warehouse. Nothing leaves this machine.\n"));
preparePackages();
const dbt = isDbt2 ? prepareDbt2() : { bin: prepareDbt(), env: {} };
if (dbt === null) process.exit(1);
prepareBuild();

const startedAt = Date.now();
const day = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-demo-")));
const places = {
  origin: join(day, "origin.git"),
  laptop: join(day, "ci"),
  hourly: join(day, "ci-hourly"),
  store: join(day, "store"),
  tickets: join(day, "tickets"),
};
const env = dayEnvironment();
const rows = [];
openShop();

await scene("1", "Main is deployed", "A push to main. Everything is built; one test only warns.", async () => {
  const run = await signalbox(places.laptop, ["ci", "--mode", "deploy"]);
  rows.push(row("push to main", run));
  expect(run.code, 0);
});

await scene(
  "2",
  "A pull request with a mistake in it",
  `One character in ${MISTAKE.file}: a rate is valid until a day, not through it.`,
  async () => {
    git(places.laptop, "switch", "--quiet", "--create", "feature/rates-through-last-day");
    edit(MISTAKE.old, MISTAKE.now);
    say(diff());
    git(places.laptop, "commit", "--quiet", "--all", "--message", "Use a rate through its last day");
    const run = await signalbox(places.laptop, ["ci"]);
    rows.push(row("pull request", run));
    expect(run.code, 1);
    say(
      `\n  ${bold("Production was not touched:")} the branch was built into a schema of its own, and read what it did not build from production.`,
    );
  },
);

await scene(
  "3",
  "It is merged all the same",
  "A deploy finds an error and a warning: two messages, for two channels.",
  async () => {
    git(places.laptop, "switch", "--quiet", "main");
    git(places.laptop, "merge", "--quiet", "--ff-only", "feature/rates-through-last-day");
    git(places.laptop, "push", "--quiet", "origin", "main");
    const run = await signalbox(places.laptop, ["ci", "--mode", "deploy"]);
    rows.push(row("merge to main", run));
    expect(run.code, 1);
  },
);

await scene(
  "4",
  "The fix is pushed on the hour",
  "The hourly run starts just after the deploy. Without a queue they would drop each other's tables.",
  async () => {
    edit(MISTAKE.now, MISTAKE.old);
    git(places.laptop, "commit", "--quiet", "--all", "--message", "Use a rate until its last day again");
    git(places.laptop, "push", "--quiet", "origin", "main");
    git(places.hourly, "pull", "--quiet");
    const deploy = signalbox(places.laptop, ["ci", "--mode", "deploy", "--no-notify"], cyan("deploy │ "));
    await new Promise((resolve) => setTimeout(resolve, isDbt2 ? 300 : 1000));
    const hourly = signalbox(places.hourly, ["ci", "--mode", "schedule", "--no-notify"], yellow("hourly │ "));
    const [first, second] = await Promise.all([deploy, hourly]);
    rows.push(row("fix to main", first), row("hourly run, at once", second));
    expect(first.code, 0);
    expect(second.code, 0);
  },
);

closeDay();

async function scene(number, title, story, play) {
  say(`\n${bold(`── ${number} · ${title} `)}${dim("─".repeat(Math.max(0, 74 - title.length)))}`);
  say(dim(`   ${story}\n`));
  await play();
}

/** A command of signalbox, its output as it comes; the answer is its exit code and ci.json. */
function signalbox(cwd, args, prefix = "  ") {
  say(`${prefix}${dim("$")} ${bold(`signalbox ${args.join(" ")}`)}`);
  const began = Date.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, "dist/cli.js"), ...args], { cwd, env });
    const show = createDisplay(prefix);
    let rest = "";
    const read = (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) show(line);
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.on("close", (code) => {
      if (rest !== "") show(rest);
      say(`${prefix}${dim("exit code")} ${code === 0 ? green(code) : red(code)}`);
      const ci = JSON.parse(readFileSync(join(cwd, ".signalbox/ci.json"), "utf8"));
      resolve({ code, ci, seconds: (Date.now() - began) / 1000 });
    });
  });
}

/** dbt's log has a line for each start and each success: they are counted here, and what matters is shown. */
function createDisplay(prefix) {
  let hidden = 0;
  return (line) => {
    const plain = line.replace(/\u001b\[[0-9;]*m/g, "");
    const isDbt = isDbt2 ? OF_DBT_2.test(plain) : /^\d\d:\d\d:\d\d/.test(plain);
    if (isDbt && !/\b(FAIL|WARN|ERROR|Failed|Warned)\b|Done\.|^Summary/.test(plain)) {
      hidden += 1;
      return;
    }
    if (hidden > 0) say(`${prefix}${dim(`          … ${hidden} lines of dbt's log`)}`);
    hidden = 0;
    say(`${prefix}${isDbt ? dim(`          ${isDbt2 ? plain.trim() : plain.slice(10)}`) : line}`);
  };
}

/** `--dbt 1` or `--dbt 2`. */
function readVersion() {
  try {
    const { dbt = "1" } = parseArgs({ options: { dbt: { type: "string" } } }).values;
    if (["1", "2"].includes(dbt)) return dbt;
    say(red(`--dbt is ${JSON.stringify(dbt)}: it can be 1 or 2`));
  } catch (error) {
    say(red(error.message));
  }
  return process.exit(2);
}

function openShop() {
  git(day, "init", "--quiet", "--bare", "--initial-branch=main", places.origin);
  git(day, "clone", "--quiet", places.origin, places.laptop);
  cpSync(join(ROOT, "examples/shop"), places.laptop, {
    recursive: true,
    filter: (path) => !/[/\\](target|logs|\.signalbox|dbt_packages)([/\\]|$)|\.duckdb/.test(path),
  });
  if (isDbt2) leaveFreshnessOut();
  git(places.laptop, "switch", "--quiet", "--create", "main");
  git(places.laptop, "add", "--all");
  git(places.laptop, "commit", "--quiet", "--message", "The shop");
  git(places.laptop, "push", "--quiet", "--set-upstream", "origin", "main");
  git(day, "clone", "--quiet", places.origin, places.hourly);
  for (const place of [places.store, places.tickets, join(day, "warehouse")]) mkdirSync(place);
}

/** The shop's sources are files, which dbt 2 reads in models, and not to see how fresh they are. */
function leaveFreshnessOut() {
  const file = join(places.laptop, "signalbox.yml");
  writeFileSync(file, readFileSync(file, "utf8").replace(", freshness: true", ""));
  say(dim("dbt 2 does not tell the freshness of sources that are files: the hourly run leaves it out.\n"));
}

/** A laptop's environment: what a CI around this demo sets is not the demo's. */
function dayEnvironment() {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(CI|CIRCLE.*|GITHUB_.*|SLACK_.*|SIGNALBOX_.*|DBT_.*)$/.test(name),
  );
  const git = {
    GIT_AUTHOR_NAME: "Dana",
    GIT_AUTHOR_EMAIL: "dana@shop.example",
    GIT_COMMITTER_NAME: "Dana",
    GIT_COMMITTER_EMAIL: "dana@shop.example",
  };
  const signalboxEnv = { SIGNALBOX_STORE: `dir:${places.store}`, SIGNALBOX_TICKET_DIR: places.tickets };
  const warehouse = { SHOP_DUCKDB: join(day, "warehouse/shop.duckdb") };
  return {
    ...withDbt(Object.fromEntries(own), dbt.bin),
    ...dbt.env,
    ...git,
    ...signalboxEnv,
    ...warehouse,
    ...(hasColor ? { FORCE_COLOR: "1" } : {}),
  };
}

function git(cwd, ...args) {
  const { status, stderr } = spawnSync(
    "git",
    ["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", ...args],
    { cwd, env, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}

function edit(from, to) {
  const file = join(places.laptop, MISTAKE.file);
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${MISTAKE.file} does not hold: ${from}`);
  writeFileSync(file, text.replace(from, to));
}

function diff() {
  return `  ${red(`-${MISTAKE.old}`)}\n  ${green(`+${MISTAKE.now}`)}\n`;
}

function row(what, { code, ci, seconds }) {
  const built = Object.values(ci.verdict?.nodes ?? {}).filter(({ type }) => type !== "source").length;
  const { error = 0, warn = 0 } = ci.verdict?.counts ?? {};
  const waited = ci.queue?.waitedSeconds ?? 0;
  return {
    what,
    mode: ci.mode,
    built,
    outcome: `${error} error${error === 1 ? "" : "s"}, ${warn} warning${warn === 1 ? "" : "s"}`,
    code,
    waited: waited <= 1 ? "–" : `${waited} s`,
    seconds: `${seconds.toFixed(0)} s`,
  };
}

function expect(found, wanted) {
  if (found === wanted) return;
  say(red(`\nThe demo expected exit code ${wanted} here and got ${found}. Please report it.`));
  process.exit(1);
}

function closeDay() {
  const all = Math.max(...rows.map(({ built }) => built));
  const table = [
    ["what happened", "mode", "built", "found", "exit", "waited", "took"],
    ...rows.map(({ what, mode, built, outcome, code, waited, seconds }) => [
      what,
      mode,
      `${built} of ${all}`,
      outcome,
      String(code),
      waited,
      seconds,
    ]),
  ];
  const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
  say(`\n${bold("── The day in figures ")}${dim("─".repeat(58))}\n`);
  for (const [index, cells] of table.entries()) {
    const line = cells.map((cell, column) => cell.padEnd(widths[column])).join("   ");
    say(`  ${index === 0 ? dim(line) : line}`);
  }
  say(`\n  ${dim("state bundles   ")}${places.store}`);
  say(
    `  ${dim("every value     ")}${join(places.laptop, ".signalbox")}${dim("   (verdict.json, plan.json, summary.md, dbt's artifacts, …)")}`,
  );
  say(`  ${dim("JUnit           ")}${join(places.laptop, "test-results/dbt")}`);
  say(`  ${dim("played in       ")}${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  say(`\n  ${bold("Next")}, in a repository of your own: npx signalbox init`);
  say(dim("  It looks at your dbt project and CI, asks what it cannot see, and overwrites nothing."));
  say(dim(`\n  Look around, then: rm -r ${day}`));
  if (process.env.DEMO_CLEAN === "1") rmSync(day, { recursive: true, force: true });
}
