import { cleanLine } from "../text/clean.ts";
import { SignalboxError } from "./errors.ts";
import type { Environment } from "./secrets.ts";

/** What a program is to be started with: its name, then its arguments. */
export interface StartWords {
  readonly argv: readonly string[];
  readonly env: Environment;
}

/** Linux takes no longer argument or variable (MAX_ARG_STRLEN). https://man7.org/linux/man-pages/man2/execve.2.html */
const LONG_BYTES = 128 * 1024;

/** Throws a configuration error for words that no program can be given. It shows none of them but the program's name. */
export function assertStartable({ argv, env }: StartWords): void {
  const [program = "", ...args] = argv;
  if (program.trim() === "")
    throw new SignalboxError("configuration", "the name of the program to start is empty", {
      hint: "is a variable in it that is not set?",
    });
  const place = [program, ...args].findIndex((word) => word.includes("\0"));
  const variable = Object.entries(env).find(([name, value]) => `${name}${value ?? ""}`.includes("\0"))?.[0];
  const what =
    place === 0 ? "its name" : place > 0 ? `argument ${place}` : variable === undefined ? null : `variable ${variable}`;
  if (what !== null)
    throw new SignalboxError(
      "configuration",
      `${shownProgram(program)} cannot be started: ${what} holds a NUL character`.replaceAll("\0", "\\0"),
      { hint: "take it away: no program can be given one" },
    );
}

/** Why a start is too long, by names and sizes: what a variable holds may be a secret. */
export function describeLength({ argv, env }: StartWords): string {
  const bytes = (text: string) => Buffer.byteLength(text) + 1;
  const parts = [
    ...argv.map((word, index) => [index === 0 ? "its name" : `argument ${index}`, bytes(word)] as const),
    ...Object.entries(env).map(([name, value]) => [`variable ${name}`, bytes(`${name}=${value ?? ""}`)] as const),
  ].sort((a, b) => b[1] - a[1]);
  const sum = parts.reduce((all, [, size]) => all + size, 0);
  const long = parts.filter(([, size]) => size > LONG_BYTES);
  const shown = (long.length > 0 ? long : parts).slice(0, 3).map(([name, size]) => `${name} (${size} bytes)`);
  return `its arguments and variables are too long for this machine: ${sum} bytes, the longest are ${shown.join(", ")}`;
}

/** A program's name as messages show it. */
export function shownProgram(program: string): string {
  return JSON.stringify(cleanLine(program));
}
