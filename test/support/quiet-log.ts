import { createLog, type Log } from "../../src/support/log.ts";

/** A log whose lines go into a list, if one is handed in. */
export function quietLog(lines: string[] = []): Log {
  const same = (text: string) => text;
  return createLog({
    write: (text) => void lines.push(text),
    redact: same,
    bold: same,
    yellow: same,
    color: false,
    quiet: false,
    status: null,
  });
}
