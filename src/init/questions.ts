import type { Config } from "../settings/file.ts";
import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { channelId } from "../settings/values.ts";
import { configurationError } from "../support/errors.ts";
import { configOf, ownProjects, proposeCi, proposeProject, proposeTargets } from "./decide.ts";
import { type Answers, type Ci, type InitFacts, joinPath, type ProjectFacts, slugOf } from "./facts.ts";

/** A person at a terminal. */
export interface Prompt {
  /** The typed line without blanks around it. */
  ask(question: string): Promise<string>;
  say(line: string): void;
}

type ReadAnswer<T> = (typed: string) => { readonly value: T } | { readonly wanted: string };

/** One question at a time; without a prompt none, and the proposals stand. Throws where only a person can choose. */
export async function chooseAnswers(facts: InitFacts, asked: Ci | null, prompt: Prompt | null): Promise<Answers> {
  const ci = asked ?? (await chooseCi(facts, prompt));
  const project = await chooseProject(facts, prompt);
  const { dir: configDir, existing } = configOf(facts, project);
  const targets = await chooseTargets(existing, project, prompt);
  const slack = existing?.slack ?? facts.existing?.slack ?? { error: null, warn: null };
  return {
    ci,
    project,
    configDir,
    baseBranch: existing?.baseBranch ?? facts.existing?.baseBranch ?? facts.baseBranch.name,
    ...targets,
    schema: existing?.modes.check.schema ?? (configDir === "." ? "ci_{branch}" : `ci_${slugOf(configDir)}_{branch}`),
    errorChannel: await chooseChannel("errors", slack.error, prompt),
    warnChannel: await chooseChannel("warnings", slack.warn, prompt),
  };
}

async function chooseCi(facts: InitFacts, prompt: Prompt | null): Promise<Ci> {
  const { value } = proposeCi(facts);
  if (prompt === null) return value;
  return question(prompt, "Which CI, github or circleci?", { value, shown: value }, (typed) => {
    const known = (["github", "circleci"] as const).find((ci) => ci === typed.toLowerCase());
    return known === undefined ? { wanted: "wanted github or circleci" } : { value: known };
  });
}

async function chooseProject(facts: InitFacts, prompt: Prompt | null): Promise<ProjectFacts> {
  const proposed = proposeProject(facts);
  if (proposed !== null) return proposed;
  const projects = ownProjects(facts);
  const dirs = projects.map(({ dir }) => dir).join(", ");
  if (prompt === null) {
    throw configurationError(
      [{ where: "the repository", got: null, wanted: `holds ${projects.length} dbt projects: ${dirs}` }],
      "start signalbox init in the folder of one of them, or on a terminal without --yes: it asks there",
    );
  }
  return question(prompt, `Which dbt project, of ${dirs}?`, null, (typed) => {
    const value = projects.find(({ dir }) => dir === joinPath(typed));
    return value === undefined ? { wanted: `wanted one of ${dirs}` } : { value };
  });
}

async function chooseTargets(
  existing: Config | null,
  project: ProjectFacts,
  prompt: Prompt | null,
): Promise<{ check: string; deploy: string }> {
  const proposed = proposeTargets(existing, project);
  if (prompt === null) return proposed;
  const names = project.profiles?.targets.map(({ name }) => name).join(", ") ?? "";
  const known = names === "" ? "" : ` (profiles.yml has ${names})`;
  const ask = (text: string, value: string, other: string | null) =>
    question(prompt, text, { value, shown: value === TARGET_PLACEHOLDER ? "later" : value }, (typed) => {
      if (/[\s,]/.test(typed)) return { wanted: "wanted one name" };
      if (typed === other) return { wanted: "wanted another one: no pull request may build into production" };
      return { value: typed };
    });
  const deploy = await ask(`Which dbt target is production${known}?`, proposed.deploy, null);
  const check = await ask(
    `Which dbt target do pull requests build with${known}?`,
    proposed.check === deploy ? "ci" : proposed.check,
    deploy,
  );
  return { check, deploy };
}

async function chooseChannel(what: string, known: string | null, prompt: Prompt | null): Promise<string | null> {
  if (prompt === null) return known;
  const proposal = { value: known, shown: known ?? "later" };
  return question(prompt, `Which Slack channel gets ${what}, by its id?`, proposal, (typed) =>
    isChannel(typed) ? { value: typed } : { wanted: `wanted an id such as C0AAAAAAA, not a name; ${WHERE_IDS_ARE}` },
  );
}

export const WHERE_IDS_ARE = "open a channel in Slack, click its name, the id stands at the bottom";

function isChannel(id: string): boolean {
  return channelId.safeParse(id).success;
}

/** An empty line takes the proposal; what cannot be read is asked again, with what was wanted. */
async function question<T>(
  prompt: Prompt,
  text: string,
  proposal: { readonly value: T; readonly shown: string } | null,
  read: ReadAnswer<T>,
): Promise<T> {
  for (;;) {
    const typed = await prompt.ask(`${text}${proposal === null ? "" : ` [${proposal.shown}]`} `);
    if (typed === "" && proposal !== null) return proposal.value;
    const answer = read(typed);
    if ("value" in answer) return answer.value;
    prompt.say(`  ${answer.wanted}`);
  }
}
