import { cleanLine } from "../text/clean.ts";

const MOST = 400;
/** In an address, who asks. A token may stand in the user's place, and there git shows it. */
const USER = /(:\/\/)[^\s/'"]*@/g;

/**
 * What git says on standard error, on one line, the first words first: the reason stands there, and advice behind it
 * ("Please make sure you have the correct access rights"). Without users in addresses.
 */
export function wordsOfGit(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const said = lines.filter((line) => line !== "" && !/^(?:hint|warning):/.test(line));
  return cleanLine((said.length > 0 ? said : lines).join(" ").replace(USER, "$1"), MOST);
}

/** The folder that git does not read since another user owns it; null: it says something else. */
export function foreignFolderIn(stderr: string): string | null {
  // The second form is that of git 2.35.
  const found =
    /^fatal: detected dubious ownership in repository at '([^\n]*)'$/m.exec(stderr) ??
    /^fatal: unsafe repository \('([^\n]*)' is owned by someone else\)$/m.exec(stderr);
  return found?.[1] ?? null;
}
