import { SignalboxError } from "../../support/errors.ts";
import { type ProgramEnd, type ProgramRequest, runProgram } from "../../support/program.ts";
import { withoutSecrets } from "../../support/secrets.ts";
import { cleanLine } from "../../text/clean.ts";

/** What a tool says when it is refused, in the words of which a pattern is found, and what to do about it. */
export type Refusals = readonly (readonly [pattern: RegExp, hint: string])[];

export interface ToolOptions {
  readonly env: ProgramRequest["env"];
  readonly signal?: AbortSignal | undefined;
}

/** A cloud's own tool may be told to log in as this job; it runs nothing of the tree. */
const FOR_CLOUDS = [
  ...["CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"],
  ...["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"],
];

/** Starts a vendor's tool. Throws a configuration error where it is not installed. */
export async function startTool(
  program: string,
  args: readonly string[],
  { env, signal }: ToolOptions,
  cwd: string,
): Promise<ProgramEnd> {
  const end = await runProgram({ program, args, cwd, env: withoutSecrets(env, FOR_CLOUDS), signal });
  if (end !== null) return end;
  throw new SignalboxError("configuration", `${program} was not found on the PATH: the store is used through it`, {
    hint: "install it, or use an image that has it; store: dir:PATH needs none",
  });
}

/** The tool's own last words: a configuration error where a person has to fix something, else a service error. */
export function toolFailure(address: string, what: string, end: ProgramEnd, refusals: Refusals): SignalboxError {
  const lines = end.stderr.split("\n").filter((line) => line.trim() !== "");
  const said = lines.find((line) => /^(?:ERROR|fatal|An error|Unable)/.test(line)) ?? lines.at(-1);
  const words = cleanLine(said ?? `exit code ${end.exitCode}`, 400);
  const hint = refusals.find(([pattern]) => pattern.test(end.stderr))?.[1];
  const message = `the store ${address}: ${what} failed: ${words}`;
  return hint === undefined
    ? new SignalboxError("service", message, { hint: "try again" })
    : new SignalboxError("configuration", message, { hint });
}
