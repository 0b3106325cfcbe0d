import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NO_EVIDENCE } from "../../../src/render/page/page-facts.ts";
import { readEvidence, writePage } from "../../../src/steps/report/page.ts";
import { artifactsUrlOf, artifactsUrlOfJob, pageFileOf } from "../../../src/steps/report/page-file.ts";
import { aDbtRun, aManifest, aNode, aResult, aTest } from "../../artifacts/build.ts";
import { aPage } from "../../render/page/build.ts";
import { aFinding, aSubject, aVerdict } from "../../severity/build.ts";
import { useTempDir } from "../../support/temp-dir.ts";
import { aConfig, someOutputs } from "../build-parts.ts";

const dir = useTempDir();

function parts({ html, wanted = true }: { html?: string; wanted?: boolean } = {}) {
  const { outputs, told } = someOutputs();
  return {
    told,
    settings: { given: html === undefined ? {} : { html }, config: aConfig({ report: { html: wanted } }) },
    cwd: dir(),
    clock: { now: () => Date.UTC(2026, 10, 25, 7, 4) },
    work: { path: (name: string) => join(dir(), name) },
    outputs,
    redact: (text: string) => text.replaceAll("s3cret-of-ours", "***"),
  };
}

describe("the page's file", () => {
  it.each([
    ["the work folder's, of itself", {}, "report.html"],
    ["none where report.html is false", { wanted: false }, null],
    ["the one that --html names, whatever the file says", { html: "out/page.html", wanted: false }, "out/page.html"],
  ])("is %s", async (_, given, file) => {
    const ours = parts(given);

    await writePage(ours, aPage({ ended: "Nothing changed." }));

    expect(pageFileOf(ours)).toBe(file === null ? null : join(dir(), file));
    expect([existsSync(join(dir(), "report.html")), existsSync(join(dir(), "out/page.html"))]).toEqual([
      file === "report.html",
      file === "out/page.html",
    ]);
  });

  it("says when it was written, and holds no secret, also not in compiled code", async () => {
    const about = aFinding({ subject: aSubject({ compiled: "target/a.sql" }), message: "s3cret-of-ours" });
    const verdict = { ...aVerdict([about]), schema: 1 as const, sources: [] };
    const counts = { error: 1, warn: 0, skipped: 0, passed: 0, muted: 0 };
    const id = "test.shop.not_null_orders_id.1a";
    const compiled = { [id]: { text: "select 's3cret-of-ours'", bytes: 23, isWhole: true } };

    await writePage(
      parts(),
      aPage({
        verdict: { ...verdict, counts },
        evidence: { ...NO_EVIDENCE, compiled },
      }),
    );

    const page = readFileSync(join(dir(), "report.html"), "utf8");
    expect(page).toContain("written 2026-11-25 07:04 UTC");
    expect(page).toContain("'***'");
    expect(page).not.toContain("s3cret");
  });

  it("that cannot be written is told once, and stops nothing", async () => {
    writeFileSync(join(dir(), "file"), "mine");
    const ours = parts({ html: "file/page.html" });

    await writePage(ours, aPage());

    expect(ours.told).toEqual([expect.stringMatching(/^the page is not written: /)]);
    expect([ours.outputs.exitCodeOf(0), ours.outputs.exitCodeOf(1)]).toEqual([2, 1]);
  });
});

describe("the page among artifacts", () => {
  const url = "https://github.com/acme/shop/actions/runs/777";
  it.each([
    ["on GitHub, where the Action keeps them", {}, "true", "github", `${url}#artifacts`],
    ["nowhere where it keeps none", {}, "false", "github", null],
    ["nowhere without the Action", {}, undefined, "github", null],
    ["nowhere where there is no page", { wanted: false }, "true", "github", null],
    ["nowhere that is known on another CI", {}, "true", "unknown", null],
  ] as const)("is %s", (_, given, kept, platform, found) => {
    const ours = { ...parts(given), env: { SIGNALBOX_ARTIFACTS: kept } };

    expect(artifactsUrlOf(ours, { platform, url })).toBe(found);
  });

  const job = "3df8fe81-1066-4a7b-9843-bad46ff42b65";
  const circle = {
    CIRCLECI: "true",
    CIRCLE_WORKFLOW_JOB_ID: job,
    CIRCLE_BUILD_URL: "https://circleci.com/gh/acme/shop/7",
  };
  const stored = (path: string, node = 0) =>
    `https://output.circle-artifacts.com/output/job/${job}/artifacts/${node}/${path}`;
  it.each([
    ["in the folder that the job stores", ".", {}, "report.html", stored("report.html")],
    ["in a folder of it", "out", {}, "out/a page #1.html", stored("out/a%20page%20%231.html")],
    ["of one of several machines", ".", { CIRCLE_NODE_INDEX: "2" }, "report.html", stored("report.html", 2)],
    ["nowhere beside that folder", "out", {}, "report.html", null],
    ["nowhere where it keeps none", "", {}, "report.html", null],
    ["nowhere in a home that is not known", "~/out", {}, "~/out/report.html", null],
    ["nowhere without the job's id", ".", { CIRCLE_WORKFLOW_JOB_ID: "" }, "report.html", null],
    ["nowhere for an id that is none", ".", { CIRCLE_WORKFLOW_JOB_ID: "../../x" }, "report.html", null],
    [
      "nowhere that is known of a Server",
      ".",
      { CIRCLE_BUILD_URL: "https://ci.example/gh/a/b/7" },
      "report.html",
      null,
    ],
  ] as const)("on CircleCI is %s", (_, kept, env, html, found) => {
    const ours = { ...parts({ html }), env: { ...circle, SIGNALBOX_ARTIFACTS: kept, ...env } };

    expect(artifactsUrlOfJob(ours)).toBe(found);
  });

  it("on CircleCI is in a folder that is named from the root", () => {
    const ours = { ...parts(), env: { ...circle, SIGNALBOX_ARTIFACTS: dir() } };

    expect(artifactsUrlOfJob(ours)).toBe(stored(`${dir().slice(1)}/report.html`));
  });

  it.each([
    ["on the run's page", { GITHUB_REPOSITORY: "acme/shop", GITHUB_RUN_ID: "777" }, `${url}#artifacts`],
    ["nowhere where the runner does not tell the run", {}, null],
  ])("for a report on GitHub is %s", (_, env, found) => {
    const ours = { ...parts(), env: { GITHUB_ACTIONS: "true", SIGNALBOX_ARTIFACTS: "true", ...env } };

    expect(artifactsUrlOfJob(ours)).toBe(found);
  });
});

describe("what dbt left behind findings", () => {
  const folders = () => ({
    ...{ projectDir: join(dir(), "shop"), targetPath: join(dir(), "shop/target"), logPath: "", packagesPath: "" },
    ...{ projectName: "shop", top: dir(), fromTop: "shop" },
  });
  const write = (path: string, text: string) => {
    mkdirSync(join(dir(), path, ".."), { recursive: true });
    writeFileSync(join(dir(), path), text);
  };
  const codeOf = (compiled: string) => {
    const verdict = aVerdict([aFinding({ subject: aSubject({ id: "test.shop.t.1", compiled }) })]);
    const inputs = { runs: [], manifest: null, folders: folders(), usualSeconds: new Map() };
    return readEvidence(parts(), verdict, inputs).compiled["test.shop.t.1"];
  };

  it("is not looked for where no page is wanted", () => {
    write("shop/target/compiled/shop/t.sql", "select 1");
    const subject = aSubject({ id: "test.shop.t.1", compiled: "target/compiled/shop/t.sql" });
    const inputs = { runs: [], manifest: null, folders: folders(), usualSeconds: new Map() };
    const compiledFor = (wanted: boolean) =>
      Object.keys(readEvidence(parts({ wanted }), aVerdict([aFinding({ subject })]), inputs).compiled);

    expect([compiledFor(true), compiledFor(false)]).toEqual([["test.shop.t.1"], []]);
  });

  it("is the compiled code, of a long one its beginning", () => {
    write("shop/target/a.sql", "select 1");
    write("shop/target/long.sql", "x".repeat(100_000));

    expect(codeOf("target/a.sql")).toEqual({ text: "select 1", bytes: 8, isWhole: true });
    expect(codeOf("target/long.sql")).toEqual({ text: "x".repeat(65_536), bytes: 100_000, isWhole: false });
  });

  it("is none where it is gone, a folder, or a link to what lies elsewhere", () => {
    write("shop/target/folder/a.sql", "x");
    write("secret.txt", "x");
    symlinkSync(join(dir(), "secret.txt"), join(dir(), "shop/target/link.sql"));

    for (const path of ["target/gone.sql", "target/folder", "target/link.sql", "../secret.txt"])
      expect(codeOf(path), path).toBeUndefined();
  });

  it("is where a test keeps its failures; no model's relation is one", () => {
    const relation_name = '"shop"."audit"."not_null_orders_id"';
    const test = aTest("not_null_orders_id", [], { raw: { relation_name } });
    const model = aNode("orders", { raw: { relation_name: '"shop"."analytics"."orders"' } });
    const verdict = aVerdict(
      [test, model].map(({ id, type }) => aFinding({ subject: aSubject({ id, type }), failures: null })),
    );

    const { failuresIn } = readEvidence(parts(), verdict, {
      ...{ runs: [], usualSeconds: new Map() },
      manifest: aManifest([test, model]),
      folders: folders(),
    });

    expect(failuresIn).toEqual({ [test.id]: relation_name });
  });

  it("is what each source's freshness was, and what took the time, here and in the baseline", () => {
    const orders = aNode("orders", { parents: ["model.shop.stg"] });
    const stale = aResult("source.shop.raw.a", "warn", { message: "loaded 14 h ago" });
    const verdict = aVerdict([], {
      nodes: Object.fromEntries(
        ["stg", "orders"].map((name, index) => [
          `model.shop.${name}`,
          {
            ...{ name, type: "model", package: "shop", path: null, fqn: [], attachedTo: null, column: null },
            ...{ test: null, alertKey: null, seconds: 1, startedAt: `2026-11-25T07:00:0${index}Z` },
          },
        ]),
      ),
    });

    const evidence = readEvidence(parts(), verdict, {
      usualSeconds: new Map([
        ["model.shop.orders", 9],
        ["model.shop.gone", 5],
      ]),
      runs: [aDbtRun([aResult("model.shop.orders")]), aDbtRun([stale], { command: "source freshness" })],
      manifest: aManifest([orders, aNode("stg")]),
      folders: folders(),
    });

    expect(evidence.freshness).toEqual([{ id: stale.id, status: "warn", message: "loaded 14 h ago" }]);
    expect(evidence.usualSeconds).toEqual({ "model.shop.orders": 9 });
    expect(evidence.longestChain).toEqual(["model.shop.stg", "model.shop.orders"]);
  });
});
