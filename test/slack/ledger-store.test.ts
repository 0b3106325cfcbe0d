import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFileLedger } from "../../src/slack/ledger-store.ts";
import { aLedger, anEntry } from "../alerts/build.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
const file = () => join(dir(), "kept", "ledger.json");
const open = () => createFileLedger(file());

const PROD = "acme/shop shop prod";
const STAGING = "acme/shop shop staging";

async function put(text: string): Promise<void> {
  await mkdir(join(dir(), "kept"), { recursive: true });
  await writeFile(file(), text);
}

describe("a ledger in a file", () => {
  it("is empty where there is none yet", async () => {
    expect(await open().load(PROD)).toEqual({ scope: PROD, lastRun: null, entries: [], board: null });
  });

  it("is not made by looking at it", async () => {
    await open().load(PROD);

    expect(await readdir(dir())).toEqual([]);
  });

  it("is there for the next run as it was saved", async () => {
    const ledger = aLedger([anEntry("a"), anEntry("run:dbt-failed", { severity: "warn", thread: null, runs: 12 })], {
      scope: PROD,
      board: { week: "2026-W48", channel: "C0WARNINGS", ts: "1.2" },
    });

    await open().save(ledger);

    expect(await open().load(PROD)).toEqual(ledger);
  });

  it("keeps the scopes apart: what happens to one leaves the others as they were", async () => {
    await open().save(aLedger([anEntry("a")], { scope: PROD }));
    await open().save(aLedger([anEntry("b")], { scope: STAGING }));
    await open().save(aLedger([anEntry("c")], { scope: PROD }));

    expect((await open().load(PROD)).entries).toEqual([anEntry("c")]);
    expect((await open().load(STAGING)).entries).toEqual([anEntry("b")]);
    expect((await open().load("acme/shop shop")).entries).toEqual([]);
  });

  it.each(["__proto__", "constructor", ""])("keeps a scope named %j like any other", async (scope) => {
    await open().save(aLedger([anEntry("a")], { scope }));

    expect((await open().load(scope)).entries).toEqual([anEntry("a")]);
    expect((await open().load(PROD)).entries).toEqual([]);
  });

  it("leaves no other file behind", async () => {
    await open().save(aLedger());
    await open().save(aLedger());

    expect(await readdir(join(dir(), "kept"))).toEqual(["ledger.json"]);
  });

  it.each<[what: string, text: string]>([
    ["empty", ""],
    ["cut off", `{"schema": 1, "ledgers": [{"scope": "acme`],
    ["of another program", `{"name": "shop"}`],
    ["a list", "[]"],
    ["null", "null"],
    ["of a later signalbox", `{"schema": 2, "ledgers": []}`],
    [
      "without severity in an entry",
      JSON.stringify({ schema: 1, ledgers: [aLedger([{ ...anEntry("a"), severity: "fatal" as never }])] }),
    ],
    [
      "with a count that is none",
      JSON.stringify({ schema: 1, ledgers: [aLedger([anEntry("a", { runs: "3" as never })])] }),
    ],
  ])("that is %s is an artifacts error, and is not written over", async (_, text) => {
    await put(text);
    const asBroken = {
      kind: "artifacts",
      exitCode: 3,
      message: `the ledger ${file()} is unreadable`,
      hint: expect.stringContaining("delete it"),
    };

    await expect(open().load(PROD)).rejects.toMatchObject(asBroken);
    await expect(open().save(aLedger())).rejects.toMatchObject(asBroken);
    expect(await readFile(file(), "utf8")).toBe(text);
  });
});
