import { spawnSync } from "node:child_process";
import { parse } from "yaml";

export interface Parameter {
  readonly type: string;
  readonly default?: unknown;
  readonly description?: string;
}

export interface Component {
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly steps?: readonly unknown[];
  readonly executor?: unknown;
}

export interface Orb {
  readonly version: number;
  readonly description: string;
  readonly display: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, Component>>;
  readonly jobs: Readonly<Record<string, Component>>;
  readonly executors: Readonly<Record<string, Component>>;
  readonly examples: Readonly<Record<string, { readonly description?: string; readonly usage: unknown }>>;
}

/** The orb as it is published. */
export function packOrb(): Orb {
  const { status, stdout, stderr } = spawnSync(process.execPath, [".ci/pack-orb.mjs"], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return parse(stdout) as Orb;
}

/** A step as its name and what it is given: `checkout`, `{ run: … }`. */
export function readStep(step: unknown): readonly [string, Readonly<Record<string, unknown>>] {
  if (typeof step === "string") return [step, {}];
  const [name = "", given] = Object.entries(step as Record<string, unknown>)[0] ?? [];
  return [name, typeof given === "object" && given !== null ? (given as Record<string, unknown>) : { value: given }];
}
