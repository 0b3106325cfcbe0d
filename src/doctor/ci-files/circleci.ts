import {
  type CiStep,
  items,
  type Job,
  type Mapping,
  mapping,
  text,
  texts,
  type Workflow,
  type WorkflowTrigger,
} from "./model.ts";
import { signalboxStep, stepsOfScript } from "./script.ts";

/** Commands call commands: nobody reads further than this many steps of one. */
const MOST_STEPS = 500;

/** The workflows of .circleci/config.yml. https://circleci.com/docs/reference/configuration-reference/ */
export function readCircleWorkflows(path: string, value: unknown): readonly Workflow[] {
  const file = mapping(value);
  const read = createReader(file);
  return Object.entries(mapping(file.workflows))
    .filter(([, workflow]) => typeof workflow === "object" && workflow !== null)
    .map(([name, workflow]) => ({
      ci: "circleci",
      path,
      name,
      triggers: triggersOf(mapping(workflow)),
      jobs: items(mapping(workflow).jobs).map((entry) => jobOf(entry, file, read)),
      lock: null,
    }));
}

/** A workflow with schedules of its own is not started by a push. Other schedules are the project's, and in no file. */
function triggersOf(workflow: Mapping): readonly WorkflowTrigger[] {
  const schedules = items(workflow.triggers).flatMap((trigger) => {
    const { schedule } = mapping(trigger);
    return schedule === undefined ? [] : [{ event: "schedule", ...branchesOf(mapping(schedule).filters) }];
  });
  const any: readonly WorkflowTrigger[] = ["push", "schedule"].map((event) => ({
    event,
    branches: null,
    ignored: [],
    isTagsOnly: false,
  }));
  return schedules.length > 0 ? schedules.map((trigger) => ({ ...trigger, isTagsOnly: false })) : any;
}

function branchesOf(filters: unknown): Pick<WorkflowTrigger, "branches" | "ignored"> {
  const { only, ignore } = mapping(mapping(filters).branches);
  return { branches: only === undefined ? null : texts(only), ignored: texts(ignore) };
}

/** An entry of a workflow's `jobs:`: a name, or a name with what the workflow says of it. */
function jobOf(entry: unknown, file: Mapping, read: StepReader): Job {
  const [[called, options] = ["", {}]] = typeof entry === "string" ? [[entry, {}]] : Object.entries(mapping(entry));
  const said = mapping(options);
  const defined = mapping(mapping(file.jobs)[called]);
  const given = Object.keys(mapping(defined.environment));
  const ofOrb = signalboxCommand(called, file);
  const steps = (value: unknown) => read(value, given);
  const group = text(said["serial-group"]);
  return {
    name: text(said.name) ?? called,
    needs: items(said.requires).flatMap((need) => (typeof need === "string" ? [need] : Object.keys(mapping(need)))),
    steps: [
      ...steps(said["pre-steps"]),
      ...(ofOrb === null ? steps(defined.steps) : [orbStep(ofOrb, said)]),
      ...steps(said["post-steps"]),
    ],
    permissions: null,
    lock: group === null ? null : { group, cancels: false, keepsAll: false },
    contexts: texts(said.context),
    branches: branchesOf(said.filters),
  };
}

/** A list of steps, with those of the file's own commands in place. `given`: names of the job's variables. */
type StepReader = (steps: unknown, given: readonly string[]) => readonly CiStep[];

function createReader(file: Mapping): StepReader {
  const commands = new Map<string, readonly CiStep[]>();
  const ofCommand = (name: string): readonly CiStep[] => {
    const known = commands.get(name);
    if (known !== undefined) return known;
    // One that calls itself is none: CircleCI refuses it.
    commands.set(name, []);
    const steps = read(mapping(mapping(file.commands)[name]).steps, []);
    commands.set(name, steps);
    return steps;
  };
  const ofStep = (step: unknown, given: readonly string[]): readonly CiStep[] => {
    const [[name, options] = ["", null]] = typeof step === "string" ? [[step, null]] : Object.entries(mapping(step));
    if (name === "run") {
      const script = text(options) ?? text(mapping(options).command) ?? "";
      return stepsOfScript(script, [...given, ...Object.keys(mapping(mapping(options).environment))]);
    }
    if (name === "when" || name === "unless") return read(mapping(options).steps, given);
    const ofOrb = signalboxCommand(name, file);
    return ofOrb === null ? ofCommand(name) : [orbStep(ofOrb, mapping(options))];
  };
  const read: StepReader = (steps, given) =>
    items(steps)
      .slice(0, MOST_STEPS)
      .flatMap((step) => ofStep(step, given))
      .slice(0, MOST_STEPS);
  return read;
}

/** `signalbox/queue`, by whatever name the file calls the orb; null: none of it. */
function signalboxCommand(name: string, file: Mapping): Named | null {
  const [alias = "", command] = name.split("/");
  const orb = text(mapping(file.orbs)[alias]) ?? "";
  return command !== undefined && /\/signalbox@/.test(orb.slice(0, 300)) ? { command, orb } : null;
}

/** A command or job of the orb, and the orb as the file names it. */
interface Named {
  readonly command: string;
  readonly orb: string;
}

function orbStep({ command, orb }: Named, parameters: Mapping): CiStep {
  const mode = text(parameters.mode);
  return signalboxStep(command, {
    mode: mode === "auto" || mode === "" ? null : mode,
    noQueue: ["true", "1"].includes(text(parameters.no_queue) ?? ""),
    given: [],
    isAction: false,
    from: orb,
  });
}
