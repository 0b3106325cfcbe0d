import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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

/** Settings of a shop without models of its own: dbt reads it, and whatever a test adds, a second sooner. */
const BARE: Readonly<Record<string, string>> = {
  "dbt_project.yml": "name: shop\nprofile: shop\nflags: { send_anonymous_usage_stats: false }\n",
  "signalbox.yml": `version: 1
base_branch: main
modes:
  check:  { target: ci, schema: "ci_{branch}" }
  deploy: { target: prod }
`,
};
const SHARED = ["profiles.yml", ".gitignore"];

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
  /** All of it once more, as it is now: the repository, origin, the warehouse, the store and what dbt has parsed. */
  copy(): Shop;
  remove(): void;
}

/** The example as a repository with an origin, a warehouse and a store of its own. */
export function openShop(): Shop {
  const isMade = (path: string) =>
    /[/\\](target|logs|\.signalbox|test-results)([/\\]|$)|\.duckdb/.test(path.slice(EXAMPLE.length));
  return create((repo) => cpSync(EXAMPLE, repo, { recursive: true, filter: (path) => !isMade(path) }));
}

/** The same with these files in place of the example's. */
export function openBareShop(files: Readonly<Record<string, string>>): Shop {
  return create((repo) => {
    for (const name of SHARED) cpSync(join(EXAMPLE, name), join(repo, name));
    for (const [name, text] of Object.entries({ ...BARE, ...files })) writeFile(join(repo, name), text);
  });
}

function create(fill: (repo: string) => void): Shop {
  const shop = openIn(makeDir());
  const [origin, gitIn] = [join(shop.dir, "origin.git"), git(shop.env)];
  gitIn(shop.dir, "init", "--quiet", "--bare", "--initial-branch=main", origin);
  gitIn(shop.dir, "clone", "--quiet", origin, shop.repo);
  fill(shop.repo);
  mkdirSync(shop.store);
  shop.git("switch", "--quiet", "--create", "main");
  shop.commit("The shop");
  shop.git("push", "--quiet", "--set-upstream", "origin", "main");
  return shop;
}

function openIn(dir: string): Shop {
  const [origin, repo, store] = [join(dir, "origin.git"), join(dir, "repo"), join(dir, "store")];
  const env = laptop({
    PATH: DBT_PATH,
    // As it is seen from the repository: dbt parses all anew where a variable of its profile has another value.
    SHOP_DUCKDB: "../shop.duckdb",
    SIGNALBOX_STORE: `dir:${store}`,
    SIGNALBOX_TICKET_DIR: join(dir, "tickets"),
  });
  const gitIn = git(env);
  const read = (file: string) => readFileSync(join(repo, file), "utf8");
  const write = (file: string, text: string) => writeFile(join(repo, file), text);
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
    read,
    write,
    edit: (file, from, to) => {
      const text = read(file);
      if (!text.includes(from)) throw new Error(`${file} does not hold: ${from}`);
      write(file, text.replace(from, to));
    },
    commit: (message) => {
      gitIn(repo, "add", "--all");
      gitIn(repo, "commit", "--quiet", "--message", message);
    },
    copy: () => {
      const copy = openIn(makeDir());
      cpSync(dir, copy.dir, { recursive: true, preserveTimestamps: true });
      copy.git("remote", "set-url", "origin", join(copy.dir, "origin.git"));
      return copy;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function makeDir(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "signalbox-e2e-")));
}

function writeFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function git(env: Readonly<Record<string, string>>) {
  return (cwd: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
}
