import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { DBT_BIN } from "./real-dbt.ts";

const FOLDER = fileURLToPath(new URL("../../../shared/specs/", import.meta.url));
const PROGRAM = `
import json, sys
from jsonschema import Draft7Validator
schema = json.load(open(sys.argv[1]))
for error in Draft7Validator(schema).iter_errors(json.load(sys.stdin)):
    print("/".join(map(str, error.absolute_path)) + ": " + error.message[:300])
`;

/**
 * What the vendor's JSON schema has against a YAML text, by the validator that dbt itself brings along. null, aloud,
 * where the schemas or dbt are absent: the schemas are not ours to keep here.
 */
export function problemsBySchema(schema: string, text: string): string | null {
  if (DBT_BIN === undefined || !existsSync(join(FOLDER, schema))) {
    console.warn(`skipped: ${DBT_BIN === undefined ? "there is no real dbt" : `no ${schema} in ${FOLDER}`}`);
    return null;
  }
  const { status, stdout, stderr } = spawnSync(join(DBT_BIN, "python"), ["-c", PROGRAM, join(FOLDER, schema)], {
    input: JSON.stringify(parse(text)),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
