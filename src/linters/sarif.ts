import { type Fields, fieldsOf, listOf, textOf } from "../artifacts/fields.ts";
import { groupBy } from "../support/group-by.ts";
import { percentDecoded } from "../text/percent-code.ts";
import { MOST_MESSAGE, positionOf, type ReportedRemark, type ToolReport, unlessNotLinted } from "./tool-report.ts";

/**
 * A log of SARIF 2.1.0, by field. One that holds no run, a run without results, or an invocation that did not succeed says
 * that the tool did not look: no finding is not what that means.
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
 */
export function readSarif(root: unknown): ToolReport {
  const { version, runs } = fieldsOf(root);
  if (!Array.isArray(runs)) return { kind: "unread", why: "printed JSON that is no SARIF: it has no runs" };
  if (!(textOf(version) ?? "").startsWith("2."))
    return { kind: "unread", why: `printed SARIF of version ${shown(version)}, where 2.1.0 was expected` };
  if (runs.length === 0) return { kind: "unread", why: "printed SARIF without a run: it did not look at anything" };
  const remarks: ReportedRemark[] = [];
  for (const run of runs.map(fieldsOf)) {
    const failure = failureOf(run);
    if (failure !== null) return { kind: "unread", why: failure };
    for (const remark of remarksOf(run)) remarks.push(remark);
  }
  const byFile = [...groupBy(remarks, ({ file }) => JSON.stringify(file)).values()];
  return { kind: "read", remarks: byFile.flatMap(unlessNotLinted), files: null };
}

/** §3.14.23: a run without results is one whose results were not computed. */
function failureOf(run: Fields): string | null {
  const failed = listOf(run.invocations)
    .map(fieldsOf)
    .find(({ executionSuccessful }) => executionSuccessful === false);
  if (failed !== undefined) {
    const notes = [...listOf(failed.toolExecutionNotifications), ...listOf(failed.toolConfigurationNotifications)];
    const words = notes.map((note) => textOf(fieldsOf(fieldsOf(note).message).text)).find((text) => text !== null);
    return `says in its report that it did not succeed${words === undefined || words === null ? "" : `: ${words.slice(0, 500)}`}`;
  }
  return Array.isArray(run.results) ? null : "printed SARIF with a run that has no results: it did not end its work";
}

function remarksOf(run: Fields): readonly ReportedRemark[] {
  const rules = listOf(fieldsOf(fieldsOf(run.tool).driver).rules).map(fieldsOf);
  const ruleById = new Map(rules.map((rule) => [textOf(rule.id), rule]));
  const placeOf = placesIn(run);
  return listOf(run.results).flatMap((value) => {
    const result = fieldsOf(value);
    const { ruleIndex } = result;
    const indexed = typeof ruleIndex === "number" ? rules[ruleIndex] : undefined;
    const id = textOf(result.ruleId) ?? textOf(fieldsOf(result.rule).id) ?? textOf(indexed?.id);
    const rule = ruleById.get(id) ?? indexed ?? {};
    const level = textOf(result.level) ?? textOf(fieldsOf(rule.defaultConfiguration).level) ?? "warning";
    if (!isFault(result, level)) return [];
    const name = (id ?? "unnamed").slice(0, 200);
    return [{ rule: name, message: messageOf(result, rule, name), isMild: level !== "error", ...placeOf(result) }];
  });
}

/** What passed, does not apply, is suppressed, or was there before and is gone is no finding (§3.27.9, §3.27.10, §3.27.23, §3.27.24). */
function isFault({ kind, suppressions, baselineState }: Fields, level: string): boolean {
  const states = listOf(suppressions).map((each) => textOf(fieldsOf(each).status) ?? "accepted");
  const isSuppressed = states.length > 0 && states.every((state) => state === "accepted");
  const isLooked = !["pass", "notApplicable", "informational"].includes(textOf(kind) ?? "");
  return isLooked && level !== "none" && !isSuppressed && baselineState !== "absent";
}

function messageOf(result: Fields, rule: Fields, name: string): string {
  const { text, markdown, id, arguments: values } = fieldsOf(result.message);
  const template = () => textOf(fieldsOf(fieldsOf(rule.messageStrings)[textOf(id) ?? ""]).text);
  const said =
    textOf(text) ??
    textOf(markdown) ??
    filled(template(), listOf(values)) ??
    textOf(fieldsOf(rule.shortDescription).text) ??
    "";
  const message = said.slice(0, MOST_MESSAGE);
  // sqlfluff and sqruff begin it with the rule, which is told already.
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}

/** More than a message has; each result may name the same text again, and up to here it is filled anew for each. */
const MOST_HOLES = 20;

function filled(template: string | null, values: readonly unknown[]): string | null {
  if (template === null) return null;
  const parts = template.slice(0, MOST_MESSAGE).split(/\{(\d{1,3})\}/, 2 * MOST_HOLES + 1);
  return parts
    .map((part, at) => (at % 2 === 0 ? part : (textOf(values[Number(part)])?.slice(0, 500) ?? `{${part}}`)))
    .join("");
}

/** Reads the place of a result; a location that many of them name is decoded once. */
function placesIn(run: Fields): (result: Fields) => Omit<ReportedRemark, "rule" | "message" | "isMild"> {
  const files = new Map<string, string | null>();
  return (result) =>
    placeOf(result, (location) => {
      const { uri, uriBaseId, index } = location;
      const key = JSON.stringify([textOf(uri), textOf(uriBaseId), typeof index === "number" ? index : null]);
      const known = files.get(key);
      if (known !== undefined) return known;
      const file = fileOf(location, run);
      files.set(key, file);
      return file;
    });
}

function placeOf(
  result: Fields,
  fileAt: (location: Fields) => string | null,
): Omit<ReportedRemark, "rule" | "message" | "isMild"> {
  const [first] = listOf(result.locations).map((each) => fieldsOf(fieldsOf(each).physicalLocation));
  const region = fieldsOf(first?.region);
  const line = positionOf(region.startLine);
  // dbt-bouncer gives line 1, and nothing more, to what it says of a whole model.
  const isOfFile = line === null || (line === 1 && Object.keys(region).length === 1);
  return {
    file: fileAt(fieldsOf(first?.artifactLocation)),
    firstLine: isOfFile ? null : line,
    lastLine: positionOf(region.endLine) ?? line,
    column: positionOf(region.startColumn),
    isOfFile,
  };
}

const DEEPEST_BASE = 5;
const LONGEST_URI = 12_000;

/** A path out of a URI, which may be relative to a base that the run gives, and stand in the run's list of artifacts (§3.4). */
function fileOf(location: Fields, run: Fields): string | null {
  const listed = typeof location.index === "number" ? listOf(run.artifacts)[location.index] : undefined;
  const { uri, uriBaseId } = textOf(location.uri) === null ? fieldsOf(fieldsOf(listed).location) : location;
  let path = textOf(uri);
  let base = textOf(uriBaseId);
  const bases = fieldsOf(run.originalUriBaseIds);
  for (
    let depth = 0;
    path !== null && base !== null && depth < DEEPEST_BASE && path.length <= LONGEST_URI;
    depth += 1
  ) {
    if (isAbsolute(path)) break;
    const parent = fieldsOf(Object.hasOwn(bases, base) ? bases[base] : null);
    path = `${textOf(parent.uri) ?? ""}${path}`;
    base = textOf(parent.uriBaseId);
  }
  // Joined from what each result may name again: a long one would be made anew for each.
  if (path === null || path.length > LONGEST_URI) return null;
  return percentDecoded(path.replace(/^file:(?:\/\/(?:localhost)?(?=\/))?/i, ""));
}

function isAbsolute(uri: string): boolean {
  return uri.startsWith("/") || /^[a-z][a-z0-9+.-]{0,20}:/i.test(uri);
}

function shown(version: unknown): string {
  return textOf(version) === null ? "unknown" : JSON.stringify(textOf(version)?.slice(0, 20));
}
