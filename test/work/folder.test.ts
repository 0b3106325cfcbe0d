import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { redactor } from "../../src/support/redact.ts";
import { createWorkFolder } from "../../src/work/folder.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
const at = (...names: string[]) => join(dir(), ...names);
const openFolder = () => createWorkFolder(at("work"), redactor([]));

const OURS = [".gitignore", ".signalbox-work"];
const LOCKED = [".gitignore", ".lock", ".signalbox-work"];
const ME = { pid: process.pid, command: "ci", startedAt: 0 };
const empty = async (work = openFolder()) => (await work.lock(ME, { empty: true })).release();
const open = async (work = openFolder()) => (await work.lock(ME)).release();

describe("the work folder", () => {
  it("is made with our marker, and git does not see it", async () => {
    await createWorkFolder(at("deep", "work"), redactor([])).open();

    expect((await readdir(at("deep", "work"))).sort()).toEqual(OURS);
    expect(await readFile(at("deep", "work", ".gitignore"), "utf8")).toBe("*\n");
  });

  it("may be opened again, and keeps what is in it", async () => {
    await openFolder().open();
    await openFolder().writeJson("plan.json", { kind: "nothing" });

    await openFolder().open();

    expect(await openFolder().readJson("plan.json")).toEqual({ kind: "nothing" });
  });

  it("is known again after it was deleted under a run that writes on", async () => {
    const work = openFolder();
    await work.open();
    await rm(at("work"), { recursive: true });
    await mkdir(at("work", "dbt"), { recursive: true });

    await work.writeJson("ci.json", {});

    await openFolder().open();
    expect((await readdir(at("work"))).sort()).toEqual([...OURS, "ci.json", "dbt"].sort());
  });

  it("may be an empty folder that is there already", async () => {
    await mkdir(at("work"));

    await openFolder().open();

    expect((await readdir(at("work"))).sort()).toEqual(OURS);
  });

  it("is emptied, folders and all, and marked again", async () => {
    const work = openFolder();
    await work.open();
    await work.writeJson("dbt/01-parse/run.json", {});
    await writeFile(work.path("left-over"), "");

    await empty();

    expect((await readdir(at("work"))).sort()).toEqual(LOCKED);
  });

  it("is made by emptying it where there is none", async () => {
    await empty();

    expect((await readdir(at("work"))).sort()).toEqual(LOCKED);
  });

  it("cannot be in a folder that nobody may write, which is told", async () => {
    await writeFile(at("locks"), "");
    await mkdir(at("work"));
    await symlink(at("locks"), at("work", ".lock"));
    await writeFile(at("work", ".signalbox-work"), "");

    await expect(open()).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringMatching(/^the work folder .*\/work cannot be written: E/),
      hint: expect.stringContaining("--work"),
    });
  });
});

describe("a folder that is not ours", () => {
  it.each([
    ["open", open],
    ["empty", empty],
  ])("is refused, and stays as it was: %s", async (_, what) => {
    await mkdir(at("work", "models"), { recursive: true });
    await writeFile(at("work", "models", "orders.sql"), "select 1");
    await writeFile(at("work", ".gitignore"), "target/\n");

    await expect(what()).rejects.toMatchObject({
      kind: "configuration",
      exitCode: 2,
      message: `${at("work")} is not a work folder of signalbox: it holds .gitignore, models and not our marker .signalbox-work`,
      hint: expect.stringContaining("--work"),
    });
    expect(await readFile(at("work", "models", "orders.sql"), "utf8")).toBe("select 1");
    expect(await readFile(at("work", ".gitignore"), "utf8")).toBe("target/\n");
  });

  it.each([
    ["open", open],
    ["empty", empty],
  ])("is refused where it is a file, which stays: %s", async (_, what) => {
    await writeFile(at("work"), "a person's notes");

    await expect(what()).rejects.toMatchObject({ kind: "configuration", exitCode: 2 });
    expect(await readFile(at("work"), "utf8")).toBe("a person's notes");
  });

  it.each([
    ["open", open],
    ["empty", empty],
  ])("is refused below a file: %s", async (_, what) => {
    await writeFile(at("notes.txt"), "a person's notes");

    await expect(what(createWorkFolder(at("notes.txt", "work"), redactor([])))).rejects.toMatchObject({ exitCode: 2 });
    expect(await readFile(at("notes.txt"), "utf8")).toBe("a person's notes");
  });

  it("is not emptied through a link: the link makes room, what it points to stays", async () => {
    await createWorkFolder(at("theirs"), redactor([])).open();
    await writeFile(at("theirs", "kept"), "");
    await symlink(at("theirs"), at("work"));

    await empty();

    expect(existsSync(at("theirs", "kept"))).toBe(true);
    expect((await readdir(at("work"))).sort()).toEqual(LOCKED);
  });
});

describe("a value in the work folder", () => {
  it("is read back as it was written, also in folders", async () => {
    const value = { schema: 1, text: "ümläut\u2028\u0000", list: [null, 1.5] };
    await openFolder().writeJson("baselines/selection.json", value);

    expect(await openFolder().readJson("baselines/selection.json")).toEqual(value);
  });

  it("is null where it was never written, also in a folder that does not exist", async () => {
    expect(await openFolder().readJson("verdict.json")).toBeNull();
    expect(await openFolder().readJson("dbt/verdict.json")).toBeNull();
  });

  it.each(["", "{", '{"schema": 1'])("that is %j is an artifacts error", async (text) => {
    await openFolder().open();
    await writeFile(at("work", "plan.json"), text);

    await expect(openFolder().readJson("plan.json")).rejects.toMatchObject({
      kind: "artifacts",
      exitCode: 3,
      message: `${at("work", "plan.json")} is not JSON`,
    });
  });

  it("is written whole: nothing else is left beside it", async () => {
    await openFolder().open();

    await Promise.all([1, 2, 3].map((value) => openFolder().writeJson("run.json", { value })));

    expect((await readdir(at("work"))).sort()).toEqual([...OURS, "run.json"]);
  });

  it("has its place in the folder", () => {
    expect(openFolder().path("dbt", "01-parse")).toBe(at("work", "dbt", "01-parse"));
    expect(openFolder().dir).toBe(at("work"));
  });
});
