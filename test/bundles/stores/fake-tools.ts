import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface FakeTool {
  /** An environment in which the tool is found, and nothing else of this machine's own. */
  readonly env: Readonly<Record<string, string>>;
  /** How it was started, in order. */
  starts(): Promise<{ argv: string[]; env: Record<string, string> }[]>;
  /** Makes every further start end with exit 1 and these words. */
  refuse(words: string): Promise<void>;
}

/** Knows both by the name that it is called by. */
const PROGRAM = fileURLToPath(new URL("fake-tool.sh", import.meta.url));

export async function createFakeTool(name: "aws" | "gcloud", dir: string): Promise<FakeTool> {
  const [bin, root] = [join(dir, "bin"), join(dir, "tool")];
  for (const folder of [bin, root]) await mkdir(folder, { recursive: true });
  await symlink(PROGRAM, join(bin, name));
  return {
    env: { PATH: [bin, "/usr/bin", "/bin"].join(delimiter), FAKE_TOOL_ROOT: root },
    starts: async () => {
      const text = await readFile(join(root, "starts"), "utf8").catch(() => "");
      return text.split("\0\0").slice(0, -1).map(parseStart);
    },
    refuse: (words) => writeFile(join(root, "refusal"), words),
  };
}

/** The number of arguments, these, and the variables, each behind a NUL. */
function parseStart(text: string): { argv: string[]; env: Record<string, string> } {
  const [count, ...words] = text.split("\0");
  const argv = words.slice(0, Number(count));
  const pairs = words.slice(argv.length).map((word) => [word.split("=", 1)[0], word.slice(word.indexOf("=") + 1)]);
  return { argv, env: Object.fromEntries(pairs) };
}
