import { type Advice, adviceOf } from "../init/advice.ts";
import { openPrompt } from "../init/ask.ts";
import type { Answers, Ci, Facts } from "../init/facts.ts";
import { type Change, wantedFiles } from "../init/files.ts";
import { lookAtRepository } from "../init/look.ts";
import { chooseAnswers } from "../init/questions.ts";
import { describeAnswers, describeFound, renderReport } from "../init/report.ts";
import { nativeLock, type Todo, todosOf } from "../init/todo.ts";
import { applyChanges, compareFiles } from "../init/write.ts";
import { CONFIG_NAME } from "../settings/config-name.ts";
import { resolve as resolveSettings } from "../settings/resolve.ts";
import type { Context } from "../setup/context.ts";
import { configurationError } from "../support/errors.ts";
import { assertReadable } from "../support/git.ts";

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

export async function run(context: Context): Promise<number> {
  refuseWhatInitDoesNotTake(context);
  await assertReadable(context.git);
  const { top, facts } = await lookAtRepository({
    git: context.git,
    cwd: context.cwd,
    env: context.env,
    readConfig: (text, name) => readConfig(context, text, name),
  });
  for (const [name, text] of describeFound(facts)) context.log.step(name, text);
  const answers = await answer(context, facts);
  for (const [name, text] of describeAnswers(answers)) context.log.step(name, text);

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
  context.result(renderReport({ changes, advice, todos, native: nativeLock(facts, answers) }), result);
  return 0;
}

function refuseWhatInitDoesNotTake({ configFile }: Context): void {
  if (configFile.name === CONFIG_NAME) return;
  const wanted = `init reads and writes ${CONFIG_NAME} at the top of the repository`;
  throw configurationError([{ where: "--config", got: configFile.name, wanted }], "signalbox init --help");
}

function readConfig({ clock }: Context, text: string, name: string) {
  const file = { name, text };
  return resolveSettings({ command: "init", flags: {}, words: [], rest: [], env: {}, file, now: clock.now() }).config;
}

/** Asks where someone can answer; else takes what the repository proposes. */
async function answer(context: Context, facts: Facts): Promise<Answers> {
  const { given } = context.settings;
  const silent = (["yes", "json", "quiet"] as const).find((name) => given[name]);
  const terminal = silent === undefined ? context.openTerminal() : null;
  if (terminal === null) {
    context.log.step(
      "answers",
      `the repository's own: ${silent === undefined ? "there is no terminal to ask on" : `--${silent}`}`,
    );
    return chooseAnswers(facts, given.ci ?? null, null);
  }
  const prompt = openPrompt(terminal, context.signal);
  try {
    return await chooseAnswers(facts, given.ci ?? null, prompt);
  } finally {
    prompt.close();
  }
}
