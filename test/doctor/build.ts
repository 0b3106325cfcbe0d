import { parse } from "yaml";
import type { Check } from "../../src/doctor/check.ts";
import { readCircleWorkflows } from "../../src/doctor/ci-files/circleci.ts";
import { readGitHubWorkflows } from "../../src/doctor/ci-files/github.ts";
import type { Workflow } from "../../src/doctor/ci-files/model.ts";
import type { DoctorProject, Seen, TargetFacts } from "../../src/doctor/facts.ts";

/** Checks as short lines: `fail gate:x`, for tables. */
export function levels(checks: readonly Check[]): readonly string[] {
  return checks.map(({ level, id }) => `${level} ${id}`);
}

export function github(files: Readonly<Record<string, string>>): readonly Workflow[] {
  const read = Object.entries(files).map(([name, text]) => ({ path: `.github/workflows/${name}`, value: parse(text) }));
  return readGitHubWorkflows(read);
}

export function circle(text: string): readonly Workflow[] {
  return readCircleWorkflows(".circleci/config.yml", parse(text, { merge: true }));
}

export function seen<T>(value: T): Seen<T> {
  return { kind: "seen", value };
}

export function failed(why: string, isPassing = false): Seen<never> {
  return { kind: "failed", why, fix: null, isPassing };
}

export function target(name: string, more: Partial<TargetFacts> = {}): TargetFacts {
  return { name, adapter: "duckdb", schema: name, renderedSchema: name, identity: {}, ...more };
}

export function project(targets: DoctorProject["targets"], more: Partial<DoctorProject> = {}): Seen<DoctorProject> {
  const naming = { macros: [], configs: [] };
  return seen({
    dir: "/repo",
    profilesFile: "profiles.yml",
    targets,
    noTargets: null,
    unread: [],
    naming,
    installs: null,
    schemaMacro: null,
    isSeparate: null,
    ...more,
  });
}
