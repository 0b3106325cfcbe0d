import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { signalbox } from "./cli.ts";
import { describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";

const FILES = {
  "models/a.sql": "select 2 as id\n",
  "models/b.sql": "select id from {{ ref('a') }}\n",
  "models/c.sql": "select * from {{ ref('b') }}\n",
  "models/schema.yml":
    "models: [{ name: b, columns: [{ name: id, data_tests: [{ accepted_values: { arguments: { values: [1], quote: false } } }] }] }]\n",
};

/** Times, and what is another in each run. */
function withoutTimes(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?|\b\d\d:\d\d:\d\d\b/g, "TIME")
    .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, "UUID")
    .replace(/\b[\da-f]{40}\b|\b[\da-f]{7,8}\b/g, "COMMIT")
    .replace(/"key": "[^"]*"/g, '"key": "KEY"')
    .replace(/; slowest: .*/g, "; slowest: NODES")
    .replace(/\d+(?:\.\d+)?(?: s\b|s\b)|\b\d+\.\d+(?:e-\d+)?\b/g, "NUMBER")
    .replace(/("\w*(?:[sS]econds|elapsed|time|startedAt|pid|id)":) ?"?\d+"?/g, "$1 0")
    .replace(/Thread-\d+/g, "Thread")
    .replace(/\.{4,} \[/g, "... [");
}

const JSON_FILES = ["verdict.json", "build.json", "plan.json", "ci.json"];

describeOnDbt("ci with a dbt that is loaded once, and with one that each start loads", () => {
  const shops: Shop[] = [];
  beforeAll(() => {
    const first = openBareShop(FILES);
    // Each Python tells what it was started for.
    first.write(
      "python/sitecustomize.py",
      "import sys, os\nopen(os.environ['STARTED'], 'a').write(sys.orig_argv[1] + '\\n')\n",
    );
    shops.push(first, first.copy());
  });
  afterAll(() => {
    for (const shop of shops) shop.remove();
  });

  it("is the same: exit code, log, verdict, plan, build, JUnit, and dbt's arguments", async () => {
    const ends = [];
    for (const [index, shop] of shops.entries()) {
      shop.write(
        "signalbox.yml",
        `${shop.read("signalbox.yml")}dbt: { preload: ${index === 0}, args: [--threads, "1"] }\n`,
      );
      shop.commit("Settings");
      const started = join(shop.dir, "started");
      const env = { ...shop.env, PYTHONPATH: join(shop.repo, "python"), STARTED: started };
      const { code, stdout, stderr } = await signalbox(["ci", "--mode", "deploy", "--select", "a+"], {
        cwd: shop.repo,
        env,
      });
      const plain = (text: string) => withoutTimes(text.replaceAll(shop.dir, "DIR"));
      const read = (name: string) => plain(shop.read(name));
      const log = plain(stdout + stderr);
      const files = [...JSON_FILES.map((name) => `.signalbox/${name}`), "test-results/dbt/dbt.xml"];
      const results = JSON.parse(shop.read(".signalbox/dbt/02-build/run_results.json").replaceAll(shop.dir, "DIR"));
      const starts = readdirSync(join(shop.repo, ".signalbox/dbt")).map((name) =>
        shop.read(`.signalbox/dbt/${name}/dbt.log`),
      );
      for (const field of ["invocation_id", "pid"])
        expect(new Set(starts.map((text) => JSON.parse(text.split("\n")[0] ?? "").info[field])).size).toBe(
          starts.length,
        );
      const dbt = readFileSync(started, "utf8")
        .split("\n")
        .filter((program) => program.endsWith("/dbt")).length;
      ends.push({
        dbt,
        code,
        log,
        files: Object.fromEntries(files.map((name) => [name, read(name)])),
        args: results.args,
      });
    }

    const [once, anew] = ends;
    expect([once, anew]).toMatchObject([
      { code: 1, dbt: 0 },
      { code: 1, dbt: 2 },
    ]);
    expect({ ...once, dbt: 0 }).toEqual({ ...anew, dbt: 0 });
  });
});
