import { editDistance } from "../support/suggest.ts";

/** What the configuration is called where no name is given. */
export const CONFIG_NAME = "signalbox.yml";

const STEM = "signalbox";
/** One letter, or two that changed places: `signals.yml` is a file of its own. */
const MOST_DISTANCE = 1;
/** `signalbox.yml.txt` is what an editor makes of it. */
const FILE = /^\.?([A-Za-z_-]{1,40})\.(ya?ml|json|toml)(?:\.txt)?$/i;

/**
 * Those names of a folder that were probably meant for `wanted`, a name of a configuration file: another ending, a dot before
 * it, other letters. A copy such as `signalbox.example.yml` is none.
 */
export function nearNames(names: readonly string[], wanted: string): readonly string[] {
  const stem = plain(FILE.exec(wanted)?.[1] ?? STEM);
  return names.filter((name) => {
    const found = FILE.exec(name)?.[1];
    return (
      found !== undefined &&
      name !== wanted &&
      editDistance(plain(found), stem) <= (stem.length < 4 ? 0 : MOST_DISTANCE)
    );
  });
}

function plain(stem: string): string {
  return stem.toLowerCase().replace(/[-_]/g, "");
}

/** Whether the file is in a language that signalbox reads. */
export function isYaml(name: string): boolean {
  return /\.ya?ml(?:\.txt)?$/i.test(name);
}
