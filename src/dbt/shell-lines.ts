/**
 * dbt in the shell lines of CI files, told from the text alone. Pure: a line from outside costs no more than its length.
 */

/** Commands that write into the warehouse. https://docs.getdbt.com/reference/dbt-commands */
const WRITES = ["build", "run", "test", "seed", "snapshot", "clone", "retry", "run-operation"];
/** Options before the command that have a value of their own. */
const WITH_VALUE = ["--profiles-dir", "--project-dir", "--target", "--profile", "--log-level", "--log-format"];
/** Programs whose words are no commands. */
const TALKERS = ["echo", "printf", "cat", "grep", "git", "pip", "pip3"];
const LONGEST_LINE = 10_000;

/** The commands of dbt that a script starts and that write, in their order, each as `dbt build`. Comments are none. */
export function dbtWrites(script: string): readonly string[] {
  return simpleCommands(script).flatMap((words) => dbtIn(words) ?? []);
}

/** `dbt build`, however dbt is started; null: the command starts no dbt, or one that writes nothing. */
export function dbtIn(words: readonly string[]): string | null {
  if (TALKERS.includes(words[0] ?? "")) return null;
  const at = words.findIndex((word) => word === "dbt" || word.endsWith("/dbt"));
  const command = at < 0 ? undefined : commandBehind(words, at + 1);
  return command !== undefined && WRITES.includes(command) ? `dbt ${command}` : null;
}

/** The commands of a script, each as its words without quotes: what `;`, `&&`, `|` and brackets part is several. */
export function simpleCommands(script: string): readonly (readonly string[])[] {
  return script
    .replaceAll("\\\r\n", " ")
    .replaceAll("\\\n", " ")
    .split("\n")
    .flatMap((line) =>
      line
        .slice(0, LONGEST_LINE)
        .split(/[;&|()`]/)
        .map(wordsOf),
    )
    .filter((words) => words.length > 0);
}

function wordsOf(command: string): readonly string[] {
  const words = command.split(/[\s"']+/).filter((word) => word !== "");
  const comment = words.findIndex((word) => word.startsWith("#"));
  return comment < 0 ? words : words.slice(0, comment);
}

function commandBehind(words: readonly string[], from: number): string | undefined {
  for (let at = from; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) return word;
    if (WITH_VALUE.includes(word)) at += 1;
  }
  return undefined;
}
