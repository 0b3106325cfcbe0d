import { type AnyOption, type CommandName, OPTIONS, type OptionName, variableOf } from "./flags.ts";
import { describeOption } from "./surfaces.ts";

/** The option table as inputs of the GitHub Action (action.yml) and as parameters of the CircleCI orb (orb/). */

export type Face = "action" | "orb";

/** What the Action's input `command` takes; the orb has a command of its own for most of them. */
export const ACTION_COMMANDS = ["ci", "queue", "plan", "report", "notify"] as const satisfies readonly CommandName[];

/** Options that a face does not have, because they are for a terminal, for tests, or for the other vendor. */
const LEFT_OUT: Readonly<Record<Face, readonly OptionName[]>> = {
  action: ["json", "quiet", "no-color", "as", "at", "slack-url", "circle-url"],
  orb: ["json", "quiet", "no-color", "as", "at", "slack-url", "annotations", "ticket-dir"],
};

interface ActionOutput {
  readonly name: string;
  readonly describe: string;
}

/** Outputs of the Action; elsewhere they are lines of the file that SIGNALBOX_OUTPUT names. */
export const OUTPUTS: readonly ActionOutput[] = [
  { name: "outcome", describe: "ci: pass, warn, error, nothing, superseded, skipped or failed" },
  { name: "errors", describe: "ci: number of errors" },
  { name: "warnings", describe: "ci: number of warnings" },
  { name: "skipped", describe: "ci: number of skipped nodes" },
  { name: "passed", describe: "ci: number of passed nodes" },
  { name: "mode", describe: "ci: check, deploy or schedule" },
  { name: "junit-path", describe: "ci: JUnit file; empty where there is none" },
  { name: "summary-path", describe: "ci: Markdown summary" },
  { name: "report-path", describe: "ci: HTML report; empty where there is none" },
  { name: "bundle-path", describe: "ci: folder of the published state bundle; empty where none was published" },
  { name: "bundle-name", describe: "ci: name under which it has to be uploaded, for later runs to find it" },
  { name: "record-path", describe: "ci: record of the run that later runs look back at; empty where there is none" },
  { name: "record-name", describe: "ci: name under which it has to be uploaded" },
  { name: "decision", describe: "queue: entered, left, timed-out or skipped" },
  { name: "waited-seconds", describe: "queue: how long the run waited" },
  { name: "position", describe: "queue: place in the line; 1 is next" },
  { name: "blocker-url", describe: "queue: the run that is waited for; empty where there is none" },
];

/** The options that a face has for the commands, in the table's order. */
export function faceOptions(face: Face, commands: readonly CommandName[]): readonly AnyOption[] {
  return (OPTIONS as readonly AnyOption[]).filter(
    (option) =>
      !LEFT_OUT[face].some((name) => name === option.name) &&
      option.commands.some((command) => commands.includes(command)),
  );
}

/** Lines of `inputs:`. They have no defaults: an input that is not given is empty, and the CLI's own default holds. */
export function renderActionInputs(): string {
  return faceOptions("action", ACTION_COMMANDS)
    .map((option) => `  ${option.name}:\n    description: ${quote(describeForFace(option))}\n`)
    .join("");
}

/** Lines of the step's `env:`. A job's own SIGNALBOX_* holds where the input is not given. */
export function renderActionEnvironment(): string {
  return faceOptions("action", ACTION_COMMANDS)
    .map((option) => {
      const variable = variableOf(option);
      return `        ${variable}: \${{ inputs.${option.name} || env.${variable} }}\n`;
    })
    .join("");
}

/** Lines of `outputs:`; the step that sets them has the id `signalbox`. */
export function renderActionOutputs(): string {
  return OUTPUTS.map(
    ({ name, describe }) =>
      `  ${name}:\n    description: ${quote(describe)}\n    value: \${{ steps.signalbox.outputs.${name} }}\n`,
  ).join("");
}

/** Lines of `parameters:` of an orb's command or job. */
export function renderOrbParameters(commands: readonly CommandName[]): string {
  return faceOptions("orb", commands)
    .map((option) => {
      const isBoolean = option.type === "boolean";
      return [
        `  ${snakeCase(option.name)}:`,
        `    type: ${isBoolean ? "boolean" : "string"}`,
        `    default: ${isBoolean ? "false" : '""'}`,
        `    description: ${quote(describeForFace(option))}`,
        "",
      ].join("\n");
    })
    .join("");
}

/** Lines of `environment:` of a run step: the only way by which a parameter reaches the script. */
export function renderOrbEnvironment(commands: readonly CommandName[]): string {
  return faceOptions("orb", commands)
    .map((option) => `        ORB_${variableOf(option)}: << parameters.${snakeCase(option.name)} >>\n`)
    .join("");
}

/** Lines by which the job hands its parameters to the command of the same name. */
export function renderOrbHandOver(commands: readonly CommandName[]): string {
  return faceOptions("orb", commands)
    .map((option) => snakeCase(option.name))
    .map((name) => `      ${name}: << parameters.${name} >>\n`)
    .join("");
}

/** How the user of a face writes the option: `input node-timeout`, `parameter node_timeout`; else the variable. */
export function nameAsTyped(option: { readonly name: string }, face: string | undefined): string {
  if (face === "action") return `input ${option.name}`;
  if (face === "orb") return `parameter ${snakeCase(option.name)}`;
  return variableOf(option);
}

function describeForFace(option: AnyOption): string {
  const choices = option.choices === undefined ? "" : `: ${option.choices.join(", ")}`;
  const text = describeOption({ ...option, describe: `${option.describe}${choices}` });
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function snakeCase(name: string): string {
  return name.replaceAll("-", "_");
}

/** A double-quoted YAML scalar is written like a JSON text. https://yaml.org/spec/1.2.2/#chapter-1-introduction-to-yaml */
function quote(text: string): string {
  return JSON.stringify(text);
}
