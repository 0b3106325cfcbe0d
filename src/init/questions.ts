import { channelId } from "../settings/values.ts";
import { configurationError } from "../support/errors.ts";
import { proposeCi, proposeProject, proposeTargets } from "./decide.ts";
import { type Answers, type Ci, type Facts, joinPath, type ProjectFacts } from "./facts.ts";

/** A person at a terminal. */
export interface Prompt {
  /** The typed line without blanks around it. */
  ask(question: string): Promise<string>;
  say(line: string): void;
}

type Read<T> = (typed: string) => { readonly value: T } | { readonly wanted: string };

/** At most four questions; without a prompt none, and the proposals stand. Throws where only a person can choose. */
export async function chooseAnswers(facts: Facts, asked: Ci | null, prompt: Prompt | null): Promise<Answers> {
  const ci = asked ?? (await chooseCi(facts, prompt));
  const project = await chooseProject(facts, prompt);
  const targets = await chooseTargets(facts, project, prompt);
  const channels = await chooseChannels(facts, prompt);
  return {
    ci,
    project,
    baseBranch: facts.existing?.baseBranch ?? facts.baseBranch.name,
    ...targets,
    schema: facts.existing?.modes.check.schema ?? "ci_{branch}",
    errorChannel: channels.error,
    warnChannel: channels.warn,
  };
}

async function chooseCi(facts: Facts, prompt: Prompt | null): Promise<Ci> {
  const { value } = proposeCi(facts);
  if (prompt === null) return value;
  return question(prompt, "CI, github or circleci?", { value, shown: value }, (typed) => {
    const known = (["github", "circleci"] as const).find((ci) => ci === typed.toLowerCase());
    return known === undefined ? { wanted: "wanted github or circleci" } : { value: known };
  });
}

async function chooseProject(facts: Facts, prompt: Prompt | null): Promise<ProjectFacts> {
  const proposed = proposeProject(facts);
  if (proposed !== null && (prompt === null || facts.projects.length === 1)) return proposed;
  const dirs = facts.projects.map(({ dir }) => dir).join(", ");
  if (prompt === null) {
    throw configurationError(
      [{ where: "the repository", got: null, wanted: `holds ${facts.projects.length} dbt projects: ${dirs}` }],
      "start signalbox init in the folder of one of them, or on a terminal without --yes: it asks there",
    );
  }
  const proposal = proposed === null ? null : { value: proposed, shown: proposed.dir };
  return question(prompt, `dbt project, one of ${dirs}?`, proposal, (typed) => {
    const value = facts.projects.find(({ dir }) => dir === joinPath(typed));
    return value === undefined ? { wanted: `wanted one of ${dirs}` } : { value };
  });
}

async function chooseTargets(
  facts: Facts,
  project: ProjectFacts,
  prompt: Prompt | null,
): Promise<{ check: string; deploy: string }> {
  const value = proposeTargets(facts, project);
  if (prompt === null) return value;
  const names = project.profiles?.targets.map(({ name }) => name).join(", ") ?? "";
  const text = `dbt targets for pull requests and for production${names === "" ? "" : `, of ${names}`}?`;
  return question(prompt, text, { value, shown: `${value.check} ${value.deploy}` }, (typed) => {
    const [check, deploy, ...others] = typed.split(/[\s,]+/);
    if (check === undefined || deploy === undefined || others.length > 0)
      return { wanted: "wanted two names, such as: ci prod" };
    if (check === deploy) return { wanted: "wanted two that differ: no pull request may build into production" };
    return { value: { check, deploy } };
  });
}

async function chooseChannels(
  facts: Facts,
  prompt: Prompt | null,
): Promise<{ error: string | null; warn: string | null }> {
  const { error = null, warn = null } = facts.existing?.slack ?? {};
  const value = { error, warn };
  if (prompt === null) return value;
  const shown = [error, warn].filter((id) => id !== null).join(" ");
  return question(
    prompt,
    "Slack channel ids for errors and for warnings?",
    { value, shown: shown || "later" },
    (typed) => {
      const ids = typed.split(/[\s,]+/);
      const [first, second] = ids;
      return first !== undefined && second !== undefined && ids.length === 2 && ids.every(isChannel)
        ? { value: { error: first, warn: second } }
        : { wanted: `wanted two ids such as C0AAAAAAA C0BBBBBBB, not names; ${WHERE_IDS_ARE}` };
    },
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
  read: Read<T>,
): Promise<T> {
  for (;;) {
    const typed = await prompt.ask(`${text}${proposal === null ? "" : ` [${proposal.shown}]`} `);
    if (typed === "" && proposal !== null) return proposal.value;
    const answer = read(typed);
    if ("value" in answer) return answer.value;
    prompt.say(`  ${answer.wanted}`);
  }
}
