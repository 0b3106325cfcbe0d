import type { z } from "zod";
import type { Problem } from "../support/errors.ts";
import { didYouMean } from "../support/suggest.ts";
import { camelCase } from "./camel-case.ts";
import { refusedArgs } from "./dbt-words.ts";
import { type Config, configFile } from "./file.ts";
import { TARGET_PLACEHOLDER } from "./placeholder.ts";
import { problemOf, show } from "./problem.ts";
import { positionIn, type YamlFile } from "./yaml.ts";

/** What is wrong with signalbox.yml, each with the line where it stands. */

const LONGEST_MUTE_DAYS = 90;
const DAY_MS = 86_400_000;

/** Says of each issue with the file's value what is wrong with which line. */
export function fileProblems(
  raw: unknown,
  file: YamlFile | null,
  name: string,
): (issue: z.core.$ZodIssue) => readonly Problem[] {
  const defaults: unknown = configFile.parse({});
  return (issue) => {
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(defaults, issue.path);
      return issue.keys.map((key) => ({
        where: positionOf([...issue.path, key], file, name),
        got: null,
        wanted: `is no key of ${name}${elsewhere(key, defaults) || didYouMean(key, known)}`,
      }));
    }
    const wanted = issue.path.length === 0 ? "wanted keys and values such as version: 1" : issue.message;
    const where = positionOf(issue.path, file, name);
    // Of a name that is none, the message is inside.
    if (issue.code === "invalid_key") return [{ where, got: null, wanted: issue.issues[0]?.message ?? wanted }];
    if (mayHoldVariables(issue.path)) return [{ where, got: null, wanted }];
    return [problemOf(where, valueAt(raw, issue.path), wanted)];
  };
}

export function muteProblems(config: Config, file: YamlFile | null, name: string, now: number): Problem[] {
  return config.rules.flatMap((rule, index) => {
    if (rule.until === undefined) return [];
    const days = (startOf(rule.until) - now) / DAY_MS;
    const where = positionOf(["rules", index, "until"], file, name);
    if (Number.isNaN(days)) return [{ where, got: show(rule.until), wanted: "is no day of the calendar" }];
    return rule.mute === true && days > LONGEST_MUTE_DAYS
      ? [
          {
            where,
            got: show(rule.until),
            wanted: `wanted a day within ${LONGEST_MUTE_DAYS} days: what is muted longer is forgotten`,
          },
        ]
      : [];
  });
}

/** In milliseconds since the epoch. `Date.parse` alone takes 2026-02-31 for a day in March. */
function startOf(day: string): number {
  const start = new Date(day);
  return Number.isNaN(start.getTime()) || !start.toISOString().startsWith(day) ? Number.NaN : start.getTime();
}

export function argsProblems(config: Config, file: YamlFile | null, name: string): Problem[] {
  return refusedArgs(config.dbt.args).map(({ index, word, wanted }) => ({
    where: positionOf(["dbt", "args", index], file, name),
    got: show(word),
    wanted,
  }));
}

/** Without production's target nothing tells what a check must not write, either. */
export function placeholderProblems(config: Config, file: YamlFile | null, name: string): Problem[] {
  return (["check", "deploy", "schedule"] as const)
    .filter((mode) => config.modes[mode].target === TARGET_PLACEHOLDER)
    .map((mode) => ({
      where: positionOf(["modes", mode, "target"], file, name),
      got: show(TARGET_PLACEHOLDER),
      wanted: `stands for a target that a person has to choose: write ${mode === "check" ? "the one of checks" : "production's"}, by its name in profiles.yml`,
    }));
}

function positionOf(path: readonly PropertyKey[], file: YamlFile | null, name: string): string {
  return positionIn(name, path, file?.lineOf(path) ?? null);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (item, key) =>
      typeof item === "object" && item !== null ? (item as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

/** The keys that a section knows, read off the defaults: snake_case, as in the file. */
function keysAt(defaults: unknown, path: readonly PropertyKey[]): string[] {
  const section = valueAt(
    defaults,
    path.map((key) => camelCase(String(key))),
  );
  return typeof section === "object" && section !== null ? Object.keys(section).map(snakeCase) : [];
}

/** Where a key stands that was written into another section: ` (did you mean modes.schedule.freshness?)`. */
function elsewhere(key: string, defaults: unknown): string {
  const places = pathsOf(camelCase(key), defaults).map((path) => path.map(snakeCase).join("."));
  return places.length === 0 ? "" : ` (did you mean ${places.slice(0, MOST_PLACES).join(" or ")}?)`;
}
const MOST_PLACES = 3;

function pathsOf(key: string, value: unknown): string[][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [[name]] : []),
    ...pathsOf(key, inner).map((path) => [name, ...path]),
  ]);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Where values of variables stand, which may be secrets: no error shows one. */
const VARIABLES = [
  ["dbt", "env"],
  ["baseline", "env"],
] as const;

/** Whether the path leads into such a place, or one is in what it leads to. */
function mayHoldVariables(path: readonly PropertyKey[]): boolean {
  return VARIABLES.some((names) => names.every((key, index) => index >= path.length || path[index] === key));
}
