import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { laptop } from "./cli.ts";
import { DBT_PATH } from "./real-dbt.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/shop", import.meta.url));

/** The mistake of the demo: a rate is valid until a day, not through it. Four orders are then there twice. */
export const MISTAKE = {
  file: "models/intermediate/int_orders_eur.sql",
  old: "    and orders.ordered_on < rates.valid_to",
  now: "    and orders.ordered_on <= rates.valid_to",
};

export interface Shop {
  readonly dir: string;
  /** A clone of the shop on main, with its origin beside it. */
  readonly repo: string;
  readonly store: string;
  readonly env: Record<string, string>;
  clone(name: string, ...args: string[]): string;
  git(...args: string[]): string;
  read(file: string): string;
  write(file: string, text: string): void;
  edit(file: string, from: string, to: string): void;
  commit(message: string): void;
  remove(): void;
}

/** The example as a repository with an origin, a warehouse and a store of its own. */
export function openShop(overrides: Readonly<Record<string, string | undefined>> = {}): Shop {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-e2e-")));
  const [origin, repo, store] = [join(dir, "origin.git"), join(dir, "repo"), join(dir, "store")];
  const env = laptop({
    PATH: DBT_PATH,
    SHOP_DUCKDB: join(dir, "shop.duckdb"),
    SIGNALBOX_STORE: `dir:${store}`,
    SIGNALBOX_TICKET_DIR: join(dir, "tickets"),
    ...overrides,
  });
  const gitIn = (cwd: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  gitIn(dir, "init", "--quiet", "--bare", "--initial-branch=main", origin);
  gitIn(dir, "clone", "--quiet", origin, repo);
  const isMade = (path: string) =>
    /[/\\](target|logs|\.signalbox|test-results)([/\\]|$)|\.duckdb/.test(path.slice(EXAMPLE.length));
  cpSync(EXAMPLE, repo, { recursive: true, filter: (path) => !isMade(path) });
  gitIn(repo, "switch", "--quiet", "--create", "main");
  gitIn(repo, "add", "--all");
  gitIn(repo, "commit", "--quiet", "--message", "The shop");
  gitIn(repo, "push", "--quiet", "--set-upstream", "origin", "main");
  if (!existsSync(store)) mkdirSync(store);
  return {
    dir,
    repo,
    store,
    env,
    clone: (name, ...args) => {
      gitIn(dir, "clone", "--quiet", ...args, `file://${origin}`, join(dir, name));
      return join(dir, name);
    },
    git: (...args) => gitIn(repo, ...args),
    read: (file) => readFileSync(join(repo, file), "utf8"),
    write: (file, text) => writeFileSync(join(repo, file), text),
    edit: (file, from, to) => {
      const text = readFileSync(join(repo, file), "utf8");
      if (!text.includes(from)) throw new Error(`${file} does not hold: ${from}`);
      writeFileSync(join(repo, file), text.replace(from, to));
    },
    commit: (message) => {
      gitIn(repo, "add", "--all");
      gitIn(repo, "commit", "--quiet", "--message", message);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
