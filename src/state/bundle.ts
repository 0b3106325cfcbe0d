import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Manifest } from "../artifacts/manifest.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, writeFileAtomic } from "../support/files.ts";

/** The files of a bundle. Never a partial_parse.msgpack: dbt executes the SQL that is stored in it. */
export const BUNDLE_FILES = ["manifest.json", "run_results.json", "verdict.json", "sources.json"] as const;
const HEADER_FILE = "state.json";

const bundleHeader = z.object({
  schema: z.literal(1),
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  branch: z.string(),
  createdAt: z.string(),
  project: z.string(),
  adapter: z.string(),
  dbtVersion: z.string(),
  target: z.string().nullable(),
  files: z.array(z.object({ name: z.enum(BUNDLE_FILES), bytes: z.number(), sha256: z.string() })),
});

/** state.json: what a bundle is of, and the hashes that tell damage (not malice). */
export type BundleHeader = z.output<typeof bundleHeader>;

export interface BundleRequest {
  /** Folder with manifest.json and the rest, as dbt and `report` left them: by file name, where it stands. */
  readonly files: ReadonlyMap<(typeof BUNDLE_FILES)[number], string>;
  readonly into: string;
  readonly facts: Omit<BundleHeader, "schema" | "files">;
  /** Values that must not be published. */
  readonly secrets: readonly string[];
}

/**
 * Makes a bundle's folder. Throws an artifacts error where a file holds one of our secrets (a model that reads
 * env_var() puts it into the manifest): nothing is left behind then.
 */
export async function makeBundle({ files, into, facts, secrets }: BundleRequest): Promise<BundleHeader> {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const listed: BundleHeader["files"] = [];
  for (const [name, from] of files) {
    const content = await readFile(from);
    if (secrets.some((secret) => content.includes(secret))) {
      await rm(into, { recursive: true, force: true });
      throw new SignalboxError("artifacts", `${name} holds one of this job's secrets: it is not published`, {
        hint: "a model, macro or profile reads it with env_var(); rename the variable to DBT_ENV_SECRET_…, and change the secret",
      });
    }
    await copyFile(from, join(into, name));
    listed.push({ name, ...fingerprint(content) });
  }
  const header: BundleHeader = { schema: 1, ...facts, files: listed };
  await writeFileAtomic(join(into, HEADER_FILE), `${JSON.stringify(header, null, 2)}\n`);
  return header;
}

/** Reads a bundle's header and checks every file against it. Throws an artifacts error for one that is damaged. */
export async function readBundle(folder: string, where: string): Promise<BundleHeader> {
  const text = await readFileIfAny(join(folder, HEADER_FILE));
  if (text === null) throw damaged(where, `it has no ${HEADER_FILE}`);
  const header = parseHeader(text, where);
  for (const { name, bytes, sha256 } of header.files) {
    const content = await readFile(join(folder, name)).catch(() => null);
    if (content === null) throw damaged(where, `${name} is missing`);
    const found = fingerprint(content);
    if (found.sha256 !== sha256)
      throw damaged(
        where,
        `${name} has ${found.bytes} bytes and another sha256 than the ${bytes} bytes that were published`,
      );
  }
  if (!header.files.some(({ name }) => name === "manifest.json")) throw damaged(where, "it holds no manifest.json");
  return header;
}

/** The files of a published bundle, header included. */
export function filesOf(header: BundleHeader): readonly string[] {
  return [HEADER_FILE, ...header.files.map(({ name }) => name)];
}

/** Throws an artifacts error for a bundle of another project or adapter; answers with warnings otherwise. */
export function assertFits(header: BundleHeader, current: Manifest, where: string): readonly string[] {
  const other = (what: string, theirs: string, ours: string) =>
    new SignalboxError(
      "artifacts",
      `the bundle ${where} is of ${what} ${JSON.stringify(theirs)}, not of ${JSON.stringify(ours)}`,
      {
        hint: "give each dbt project a store of its own: store: dir:PATH/name",
      },
    );
  if (header.project !== current.projectName) throw other("project", header.project, current.projectName);
  if (header.adapter !== current.adapter) throw other("adapter", header.adapter, current.adapter);
  const minor = (version: string) => version.split(".").slice(0, 2).join(".");
  if (minor(header.dbtVersion) === minor(current.dbtVersion)) return [];
  return [
    `the bundle ${where} was made with dbt ${header.dbtVersion}, this run has ${current.dbtVersion}: nodes can look changed that are not`,
  ];
}

/**
 * dbt renders database, schema and identifier of the deferral manifest into SQL as they stand.
 * Throws an artifacts error where one of them could end an identifier.
 */
export function assertHarmlessRelations(manifest: Manifest, where: string): void {
  for (const node of manifest.nodes.values()) {
    const parts =
      node.relation === null ? [] : [node.relation.database, node.relation.schema, node.relation.identifier];
    const bad = parts.find((part) => part !== null && /["'`;\u0000-\u001f\u007f]/.test(part));
    if (bad !== undefined) {
      throw new SignalboxError(
        "artifacts",
        `the manifest of ${where} names a relation with a quote, semicolon or control character: ${node.id}`,
        {
          hint: "it is not used: dbt would run it as SQL; find out who wrote it, and publish a new bundle from the base branch",
        },
      );
    }
  }
}

function parseHeader(text: string, where: string): BundleHeader {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(where, `${HEADER_FILE} is not JSON`);
  }
  const parsed = bundleHeader.safeParse(value);
  if (!parsed.success) throw damaged(where, `${HEADER_FILE} is not as written: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function damaged(where: string, what: string): SignalboxError {
  return new SignalboxError("artifacts", `the bundle ${where} is damaged: ${what}`, {
    hint: "delete it, or publish it again with a deploy run",
  });
}

function fingerprint(content: Buffer): { bytes: number; sha256: string } {
  return { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

/** The manifest of `--state PATH`: a file, or a folder that holds manifest.json; the answer is the folder. */
export async function manifestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() && (await stat(join(path, "manifest.json")).catch(() => null))) return path;
  if (found?.isFile() && path.endsWith("manifest.json")) return join(path, "..");
  throw new SignalboxError("artifacts", found === null ? `${path} does not exist` : `${path} holds no manifest.json`, {
    hint: "name a manifest.json, or the folder that holds one",
  });
}
