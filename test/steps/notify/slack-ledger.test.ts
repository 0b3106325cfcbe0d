import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/alerts/alert.ts";
import { exitCodeOfDeliveries } from "../../../src/alerts/audience.ts";
import { fingerprintOf } from "../../../src/alerts/fingerprint.ts";
import { nameFinding } from "../../../src/render/finding-words.ts";
import type { Finding, Verdict } from "../../../src/severity/verdict.ts";
import { ERRORS, failing, HOUR_MS, NOW, WARNINGS } from "../../alerts/build.ts";
import { describeAlert } from "../../alerts/play.ts";
import { aRunFinding, aVerdict } from "../../severity/build.ts";
import type { Fault } from "../../slack/fake-slack.ts";
import { createTeam, type Team } from "./team.ts";

const KNOWN = ["test.shop.a", "test.shop.b", "test.shop.w"];
const warn = (name: string) => failing(name, { severity: "warn" });
const findings = (...found: Finding[]): Verdict =>
  aVerdict(found, {
    known: KNOWN,
    passed: KNOWN.filter((id) => !found.some(({ subject }) => subject.kind === "node" && subject.id === id)),
  });
const fails = findings(failing("a"));
const passes = findings();
/** Where errors are told from now on. */
const MOVED = "C0MOVED001";
const results = (deliveries: readonly Delivery[]) => deliveries.map(({ result }) => result);

/** What stands at the top of a channel, oldest first. */
const topOf = ({ slack }: Team, channel: string) =>
  slack.messages
    .filter((message) => message.channel === channel && message.thread === null)
    .map(({ text }) => text.split("\n")[0]);
const answersIn = ({ slack }: Team) =>
  slack.messages.filter(({ thread }) => thread !== null).map(({ text }) => text.split("\n")[0]);

describe("the ledger in Slack", () => {
  it("is restored by one page of history: what was told is not told again, and is answered when it is over", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, fails);

    const second = await team.run(NOW + HOUR_MS, fails);
    const third = await team.run(NOW + 1.5 * HOUR_MS, passes);

    expect(topOf(team, ERRORS)).toHaveLength(1);
    expect(second.decision.alerts.map(describeAlert)).toEqual([`edit ${WARNINGS}: board open (0/0/0) a`]);
    expect(third.decision.alerts.map(describeAlert)).toEqual([
      `edit ${ERRORS}: problems recovered a`,
      `thread ${ERRORS}: recovered a`,
      `edit ${WARNINGS}: board quiet (0/0/0)`,
    ]);
    expect(answersIn(team)).toEqual([expect.stringContaining("Recovered")]);
    expect(third.decision.alerts[1]?.items).toMatchObject([{ runs: 2, firstSeen: new Date(NOW).toISOString() }]);
  });

  it.each([
    ["one cause of the warehouse", aRunFinding("warehouse", { failureClass: "throttled", status: "BigQuery quota" })],
    ["a cause without words", aRunFinding("warehouse", { failureClass: "transient", status: "transient" })],
    ["nodes that were stopped", aRunFinding("warehouse", { failureClass: "stopped", status: "no answer" })],
    ["a dbt that was stopped", aRunFinding("dbt-failed", { failureClass: "stopped" })],
    ["a dbt that was throttled", aRunFinding("dbt-failed", { failureClass: "throttled" })],
    ["a queue that timed out", aRunFinding("queue-timeout", { failureClass: "infrastructure" })],
  ])("knows %s by its hash: it recovers under its name, and is not removed", async (_, outage) => {
    const team = await createTeam(NOW);
    await team.run(NOW, aVerdict([outage], { known: KNOWN }), { policy: { nameOf: nameFinding } });

    const next = await team.run(NOW + HOUR_MS, passes, { policy: { nameOf: nameFinding } });

    const { items } = next.decision.alerts.find(({ kind }) => kind === "recovered") ?? {};
    expect(items).toMatchObject([{ news: "recovered", fingerprint: fingerprintOf(outage), name: nameFinding(outage) }]);
    expect(next.decision.alerts.map(({ kind }) => kind)).toEqual(["problems", "recovered", "board"]);
  });

  it("takes two calls for a quiet run, one more for each message, and a look before an error", async () => {
    const team = await createTeam(NOW);

    const first = await team.run(NOW, findings(failing("a"), warn("w")));
    const quiet = await team.run(NOW + HOUR_MS, findings(failing("a"), warn("w")));
    const loud = await team.run(NOW + 1.1 * HOUR_MS, findings(failing("a"), failing("b"), warn("w")));
    const green = await createTeam(NOW);
    const clean = await green.run(NOW, passes);

    expect(quiet.calls).toEqual(["conversations.history", "chat.update"]);
    expect(loud.calls).toEqual(["conversations.history", "conversations.history", "chat.postMessage", "chat.update"]);
    expect(clean.calls).toEqual(["conversations.history", "conversations.history"]);
    // Of the first: the errors' history once more before the post, and the board's after it, for another run's.
    expect(first.calls).toHaveLength(6);
  });

  it("holds hashes and dates, and no name", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, findings(failing("a"), warn("w")));

    const [error, board] = team.slack.messages.map((message) => message.metadata);
    expect(error).toEqual({
      event_type: "signalbox_alert",
      event_payload: {
        scope: "scope1",
        at: new Date(NOW).toISOString(),
        told: expect.stringMatching(/^e[0-9a-f]{10}$/),
        key: expect.stringMatching(/^run-\d+\/1\/error\/C0ERRORS01\/[0-9a-f]{12}$/),
      },
    });
    expect(board).toEqual({
      event_type: "signalbox_board",
      event_payload: {
        scope: "scope1",
        state: expect.stringMatching(/^[\w-]{100,200}$/),
        key: expect.stringMatching(/^run-\d+\/1\/board\/C0WARNINGS\/[0-9a-f]{12}$/),
      },
    });
    const packed = Buffer.from(String(board?.event_payload.state), "base64url");
    const unpacked = inflateRawSync(packed).toString("latin1");
    // All that can be read in it.
    expect(unpacked.match(/[\w-]{4,}/g)).toEqual([WARNINGS, ERRORS, "2026-W48"]);
  });

  it("remembers for ever what a board said before: weeks, daily messages, counts", async () => {
    const team = await createTeam(NOW);
    const lines: string[] = [];
    for (let hour = 0; hour < 24 * 12; hour += 1) {
      const { decision } = await team.run(NOW + hour * HOUR_MS, findings(failing("a"), warn("w")));
      for (const alert of decision.alerts)
        if (alert.address.kind === "channel" || alert.kind === "overdue") lines.push(`${hour} ${describeAlert(alert)}`);
    }

    expect(lines).toEqual([
      `0 ${ERRORS}: problems opened a`,
      `0 ${WARNINGS}: board open (1/0/1) a, opened w`,
      ...[26, 50, 74, 98].map((hour) => `${hour} ${ERRORS}: daily again a`),
      `122 ${ERRORS}: daily again a`,
      `122 ${WARNINGS}: board open (1/0/1) a, w`,
      ...[146].map((hour) => `${hour} ${ERRORS}: daily again a`),
      `168 ${ERRORS}: overdue w`,
      ...[170, 194, 218].map((hour) => `${hour} ${ERRORS}: daily again a`),
      `240 ${ERRORS}: overdue w`,
      ...[242, 266].map((hour) => `${hour} ${ERRORS}: daily again a`),
    ]);
  });

  it("does not tell again what a run told that was killed before it saved", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, findings(warn("w")));
    const board = team.slack.messages.find(({ channel }) => channel === WARNINGS);
    const before = structuredClone(board?.metadata);
    await team.run(NOW + HOUR_MS, findings(failing("a"), warn("w"), warn("b")));
    // As if the board had never been saved: its old state, and no edit since.
    if (board !== undefined) Object.assign(board, { metadata: before, editedTs: null });

    const next = await team.run(NOW + 1.5 * HOUR_MS, findings(failing("a"), warn("w"), warn("b")));

    expect(next.decision.alerts.filter(({ address }) => address.kind !== "edit")).toEqual([]);
    expect(topOf(team, ERRORS)).toHaveLength(1);
    expect(answersIn(team)).toHaveLength(1);
    const over = await team.run(NOW + 1.6 * HOUR_MS, findings(warn("w"), warn("b")));
    expect(over.decision.alerts.map(describeAlert)).toContain(`thread ${ERRORS}: recovered a`);
  });

  it("does not say again that a warning is overdue, nor forgets the message of what it said daily, if it was killed", async () => {
    const team = await createTeam(NOW);
    const verdict = findings(failing("a"), warn("w"));
    for (let day = 0; day < 7; day += 1) await team.run(NOW + day * 24 * HOUR_MS, verdict);
    const board = team.slack.messages.findLast(({ channel, thread }) => channel === WARNINGS && thread === null);
    const before = structuredClone(board);
    await team.run(NOW + (7 * 24 + 3) * HOUR_MS, verdict);
    if (board !== undefined && before !== undefined) Object.assign(board, before);
    const rings = team.slack.messages.filter(({ thread }) => thread === null).length;
    const said = topOf(team, ERRORS).slice(-2);

    const next = await team.run(NOW + (7 * 24 + 3.5) * HOUR_MS, verdict);

    expect(said).toEqual([expect.stringContaining("still failing"), expect.stringContaining("overdue")]);
    expect(next.decision.alerts.map(({ kind }) => kind)).toEqual(["board"]);
    expect(team.slack.messages.filter(({ thread }) => thread === null)).toHaveLength(rings);
    const over = await team.run(NOW + (7 * 24 + 4) * HOUR_MS, findings(warn("w")));
    const first = team.slack.messages.find(({ channel }) => channel === ERRORS);
    expect(over.decision.alerts.find(({ kind }) => kind === "recovered")?.address).toMatchObject({ ts: first?.ts });
  });

  it("is read off the errors' messages where the board was deleted", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, fails);
    team.slack.remove(team.slack.messages.find(({ channel }) => channel === WARNINGS)?.ts ?? "");

    const next = await team.run(NOW + HOUR_MS, fails);

    expect(topOf(team, ERRORS)).toHaveLength(1);
    expect(next.decision.alerts.map(describeAlert)).toEqual([`${WARNINGS}: board open (0/0/0) a`]);
  });

  it("is read off an edited message, too: what it told and is open is not told again", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, findings(failing("a"), failing("b")));
    await team.run(NOW + HOUR_MS, findings(failing("b")));
    team.slack.remove(team.slack.messages.find(({ channel }) => channel === WARNINGS)?.ts ?? "");

    const next = await team.run(NOW + 1.5 * HOUR_MS, findings(failing("b")));

    expect(topOf(team, ERRORS)).toHaveLength(1);
    expect(next.decision.alerts.map(describeAlert)).toEqual([`${WARNINGS}: board open (0/0/0) b`]);
  });

  it("is a new board where it is gone when it is edited", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, fails);
    const [board] = team.slack.messages.filter(({ channel }) => channel === WARNINGS);
    team.slack.fault = (method) => {
      if (method === "chat.update") team.slack.remove(board?.ts ?? "");
      return null;
    };

    const { deliveries } = await team.run(NOW + HOUR_MS, fails);
    team.slack.fault = () => null;

    expect(results(deliveries)).toEqual(["sent"]);
    const next = await team.run(NOW + 1.5 * HOUR_MS, fails);
    expect(next.decision.alerts.map(describeAlert)).toEqual([`edit ${WARNINGS}: board open (0/0/0) a`]);
    expect(topOf(team, WARNINGS)).toHaveLength(1);
  });

  it("goes on in the board's thread where the workspace lets nothing be edited", async () => {
    const team = await createTeam(NOW);
    team.slack.editWindowMs = 0;
    await team.run(NOW, fails);
    await team.run(NOW + HOUR_MS, fails);

    const over = await team.run(NOW + 1.5 * HOUR_MS, passes);
    const quiet = await team.run(NOW + 1.6 * HOUR_MS, passes);

    expect(over.decision.alerts.map(describeAlert)).toContain(`thread ${ERRORS}: recovered a`);
    expect(quiet.decision.alerts.filter(({ kind }) => kind !== "board")).toEqual([]);
    expect([topOf(team, ERRORS).length, topOf(team, WARNINGS).length]).toEqual([1, 1]);
  });

  it("goes on in the thread of a closed board, too: a week later nothing is open, and no run is missed", async () => {
    const team = await createTeam(NOW);
    team.slack.editWindowMs = 24 * HOUR_MS;
    const all: Awaited<ReturnType<Team["run"]>>[] = [];
    for (let hour = 0; hour < 24 * 9; hour += 1)
      all.push(await team.run(NOW + hour * HOUR_MS, hour < 2 ? fails : passes));

    const rings = all.flatMap(({ decision }) => decision.alerts.filter(({ address }) => address.kind === "channel"));
    expect(rings.map(describeAlert)).toEqual([`${ERRORS}: problems opened a`, `${WARNINGS}: board open (0/0/0) a`]);
    expect(all.flatMap(({ deliveries }) => results(deliveries))).not.toContain("failed");
  });

  it.each<[what: string, result: string, where: string, breaks: (team: Team) => void]>([
    ["was deleted", "left", `${ERRORS} at the top`, ({ slack }) => slack.remove(slack.messages[0]?.ts ?? "")],
    [
      "cannot be edited any more",
      "left",
      `${ERRORS} in its thread`,
      ({ slack }) => Object.assign(slack, { editWindowMs: 0 }),
    ],
    ["is in a channel that was archived", "left", `${MOVED} at the top`, ({ slack }) => slack.archived.add(ERRORS)],
  ])("tells a recovery, once, where the message that told the error %s", async (_, result, where, breaks) => {
    const team = await createTeam(NOW);
    await team.run(NOW, fails);
    breaks(team);
    const count = team.slack.messages.length;
    const policy = team.slack.archived.has(ERRORS) ? { errorChannel: MOVED, channelOf: () => MOVED } : {};

    const over = await team.run(NOW + HOUR_MS, passes, { policy });
    const quiet = await team.run(NOW + 1.1 * HOUR_MS, passes, { policy });

    expect(over.decision.alerts.map(({ kind }) => kind)).toEqual(["problems", "recovered", "board"]);
    expect(results(over.deliveries)).toEqual([result, "sent", "updated"]);
    expect(exitCodeOfDeliveries(undefined, over.alerts, over.deliveries)).toBe(0);
    expect(quiet.decision.alerts.map(({ kind }) => kind)).toEqual(["board"]);
    const [told] = team.slack.messages.slice(count).filter(({ text }) => text.startsWith("Recovered"));
    expect(`${told?.channel} ${told?.thread === null ? "at the top" : "in its thread"}`).toBe(where);
  });

  it.each([
    ["of 200 messages", 999, 450],
    ["of 15 messages", 15, 40],
  ])("is found behind what people have written, in pages %s: nothing is told twice", async (_, mostOfPage, talk) => {
    const team = await createTeam(NOW);
    team.slack.mostOfPage = mostOfPage;
    await team.run(NOW, findings(failing("a"), warn("w")));
    for (const channel of [ERRORS, WARNINGS])
      for (let index = 0; index < talk; index += 1)
        await team.slack.fetch("chat.postMessage", { body: `channel=${channel}&text=talk` });

    const quiet = await team.run(NOW + HOUR_MS, findings(failing("a"), warn("w")));

    expect(quiet.decision.alerts.map(({ kind, address }) => [kind, address.kind])).toEqual([["board", "edit"]]);
    expect(new Set(quiet.calls)).toEqual(new Set(["conversations.history", "chat.update"]));
    expect(quiet.calls).toHaveLength(4);
  });

  it("reads back eight days at most, and no further than the board", async () => {
    const team = await createTeam(NOW - 9 * 24 * HOUR_MS);
    for (let index = 0; index < 900; index += 1)
      await team.slack.fetch("chat.postMessage", { body: `channel=${WARNINGS}&text=talk` });

    const first = await team.run(NOW, fails);

    expect(first.calls.slice(0, 2)).toEqual(["conversations.history", "conversations.history"]);
    expect(topOf(team, ERRORS)).toHaveLength(1);
  });

  it("is kept by an app that may read once a minute", async () => {
    const team = await createTeam(NOW);
    let last = Number.NEGATIVE_INFINITY;
    team.slack.fault = (method) => {
      // A request takes some time: the minute ends a little later than it is told.
      team.clock.set(team.clock.now() + 5);
      if (!method.startsWith("conversations.")) return null;
      if (team.clock.monotonic() - last < 60_000) return "429 for a minute";
      last = team.clock.monotonic();
      return null;
    };

    const first = await team.run(NOW, fails);
    const second = await team.run(NOW + HOUR_MS, fails);

    expect(results(first.deliveries)).toEqual(["sent", "sent"]);
    expect(results(second.deliveries)).toEqual(["updated"]);
    expect(topOf(team, ERRORS)).toHaveLength(1);
  });

  it("goes on in answers to the board where more is open than a message keeps", async () => {
    const team = await createTeam(NOW);
    const many = Array.from({ length: 450 }, (_, index) => warn(`w${index}`));
    const known = { known: many.map((_, index) => `test.shop.w${index}`) };
    await team.run(NOW, aVerdict(many, known));

    const quiet = await team.run(NOW + HOUR_MS, aVerdict(many, known));
    const fewer = await team.run(NOW + 1.1 * HOUR_MS, aVerdict(many.slice(1), { ...known, passed: ["test.shop.w0"] }));
    const last = await team.run(NOW + 1.2 * HOUR_MS, aVerdict(many.slice(1), { ...known, passed: ["test.shop.w0"] }));

    expect(quiet.decision.alerts.map(({ kind, address }) => [kind, address.kind])).toEqual([["board", "edit"]]);
    expect(quiet.ledger?.entries).toHaveLength(450);
    expect(new Set(quiet.calls)).toEqual(new Set(["conversations.history", "conversations.replies", "chat.update"]));
    expect(fewer.decision.alerts.map(describeAlert)[0]).toBe(`thread ${WARNINGS}: recovered w0`);
    expect(last.decision.alerts).toHaveLength(1);
    expect(topOf(team, WARNINGS)).toHaveLength(1);
    expect(answersIn(team).filter((text) => text?.startsWith("Part "))).toEqual([
      "Part 2 of 2 of what signalbox remembers: more is open than one message keeps.",
    ]);
    expect(team.log()).toContain("the rest is kept in 1 answer to it");
  });

  it("reads no answer that it needs no more, where less is open than before", async () => {
    const DAY_MS = 24 * HOUR_MS;
    const team = await createTeam(NOW, { warnSlaSeconds: 90 * 86_400 });
    const many = Array.from({ length: 1300 }, (_, index) => warn(`w${index}`));
    const known = many.map((_, index) => `test.shop.w${index}`);
    const half = aVerdict(many.slice(700), { known, passed: known.slice(0, 700) });
    const none = aVerdict([], { known, passed: known });
    const kinds = ({ decision }: Awaited<ReturnType<Team["run"]>>) => decision.alerts.map(({ kind }) => kind);
    const partsOf = ({ slack }: Team) =>
      slack.messages.findLast(({ text }) => text.startsWith("Part 2"))?.text.slice(6, 11);
    await team.run(NOW, aVerdict(many, { known }));
    await team.run(NOW + HOUR_MS, half);
    const before = partsOf(team);
    // What has recovered is forgotten.
    await team.run(NOW + 2 * DAY_MS, half);
    const after = partsOf(team);

    const over = await team.run(NOW + 2 * DAY_MS + 60_000, none);
    const quiet = await team.run(NOW + 2 * DAY_MS + 120_000, none);

    expect([before, after]).toEqual([" of 4", " of 2"]);
    expect(kinds(over)).toContain("recovered");
    expect(kinds(quiet)).not.toContain("recovered");
  });

  it.each([
    ["its metadata", 999],
    ["one page of its thread", 3],
  ])("is read whole where more than %s is in its thread", async (_, mostOfPage) => {
    const team = await createTeam(NOW);
    team.slack.editWindowMs = 0;
    team.slack.mostOfPage = mostOfPage;
    for (let minute = 0; minute < 8; minute += 1) await team.run(NOW + minute * 60_000, findings(warn("w")));

    const quiet = await team.run(NOW + 8 * 60_000, findings(warn("w")));

    expect(quiet.ledger?.entries).toMatchObject([{ runs: 9, told: "warn" }]);
    expect(quiet.decision.alerts.map(({ kind }) => kind)).toEqual(["board"]);
  });

  it("is a new board, once, where nobody can read the old one", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, fails);
    const board = team.slack.messages.find(({ channel }) => channel === WARNINGS);
    if (board?.metadata != null) Object.assign(board.metadata.event_payload, { state: "of a later version" });

    await team.run(NOW + HOUR_MS, fails);
    const quiet = await team.run(NOW + 1.1 * HOUR_MS, fails);

    expect(topOf(team, WARNINGS)).toHaveLength(2);
    expect(team.log()).not.toContain("another run has posted the board");
    expect(quiet.decision.alerts.map(({ kind, address }) => [kind, address.kind])).toEqual([["board", "edit"]]);
    expect(topOf(team, ERRORS)).toHaveLength(1);
  });

  it("sends without it where the app may not read, and says what to do; nothing is called new or recovered", async () => {
    const team = await createTeam(NOW);
    team.slack.scopes = ["chat:write"];

    await team.run(NOW, fails);
    const second = await team.run(NOW + HOUR_MS, fails);

    expect(second.decision.ledger).toBeNull();
    expect(second.decision.alerts.map(describeAlert)).toEqual([`${ERRORS}: problems opened a`]);
    expect(second.calls).toEqual(["conversations.history", "chat.postMessage"]);
  });

  it("tells nothing while nobody knows what was told, and all of it afterwards", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, fails);
    team.slack.fault = (method) => (method === "conversations.history" ? "500" : null);

    const out = await team.run(NOW + HOUR_MS, findings(failing("a"), failing("b")));
    team.slack.fault = () => null;
    const next = await team.run(NOW + 1.5 * HOUR_MS, findings(failing("a"), failing("b")));

    expect(out.deliveries).toEqual([]);
    expect(topOf(team, ERRORS)).toHaveLength(2);
    expect(next.decision.alerts.map(describeAlert)[0]).toBe(`${ERRORS}: problems opened b`);
  });

  it("knows what another run has told while a webhook kept this one waiting", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, passes);

    const { decision } = await team.run(NOW + HOUR_MS, fails, {
      run: { id: "slow" },
      beforePosts: async () => void (await team.run(NOW + HOUR_MS + 1000, fails)),
    });

    expect(decision.alerts.map(({ kind }) => kind)).not.toContain("problems");
    expect(topOf(team, ERRORS)).toHaveLength(1);
    expect(topOf(team, WARNINGS)).toHaveLength(1);
  });

  it("is one board where two runs post at once: the older stays", async () => {
    const team = await createTeam(NOW);
    const twin = await createTeam(NOW);
    await twin.run(NOW, findings(warn("w")));
    const theirs = twin.slack.messages[0];
    let isFirst = true;
    team.slack.fault = (method) => {
      // Just before ours is posted, another run's is there.
      if (method === "chat.postMessage" && isFirst && theirs !== undefined) {
        isFirst = false;
        (team.slack.messages as (typeof theirs)[]).push(theirs);
      }
      return null;
    };

    await team.run(NOW + 1000, findings(warn("w")));

    expect(team.slack.messages.map(({ ts }) => ts)).toEqual([theirs?.ts]);
    expect(team.log()).toContain("another run has posted the board meanwhile");
  });

  it("of another scope in the same channels is left alone", async () => {
    const team = await createTeam(NOW);
    await team.run(NOW, fails);
    for (const { metadata } of team.slack.messages) Object.assign(metadata?.event_payload ?? {}, { scope: "another" });

    const { decision } = await team.run(NOW + HOUR_MS, fails);

    expect(decision.alerts.map(describeAlert)).toEqual([
      `${ERRORS}: problems opened a`,
      `${WARNINGS}: board open (0/0/0) a`,
    ]);
  });

  it.each<Fault>(["reset", "hang", "500", "html", "429", "429 without a time", "500 before", "refused"])(
    "loses no error and tells none twice while each third request ends with %s",
    async (fault) => {
      const team = await createTeam(NOW);
      let count = 0;
      team.slack.fault = () => {
        count += 1;
        return count % 3 === 0 ? fault : null;
      };
      for (let hour = 0; hour < 20; hour += 1) {
        const verdict = hour < 5 ? fails : hour < 10 ? findings(failing("a"), failing("b")) : passes;
        await team.run(NOW + hour * HOUR_MS, verdict);
      }

      const errors = topOf(team, ERRORS);
      expect(errors).toHaveLength(2);
      expect(topOf(team, WARNINGS)).toHaveLength(1);
      expect(errors.every((text) => !text?.includes("repeat"))).toBe(true);
      expect(answersIn(team)).toHaveLength(2);
    },
  );
});
