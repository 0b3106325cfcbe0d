import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDbtLogs } from "../../src/dbt/log-file.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
const LINE = "=".repeat(30);
const start = (id: string, more = "") =>
  `${LINE} 07:00:00.000000 | ${id} ${LINE}\n07:00:00.000001 [info ] [MainThread]: Running with dbt=1.11.16\n${more}`;
const read = async (...folders: string[]) =>
  await readDbtLogs({ folders: folders.map((folder) => join(dir(), folder)), projectDir: "/shop" });

describe("dbt's log files", () => {
  it("are none where dbt has not been", async () => {
    expect(await read("logs")).toEqual([]);
  });

  it("are read with the ones that dbt moved aside, the oldest first", async () => {
    await mkdir(join(dir(), "logs"));
    await writeFile(join(dir(), "logs/dbt.log.2"), start("a"));
    await writeFile(join(dir(), "logs/dbt.log.1"), start("b"));
    await writeFile(join(dir(), "logs/dbt.log"), start("c"));

    expect((await read("logs")).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("tell absolute paths, from the project's folder", async () => {
    await mkdir(join(dir(), "logs"));
    const wrote = "07:00:01.0 [debug] [MainThread]: Wrote artifact WritableManifest to ./target/manifest.json\n";
    await writeFile(join(dir(), "logs/dbt.log"), start("a", wrote));

    expect(await read("logs")).toMatchObject([{ wroteIn: "/shop/target" }]);
  });

  it("tell one folder by one path, however it was written", async () => {
    await mkdir(join(dir(), "logs"));
    const args = "running dbt with arguments {'invocation_command': 'dbt build', 'target_path': '/shop//out/'}";
    await writeFile(join(dir(), "logs/dbt.log"), start("a", `07:00:01.0 [debug] [MainThread]: ${args}\n`));

    expect(await read("logs")).toMatchObject([{ targetPath: "/shop/out" }]);
  });

  it("may have a folder, or nothing readable, in their place", async () => {
    await mkdir(join(dir(), "logs/dbt.log"), { recursive: true });

    expect(await read("logs")).toEqual([]);
  });

  it("are read from their end where they are huge, in seconds", async () => {
    await mkdir(join(dir(), "logs"));
    const file = join(dir(), "logs/dbt.log");
    await writeFile(file, start("first"));
    const noise = `07:00:01.000000 [debug] [Thread-1  ]: On model.shop.a: ${"select 1, ".repeat(1000)}\n`.repeat(100);
    for (let written = 0; written < 100 * 1024 * 1024; written += noise.length) await appendFile(file, noise);
    await appendFile(file, `${"x".repeat(3 * 1024 * 1024)}\n${start("last")}`);

    const from = performance.now();
    const found = await read("logs");

    expect(found.map(({ id }) => id)).toEqual(["last"]);
    expect(performance.now() - from).toBeLessThan(8000);
  });
});
