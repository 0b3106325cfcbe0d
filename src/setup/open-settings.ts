import { resolve } from "node:path";
import { CONFIG_NAME } from "../settings/config-name.ts";
import { resolve as resolveSettings, type Settings, type Sources } from "../settings/resolve.ts";
import { salvage } from "../settings/salvage.ts";
import { SignalboxError } from "../support/errors.ts";
import { exists } from "../support/files.ts";
import { type ConfigWanted, type FoundConfig, readConfig } from "./config-file.ts";

/** The settings of a command, and the file that they come from. */
export interface OpenedSettings {
  readonly settings: Settings;
  readonly file: FoundConfig;
  /** What is wrong with the file; null: nothing. Only a command that says so goes on without it. */
  readonly broken: SignalboxError | null;
  /** Whether the settings hold what the file says, as far as it can be used. */
  readonly isRead: boolean;
}

type Unresolved = Omit<Sources, "file">;

/** Throws a configuration error for the file, flags and variables alike. */
export async function openSettings(given: Unresolved, wanted: ConfigWanted): Promise<OpenedSettings> {
  const file = await readConfig(wanted);
  return { settings: resolveSettings({ ...given, file }), file, broken: null, isRead: file.text !== null };
}

/**
 * As `openSettings`, but goes on without what is wrong with the file. Throws a configuration error for flags, for variables,
 * and for a file that was asked for and is not there.
 */
export async function openWhatCanBeRead(given: Unresolved, wanted: ConfigWanted): Promise<OpenedSettings> {
  try {
    return await openSettings(given, wanted);
  } catch (broken) {
    if (!(broken instanceof SignalboxError)) throw broken;
    const name = wanted.asked?.name ?? CONFIG_NAME;
    if (wanted.asked !== null && !(await exists(resolve(wanted.cwd, name)))) throw broken;
    const settings = tryResolve({ ...given, file: { name, text: null } });
    if (settings === null) throw broken;
    const { text } = await readConfig(wanted).catch(() => ({ text: null }));
    const rest = text === null ? null : salvage(text, name);
    const salvaged = rest === null ? null : tryResolve({ ...given, file: { name, text: rest } });
    return { settings: salvaged ?? settings, file: { name, text }, broken, isRead: salvaged !== null };
  }
}

/** null: there is a problem. */
function tryResolve(sources: Sources): Settings | null {
  try {
    return resolveSettings(sources);
  } catch (error) {
    if (error instanceof SignalboxError) return null;
    throw error;
  }
}
