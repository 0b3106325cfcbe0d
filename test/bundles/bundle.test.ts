import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BundleRequest, filesOf, makeBundle, readBundle } from "../../src/bundles/bundle.ts";
import { manifestJson } from "../artifacts/build.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { facts, writeArtifacts } from "./build.ts";

const TOKEN = "xoxb-0123456789-secret";
const WHERE = "s3://bundles/aaaa";
const dir = useTempDir();
const folder = () => join(dir(), "bundle");

async function make(overrides: Partial<BundleRequest> = {}) {
  const files = overrides.files ?? (await writeArtifacts(join(dir(), "target")));
  return makeBundle({ files, into: folder(), facts, secrets: [TOKEN], ...overrides });
}

describe("a bundle", () => {
  it("is read back as it was made", async () => {
    const made = await make();

    const read = await readBundle(folder(), WHERE);

    expect(read).toEqual(made);
    expect(read).toMatchObject({ schema: 1, ...facts });
    expect(read.files.map(({ name }) => name)).toEqual(["manifest.json", "run_results.json"]);
  });

  it("holds the files byte for byte, and state.json beside them", async () => {
    const manifest = manifestJson({ metrics: { "metric.shop.é": { name: "é\u0000" } } });
    const header = await make({ files: await writeArtifacts(join(dir(), "target"), { "manifest.json": manifest }) });

    expect(await readFile(join(folder(), "manifest.json"), "utf8")).toBe(manifest);
    expect((await readdir(folder())).sort()).toEqual([...filesOf(header)].sort());
    expect(filesOf(header)).toEqual(["state.json", "manifest.json", "run_results.json"]);
  });

  it("replaces what an earlier one left in its folder", async () => {
    await make({
      files: await writeArtifacts(join(dir(), "target"), { "sources.json": "{}", "verdict.json": "{}" }),
    });

    await make({ files: await writeArtifacts(join(dir(), "other")) });

    expect((await readdir(folder())).sort()).toEqual(["manifest.json", "run_results.json", "state.json"]);
  });
});

describe("a bundle's commit", () => {
  it.each(["HEAD", "abc123", "../../../etc/cron.d/x", `${facts.commit}/..`, `${facts.commit}\n`, ""])(
    "cannot be %j: a store would name a folder by it",
    async (commit) => {
      await expect(make({ facts: { ...facts, commit } })).rejects.toMatchObject({
        exitCode: 2,
        message: `the commit of the bundle is ${JSON.stringify(commit)}: wanted its whole hash`,
      });
    },
  );
});

describe("a damaged bundle", () => {
  const header = (change: (header: Record<string, unknown>) => unknown) => async () => {
    const file = join(folder(), "state.json");
    await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, "utf8")))));
  };
  const inFolder = (name: string) => join(folder(), name);

  it.each<[what: string, damage: () => Promise<unknown>, message: string]>([
    ["that is not there at all", () => rm(folder(), { recursive: true }), "it has no state.json"],
    ["without state.json", () => rm(inFolder("state.json")), "it has no state.json"],
    ["with half a state.json", () => truncate(inFolder("state.json"), 40), "state.json is not JSON"],
    ["with an empty state.json", () => truncate(inFolder("state.json"), 0), "state.json is not JSON"],
    ["whose state.json is a list", header(() => []), "state.json is not as written"],
    ["whose state.json is null", header(() => null), "state.json is not as written"],
    ["of another schema", header((old) => ({ ...old, schema: 2 })), "state.json is not as written"],
    ["without a project", header(({ project: _, ...old }) => old), "state.json is not as written"],
    ["of a commit that is a path", header((old) => ({ ...old, commit: "../../etc" })), "state.json is not as written"],
    ["of half a commit", header((old) => ({ ...old, commit: "abc123" })), "state.json is not as written"],
    [
      "that lists a file outside its folder",
      header((old) => ({ ...old, files: [{ name: "../manifest.json", bytes: 1, sha256: "" }] })),
      "state.json is not as written",
    ],
    [
      "that lists a file of dbt's that holds SQL to execute",
      header((old) => ({ ...old, files: [{ name: "partial_parse.msgpack", bytes: 1, sha256: "" }] })),
      "state.json is not as written",
    ],
    ["that lists no manifest", header((old) => ({ ...old, files: [] })), "it holds no manifest.json"],
    ["without its manifest", () => rm(inFolder("manifest.json")), "manifest.json is missing"],
    [
      "with a folder for a manifest",
      async () => {
        await rm(inFolder("manifest.json"));
        await mkdir(inFolder("manifest.json"));
      },
      "manifest.json is missing",
    ],
    ["whose manifest is cut off", () => truncate(inFolder("manifest.json"), 10), "manifest.json has 10 bytes"],
    ["whose results are cut off", () => truncate(inFolder("run_results.json"), 0), "run_results.json has 0 bytes"],
    [
      "in which one byte has changed",
      async () => {
        const text = await readFile(inFolder("manifest.json"), "utf8");
        await writeFile(inFolder("manifest.json"), text.replace("shop", "sh0p"));
      },
      "manifest.json has ",
    ],
  ])("%s is an artifacts error that names the bundle", async (_, damage, message) => {
    await make();
    await damage();

    const reading = readBundle(folder(), WHERE);

    await expect(reading).rejects.toMatchObject({
      kind: "artifacts",
      exitCode: 3,
      message: expect.stringContaining(`the bundle ${WHERE} is damaged: ${message}`),
    });
  });
});

describe("a file that holds a secret", () => {
  const escaped = 'pass"word\\with-\n-lines';

  it.each<[how: string, secret: string, text: string]>([
    ["as it is", TOKEN, `{"raw_code": "select '${TOKEN}'"}`],
    ["as JSON escapes it", escaped, JSON.stringify({ raw_code: `select '${escaped}'` })],
    ["in base64", TOKEN, JSON.stringify({ header: Buffer.from(TOKEN).toString("base64") })],
  ])("%s is not published, and nothing is left behind", async (_, secret, text) => {
    const files = await writeArtifacts(join(dir(), "target"), { "verdict.json": text });

    const making = make({ files, secrets: ["another-secret", secret] });

    await expect(making).rejects.toMatchObject({
      kind: "artifacts",
      exitCode: 3,
      message: "verdict.json holds one of this job's secrets: it is not published",
    });
    await expect(making).rejects.not.toMatchObject({ message: expect.stringContaining(secret) });
    expect(await readdir(dir())).toEqual(["target"]);
  });

  it("does not take an earlier bundle for its own", async () => {
    await make();
    const files = await writeArtifacts(join(dir(), "target"), { "manifest.json": TOKEN });

    await expect(make({ files })).rejects.toThrow();

    await expect(readBundle(folder(), WHERE)).rejects.toMatchObject({ exitCode: 3 });
  });
});
