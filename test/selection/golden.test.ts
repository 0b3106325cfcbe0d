import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { type IndirectSelection, select } from "../../src/selection/select.ts";

/** Answers of real dbt, made once: a baseline, one edited manifest per case, and what `dbt ls` printed for each selector. */
const GOLDEN = fileURLToPath(new URL("../../../shared/golden/", import.meta.url));
const FOLDERS = [
  { folder: "dbt-1.12.3", compareUnrendered: true },
  { folder: "dbt-1.11.16", compareUnrendered: false },
  { folder: "dbt-1.11.16/flag-true", compareUnrendered: true },
].filter(({ folder }) => existsSync(`${GOLDEN}${folder}`));

if (FOLDERS.length === 0) console.warn(`skipped: there are no answers of dbt in ${GOLDEN}`);

describe.skipIf(FOLDERS.length === 0)("the engine answers as dbt did", () => {
  it.each(FOLDERS)("on every case and selector of $folder", ({ folder, compareUnrendered }) => {
    const place = `${GOLDEN}${folder}/`;
    const cases = readdirSync(place).filter((name) => name.endsWith(".expected.json"));
    const base = existsSync(`${place}STATE.manifest.json.gz`) ? place : `${GOLDEN}dbt-1.11.16/`;
    const baseline = manifestAt(`${base}STATE.manifest.json.gz`);
    const differences: unknown[] = [];
    let answers = 0;

    for (const name of cases) {
      const current = manifestAt(`${place}${name.replace(".expected.json", ".manifest.json.gz")}`);
      const expected = JSON.parse(readFileSync(`${place}${name}`, "utf8")) as Record<string, string[]>;
      for (const [key, ids] of Object.entries(expected)) {
        const [selector = "", mode] = key.split("|");
        const indirectSelection = mode as IndirectSelection;
        const options = { select: [selector], exclude: [], indirectSelection, compareUnrendered, as: "ls" as const };
        const selection = select(current, baseline, options);
        answers += 1;
        const found = selection.kind === "selected" ? selection.ids : [selection.why];
        if (found.join() !== [...ids].sort().join()) {
          differences.push({
            case: name,
            key,
            missing: ids.filter((id) => !found.includes(id)),
            extra: found.filter((id) => !ids.includes(id)),
          });
        }
      }
    }

    console.log(`${folder}: ${cases.length} cases, ${answers} answers, ${differences.length} differences`);
    expect(cases.length).toBeGreaterThan(0);
    expect(differences).toEqual([]);
  });
});

function manifestAt(path: string) {
  return readManifest(gunzipSync(readFileSync(path)).toString("utf8"), path);
}
