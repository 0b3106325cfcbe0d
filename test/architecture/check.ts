import { posix } from "node:path";

/** A file of src/: its path from there, with `/`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

const CORE = ["text", "run", "queue", "artifacts", "selection", "severity", "linters", "alerts", "render"];
const EDGES = ["dbt", "bundles", "platforms", "slack", "webhooks"];

/** What each folder may import beside itself. Edges do not know each other, and nobody but the entry knows commands. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  text: [],
  support: ["text"],
  run: ["text", "support"],
  queue: ["run", "text", "support"],
  artifacts: ["text", "support"],
  selection: ["artifacts", "run", "text", "support"],
  severity: ["selection", "artifacts", "text", "support"],
  linters: ["severity", "artifacts", "text", "support"],
  alerts: ["severity", "selection", "artifacts", "run", "text", "support"],
  render: ["alerts", "severity", "selection", "artifacts", "run", "text", "support"],
  settings: ["run", "severity", "text", "support"],
  ...Object.fromEntries(EDGES.map((edge) => [edge, [...CORE, "support"]])),
  init: ["dbt", "render", "settings", "text", "support"],
  doctor: [...CORE, ...EDGES, "init", "setup", "settings", "text", "support"],
  work: [...CORE, "dbt", "support"],
  setup: [...CORE, ...EDGES, "work", "settings", "support"],
  steps: [...CORE, ...EDGES, "setup", "work", "settings", "support"],
  commands: [...CORE, ...EDGES, "steps", "setup", "work", "init", "doctor", "settings", "support"],
  "cli.ts": ["commands", "setup", "settings", "text", "support"],
};

/** Imports that hand types over and nothing else. */
const TYPES_ONLY: Readonly<Record<string, readonly string[]>> = { settings: ["run", "severity"] };

/** Of a folder that is no part of the core: its pure files. */
const PURE_FILES: Readonly<Record<string, RegExp>> = { doctor: /^doctor\/(?!look)/ };

/** Packages that a pure folder may import all the same; `type`: only their types. */
const PACKAGES_OF_PURE: Readonly<Record<string, { readonly in: RegExp; readonly as: "code" | "type" }>> = {
  "junit-report-builder": { in: /^render\/junit\.ts$/, as: "code" },
  "@slack/types": { in: /^render\//, as: "type" },
};

/** I/O, time, chance and the environment: what a pure folder has handed in. */
const IMPURE: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["Date.now", /\bDate\s*\.\s*now\b/],
  ["new Date()", /\bnew\s+Date\s*(?:\(\s*\)|(?![\s(]))/],
  ["Date()", /(?<!\bnew\s+)\bDate\s*\(/],
  ["Math.random", /\bMath\s*\.\s*random\b/],
  ["process", /\bprocess\s*[.[]/],
  ["performance", /\bperformance\s*[.[]/],
  ["globalThis", /\bglobalThis\b/],
  ["console", /(?<!:\/\/)\bconsole\s*[.[]/],
  ["fetch", /(?<![.\w])fetch\s*\(/],
  ["a timer", /\bset(?:Timeout|Interval|Immediate)\s*\(/],
  ["import()", /\bimport\s*\(/],
  ["require", /\brequire\s*\(/],
];

/** Reading and appending wait for a pipe, and take what no memory holds: `support/files.ts` does neither. */
const FILE_ACCESS = /\b(?:readFile|readFileSync|createReadStream|open|openSync|appendFile|appendFileSync)\b/;
const MAY_ACCESS_FILES: Readonly<Record<string, string>> = {
  "support/files.ts": "is the one that does",
  "support/processes.ts": "/proc",
  "cli.ts": "our own package.json",
  "slack/ledger-store.ts": "makes its lock, and tells a damaged ledger from a missing one",
  "steps/report/project-files.ts": "at once, of files that it has looked at",
  "setup/config-file.ts": "has looked at the file",
  "dbt/kept-files.ts": "has looked at the file",
};

/**
 * Who may know the type of the whole Context, of twenty parts: the entry, commands, which hand out parts, and what stands
 * here. Steps and setup name the parts that they take.
 */
const MAY_KNOW_CONTEXT = /^(?:cli\.ts$|commands\/|setup\/context\.ts$|doctor\/look|steps\/notify\/)/;
/** Other names for the whole of it, and picks that are nearly the whole. */
const DISGUISES =
  /\b(?:extends|Omit<|Partial<|Readonly<|Required<)\s*Context\b|[&|=]\s*Context\b(?!\[)|\bContext\s*[&|]|\bPick<\s*Context\s*,(?:\s*\|?\s*"[^"]*"){6,}/;

/** The functions that take the whole Context, each as its file and the number of such functions in it. */
export function findContextTakers(sources: readonly Source[]): ReadonlyMap<string, number> {
  const counts = sources
    .filter(({ path }) => path !== "cli.ts")
    .map(
      ({ path, text }) =>
        [path, codeOf(text, { strings: false }).match(/:\s*Context(?=\s*[,)=])/g)?.length ?? 0] as const,
    );
  return new Map(counts.filter(([, count]) => count > 0));
}

/** Types that two files define under one name, each with those files. Of one name a reader may expect one thing. */
export function findSharedTypeNames(sources: readonly Source[]): readonly string[] {
  const files = new Map<string, string[]>();
  for (const { path, text } of sources) {
    const names = codeOf(text, { strings: true }).matchAll(/^(?:export )?(?:interface|type|class) (\w+)/gm);
    for (const [, name = ""] of names) files.set(name, [...(files.get(name) ?? []), path]);
  }
  return [...files].filter(([, paths]) => paths.length > 1).map(([name, paths]) => `${name}: ${paths.join(", ")}`);
}

/** Every break of the architecture's rules, as sentences. */
export function findBreaks(sources: readonly Source[]): readonly string[] {
  const impureSupport = new Set(
    sources
      .filter(
        ({ path, text }) => path.startsWith("support/") && readImports(text).some(({ from }) => !isRelative(from)),
      )
      .map(({ path }) => path),
  );
  return [...sources.flatMap((source) => breaksOf(source, impureSupport)), ...findCircles(sources)];
}

function breaksOf({ path, text }: Source, impureSupport: ReadonlySet<string>): readonly string[] {
  const folder = folderOf(path);
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined) return [`${path} lies in a folder that has no rule: ${folder}`];
  const isPure = CORE.includes(folder) || PURE_FILES[folder]?.test(path) === true;
  const breaks: string[] = [];
  for (const { from, isType } of readImports(text)) {
    if (isRelative(from)) {
      const to = resolveImport(path, from);
      const other = folderOf(to);
      if (other !== folder && !allowed.includes(other))
        breaks.push(`${path} imports ${to}: ${folder} may not know ${other}`);
      if (TYPES_ONLY[folder]?.includes(other) && !isType)
        breaks.push(`${path} imports ${to}: ${folder} may have types of ${other} alone`);
      if (isPure && other === folder && PURE_FILES[folder]?.test(to) === false && !isType)
        breaks.push(`${path} imports ${to}: it looks, and this file is pure`);
      if (isPure && impureSupport.has(to) && !isType) breaks.push(`${path} imports ${to}: ${folder} is pure`);
    } else if (isPure) {
      const exception = PACKAGES_OF_PURE[from];
      const isAllowed = exception?.in.test(path) === true && (exception.as === "code" || isType);
      if (!isAllowed) breaks.push(`${path} imports ${from}: ${folder} is pure`);
    }
  }
  if (
    !MAY_KNOW_CONTEXT.test(path) &&
    readImports(text).some(({ from }) => resolveImport(path, from) === "setup/context.ts")
  )
    breaks.push(`${path} imports setup/context.ts: it names the parts that it takes`);
  if (path !== "setup/context.ts" && DISGUISES.test(codeOf(text, { strings: true })))
    breaks.push(`${path} has another name for the whole Context`);
  const code = codeOf(text, { strings: false });
  if (isPure)
    for (const [name, pattern] of IMPURE)
      if (pattern.test(code)) breaks.push(`${path} uses ${name}: ${folder} is pure`);
  for (const [statement] of text.matchAll(/^import [^;]*?from "node:fs(?:\/promises)?";/gm))
    if (FILE_ACCESS.test(statement) && MAY_ACCESS_FILES[path] === undefined)
      breaks.push(`${path} reads or appends by itself: support/files.ts does, which waits for no pipe`);
  if (/\bmkdir(?:Sync)?\([^;]*\brecursive:\s*true/.test(code))
    breaks.push(`${path} makes folders by Node: makeFolder of support/files.ts ends also in /proc`);
  if (/\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/.test(code)) breaks.push(`${path} has a default export`);
  return breaks;
}

export interface Import {
  readonly from: string;
  /** `import type`: nothing of it is there at run time. `import { type A }` still loads the module. */
  readonly isType: boolean;
}

/** Static imports, re-exports, imports for their effect, `import("…")` and types by `import("…").X`. */
export function readImports(text: string): readonly Import[] {
  const code = codeOf(text, { strings: true });
  const statements = code.matchAll(
    /(?:^|;)[ \t]*(?:import|export)\s+(type\s)?(?:[^;"'`()=]*?\bfrom\s*)?(["'])([^"'\n]+)\2/gm,
  );
  const calls = code.matchAll(/\bimport\s*\(\s*(["'`])([^"'`\n]+)\1/g);
  return [
    ...[...statements].map(([, type, , from = ""]) => ({ from, isType: type !== undefined })),
    ...[...calls].map(([, , from = ""]) => ({ from, isType: false })),
  ];
}

const TOKENS = new RegExp(
  [
    String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`,
    String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`,
    "`(?:\\\\[\\s\\S]|[^`\\\\])*`",
    // A regular expression, where an expression may begin: the quotes in it open no text.
    String.raw`(?<=[(,=:[!&|?{};+]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*`,
  ].join("|"),
  "g",
);

/** The text without its comments, and without what is in quotes unless `strings`. Templates stay: they hold code. */
function codeOf(text: string, { strings }: { strings: boolean }): string {
  return text.replace(TOKENS, (token) => {
    if (token.startsWith("//") || token.startsWith("/*")) return " ";
    return strings || !/^["']/.test(token) ? token : '""';
  });
}

/** One sentence for each circle of imports, types included. */
function findCircles(sources: readonly Source[]): readonly string[] {
  const importsOf = new Map(
    sources.map(({ path, text }) => [
      path,
      readImports(text).flatMap(({ from }) => (isRelative(from) ? [resolveImport(path, from)] : [])),
    ]),
  );
  const circles = new Map<string, string>();
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]) => {
    const start = above.indexOf(path);
    if (start !== -1) {
      const circle = above.slice(start);
      circles.set([...circle].sort().join(), `a circle of imports: ${[...circle, path].join(" → ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const next of importsOf.get(path) ?? []) visit(next, [...above, path]);
    done.add(path);
  };
  for (const path of importsOf.keys()) visit(path, []);
  return [...circles.values()];
}

function isRelative(from: string): boolean {
  return from.startsWith(".");
}

function resolveImport(path: string, from: string): string {
  return posix.join(posix.dirname(path), from);
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? path;
}
