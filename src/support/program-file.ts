import { access, constants, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import { SignalboxError } from "./errors.ts";
import { isFile, isFolder, isNodeError, openIfAny, SETTINGS } from "./files.ts";
import type { Environment } from "./secrets.ts";
import { assertStartable, describeLength, shownProgram } from "./start-words.ts";

/** What is to be started: a name on the PATH, or a path from `cwd`. */
export interface ProgramPlace {
  readonly program: string;
  readonly cwd: string;
  readonly env: Environment;
}

export interface ProgramStart extends ProgramPlace {
  readonly args: readonly string[];
}

/**
 * What `start` answers; null where the program cannot be given these words, or the system refuses it at once, and then
 * `refuse` hears why. Node tells some reasons so, and others by the event `error`.
 */
export function startWith<T>(place: ProgramStart, refuse: (error: unknown) => void, start: () => T): T | null {
  try {
    assertStartable({ argv: [place.program, ...place.args], env: place.env });
    return start();
  } catch (error) {
    void describeStartError(error, place).then(refuse, refuse);
    return null;
  }
}

/** The file that would be started; null: there is none that this user may run. */
export async function findProgram({ program, cwd, env }: ProgramPlace): Promise<string | null> {
  for (const place of placesOf({ program, cwd, env })) {
    const isAllowed = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isAllowed && (await isFile(place))) return place;
  }
  return null;
}

function placesOf({ program, cwd, env }: ProgramPlace): readonly string[] {
  return program.includes("/")
    ? [resolve(cwd, program)]
    : (env.PATH ?? "").split(delimiter).map((dir) => resolve(cwd, dir, program));
}

/**
 * Throws, as its start would, where there is no such program: for who would wait first, and be told after that. `missing`:
 * what becomes of the words for one that is nowhere.
 */
export async function assertProgram(
  place: ProgramPlace,
  missing: (error: SignalboxError) => SignalboxError = (error) => error,
): Promise<void> {
  assertStartable({ argv: [place.program], env: place.env });
  if ((await findProgram(place)) !== null) return;
  for (const path of placesOf(place)) {
    const found = await stat(path).catch(() => null);
    if (found?.isFile()) throw notRunnable(place.program);
    if (found !== null && place.program.includes("/"))
      throw new SignalboxError("configuration", `${shownProgram(place.program)} is no program`, {
        hint: found.isDirectory() ? "it is a folder: name a program in it" : "name a program",
      });
  }
  throw missing(programMissing(place.program));
}

function notRunnable(program: string, cause?: unknown): SignalboxError {
  return new SignalboxError("configuration", `${shownProgram(program)} may not be run: EACCES`, {
    hint: "it has to be a program, with the right to be executed (chmod +x)",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Throughout: the program's name is told as it was written. */
export function programMissing(
  program: string,
  hint = "install it before this step, or correct its name",
): SignalboxError {
  const where = program.includes("/") ? "" : " on the PATH";
  return new SignalboxError("configuration", `there is no program ${shownProgram(program)}${where}`, { hint });
}

/**
 * Why a program could not be started: for the system a script whose interpreter is gone, and a folder that is, are both "no
 * such file" (https://man7.org/linux/man-pages/man2/execve.2.html).
 */
export async function describeStartError(error: unknown, place: ProgramStart): Promise<unknown> {
  if (!isNodeError(error)) return error;
  const { program, args, cwd, env } = place;
  const name = shownProgram(program);
  const refused = (message: string, hint: string) =>
    new SignalboxError("configuration", message, { hint, cause: error });
  if (error.code === "EACCES") return notRunnable(program, error);
  if (error.code === "E2BIG")
    return refused(
      `${name} cannot be started: ${describeLength({ argv: [program, ...args], env })}`,
      "make them shorter, or put them into a file",
    );
  if (error.code === "ENAMETOOLONG" || error.code === "ELOOP") return programMissing(program);
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR")
    return refused(
      `${name} cannot be started: ${error.code}`,
      "it has to be a program of this machine's kind, or a script whose first line names one (#!)",
    );
  if (!(await isFolder(cwd)))
    return refused(`${name} was to be started in ${cwd}, and there is no such folder`, "correct the folder");
  const file = await findProgram(place);
  if (file === null) return programMissing(program);
  const interpreter = await interpreterOf(file);
  const shown = file === program ? name : `${name} (${file})`;
  if (interpreter === null)
    return refused(
      `${shown} is there and cannot be started`,
      "it was made for another system: install the one of this machine",
    );
  if (interpreter.endsWith("\r"))
    return refused(
      `${shown} ends its first line as Windows does, and no program is called so`,
      "save it with LF line ends",
    );
  return refused(
    `${shown} is there, and what its first line starts it with is not: ${JSON.stringify(interpreter)}`,
    "its environment was moved, or its Python was removed: make the environment anew where this step runs",
  );
}

const LONGEST_LINE = 512;

/** `/venv/bin/python` of `#!/venv/bin/python -E`; null: the file begins otherwise. */
async function interpreterOf(path: string): Promise<string | null> {
  return interpreterIn((await readBeginning(path, LONGEST_LINE)) ?? "");
}

/** What a script's first line starts it with, without its arguments; null: there is no such line. */
export function interpreterIn(script: string): string | null {
  const [first = ""] = script.split("\n", 1);
  return /^#![ \t]*([^ \t]+)/.exec(first)?.[1] ?? null;
}

/** The first bytes of a file of any size, as text; null: there is none. Throws as `openIfAny` does. */
export async function readBeginning(path: string, most: number): Promise<string | null> {
  const file = await openIfAny(path, { ...SETTINGS, mostBytes: Number.MAX_SAFE_INTEGER });
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}
