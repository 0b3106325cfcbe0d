import { cleanLine } from "../text/clean.ts";
import { SignalboxError } from "./errors.ts";
import { isNodeError } from "./files.ts";

/** A path that is too long is in the message as a whole. */
const MOST_SHOWN = 400;

/** What only the machine's owner can fix, whichever file it is about. https://man7.org/linux/man-pages/man3/errno.3.html */
const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  ...["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ESTALE"],
]);

/** A name that no file can have, or a folder where a file is wanted: whoever chose the name or made the folder can fix it. */
const OF_A_NAME: ReadonlySet<string> = new Set([
  ...["ENAMETOOLONG", "ELOOP", "ENOTDIR", "EISDIR", "ERR_FS_EISDIR", "ENOTEMPTY", "ENXIO"],
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
  // Where a folder is to be made, a file has its name.
  const isOfName = OF_A_NAME.has(error.code ?? "") || (error.code === "EEXIST" && error.syscall === "mkdir");
  if (!isTemporary && !isOfName && !OF_THE_MACHINE.has(error.code ?? "")) return error;
  return new SignalboxError("configuration", `this machine refuses it: ${cleanLine(error.message, MOST_SHOWN)}`, {
    hint: isTemporary
      ? "TMPDIR names the folder for temporary files: it has to be there, and writable"
      : isOfName
        ? NAME_HINT
        : HINT,
    cause: error,
  });
}

const NAME_HINT = "take away what is there under that name, or choose another name or a folder with a shorter path";
const HINT = "make room, or give this user the right to do so, and start again";
