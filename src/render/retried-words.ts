import type { SecondStart } from "../severity/second-start.ts";
import type { EarlierTry, Verdict } from "../severity/verdict.ts";
import { groupBy } from "../support/group-by.ts";
import { cleanLine } from "../text/clean.ts";
import { count, duration, listed } from "./words.ts";

type Decided = Extract<SecondStart, { kind: "again" }>;

/** `3 nodes: BigQuery rate limit; 1 node: connection lost`; of a dbt that was stopped, that it was. */
export function describeCauses(causes: Decided["causes"]): string {
  return causes
    .map(({ words, failureClass, nodes }) => {
      const what = words !== "" ? words : failureClass === "stopped" ? "stopped" : "a fault that passes";
      return nodes === 0 ? (what === "stopped" ? "dbt was stopped" : what) : `${count(nodes, "node")}: ${what}`;
    })
    .join("; ");
}

/** What is about to happen, in a line for each thing to know. */
export function describeAgain({ ids, threads, pauseSeconds, causes, left }: Decided): string {
  const isThrottled = causes.some(({ failureClass }) => failureClass === "throttled");
  const with_ = threads === null || !isThrottled ? "" : `, with ${count(threads, "thread")}`;
  const lines = [
    `dbt is started again in ${duration(pauseSeconds)} for ${ids === null ? "everything" : count(ids.length, "node")}${with_} (${describeCauses(causes)})`,
    ...left.map(({ id, why }) => `not built again: ${cleanLine(id)} (${why})`),
  ];
  return lines.join("\n");
}

/**
 * What second starts made of a build, `3 tests: BigQuery rate limit, all passed at the second try, +48 s`, and what to do
 * about it where fewer threads were enough. Empty where there were none.
 */
export function describeRetried({ retried, findings, passed }: Verdict): readonly string[] {
  if (retried == null) return [];
  const seconds = retried.starts.reduce((sum, start) => sum + start.pauseSeconds + start.seconds, 0);
  const isPassed = new Set(passed);
  const isWarned = new Set(
    findings.flatMap(({ severity, subject }) => (severity === "warn" && subject.kind === "node" ? [subject.id] : [])),
  );
  const groups = groupBy(Object.keys(retried.nodes), (id) => retried.nodes[id]?.at(-1)?.words ?? "a fault that passes");
  const nth = ordinal(retried.starts.length + 1);
  const lines = [...groups].map(([words, ids]) => {
    const good = ids.filter((id) => isPassed.has(id) || isWarned.has(id)).length;
    const some = good === 0 ? "failed again" : `${good} of them passed`;
    const ended = good === ids.length ? (good === 1 ? "passed" : "all passed") : some;
    return `${nounOf(ids)}: ${cleanLine(words)}, ${ended} at the ${nth} try, +${duration(seconds)}`;
  });
  const before =
    lines.length > 0
      ? lines
      : retried.starts.map(({ why }) => `dbt was started again: ${cleanLine(why)}, +${duration(seconds)}`);
  return [...before, ...fewerThreads(retried)];
}

/** What came of a node before: `passed at the second try: BigQuery rate limit`. */
export function triesWords(tries: readonly EarlierTry[], hasPassed: boolean): string {
  const words = listed([...new Set(tries.map((each) => cleanLine(each.words ?? each.status)))], 3);
  return hasPassed
    ? `passed at the ${ordinal(tries.length + 1)} try: ${words}`
    : `failed ${tries.length + 1} times; before: ${words}`;
}

function fewerThreads({ starts, nodes }: NonNullable<Verdict["retried"]>): string[] {
  const { threads = null, exitCode = null } = starts.at(-1) ?? {};
  const wasThrottled = Object.values(nodes)
    .flat()
    .some(({ failureClass }) => failureClass === "throttled");
  return !wasThrottled || threads === null || exitCode !== 0
    ? []
    : [
        `the warehouse had too much at once; it went with ${count(threads, "thread")}: consider modes.*.threads in signalbox.yml`,
      ];
}

function nounOf(ids: readonly string[]): string {
  const types = new Set(ids.map((id) => id.split(".")[0] ?? ""));
  const [type = ""] = types;
  return count(ids.length, types.size === 1 && ["model", "test", "seed", "snapshot"].includes(type) ? type : "node");
}

function ordinal(number: number): string {
  return ["first", "second", "third", "fourth"][number - 1] ?? `${number}th`;
}
