import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { laptop } from "./cli.ts";

export interface Layout {
  readonly dir: string;
  readonly env: Record<string, string>;
  write(files: Readonly<Record<string, string>>): void;
  read(file: string): string;
  /** Every file below the folder with its text, .git left out: what must be the same after an error. */
  tree(): Record<string, string>;
  remove(): void;
}

export interface LayoutOptions {
  /** The URL of origin; null: no remote. */
  readonly remote?: string | null;
  /** Files of the home folder. */
  readonly home?: Readonly<Record<string, string>>;
  readonly isRepository?: boolean;
}

/** A repository that somebody else made: its files on main, as a clone knows its remote. */
export function openLayout(files: Readonly<Record<string, string>>, options: LayoutOptions = {}): Layout {
  const { remote = "git@github.com:acme/shop.git", home = {}, isRepository = true } = options;
  const root = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-layout-")));
  const [dir, homeDir] = [join(root, "repo"), join(root, "home")];
  const env = laptop({ HOME: homeDir, GIT_CEILING_DIRECTORIES: root });
  const writeBelow = (folder: string, texts: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  const git = (...args: string[]) => {
    const { status, stderr } = spawnSync("git", args, { cwd: dir, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  };
  mkdirSync(dir);
  writeBelow(dir, files);
  writeBelow(homeDir, home);
  if (isRepository) {
    git("init", "--quiet", "--initial-branch=main");
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message", "As it was");
  }
  if (isRepository && remote !== null) {
    git("remote", "add", "origin", remote);
    git("update-ref", "refs/remotes/origin/main", "HEAD");
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
  }
  return {
    dir,
    env,
    write: (texts) => writeBelow(dir, texts),
    read: (file) => readFileSync(join(dir, file), "utf8"),
    tree: () =>
      Object.fromEntries(
        readdirSync(dir, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .filter((path) => !relative(dir, path).startsWith(".git/"))
          .map((path) => [relative(dir, path), readFileSync(path, "utf8")] as const),
      ),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
