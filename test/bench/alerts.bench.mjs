// A year of hourly runs against a Slack in the process, judged by the oracle; and what `notify` with nothing to tell costs
// beside Node's own start: the ledger in Slack, which answers on loopback, and in a file.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../prepare.mjs";
import { compare, time } from "./measure.mjs";

const PAIRS = 15;
const folder = mkdtempSync(join(tmpdir(), "signalbox-alerts-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const bundle = join(folder, "year");
const rolldown = join(ROOT, "node_modules/rolldown/bin/cli.mjs");
const built = spawnSync(
  process.execPath,
  [rolldown, join(ROOT, "test/steps/notify/year.ts"), "--platform", "node", "-d", bundle],
  { cwd: ROOT, encoding: "utf8" },
);
if (built.status !== 0) throw new Error(built.stdout + built.stderr);
const year = spawnSync(process.execPath, [join(bundle, "year.js")], { encoding: "utf8" });
process.stdout.write(`a year of hourly runs\n${year.stdout}${year.stderr}\n`);
if (year.status !== 0) process.exit(1);

writeFileSync(
  join(folder, "signalbox.yml"),
  "version: 1\nbase_branch: main\nmodes: { check: { target: ci } }\nslack: { error: C0ERRORS01, warn: C0WARNINGS }\n",
);
const nothing = { passed: [], neutral: [], nodes: {}, known: [], disabled: [], reproduce: null, sources: [] };
const counts = { error: 0, warn: 0, skipped: 0, passed: 0, muted: 0 };
const dbt = { version: null, commands: [], exitCodes: [] };
writeFileSync(
  join(folder, "verdict.json"),
  JSON.stringify({ schema: 1, level: "pass", findings: [], ...nothing, dbt, counts }),
);
const slack = spawn(process.execPath, [join(ROOT, "test/bench/empty-slack.mjs")], {
  stdio: ["ignore", "pipe", "inherit"],
});
process.on("exit", () => slack.kill());
const url = await new Promise((resolve) => slack.stdout.once("data", (data) => resolve(String(data).trim())));

const { GITHUB_ACTIONS: _, CIRCLECI: __, CI: ___, ...rest } = process.env;
const env = { ...rest, SLACK_BOT_TOKEN: "xoxb-1234567890-bench", SIGNALBOX_SLACK_URL: url };
const notify = (ledger) => () =>
  time({
    argv: [process.execPath, join(ROOT, "dist/cli.js"), "notify", "--verdict", "verdict.json", "--ledger", ledger],
    cwd: folder,
    env,
  });
const bare = () => time({ argv: [process.execPath, "-e", "0"] });
for (const ledger of ["slack", "file:ledger.json"])
  compare(
    `signalbox notify with nothing to tell, ledger: ${ledger}`,
    ["signalbox notify", notify(ledger)],
    ["node -e 0", bare],
    PAIRS,
  );
slack.kill();
