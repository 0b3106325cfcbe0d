import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unzipBundle } from "../../src/bundles/zip.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { buildZip, type ZipEntry } from "./build-zip.ts";

const STATE: ZipEntry = { name: "state.json", content: "{}" };

describe("the zip of a bundle", () => {
  const dir = useTempDir();
  const unzip = async (archive: Buffer, prepare: (folder: string) => Promise<unknown> = async () => {}) => {
    const folder = join(dir(), "folder");
    await mkdir(folder);
    await writeFile(join(dir(), "archive.zip"), archive);
    await prepare(folder);
    await unzipBundle(join(dir(), "archive.zip"), folder, "artifact 7");
    return folder;
  };

  it("gives the five files that a bundle can have, packed or not", async () => {
    const names = ["state.json", "manifest.json", "run_results.json", "verdict.json", "sources.json"];
    const entries = names.map((name, index) => ({
      name,
      content: `{"is":"${name}"}`,
      method: index % 2 === 0 ? 8 : 0,
    }));

    const folder = await unzip(buildZip(entries));

    expect((await readdir(folder)).sort()).toEqual([...names].sort());
    expect(await readFile(join(folder, "verdict.json"), "utf8")).toBe('{"is":"verdict.json"}');
  });

  it.each<[what: string, entry: ZipEntry]>([
    ["a name that leads out", { name: "../manifest.json", content: "{}" }],
    ["an absolute name", { name: "/tmp/manifest.json", content: "{}" }],
    ["a name with a drive", { name: "C:manifest.json", content: "{}" }],
    ["a back slash", { name: "..\\manifest.json", content: "{}" }],
    ["a folder", { name: "manifest.json/", content: "" }],
    ["a file in a folder", { name: "x/manifest.json", content: "{}" }],
    ["dbt's partial parse, whose SQL would run", { name: "partial_parse.msgpack", content: "x" }],
    ["dbt's graph", { name: "graph.gpickle", content: "x" }],
    ["another case", { name: "Manifest.json", content: "{}" }],
    ["a name with a zero", { name: "manifest.json\0.txt", content: "{}" }],
    ["a link", { name: "manifest.json", content: "/etc/passwd", mode: 0o120777 }],
    ["a device", { name: "manifest.json", content: "", mode: 0o020666 }],
    ["a file that says it is a folder", { name: "manifest.json", content: "", mode: 0o040755 }],
    ["an encrypted file", { name: "manifest.json", content: "{}", flags: 1 }],
    ["another packing", { name: "manifest.json", content: "{}", method: 12 }],
    ["one file twice", STATE],
    ["a file that says it is too large", { name: "manifest.json", content: "{}", declaredBytes: 0x7fffffff }],
    [
      "a bomb: more comes out than it says",
      { name: "manifest.json", content: Buffer.alloc(50_000_000), declaredBytes: 100 },
    ],
    ["less than it says", { name: "manifest.json", content: "{}", declaredBytes: 100 }],
  ])("is refused with %s", async (_, entry) => {
    await expect(unzip(buildZip([STATE, entry]))).rejects.toMatchObject({ kind: "artifacts", exitCode: 3 });
  });

  it("is refused with a state.json of more than 64 KiB", async () => {
    const archive = buildZip([{ name: "state.json", content: Buffer.alloc(70_000) }]);

    await expect(unzip(archive)).rejects.toMatchObject({ kind: "artifacts" });
  });

  it.each([
    ["no zip", Buffer.from("<html>not found</html>")],
    ["empty", Buffer.alloc(0)],
    ["cut off", buildZip([STATE]).subarray(0, 40)],
  ])("is refused where it is %s", async (_, archive) => {
    await expect(unzip(archive)).rejects.toMatchObject({ kind: "artifacts" });
  });

  it("writes through no link that lies in the folder", async () => {
    const victim = join(dir(), "victim");
    await writeFile(victim, "untouched");

    await unzip(buildZip([STATE]), (folder) => symlink(victim, join(folder, "state.json"))).catch(() => {});

    expect(await readFile(victim, "utf8")).toBe("untouched");
  });

  it("does not print what a name would do to a terminal", async () => {
    const archive = buildZip([{ name: "\u001b[31mred\n::error::x", content: "" }]);

    const error = await unzip(archive).catch((thrown: Error) => thrown);

    expect((error as Error).message).not.toMatch(/[\u001b\n]/);
  });
});
