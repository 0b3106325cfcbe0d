import { stat } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { openIfAny } from "../support/files.ts";
import { createLineReader } from "./lines.ts";

const CHUNK_BYTES = 1024 ** 2;

/**
 * A function that reads what has been appended to the file since the last call; a file that is not there yet is empty.
 * At 10 MB dbt moves its log to dbt.log.1 and starts a new one.
 * https://docs.python.org/3/library/logging.handlers.html#rotatingfilehandler
 */
export function followLines(file: string, onLine: (line: string) => void): () => Promise<void> {
  const decoder = new StringDecoder("utf8");
  const lines = createLineReader(onLine);
  let offset = 0;
  const readOn = async (path: string) => {
    const handle = await openIfAny(path).catch(() => null);
    if (handle === null) return;
    try {
      const { size } = await handle.stat();
      if (size <= offset) return;
      while (offset < size) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        lines.read(decoder.write(buffer.subarray(0, bytesRead)));
      }
    } finally {
      await handle.close();
    }
  };
  return async () => {
    const found = await stat(file).catch(() => null);
    if (found !== null && found.size < offset) {
      await readOn(`${file}.1`);
      offset = 0;
    }
    await readOn(file);
  };
}
