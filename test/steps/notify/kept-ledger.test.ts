import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WebClient } from "@slack/web-api";
import { describe, expect, it } from "vitest";
import type { UnsettledPost } from "../../../src/alerts/ledger.ts";
import { ledgerFile } from "../../../src/slack/ledger-store.ts";
import { openKeptLedger, settleLost } from "../../../src/steps/notify/kept-ledger.ts";
import { aLedger, anEntry, ERRORS } from "../../alerts/build.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { never } from "../../support/signals.ts";
import { useTempDir } from "../../support/temp-dir.ts";

const dir = useTempDir();

function createPaper() {
  const lines: string[] = [];
  return { log: quietLog(lines), text: () => lines.join("") };
}

function aPost(name: string): UnsettledPost {
  return {
    key: `777/1/error/${ERRORS}/${name}`,
    channel: ERRORS,
    thread: null,
    since: "2026-11-25T06:00:01.000Z",
    at: "2026-11-25T06:00:00.000Z",
    week: null,
    told: [{ fingerprint: `v1:test.shop.${name}`, severity: "error" }],
  };
}

type Holds = readonly string[] | string;

/** A history that holds the posts with these names, in each channel or by channel; a text is an error of Slack's. */
function aSlack(held: Holds | Readonly<Record<string, Holds>>): { client: WebClient; looks: () => number } {
  let looks = 0;
  const history = async ({ channel }: { channel: string }) => {
    looks += 1;
    const answer =
      typeof held === "string" || Array.isArray(held)
        ? (held as Holds)
        : ((held as Record<string, Holds>)[channel] ?? []);
    if (typeof answer === "string")
      throw Object.assign(new Error(answer), { code: "slack_webapi_platform_error", data: { error: answer } });
    const messages = answer.map((name) => ({
      ts: `1764000000.${name}`,
      metadata: { event_type: "signalbox_alert", event_payload: { key: aPost(name).key } },
    }));
    return { ok: true, has_more: false, messages };
  };
  return { client: { conversations: { history } } as unknown as WebClient, looks: () => looks };
}

describe("what an earlier run could not know", () => {
  const ledger = aLedger([], { unsettled: [aPost("a"), aPost("b")] });

  it("is settled by a look: what has arrived is known, what has not is told again", async () => {
    const paper = createPaper();
    const { client } = aSlack(["b"]);

    const settled = await settleLost(client, ledger, [], {
      clock: createFakeClock(),
      log: paper.log,
      signal: never(),
      fallback: null,
    });

    expect(settled.open).toEqual([]);
    expect(settled.ledger.unsettled).toEqual([]);
    expect(settled.ledger.entries).toMatchObject([
      { fingerprint: "v1:test.shop.b", thread: { channel: ERRORS, ts: "1764000000.b" } },
    ]);
    expect(paper.text()).toMatch(/has not arrived: it is told again[\s\S]*has arrived: it is not told again/);
  });

  it.each([
    ["missing_scope", "nobody can look", ["v1:test.shop.b"]],
    ["service_unavailable", "later somebody may", ["v1:test.shop.a", "v1:test.shop.b"]],
  ])("stays open on %s (%s)", async (code, _, told) => {
    const paper = createPaper();

    const { ledger: left, open } = await settleLost(aSlack(code).client, ledger, ["test.shop.a"], {
      clock: createFakeClock(),
      log: paper.log,
      signal: never(),
      fallback: null,
    });

    expect(open.flatMap((post) => post.told.map(({ fingerprint }) => fingerprint))).toEqual(told);
    expect(left.unsettled).toEqual(open);
    expect(paper.text()).toContain(`cannot be looked up (${code}`);
  });

  it.each<[what: string, held: Record<string, Holds>, thread: string | null, open: number]>([
    ["took it after a refusal", { C0FALLBACK: ["a"] }, "C0FALLBACK", 0],
    [
      "took it, where nobody can look into the other",
      { [ERRORS]: "not_in_channel", C0FALLBACK: ["a"] },
      "C0FALLBACK",
      0,
    ],
    ["does not hold it either", {}, null, 0],
    ["cannot be looked into", { C0FALLBACK: "missing_scope" }, null, 1],
    ["was not needed", { [ERRORS]: ["a"], C0FALLBACK: "missing_scope" }, ERRORS, 0],
  ])("is looked for in the fallback too, which %s: a killed run could not say", async (_, held, thread, open) => {
    const settled = await settleLost(aSlack(held).client, aLedger([], { unsettled: [aPost("a")] }), [], {
      clock: createFakeClock(),
      log: createPaper().log,
      signal: never(),
      fallback: "C0FALLBACK",
    });

    expect(settled.ledger.entries.map((entry) => entry.thread?.channel)).toEqual(thread === null ? [] : [thread]);
    expect(settled.open).toHaveLength(open);
  });

  it("is a possible repeat where it went without its key, whatever the history holds", async () => {
    const keyless = { ...aPost("a"), isKeyless: true as const };
    const { client, looks } = aSlack([]);

    const { open } = await settleLost(client, aLedger([], { unsettled: [keyless] }), [], {
      clock: createFakeClock(),
      log: createPaper().log,
      signal: never(),
      fallback: null,
    });

    expect(open).toEqual([keyless]);
    expect(looks()).toBe(0);
  });

  it("is not looked for once the run is stopped", async () => {
    const { client, looks } = aSlack(["a", "b"]);
    const signal = AbortSignal.abort();

    const { open } = await settleLost(client, ledger, [], {
      clock: createFakeClock(),
      log: createPaper().log,
      signal,
      fallback: null,
    });

    expect(open).toEqual(ledger.unsettled);
    expect(looks()).toBe(0);
  });
});

describe("the ledger of a run", () => {
  function open(ledger: string) {
    const named = ledgerFile(ledger, { cwd: dir(), work: { dir: join(dir(), ".signalbox") } });
    if (named === null) throw new Error("no file");
    const paper = createPaper();
    const annotations: string[] = [];
    const kept = openKeptLedger(
      {
        log: paper.log,
        clock: createFakeClock({ auto: true }),
        runner: {
          annotate: (all) => void annotations.push(...all.map(({ message }) => message)),
          openGroup: () => () => {},
          folds: false,
          summary: async () => {},
          outputs: async () => {},
          mask: () => {},
        },
      },
      named,
      "acme/shop shop prod",
    );
    return { kept, paper, annotations };
  }

  it("that is damaged is loud in the log and beside the run, and says where it is kept", async () => {
    await mkdir(join(dir(), "kept"));
    await writeFile(join(dir(), "kept", "ledger.json"), "{");
    const { kept, paper, annotations } = open("file:kept/ledger.json");
    const { ledger, save } = await kept;

    const saved = await save(aLedger([anEntry("a")]));

    expect(ledger?.entries).toEqual([]);
    expect(saved.isSaved).toBe(true);
    expect(annotations).toEqual([expect.stringContaining("every open problem is told")]);
    expect(paper.text()).toMatch(/kept as .*ledger\.json\.damaged-/);
    expect(await readdir(join(dir(), "kept"))).toHaveLength(2);
  });

  it("that holds only what was told of another target says so", async () => {
    await mkdir(join(dir(), "kept"));
    const ledgers = [aLedger([anEntry("a")], { scope: "acme/shop shop staging" })];
    await writeFile(join(dir(), "kept", "ledger.json"), JSON.stringify({ schema: 1, ledgers }));
    const { kept, paper } = open("file:kept/ledger.json");

    expect((await kept).ledger.entries).toEqual([]);
    expect(paper.text()).toMatch(/told of acme\/shop shop staging, and nothing of acme\/shop shop prod/);
  });

  it("that lies in the work folder is emptied with it, and says so; one beside it does not", async () => {
    const inside = open("file:.signalbox/ledger.json");
    const beside = open("file:.signalbox-ledger/ledger.json");
    await Promise.all([inside.kept, beside.kept]);

    expect(inside.annotations).toEqual([expect.stringContaining("lies in the work folder")]);
    expect(beside.annotations).toEqual([]);
  });

  it("that cannot be written says so once, and hands back what it was given", async () => {
    await writeFile(join(dir(), "kept"), "");
    const { kept, annotations } = open("file:kept/ledger.json");
    const { save } = await kept;

    const first = await save(aLedger([anEntry("a")]));
    await save(aLedger());

    expect(first).toEqual({ ledger: aLedger([anEntry("a")]), isSaved: false });
    expect(annotations).toEqual([expect.stringMatching(/cannot be written: E[A-Z]+\. Alerts are sent/)]);
  });
});
