import { createWriteStream } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SignalboxError } from "../support/errors.ts";
import { BUNDLE_FILES, filesOf, readBundle } from "./bundle.ts";
import type { BundleRef } from "./store.ts";

/** A manifest of 500 MB is the largest that can be read; no bundle holds more than this. */
export const MOST_FILE_BYTES = 512 * 1024 * 1024;
export const MOST_HEADER_BYTES = 64 * 1024;

/**
 * Takes a bundle from outside: `fill` puts its files into an empty folder; what state.json lists, and what is as it
 * says, moves on into `into`, and nothing else does; what a bundle before it left there goes. Throws an artifacts error for
 * a damaged bundle or one of another commit, and leaves `into` as it was then.
 */
export async function receiveBundle(
  { commit, where }: BundleRef,
  into: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(into, ".bundle-"));
  try {
    await fill(folder);
    const header = await readBundle(folder, where);
    if (header.commit !== commit) {
      throw new SignalboxError(
        "artifacts",
        `the bundle ${where} says that it is of ${header.commit}, not of ${commit}`,
        {
          hint: "it is not used: somebody put it where it does not belong; publish it again with a deploy run",
        },
      );
    }
    const names = filesOf(header);
    for (const old of BUNDLE_FILES) if (!names.includes(old)) await rm(join(into, old), { force: true });
    for (const name of names) await rename(join(folder, name), join(into, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** For stores whose files are replaced one by one: a bundle that does not fit together is received once more. */
export function retryOnce(receive: () => Promise<void>): Promise<void> {
  return receive().catch((error: unknown) => {
    if (error instanceof SignalboxError && error.kind === "artifacts") return receive();
    throw error;
  });
}

/** Writes a stream into a new file, and stops where it is longer than `mostBytes`. Throws an artifacts error then. */
export async function saveStream(
  stream: Readable,
  file: string,
  { mostBytes, where, signal }: { mostBytes: number; where: string; signal?: AbortSignal | undefined },
): Promise<void> {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > mostBytes ? tooLarge(where, mostBytes) : null, chunk);
    },
  });
  await pipeline(stream, counter, createWriteStream(file, { flags: "wx" }), {
    ...(signal === undefined ? {} : { signal }),
  });
}

export function tooLarge(where: string, mostBytes: number): SignalboxError {
  return new SignalboxError("artifacts", `${where} is larger than the ${mostBytes} bytes that it may have`, {
    hint: "it is not used; publish it again with a deploy run",
  });
}

/** A folder for as long as it is used. */
export async function inTemporary<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
