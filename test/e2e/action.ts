import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import "./patience.ts";

/**
 * The composite Action, step by step, as GitHub's runner does it: inputs to expressions, expressions to `env:`, the shell
 * steps with bash, and what they write to GITHUB_OUTPUT for the steps behind. `uses:` steps are noted and not run.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runs-for-composite-actions
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Step {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly shell?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly default?: unknown }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

export interface Replayed {
  /** Exit code of the step that runs signalbox; null where it was not run. */
  readonly code: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** The actions that were used, with their inputs. */
  readonly used: readonly { readonly action: string; readonly with: Readonly<Record<string, string>> }[];
  /** Variables of the step that runs signalbox. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Replay {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Called with each shell step's process, for a cancel in the middle. */
  readonly onStart?: (id: string, child: ChildProcess, printed: () => string) => void;
}

export function readAction(): ActionFile {
  return parse(readFileSync(join(ROOT, "action.yml"), "utf8")) as ActionFile;
}

export async function replayAction({ cwd, env, inputs = {}, onStart }: Replay): Promise<Replayed> {
  const action = readAction();
  const steps: Record<string, Record<string, string>> = {};
  const used: { action: string; with: Record<string, string> }[] = [];
  let [failed, log, code]: [boolean, string, number | null] = [false, "", null];
  let seen: Record<string, string> = {};
  const github = { token: env.GITHUB_TOKEN ?? "", server_url: env.GITHUB_SERVER_URL ?? "https://github.com" };
  const given = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [
      name,
      inputs[name] ?? interpolate(String(input.default ?? ""), { github }),
    ]),
  );
  const look = (text: string) =>
    interpolate(text, {
      github,
      inputs: given,
      env,
      steps: Object.fromEntries(Object.entries(steps).map(([id, outputs]) => [id, { outputs }])),
    });

  for (const step of action.runs.steps) {
    const condition = step.if ?? "true";
    const isAlways = condition.includes("always()");
    if ((failed && !isAlways) || look(condition.replaceAll("always()", "'true'")) !== "true") continue;
    const outputs: Record<string, string> = {};
    if (step.id !== undefined) steps[step.id] = outputs;
    if (step.uses !== undefined) {
      used.push({
        action: step.uses,
        with: Object.fromEntries(Object.entries(step.with ?? {}).map(([name, value]) => [name, look(String(value))])),
      });
      continue;
    }
    const output = join(cwd, "..", `output-${step.id}`);
    writeFileSync(output, "");
    const stepEnv = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [name, look(String(value))]),
    );
    const ended = await runShell({
      // As the runner starts `shell: bash`; the script is a file, so that quoting is what it will be.
      script: step.run ?? "",
      file: join(cwd, "..", `step-${step.id}.sh`),
      cwd,
      env: { ...env, ...stepEnv, GITHUB_OUTPUT: output, GITHUB_ACTION_PATH: ROOT.replace(/\/$/, "") },
      onStart: (child, printed) => onStart?.(step.id ?? "", child, printed),
    });
    log += ended.log;
    failed ||= ended.code !== 0;
    Object.assign(outputs, readOutputs(output));
    if (step.id === "signalbox") [code, seen] = [ended.code, stepEnv];
  }
  const result = Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, look(value)]));
  return { code, log, outputs: result, used, env: seen };
}

/** The expressions that action.yml uses: `a.b-c`, texts, `==`, `!=`, `&&`, `||`. */
function interpolate(text: string, contexts: Readonly<Record<string, unknown>>): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => evaluate(expression, contexts));
}

function evaluate(expression: string, contexts: Readonly<Record<string, unknown>>): string {
  const isFalse = (value: string) => value === "" || value === "false";
  const values = expression.split("||").map((part) => {
    const terms = part.split("&&").map((term) => compare(term.trim(), contexts));
    return terms.find(isFalse) ?? terms.at(-1) ?? "";
  });
  return values.find((value) => !isFalse(value)) ?? values.at(-1) ?? "";
}

function compare(term: string, contexts: Readonly<Record<string, unknown>>): string {
  const match = /^(.+?)\s*(==|!=)\s*(.+)$/.exec(term);
  if (match === null) return operand(term, contexts);
  const isEqual = operand(match[1] ?? "", contexts) === operand(match[3] ?? "", contexts);
  return String(match[2] === "==" ? isEqual : !isEqual);
}

function operand(text: string, contexts: Readonly<Record<string, unknown>>): string {
  const literal = /^'(.*)'$/.exec(text.trim());
  if (literal !== null) return literal[1] ?? "";
  const value = text
    .trim()
    .split(".")
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], contexts);
  return value === undefined || value === null ? "" : String(value);
}

interface Shell {
  readonly script: string;
  readonly file: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onStart: (child: ChildProcess, printed: () => string) => void;
}

function runShell({ script, file, cwd, env, onStart }: Shell): Promise<{ code: number | null; log: string }> {
  writeFileSync(file, script);
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", file], { cwd, env });
    let log = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        log += chunk;
      });
    onStart(child, () => log);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, log }));
  });
}

/** `name=value` and `name<<DELIMITER` lines. */
function readOutputs(file: string): Record<string, string> {
  if (!existsSync(file)) return {};
  const outputs: Record<string, string> = {};
  for (const match of readFileSync(file, "utf8").matchAll(/^([\w-]+)(?:=(.*)|<<(.+)\n([\s\S]*?)\n?\3)$/gm)) {
    outputs[match[1] ?? ""] = match[2] ?? match[4] ?? "";
  }
  return outputs;
}
