import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { makeFolder, readBytesIfAny, readFileIfAny, writeFileAtomic } from "../support/files.ts";
import { redactor } from "../support/redact.ts";
import { toJson } from "../text/json.ts";

/** The files of a bundle. Never a partial_parse.msgpack: dbt executes the SQL that is stored in it. */
export const BUNDLE_FILES = ["manifest.json", "run_results.json", "verdict.json", "sources.json"] as const;
const HEADER_FILE = "state.json";

/** A whole hash: what names a bundle. Everything else that is asked for has none. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40,64}$/.test(text);
}

const bundleHeader = z.object({
  schema: z.literal(1),
  commit: z.string().refine(isCommit, "wanted a whole hash"),
  branch: z.string(),
  createdAt: z.string(),
  project: z.string(),
  adapter: z.string(),
  dbtVersion: z.string(),
  target: z.string().nullable(),
  /** From the repository's top; absent in bundles of earlier versions. */
  folder: z.string().optional(),
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
 * Makes a bundle's folder. Throws an artifacts error where a file holds one of our secrets, in any form that the redactor
 * knows (a model that reads env_var() puts it into the manifest): nothing is left behind then. Throws a configuration
 * error for a commit that is no whole hash: stores name their folders by it.
 */
export async function makeBundle({ files, into, facts, secrets }: BundleRequest): Promise<BundleHeader> {
  if (!isCommit(facts.commit)) {
    throw configurationError([
      { where: "the commit of the bundle", got: JSON.stringify(facts.commit), wanted: "wanted its whole hash" },
    ]);
  }
  await rm(into, { recursive: true, force: true });
  await makeFolder(into);
  const redact = redactor(secrets);
  const listed: BundleHeader["files"] = [];
  for (const [name, from] of files) {
    const content = await readBytesIfAny(from);
    if (content === null) throw new SignalboxError("artifacts", `${from} does not exist`, { hint: "run dbt again" });
    const text = content.toString("utf8");
    if (redact(text) !== text) {
      await rm(into, { recursive: true, force: true });
      throw new SignalboxError("artifacts", `${name} holds one of this job's secrets: it is not published`, {
        hint: "a model, macro or profile reads it with env_var(); rename the variable to DBT_ENV_SECRET_…, and change the secret",
      });
    }
    await writeFile(join(into, name), content);
    listed.push({ name, ...fingerprint(content) });
  }
  const header: BundleHeader = { schema: 1, ...facts, files: listed };
  await writeFileAtomic(join(into, HEADER_FILE), toJson(header));
  return header;
}

/** Reads a bundle's header alone. Throws an artifacts error where it is missing or is not as written. */
export async function readHeader(folder: string, where: string): Promise<BundleHeader> {
  const text = await readFileIfAny(join(folder, HEADER_FILE));
  if (text === null) throw damaged(where, `it has no ${HEADER_FILE}`);
  return parseHeader(text, where);
}

/** Reads a bundle's header and checks every file against it. Throws an artifacts error for one that is damaged. */
export async function readBundle(folder: string, where: string): Promise<BundleHeader> {
  const header = await readHeader(folder, where);
  for (const { name, bytes, sha256 } of header.files) {
    const content = await readBytesIfAny(join(folder, name)).catch(() => null);
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
