import { SignalboxError } from "./errors.ts";
import { isNodeError } from "./files.ts";

/** What only the machine's owner can fix, whichever file it is about. https://man7.org/linux/man-pages/man3/errno.3.html */
const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  ...["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ESTALE"],
]);

/** A disk that is full, a folder that cannot be written: a SignalboxError in place of the system's. Others stay what they are. */
export function knownOf(error: unknown): unknown {
  if (!isNodeError(error) || error.syscall === undefined) return error;
  if (error.syscall === "uv_cwd") {
    return new SignalboxError("configuration", "the folder in which this was started is not there any more", {
      hint: "change into the folder of the project, and start again",
      cause: error,
    });
  }
  const isTemporary = error.syscall === "mkdtemp";
  if (!isTemporary && !OF_THE_MACHINE.has(error.code ?? "")) return error;
  return new SignalboxError("configuration", `this machine refuses it: ${error.message}`, {
    hint: isTemporary ? "TMPDIR names the folder for temporary files: it has to be there, and writable" : HINT,
    cause: error,
  });
}

const HINT = "make room, or give this user the right to do so, and start again";
