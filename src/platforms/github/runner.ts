import { randomBytes } from "node:crypto";
import { escapeCommandValue, stopCommands, toWorkflowCommand } from "../../render/annotations.ts";
import { appendToFile } from "../../support/files.ts";
import type { Environment } from "../../support/secrets.ts";
import { cleanLine } from "../../text/clean.ts";
import { defuseInside } from "../../text/terminal-line.ts";
import type { Runner } from "../ports.ts";

/**
 * GitHub's runner: workflow commands in the log, files for outputs and summary.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function createGitHubRunner(env: Environment, write: (text: string) => void): Runner {
  const append = async (file: string | undefined, text: string) => {
    if (file !== undefined && file !== "") await appendToFile(file, text);
  };
  return {
    openGroup: (title) => {
      const stop = stopCommands(randomBytes(16).toString("hex"));
      const [begin, end] =
        title === null
          ? ["", ""]
          : [`::group::${defuseInside(escapeCommandValue(cleanLine(title)))}\n`, "::endgroup::\n"];
      write(`${begin}${stop.begin}\n`);
      return () => write(`${stop.end}\n${end}`);
    },
    folds: true,
    summary: (markdown) => append(env.GITHUB_STEP_SUMMARY, `${markdown}\n`),
    annotate: (annotations) => {
      for (const annotation of annotations) write(`${toWorkflowCommand(annotation)}\n`);
    },
    outputs: async (values) => {
      const delimiter = `signalbox_${randomBytes(16).toString("hex")}`;
      const lines = Object.entries(values).map(
        ([name, value]) => `${name}<<${delimiter}\n${value.replace(/[\r\n]+/g, " ")}\n${delimiter}\n`,
      );
      await append(env.GITHUB_OUTPUT, lines.join(""));
    },
    mask: (secret) => {
      for (const line of secret.split(/\r?\n/).filter((part) => part !== ""))
        write(`::add-mask::${escapeCommandValue(line)}\n`);
    },
  };
}
