import { readAdapterResponse } from "../../src/artifacts/adapter-response.ts";
import { eventOfDbt2 } from "../../src/artifacts/dbt-log-events.ts";
import { readDiagnostic } from "../../src/artifacts/diagnostics.ts";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import { readDbtVersion } from "../../src/dbt/engine.ts";
import { findEnvVars, secretsReadBy } from "../../src/dbt/env-vars.ts";
import { parseList } from "../../src/dbt/list.ts";
import { wordsOfEvent } from "../../src/dbt/log-words.ts";
import { dbtWrites } from "../../src/dbt/shell-lines.ts";
import { NOTHING_SEEN, observe } from "../../src/dbt/watch.ts";
import { stepsOfScript } from "../../src/doctor/ci-files/script.ts";
import { hintOfCircle, hintOfGitHub, messageIn } from "../../src/platforms/refusals.ts";
import { annotationsOf, toWorkflowCommand } from "../../src/render/annotations.ts";
import { createPaint } from "../../src/render/colors.ts";
import { renderJunit } from "../../src/render/junit.ts";
import { renderSummary } from "../../src/render/markdown.ts";
import { markSql } from "../../src/render/page/sql.ts";
import { renderAlert } from "../../src/render/slack.ts";
import { drawMessage } from "../../src/render/slack-preview.ts";
import { locateFindings } from "../../src/render/source-lines.ts";
import { renderVerdict } from "../../src/render/terminal.ts";
import { renderIncident } from "../../src/render/webhook.ts";
import { schemaOf } from "../../src/run/schema.ts";
import { configCallOf } from "../../src/selection/config-call.ts";
import { createMatcher, createPathMatcher } from "../../src/selection/wildcard.ts";
import { nearNames } from "../../src/settings/config-name.ts";
import { resolve } from "../../src/settings/resolve.ts";
import { classifyFailure } from "../../src/severity/failure.ts";
import { wordsOfGit } from "../../src/support/git-words.ts";
import { matchesGlob } from "../../src/support/globs.ts";
import { lineRedactor, redactAll, redactor } from "../../src/support/redact.ts";
import { namesSecret } from "../../src/support/secret-names.ts";
import { secretParts } from "../../src/support/secret-parts.ts";
import { didYouMean } from "../../src/support/suggest.ts";
import { readYaml } from "../../src/support/yaml.ts";
import { outlineOf } from "../../src/support/yaml-outline.ts";
import { cleanCut, cleanLine, cleanText, cutText } from "../../src/text/clean.ts";
import { cutToColumns } from "../../src/text/columns.ts";
import { shortenCrash } from "../../src/text/crash.ts";
import { markupOf } from "../../src/text/html.ts";
import { toJson } from "../../src/text/json.ts";
import { markdownBlock, markdownCode, markdownText } from "../../src/text/markdown.ts";
import { escapeMrkdwn } from "../../src/text/mrkdwn.ts";
import { defuse, terminalLine } from "../../src/text/terminal-line.ts";
import { anItem } from "../alerts/build.ts";
import { finding, run, subject, verdict } from "../render/build.ts";
import { aPage, judged, render } from "../render/page/build.ts";

/** Shapes of text that a quadratic function takes minutes for, each of about `length` characters. */
export const SHAPES: Readonly<Record<string, (length: number) => string>> = {
  "one line": (length) => "x".repeat(length),
  spaces: (length) => `x${" ".repeat(length)}x`,
  newlines: (length) => `x${"\n".repeat(length)}x`,
  "carriage returns": (length) => `x${"\r".repeat(length)}x`,
  tabs: (length) => `x${"\t".repeat(length)}x`,
  "blank lines": (length) => `x${" \n".repeat(length / 2)}x`,
  brackets: (length) => `${"[".repeat(length / 2)}${"]".repeat(length / 2)}`,
  "open comments": (length) => "{# ".repeat(length / 3),
  "open blocks": (length) => "{{ ".repeat(length / 3),
  quotes: (length) => `"'`.repeat(length / 2),
  "back-ticks": (length) => "` ".repeat(length / 2),
  slashes: (length) => `x${"/".repeat(length)}x`,
  colons: (length) => "a: ".repeat(length / 3),
  dashes: (length) => "- ".repeat(length / 2),
  hashes: (length) => " #".repeat(length / 2),
  "escape sequences": (length) => "\u001b[".repeat(length / 2),
  "open titles": (length) => "\u001b]0;".repeat(length / 4),
  commands: (length) => "::error ".repeat(length / 8),
  links: (length) => "<https://".repeat(length / 9),
  mentions: (length) => "@a".repeat(length / 2),
  digits: (length) => "1".repeat(length),
  tracebacks: (length) => "Traceback (most recent call last):\n".repeat(length / 35),
  "groups of exceptions": (length) =>
    "  + Exception Group Traceback (most recent call last):\n  | x\n  +-+--- 1 ---\n".repeat(length / 75),
  "gutters in gutters": (length) =>
    `+ Exception Group Traceback (most recent call last):\n${"| + ".repeat(length / 4)}`,
  "frames of Java": (length) => "\tat a.b.C(D.java:1)\nCaused by: x\n".repeat(length / 34),
  "backtraces of dbt 2": (length) => "   0: x\n   1: y\n".repeat(length / 16),
  joiners: (length) => "é\u200d".repeat(length / 2),
  colours: (length) => "\u001b[31mx".repeat(length / 6),
  "open strings": (length) => "\u0090\u009d".repeat(length / 2),
  "runners' marks": (length) => "##a".repeat(length / 3),
  underscores: (length) => "_".repeat(length),
  "soft hyphens": (length) => `x${"\u00ad".repeat(length)}x`,
  keys: (length) => Array.from({ length: length / 12 }, (_, index) => `key_${index}: x`).join("\n"),
  "items of a list": (length) => `rules:\n${"- {a: 1}\n".repeat(length / 9)}`,
  gutters: (length) => "x\n 12 | ".repeat(length / 8),
  "lines in JSON": (length) => "x\\n  | ".repeat(length / 7),
};

const paint = createPaint(true);
/** Also some that a shape repeats for ever, and one that begins as a shape does. */
const hide = redactor([
  ...[
    "a-secret-of-twenty-characters",
    "another-secret",
    "xxxxxxxxxxxx",
    "%%%%%%%%y",
    "a: a: a: b",
    "&amp;&amp;&amp;&amp;!",
  ],
  ...Array.from({ length: 50 }, (_, index) => `another-secret-${index}`),
]);

function verdictAbout(text: string) {
  const about = finding({
    message: text,
    threshold: text,
    subject: subject({ name: text, path: text, owner: text, column: text, tags: [text] }),
    skipped: [text],
  });
  return verdict({ findings: [about] });
}

/** What reads or shows text from outside, each as one call. */
export const FUNCTIONS: Readonly<Record<string, (text: string) => unknown>> = {
  cleanText,
  cleanLine,
  messageIn,
  "messageIn (an answer)": (text) => messageIn({ message: text }),
  hintOfGitHub: (text) => hintOfGitHub({ status: 403, body: { message: text }, permission: "", wantsSso: false }),
  hintOfCircle: (text) => hintOfCircle({ message: text }, ""),
  nearNames: (text) => nearNames([text, `${text}.yml`], "signalbox.yml"),
  wordsOfGit,
  cutText: (text) => cutText(text, 1500, 20),
  cleanCut: (text) => cleanCut(text, 1500, 20),
  readAdapterResponse: (text) => readAdapterResponse({ code: text, project_id: text, location: text, job_id: text }),
  "terminalLine (colours)": (text) => terminalLine(text, true),
  escapeMrkdwn,
  markupOf,
  markSql,
  "renderPage (a report)": (text) =>
    render(
      aPage({
        verdict: judged(verdictAbout(text)),
        evidence: {
          compiled: { [subject().id]: { text, bytes: text.length, isWhole: true } },
          failuresIn: { [subject().id]: text },
          freshness: [{ id: text, status: text, message: text }],
          longestChain: [text],
          affected: [
            { id: text, state: "error", isSkipped: false, failed: 1, warned: 0, card: text, parents: [] },
            {
              id: "model.shop.a",
              state: "skipped",
              isSkipped: true,
              failed: 0,
              warned: 0,
              card: null,
              parents: [text],
            },
          ],
          usualSeconds: { [text]: 1 },
        },
        firstSeen: { [text]: text },
      }),
    ),
  toJson,
  shortenCrash,
  "shortenCrash (in a traceback)": (text) =>
    shortenCrash(`Traceback (most recent call last):\n  File "${text}", line 1, in ${text}\n${text}`),
  "shortenCrash (many lines)": (text) =>
    shortenCrash(`Traceback (most recent call last):\n${text.replaceAll(" ", '\n  File "a", line 1\n')}`),
  markdownCode,
  markdownText,
  markdownBlock,
  defuse,
  redact: hide,
  "redact (repeated beginnings)": (text) => hide(`${text}${"another-secret-".repeat(text.length / 15)}`),
  "redact (encodings)": (text) => hide(`${text}${"%5C&#92;\\".repeat(text.length / 11)}`),
  "redact (lines)": (text) =>
    text.match(/.{1,80}/gs)?.map(lineRedactor(["a-secret-of-twenty-characters", "xxxxxxxxxxxx"])),
  redactAll: (text) => redactAll({ [text]: [text] }, hide),
  findEnvVars: (text) => findEnvVars(`password: "${text} env_var( ${text}"`),
  "findEnvVars (a long key)": (text) => findEnvVars(`${text}: ${"{{ env_var('A') }} #".repeat(text.length / 20)}`),
  "secretsReadBy (long values)": (text) =>
    secretsReadBy([`a: ${"{{ env_var('A') }} b: {{ env_var('B') }} pass: ".repeat(text.length / 50)}${text}`], {
      A: text,
      B: `x=1;password=${text}`,
    }),
  "secretsReadBy (many lines)": (text) =>
    secretsReadBy([`pass: {{ env_var('A') }}\n${text}`], {
      A: Array.from({ length: text.length / 16 }, (_, index) => `secret-${index}-Aa`).join("\n"),
    }),
  readYaml: (text) => readYaml(text, { merge: true }),
  "resolve (signalbox.yml)": (text) =>
    resolve({
      command: "plan",
      flags: {},
      words: [],
      rest: [],
      env: {},
      file: { name: "signalbox.yml", text },
      now: 0,
    }),
  "resolve (many routes)": (text) =>
    resolve({
      command: "plan",
      flags: {},
      words: [],
      rest: [],
      env: {},
      file: {
        name: "signalbox.yml",
        text: `slack:\n  routes:\n    - {match: {name: ${JSON.stringify(`${text}*`)}}, error: C0AAAAAAA}\n${"    - {match: {name: x, tag: y}, nope: 1}\n    - {match: {name: x}, warn: C0AAAAAAA}\n".repeat(text.length / 80)}`,
      },
      now: 0,
    }),
  didYouMean: (text) => didYouMean(text, [`${text}a`, ...text.slice(0, 50_000).split(" ")]),
  secretParts,
  "secretParts (settings)": (text) => secretParts(`Pwd=${text};password = ${text}&${text}=${text}`),
  "secretParts (separators)": (text) => secretParts(`Pwd=a${";&?".repeat(text.length)}${text}=${text}`),
  "secretParts (an address)": (text) => secretParts(`postgresql://${text}:${text}@${text}`),
  "secretParts (PEM)": (text) => secretParts(`-----BEGIN PRIVATE KEY-----\n${text}`),
  namesSecret,
  classifyFailure: (text) => classifyFailure(text, null),
  "observe a warning of dbt's log": (text) =>
    observe(NOTHING_SEEN, JSON.stringify({ info: { name: "Note", level: "warn", msg: text }, data: {} }), 0),
  readDiagnostic: (text) => readDiagnostic(`[warning] [A (dbt1)]: ${text}\n  --> ${text}`, "a"),
  cutToColumns: (text) => cutToColumns(text, 80),
  "observe a line of dbt's log": (text) => observe(NOTHING_SEEN, `{"info":{"name":"NodeStart","msg":"${text}`, 0),
  parseList,
  dbtWrites,
  stepsOfScript: (text) => stepsOfScript(text, []),
  readDbtVersion,
  eventOfDbt2,
  "eventOfDbt2 (an end)": (text) => eventOfDbt2(`Finished 'build' with ${text}`),
  wordsOfEvent: (text) => wordsOfEvent(JSON.stringify({ info: { name: "Generic", level: "error", msg: text } })),
  "observe an error of dbt 2": (text) =>
    observe(NOTHING_SEEN, JSON.stringify({ info: { name: "Generic", level: "error", msg: text }, data: {} }), 0),
  "observe a query of dbt 2": (text) =>
    observe(
      NOTHING_SEEN,
      JSON.stringify({
        info: { name: "SQLQuery", msg: `\n-- outcome: error\n-- error message: ${text}` },
        data: { node_info: { unique_id: "a" } },
      }),
      0,
    ),
  outlineOf,
  configCallOf,
  schemaOf: (text) => schemaOf("ci_{branch}", text, "0123456789"),
  "createMatcher (pattern)": (text) => createMatcher("*a*b*c*d*")(text),
  "createPathMatcher (pattern)": (text) => createPathMatcher("models/**/*.sql")?.(text),
  matchesGlob: (text) => matchesGlob("*a*b*c*d", text),
  "readRunResults (message)": (text) =>
    readRunResults(
      JSON.stringify({
        results: [{ unique_id: "model.a.b", status: "error", message: text }],
        args: { which: "build" },
      }),
      "run_results.json",
    ),
  "readManifest (raw_code)": (text) =>
    readManifest(
      JSON.stringify({
        metadata: { dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json", dbt_version: "1.11.16" },
        nodes: {
          "model.a.b": { unique_id: "model.a.b", resource_type: "model", raw_code: text, original_file_path: text },
        },
      }),
      "manifest.json",
    ),
  "renderVerdict (terminal)": (text) => renderVerdict(verdictAbout(text), paint),
  renderJunit: (text) =>
    renderJunit(verdictAbout(text), { warnAs: "skipped", projectDirFromRepo: ".", timestamp: "2026-11-25T07:00:00Z" }),
  "annotations and workflow commands": (text) =>
    annotationsOf(verdictAbout(text), { projectDirFromRepo: "." }).map(toWorkflowCommand),
  locateFindings: (text) => locateFindings(verdictAbout("models/x.yml"), () => text, outlineOf),
  renderSummary: (text) =>
    renderSummary({
      mode: "check",
      modeReason: text,
      target: "ci",
      verdict: verdictAbout(text),
      plan: null,
      nodesInProject: null,
      queue: null,
      ended: null,
    }),
  "a board and its drawing": (text) =>
    drawMessage(
      renderAlert(
        {
          kind: "board",
          key: "1/1/board/c",
          channel: "c",
          address: { kind: "channel" },
          items: verdictAbout(text).findings.map((each) =>
            anItem(each, {
              name: text,
              owner: text,
              firstSeen: text,
              dueAt: text,
              parent: { channel: text, ts: text },
            }),
          ),
          mentions: [],
          state: "open",
          week: text,
          score: { opened: 1, fixed: 0, carried: 1 },
          expired: [{ id: "1", match: text, until: text, reason: text }],
        },
        { run: run({}), mode: "deploy", target: text, projectName: text, reproduce: text },
      ),
      { channel: "c", paint, width: 88 },
    ),
  renderIncident: (text) =>
    renderIncident(
      { status: "firing", item: anItem(finding({ message: text, subject: subject({ name: text }) })) },
      "incident.io",
      { run: run({}), mode: "deploy", target: text, projectName: text, reproduce: text },
      { key: "k", at: "2026-11-25T07:00:00Z" },
    ),
  "renderAlert and its drawing": (text) =>
    drawMessage(
      renderAlert(
        {
          kind: "problems",
          key: "1/1/error/c",
          severity: "error",
          channel: "c",
          address: { kind: "channel" },
          items: verdictAbout(text).findings.map((each) => anItem(each, { name: text })),
          mentions: [],
        },
        {
          run: run({
            commit: { sha: "a", checkedOut: "a", title: text, author: text },
            ref: { kind: "branch", name: text },
          }),
          mode: "deploy",
          target: text,
          projectName: text,
          reproduce: text,
        },
      ),
      { channel: "c", paint, width: 88 },
    ),
};
