import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Document, OpenAPIBackend } from "openapi-backend";
import { parse } from "yaml";

/** One request with its answer, as a fake saw them. `path` is without the API's root. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The JSON that was sent. */
  readonly sent?: unknown;
  readonly status: number;
  readonly body: unknown;
}

/** Holds what is sent, and what a fake answers, to the vendor's own OpenAPI file. */
export interface Contract {
  problems(exchange: Exchange): string[];
}

type Json = Record<string, unknown>;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** CircleCI's API v2; null, said aloud, where the file is not there. */
export async function loadCircleContract(): Promise<Contract | null> {
  const file = join(ROOT, "../shared/specs/circleci/openapi-v2.yaml");
  if (!existsSync(file)) {
    console.warn(`not checked against CircleCI's OpenAPI: ${file} is not there`);
    return null;
  }
  const definition = parse(await readFile(file, "utf8")) as Json;
  return createContract(mendNull(definition));
}

/**
 * Both vendors mean null, and say it in another way than OpenAPI 3.0: CircleCI by `x-nullable`, GitHub by `nullable`
 * beside an `enum` without null, or beside no `type`.
 */
function mendNull(definition: Json): Json {
  return JSON.parse(JSON.stringify(definition), (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const { "x-nullable": isNullable, ...rest } = value as Json;
    if (isNullable !== true && rest.nullable !== true) return value;
    const { nullable: _, ...schema } = rest;
    if (schema.type === undefined) return { anyOf: [schema, { enum: [null] }] };
    return { ...rest, nullable: true, ...(Array.isArray(rest.enum) ? { enum: [...rest.enum, null] } : {}) };
  }) as Json;
}

const GITHUB_VERSION = "23.0.2";
const GITHUB_PATHS = [
  "/repos/{owner}/{repo}/actions/runs",
  "/repos/{owner}/{repo}/actions/runs/{run_id}",
  "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}",
  "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs",
  "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel",
  "/repos/{owner}/{repo}/actions/workflows",
  "/repos/{owner}/{repo}/actions/artifacts",
  "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}",
  "/repos/{owner}/{repo}/branches/{branch}",
  "/repos/{owner}/{repo}/compare/{basehead}",
  "/repos/{owner}/{repo}/issues/{issue_number}/comments",
  "/repos/{owner}/{repo}/issues/comments/{comment_id}",
];

/**
 * GitHub's REST API; null, said aloud, where npm cannot be reached. The package is 385 MB for 70 kB that are used, so
 * that it is no dependency: its archive (29 MB) is read once and the used part is kept in .cache.
 */
export async function loadGitHubContract(): Promise<Contract | null> {
  const file = join(ROOT, ".cache", `github-openapi-${GITHUB_VERSION}-${GITHUB_PATHS.length}.json`);
  try {
    if (!existsSync(file)) await fetchGitHubDefinition(file);
  } catch (error) {
    console.warn(`not checked against GitHub's OpenAPI: npm pack failed: ${String(error).split("\n")[0]}`);
    return null;
  }
  return createContract(mendNull(JSON.parse(await readFile(file, "utf8")) as Json));
}

async function fetchGitHubDefinition(file: string): Promise<void> {
  const run = promisify(execFile);
  const folder = await mkdtemp(join(tmpdir(), "signalbox-openapi-"));
  try {
    const spec = `@octokit/openapi@${GITHUB_VERSION}`;
    const { stdout: name } = await run("npm", ["pack", spec, "--silent"], { cwd: folder, timeout: 60_000 });
    const entry = "package/generated/api.github.com.json";
    const { stdout } = await run("tar", ["-xzOf", name.trim(), entry], { cwd: folder, maxBuffer: 2 ** 26 });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}`, JSON.stringify(pick(JSON.parse(stdout) as Json)));
    await rename(`${file}.${process.pid}`, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The used paths with everything that they refer to. */
function pick(definition: Json): Json {
  const paths = Object.fromEntries(GITHUB_PATHS.map((path) => [path, (definition.paths as Json)[path]]));
  const components: Record<string, Json> = {};
  const queue: unknown[] = [paths];
  for (let part = queue.pop(); part !== undefined; part = queue.pop()) {
    for (const [, kind = "", name = ""] of JSON.stringify(part).matchAll(/"#\/components\/([^/"]+)\/([^"]+)"/g)) {
      if (components[kind]?.[name] !== undefined) continue;
      const found = ((definition.components as Json)[kind] as Json)[name];
      components[kind] = { ...components[kind], [name]: found };
      queue.push(found);
    }
  }
  return { openapi: definition.openapi, info: definition.info, paths, components };
}

async function createContract(definition: Json): Promise<Contract> {
  const api = new OpenAPIBackend({
    definition: definition as unknown as Document,
    quick: true,
    validate: true,
    ajvOpts: { strict: false, validateFormats: false, allErrors: true },
  });
  await api.init();
  return {
    problems({ method, path, query, sent: json, status, body }) {
      const content = json === undefined ? {} : { body: json, headers: { "content-type": "application/json" } };
      const request = { method, path, query, headers: {}, ...content };
      const operation = api.matchOperation(request);
      if (operation === undefined) return [`${method} ${path}: no such operation`];
      const sent = api.validateRequest(request, operation).errors ?? [];
      const answered = status === 304 ? [] : (api.validateResponse(body, operation, status).errors ?? []);
      return [...sent, ...answered].map(
        (error) => `${method} ${path} ${status}: ${error.instancePath} ${error.message}`,
      );
    },
  };
}
