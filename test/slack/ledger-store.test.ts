import { mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyLedger, type Ledger } from "../../src/alerts/ledger.ts";
import { createFileLedger, ledgerFile, readLedgerContents } from "../../src/slack/ledger-store.ts";
import { systemClock } from "../../src/support/clock.ts";
import { aLedger, anEntry } from "../alerts/build.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
const file = () => join(dir(), "kept", "ledger.json");
const open = (clock = systemClock) => createFileLedger(file(), clock);

const PROD = "acme/shop shop prod";
const STAGING = "acme/shop shop staging";
const NEVER_STORED = emptyLedger(PROD);

async function put(text: string): Promise<void> {
  await mkdir(join(dir(), "kept"), { recursive: true });
  await writeFile(file(), text);
}
const entriesOf = async (scope: string) => (await open().load(scope)).ledger.entries;
const save = (ledger: Ledger) => open().save(emptyLedger(ledger.scope), ledger);

describe("a ledger in a file", () => {
  it("is empty where there is none yet, and looking at it makes none", async () => {
    expect(await open().load(PROD)).toEqual({ ledger: NEVER_STORED, damage: null, foreign: [] });
    expect(await readLedgerContents(file())).toEqual({ scopes: null, damage: null, canMove: true });
    expect(await readdir(dir())).toEqual([]);
  });

  it.each([
    ["file:ledger.json", { path: "/repo/ledger.json", isInWorkFolder: false }],
    ["file:/kept/ledger.json", { path: "/kept/ledger.json", isInWorkFolder: false }],
    ["file:.signalbox/ledger.json", { path: "/repo/.signalbox/ledger.json", isInWorkFolder: true }],
    ["file:a/../.signalbox/x/ledger.json", { path: "/repo/.signalbox/x/ledger.json", isInWorkFolder: true }],
    ["file:.signalbox-ledger", { path: "/repo/.signalbox-ledger", isInWorkFolder: false }],
    ["slack", null],
    ["none", null],
  ])("is the one that %s names", (named, found) => {
    expect(ledgerFile(named, { cwd: "/repo", work: { dir: "/repo/.signalbox" } })).toEqual(found);
  });

  it("is there for the next run as it was saved", async () => {
    const ledger = aLedger(
      [anEntry("a"), anEntry("run:dbt-failed:code", { severity: "warn", thread: null, runs: 12 })],
      {
        scope: PROD,
        boards: [{ week: "2026-W48", channel: "C0WARNINGS", ts: "1.2", opened: 9, fixed: 7, isClosed: false }],
        unsettled: [
          {
            key: "777/1/error/C0ERRORS01/a1",
            channel: "C0ERRORS01",
            thread: null,
            since: "2026-11-25T07:00:01.000Z",
            at: "2026-11-25T07:00:00.000Z",
            week: null,
            told: [
              { fingerprint: "v1:test.shop.b", severity: "error" },
              { fingerprint: "v1:test.shop.c", severity: null },
            ],
          },
          {
            key: "777/1/warn/C0WARNINGS/b2",
            channel: "C0WARNINGS",
            thread: "1.1",
            since: "2026-11-25T07:00:01.000Z",
            at: "2026-11-25T07:00:00.000Z",
            week: null,
            isKeyless: true,
            told: [{ fingerprint: "v1:test.shop.d", severity: "warn" }],
          },
        ],
      },
    );

    expect(await save(ledger)).toEqual({ ledger, keptAs: null });
    expect(await open().load(PROD)).toEqual({ ledger, damage: null, foreign: [] });
  });

  it("of the first releases is read: fingerprints get their version, and nothing is unsettled", async () => {
    const { unsettled, ...old } = aLedger([anEntry("a", { fingerprint: "test.shop.a" })], { scope: PROD });
    const run = anEntry("x", { fingerprint: "run:dbt-failed" });
    await put(JSON.stringify({ schema: 1, ledgers: [{ ...old, entries: [...old.entries, run] }] }));

    const { ledger, damage } = await open().load(PROD);

    expect(damage).toBeNull();
    expect(ledger.entries.map(({ fingerprint }) => fingerprint)).toEqual(["v1:test.shop.a", "v1:run:dbt-failed"]);
    expect(ledger.unsettled).toEqual([]);
  });

  it("keeps the scopes apart: what happens to one leaves the others as they were", async () => {
    await save(aLedger([anEntry("a")], { scope: PROD }));
    await save(aLedger([anEntry("b")], { scope: STAGING }));
    await open().save((await open().load(PROD)).ledger, aLedger([anEntry("c")], { scope: PROD }));

    expect(await entriesOf(PROD)).toEqual([anEntry("c")]);
    expect(await entriesOf(STAGING)).toEqual([anEntry("b")]);
    expect(await entriesOf("acme/shop shop")).toEqual([]);
  });

  it.each(["__proto__", "constructor", ""])("keeps a scope named %j like any other", async (scope) => {
    await save(aLedger([anEntry("a")], { scope }));

    expect(await entriesOf(scope)).toEqual([anEntry("a")]);
    expect(await entriesOf(PROD)).toEqual([]);
  });

  it("leaves no other file behind", async () => {
    await save(aLedger());
    await save(aLedger());

    expect(await readdir(join(dir(), "kept"))).toEqual(["ledger.json"]);
  });

  it("loses nothing of twenty writers at once, of as many scopes", async () => {
    const scopes = Array.from({ length: 20 }, (_, index) => `acme/shop shop ${index}`);

    await Promise.all(scopes.map((scope) => save(aLedger([anEntry("a")], { scope }))));

    for (const scope of scopes) expect(await entriesOf(scope)).toEqual([anEntry("a")]);
  });

  it("takes what two writers of one scope have added", async () => {
    const base = aLedger([anEntry("old")], { scope: PROD });
    await save(base);

    await open().save(base, { ...base, entries: [...base.entries, anEntry("a")] });
    const { ledger } = await open().save(base, { ...base, entries: [anEntry("b")] });

    expect(ledger.entries.map(({ fingerprint }) => fingerprint).sort()).toEqual(["v1:test.shop.a", "v1:test.shop.b"]);
    expect(await entriesOf(PROD)).toEqual(ledger.entries);
  });

  it.each<[what: string, target: string, before: string | null]>([
    ["to a file that is not there yet", "../disk/real.json", null],
    ["to a file", "../disk/real.json", JSON.stringify({ schema: 1, ledgers: [] })],
    ["to a file that is damaged", "../disk/real.json", "{"],
  ])("that is a link %s stays one: what it leads to is what lasts", async (_, target, before) => {
    await mkdir(join(dir(), "kept"));
    await mkdir(join(dir(), "disk"));
    if (before !== null) await writeFile(join(dir(), "disk", "real.json"), before);
    await symlink(target, file());

    await save(aLedger([anEntry("a")], { scope: PROD }));

    expect(await readlink(file())).toBe(target);
    const onDisk = createFileLedger(join(dir(), "disk", "real.json"), systemClock);
    expect((await onDisk.load(PROD)).ledger.entries).toEqual([anEntry("a")]);
    expect(await entriesOf(PROD)).toEqual([anEntry("a")]);
    expect(await readdir(join(dir(), "kept"))).toEqual(["ledger.json"]);
  });

  it("that is a link to a folder, or in a circle, leaves where it leads alone", async () => {
    await mkdir(join(dir(), "kept"));
    await mkdir(join(dir(), "disk", "inside"), { recursive: true });
    for (const target of ["../disk", "ledger.json"]) {
      await symlink(target, file());

      await save(aLedger([anEntry("a")], { scope: PROD }));

      expect(await entriesOf(PROD)).toEqual([anEntry("a")]);
      expect(await readdir(join(dir(), "disk"))).toEqual(["inside"]);
      await rm(file());
    }
  });

  it("takes over the lock of a process that died, and no lock that somebody still takes", async () => {
    const clock = createFakeClock({ auto: true });
    await mkdir(join(dir(), "kept"));
    await writeFile(`${file()}.lock`, "4711 dead");

    await createFileLedger(file(), clock).save(NEVER_STORED, aLedger([anEntry("a")], { scope: PROD }));

    expect(clock.monotonic()).toBe(10_100);
    expect(await readdir(join(dir(), "kept"))).toEqual(["ledger.json"]);
  });
});

describe("a ledger that is damaged", () => {
  const DAMAGED: readonly [what: string, text: string, says: string][] = [
    ["empty", "", "is empty"],
    ["cut off", `{"schema": 1, "ledgers": [{"scope": "acme`, "is not JSON"],
    ["of another program", `{"name": "shop"}`, "is not a ledger of signalbox"],
    ["a list", "[]", "is not a ledger of signalbox"],
    ["null", "null", "is not a ledger of signalbox"],
    ["of a newer signalbox", `{"schema": 2, "ledgers": []}`, "is of a newer signalbox: its schema is 2"],
    ["too large", " ".repeat(17 * 2 ** 20), "is larger than 16 MiB"],
    [
      "without severity in an entry",
      JSON.stringify({
        schema: 1,
        ledgers: [aLedger([{ ...anEntry("a"), severity: "fatal" as never }], { scope: PROD })],
      }),
      "is damaged at entries.0.severity",
    ],
    [
      "with a count that is none",
      JSON.stringify({ schema: 1, ledgers: [aLedger([anEntry("a", { runs: "3" as never })], { scope: PROD })] }),
      "is damaged at entries.0.runs",
    ],
  ];

  it.each(DAMAGED)(
    "(%s) knows nothing and says why, and is kept aside before a new one is written",
    async (_, text, says) => {
      await put(text);
      const clock = createFakeClock({ now: Date.UTC(2026, 10, 28, 7, 30), auto: true });
      const store = open(clock);

      expect(await store.load(PROD)).toEqual({
        ledger: NEVER_STORED,
        damage: expect.stringContaining(says),
        foreign: [],
      });
      expect(await readLedgerContents(file())).toMatchObject({
        damage: expect.stringContaining(says),
        canMove: true,
      });
      expect(await readFile(file(), "utf8")).toBe(text);
      const ledger = aLedger([anEntry("b")], { scope: PROD });
      const { keptAs } = await store.save(NEVER_STORED, ledger);

      expect(keptAs).toBe(`${file()}.damaged-20261128T073000Z`);
      expect(await readFile(keptAs ?? "", "utf8")).toBe(text);
      expect(await open().load(PROD)).toEqual({ ledger, damage: null, foreign: [] });
    },
  );

  it("is never written over by the next one that is damaged in the same second", async () => {
    const store = open(createFakeClock({ now: Date.UTC(2026, 10, 28, 7, 30), auto: true }));
    for (const text of ["one", "two", "three"]) {
      await put(text);
      await store.save(NEVER_STORED, aLedger());
    }

    const names = (await readdir(join(dir(), "kept"))).filter((name) => name.includes("damaged")).sort();
    expect(names).toEqual(["", "-2", "-3"].map((end) => `ledger.json.damaged-20261128T073000Z${end}`));
    const texts = await Promise.all(names.map((name) => readFile(join(dir(), "kept", name), "utf8")));
    expect(texts).toEqual(["one", "two", "three"]);
  });

  it("in one scope keeps the others, also what this version does not understand of them", async () => {
    const broken = { ...aLedger([], { scope: PROD }), entries: "none" };
    const later = { ...aLedger([anEntry("b")], { scope: STAGING }), ofTheFuture: true };
    await put(JSON.stringify({ schema: 1, ledgers: [broken, later] }));

    expect((await open().load(STAGING)).damage).toBeNull();
    expect(await readLedgerContents(file())).toEqual({
      scopes: [PROD, STAGING],
      damage: `is damaged at entries, in what it holds of ${PROD}`,
      canMove: true,
    });
    const { keptAs } = await open().save(NEVER_STORED, aLedger([anEntry("c")], { scope: PROD }));

    expect(JSON.parse(await readFile(keptAs ?? "", "utf8"))).toMatchObject({ ledgers: [broken, later] });
    expect(JSON.parse(await readFile(file(), "utf8")).ledgers).toContainEqual(later);
    expect(await entriesOf(PROD)).toEqual([anEntry("c")]);
  });

  it("by a folder in its place is moved aside with what is in it", async () => {
    await mkdir(join(file(), "inside"), { recursive: true });

    expect((await open().load(PROD)).damage).toBe("is a folder");
    const { keptAs } = await save(aLedger([anEntry("a")], { scope: PROD }));

    expect(await readdir(keptAs ?? "")).toEqual(["inside"]);
    expect(await entriesOf(PROD)).toEqual([anEntry("a")]);
  });

  it("by a device in its place is left where it is", async () => {
    await mkdir(join(dir(), "kept"));
    await symlink("/dev/null", file());

    expect((await open().load(PROD)).damage).toBe("is not a file");
    expect(await readLedgerContents(file())).toEqual({ scopes: [], damage: "is not a file", canMove: false });
    await expect(save(aLedger())).rejects.toMatchObject({
      kind: "artifacts",
      message: expect.stringContaining("is not a file"),
    });
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
  });
});

describe("a ledger that cannot be written", () => {
  it("has a file where its folder should be: an error that a person can act on, not a bug", async () => {
    await writeFile(join(dir(), "kept"), "a file");

    expect((await open().load(PROD)).damage).toBeNull();
    await expect(save(aLedger())).rejects.toMatchObject({
      name: "SignalboxError",
      message: expect.stringMatching(/^the ledger .*ledger\.json cannot be written: E[A-Z]+$/),
    });
  });

  it("has a folder that takes no files, as on a read-only file system", async () => {
    // Not even root makes a file there.
    const store = createFileLedger("/proc/self/ledger.json", systemClock);

    expect((await store.load(PROD)).damage).toBeNull();
    await expect(store.save(NEVER_STORED, aLedger())).rejects.toMatchObject({ name: "SignalboxError" });
  });
});
