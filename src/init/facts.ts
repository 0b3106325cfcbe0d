import { CONFIG_NAME } from "../settings/config-name.ts";
import type { Config } from "../settings/file.ts";

/** What `init` found in a repository. Paths are relative to its top folder, with `/`, and "." for the top itself. */
export interface InitFacts {
  readonly remote: RemoteFacts | null;
  readonly baseBranch: { readonly name: string; readonly from: "remote" | "checkout" | "guess" };
  /** The folder that init was started in. */
  readonly cwd: string;
  readonly projects: readonly ProjectFacts[];
  readonly ciFiles: readonly CiFile[];
  /** Files that say nothing, though they are there. */
  readonly unread: readonly Unread[];
  /** signalbox.yml of the top folder, as signalbox reads it; null: there is none. */
  readonly existing: Config | null;
  readonly gitignore: string | null;
}

export type Ci = "github" | "circleci";

/** `https://github.com/acme/shop.git` is the host `github.com` and the path `acme/shop`. */
export interface RemoteFacts {
  readonly host: string;
  readonly path: string;
}

export interface CiFile {
  readonly ci: Ci;
  readonly path: string;
  /** Empty where it was not read. */
  readonly text: string;
  /** Why it was not read, in words that follow its name; null: it was. */
  readonly why: string | null;
}

/** `why`: words that follow the name, as in `is UTF-16, where UTF-8 was expected`. */
export interface Unread {
  readonly path: string;
  readonly why: string;
}

export interface ProjectFacts {
  readonly dir: string;
  /** null: the name is a template. */
  readonly name: string | null;
  /** The first of dbt's macro-paths, relative to the project. */
  readonly macroDir: string;
  readonly packages: Packages | null;
  readonly profiles: Profiles | null;
  readonly naming: Naming;
  readonly sqlfluff: Sqlfluff | null;
  /** signalbox.yml in the project's own folder, below the top; null: there is none. */
  readonly own: Config | null;
}

/** The team's sqlfluff, by its settings: the nearest in the project's folder or above it. */
export interface Sqlfluff {
  /** The file with them, from the top. */
  readonly file: string;
  /** Whether what installs dbt names it. */
  readonly isInstalled: boolean;
}

/** What puts nodes into other schemas than the target's: the project's own macros, and configs. */
export interface Naming {
  readonly macros: readonly { readonly name: string; readonly path: string }[];
  /** `+schema` in `dbt_project.yml seeds.shop`; `target_schema` in a file. */
  readonly configs: readonly { readonly key: string; readonly where: string }[];
}

/** What installs dbt: the nearest file in the project's folder or above it. */
export interface Packages {
  readonly manager: "pip" | "uv" | "poetry" | "pipenv";
  readonly dir: string;
  readonly file: string;
  readonly isLocked: boolean;
}

export interface Profiles {
  /** As a person finds it: `profiles.yml`, `transform/profiles.yml`, `/home/dana/.dbt/profiles.yml`. */
  readonly file: string;
  /** Folder below the top; null: it lies outside, where a CI does not have it. */
  readonly dir: string | null;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly name: string;
  readonly adapter: string | null;
  /** The key that names the schema (BigQuery says dataset), and its value before Jinja. */
  readonly schemaKey: string;
  readonly schema: string | null;
  /** Variables that env_var() asks for without a default, or with an empty one. */
  readonly variables: readonly string[];
}

/** What is written into the files: asked on a terminal, proposed elsewhere. */
export interface Answers {
  readonly ci: Ci;
  readonly project: ProjectFacts;
  /** The folder of signalbox.yml: the top, or that of the project where another one has the top's. */
  readonly configDir: string;
  readonly baseBranch: string;
  readonly check: string;
  /** TARGET_PLACEHOLDER, where nothing and nobody told. */
  readonly deploy: string;
  /** Template of the check's schema. */
  readonly schema: string;
  readonly errorChannel: string | null;
  readonly warnChannel: string | null;
}

/** `a/b` and `c` are `a/b/c`; "." is nothing. */
export function joinPath(...parts: readonly string[]): string {
  const kept = parts.flatMap((part) => part.split("/")).filter((part) => part !== "" && part !== ".");
  return kept.length === 0 ? "." : kept.join("/");
}

/** The path to a folder as seen from another, both from the top: `profiles` from `growth` is `../profiles`. */
export function relativePath(from: string, to: string): string {
  const [source, target] = [from, to].map((path) =>
    joinPath(path)
      .split("/")
      .filter((part) => part !== "."),
  ) as [string[], string[]];
  let same = 0;
  while (same < source.length && source[same] === target[same]) same++;
  const parts = [...source.slice(same).map(() => ".."), ...target.slice(same)];
  return parts.length === 0 ? "." : parts.join("/");
}

/** A folder's name as part of a workflow's, a group's and a schema's: `data/growth-eu` is `data_growth_eu`. */
export function slugOf(dir: string): string {
  return (
    dir
      .replace(/[^A-Za-z0-9]+/g, "_")
      .replace(/^_/, "")
      .replace(/_$/, "")
      .toLowerCase() || "project"
  );
}

/** signalbox.yml, from the top. */
export function configPathOf({ configDir }: Pick<Answers, "configDir">): string {
  return joinPath(configDir, CONFIG_NAME);
}
