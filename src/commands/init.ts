import { type Advice, adviceOf } from "../init/advice.ts";
import { openPrompt } from "../init/ask.ts";
import type { Answers, Ci, InitFacts } from "../init/facts.ts";
import { type Change, wantedFiles } from "../init/files.ts";
import { lookAtRepository } from "../init/look.ts";
import { chooseAnswers } from "../init/questions.ts";
import { describeAnswers, describeFound, renderReport } from "../init/report.ts";
import { nativeLock, type Todo, todosOf } from "../init/todo.ts";
import { applyChanges, compareFiles } from "../init/write.ts";
import { CONFIG_NAME } from "../settings/config-name.ts";
import { resolve as resolveSettings, type SettingsPart } from "../settings/resolve.ts";
import type { ConfigFile } from "../setup/config-file.ts";
import type { Context, Surroundings } from "../setup/context.ts";
import type { Clock } from "../support/clock.ts";
import { configurationError } from "../support/errors.ts";
import { assertReadable, type Git } from "../support/git.ts";
import type { Log } from "../support/log.ts";
import type { Environment } from "../support/secrets.ts";

/** `init --json`. */
export interface InitResult {
  readonly schema: 1;
  readonly ci: Ci;
  readonly project: string;
  readonly targets: { readonly check: string; readonly deploy: string };
  readonly files: readonly Omit<Change, "text">[];
  readonly warnings: readonly Advice[];
  readonly todo: readonly Todo[];
}

interface InitParts extends AnswerParts {
  readonly env: Environment;
  readonly cwd: string;
  readonly git: Git;
  readonly clock: Clock;
  readonly configFile: Pick<ConfigFile, "name">;
  readonly result: Context["result"];
}

export async function run(parts: InitParts): Promise<number> {
  refuseOtherConfig(parts.configFile.name);
  await assertReadable(parts.git);
  const { top, facts } = await lookAtRepository({
    git: parts.git,
    cwd: parts.cwd,
    env: parts.env,
    readConfig: (text, name) => readConfig(text, name, parts.clock.now()),
  });
  for (const [name, text] of describeFound(facts)) parts.log.step(name, text);
  const answers = await answer(parts, facts);
  for (const [name, text] of describeAnswers(answers)) parts.log.step(name, text);

  const changes = await compareFiles(top, wantedFiles(facts, answers));
  await applyChanges(top, changes);

  const [advice, todos] = [adviceOf(facts, answers), todosOf(facts, answers)];
  const result: InitResult = {
    schema: 1,
    ci: answers.ci,
    project: answers.project.dir,
    targets: { check: answers.check, deploy: answers.deploy },
    files: changes.map(({ text: _, ...change }) => change),
    warnings: advice,
    todo: todos,
  };
  parts.result(renderReport({ changes, advice, todos, native: nativeLock(facts, answers) }), result);
  return 0;
}

function refuseOtherConfig(name: string): void {
  if (name === CONFIG_NAME) return;
  const wanted = `init reads and writes ${CONFIG_NAME} at the top of the repository`;
  throw configurationError([{ where: "--config", got: name, wanted }], "signalbox init --help");
}

function readConfig(text: string, name: string, now: number) {
  const file = { name, text };
  return resolveSettings({ command: "init", flags: {}, words: [], rest: [], env: {}, file, now }).config;
}

interface AnswerParts extends Pick<Surroundings, "openTerminal" | "signal"> {
  readonly settings: SettingsPart<"yes" | "json" | "quiet" | "ci">;
  readonly log: Pick<Log, "step">;
}

/** Asks where someone can answer; else takes what the repository proposes. */
async function answer({ settings, log, openTerminal, signal }: AnswerParts, facts: InitFacts): Promise<Answers> {
  const { given } = settings;
  const silent = (["yes", "json", "quiet"] as const).find((name) => given[name]);
  const terminal = silent === undefined ? openTerminal() : null;
  if (terminal === null) {
    log.step(
      "answers",
      `the repository's own: ${silent === undefined ? "there is no terminal to ask on" : `--${silent}`}`,
    );
    return chooseAnswers(facts, given.ci ?? null, null);
  }
  const prompt = openPrompt(terminal, signal);
  try {
    return await chooseAnswers(facts, given.ci ?? null, prompt);
  } finally {
    prompt.close();
  }
}
