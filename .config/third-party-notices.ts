import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { Plugin } from "rolldown";

/** Of what is bundled; another licence is to be read by a person before it ships. https://spdx.org/licenses/ */
const KNOWN = new Set(["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD"]);
const TEXT = /^(?:licen[cs]e|copying|notice|third[-_]?party)/i;

/** Packages whose own file holds copies of their dependencies, as no module of those is seen. */
const HOLDS_COPIES = new Set(["junit-report-builder", "make-dir"]);
/** Dependencies of which nothing is in the bundle: types. */
const LEFT_OUT = new Set(["@octokit/types", "@types/node", "@types/retry"]);
/** What a package holds that is no npm package, with its licence. */
const INSIDE: Readonly<Record<string, string>> = {
  undici:
    "undici holds llhttp (https://github.com/nodejs/llhttp), under the same licence: Copyright Fedor Indutny, 2018.",
};

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly home: string | null;
  readonly texts: readonly string[];
  readonly dependencies: readonly string[];
}

/**
 * Writes dist/THIRD_PARTY_NOTICES.txt: each package of which a module is in the bundle, with the whole text of its licence.
 * The build fails for a package without one, for a licence that nobody has read, and for a dependency that is not in the
 * bundle as modules, since a copy of it may be.
 */
export function thirdPartyNotices(): Plugin {
  return {
    name: "third-party-notices",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const folders = modules.map(packageFolderOf).filter((folder) => folder !== null);
      const packages = new Map<string, Package>();
      for (const folder of folders) addPackage(packages, folder);
      checkDependencies(packages);
      const sorted = [...packages.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      this.emitFile({ type: "asset", fileName: "THIRD_PARTY_NOTICES.txt", source: renderNotices(sorted) });
    },
  };
}

function addPackage(packages: Map<string, Package>, folder: string): void {
  const found = readPackage(folder);
  if (packages.has(keyOf(found))) return;
  packages.set(keyOf(found), found);
  if (HOLDS_COPIES.has(found.name))
    for (const name of found.dependencies) addPackage(packages, dependencyFolder(folder, name));
}

function checkDependencies(packages: ReadonlyMap<string, Package>): void {
  const names = new Set([...packages.values()].map(({ name }) => name));
  for (const { name, dependencies } of packages.values())
    for (const dependency of dependencies)
      if (!names.has(dependency) && !LEFT_OUT.has(dependency))
        throw new Error(
          `${name} is bundled, its dependency ${dependency} is not: is there a copy in it (HOLDS_COPIES), or is it not needed (LEFT_OUT)?`,
        );
}

/** The nearest package.json with a name above a module of node_modules; null: one of ours, or of the bundler. */
function packageFolderOf(module: string): string | null {
  const path = module.replace(/^\0/, "").split("?", 1)[0] ?? "";
  if (!path.includes(`${sep}node_modules${sep}`)) return null;
  for (let folder = dirname(path); folder.includes("node_modules"); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name !== undefined) return folder;
  }
  throw new Error(`no package.json above ${module}`);
}

/** As Node finds it: in the nearest node_modules above. */
function dependencyFolder(from: string, name: string): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
  }
  throw new Error(`${name} is not installed, which ${from} depends on`);
}

function readPackage(folder: string): Package {
  const { name, version, license, homepage, repository, dependencies } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  if (!KNOWN.has(license))
    throw new Error(`${name}@${version} is bundled under ${JSON.stringify(license)}: read it, then add it to KNOWN`);
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const read = (file: string) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  const own = files.filter((entry) => TEXT.test(entry.name)).map((entry) => read(entry.name));
  const readme = files.find((entry) => /^readme(?:\.md)?$/i.test(entry.name));
  const texts = own.length > 0 || readme === undefined ? own : licenceIn(read(readme.name));
  if (!texts.some((text) => text.length > 400))
    throw new Error(`${name}@${version} is bundled and holds no licence's text`);
  return {
    name,
    version,
    license,
    home: homepage ?? (typeof repository === "string" ? repository : repository?.url) ?? null,
    texts: [...(INSIDE[name] === undefined ? [] : [INSIDE[name]]), ...texts],
    dependencies: Object.keys(dependencies ?? {}),
  };
}

/** The section of a README that is the licence itself. */
function licenceIn(readme: string): string[] {
  const section = /^#* ?Licen[cs]e\n(?:[-=]+\n)?([\s\S]*)/im.exec(readme)?.[1] ?? "";
  const text = section.split(/^#+ |^\[/m, 1)[0]?.trim() ?? "";
  return /Permission is hereby granted|Redistribution and use/.test(text) ? [text] : [];
}

function renderNotices(packages: readonly Package[]): string {
  const parts = packages.map(({ name, version, license, home, texts }) =>
    [`${name}@${version} (${license})`, ...(home === null ? [] : [home]), "", ...texts].join("\n"),
  );
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  return `${["signalbox holds code of these packages, under their licences.", ...parts].join(rule)}\n`;
}

function keyOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}@${version}`;
}
