import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { showCommandLine } from "../../src/dbt/arguments.ts";
import { createPaint } from "../../src/render/colors.ts";
import { renderComment } from "../../src/render/comment.ts";
import { renderSummary, type Summary } from "../../src/render/markdown.ts";
import { renderPlan, renderVerdict } from "../../src/render/terminal.ts";
import { describeTimes } from "../../src/render/times.ts";
import { buildArguments } from "../../src/steps/build.ts";
import { createLog } from "../../src/support/log.ts";
import { richPlan, richVerdict } from "./build.ts";
import { render, richPage } from "./page/build.ts";

/** A picture of docs: `npm run pictures` takes it anew. Each is drawn from what the code renders in tests. */
export interface DocsPicture {
  /** In docs, without `.png`. */
  readonly name: string;
  readonly html: string;
  readonly width: number;
  /** What is cut out, with what stands around it in these many pixels. */
  readonly of: string;
  readonly margin: number;
  /** What is lower is cut off. */
  readonly height: number;
}

const SGR_CLASSES: Readonly<Record<string, string>> = {
  ...{ "1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "36": "cyan" },
};

const TERMINAL_CSS = `*{margin:0}body{background:#0d1117}main{padding:18px 20px}pre{font:11px/16px "DejaVu Sans Mono",Menlo,monospace;color:#d1d7e0;white-space:pre-wrap;overflow-wrap:anywhere}
.bold{font-weight:700;color:#fff}.dim{color:#9198a1}.red{color:#ff7b72}.green{color:#56d364}.yellow{color:#e3b341}.cyan{color:#76e3ea}`;

const GITHUB_CSS = `*{box-sizing:border-box}body{margin:0;background:#fff;font:14px/21px "Liberation Sans",Arial,sans-serif;color:#1f2328}main{margin:12px;border:1px solid #d1d9e0;border-radius:6px}
.head{background:#f6f8fa;border-bottom:1px solid #d1d9e0;border-radius:6px 6px 0 0;padding:8px 16px}article{padding:4px 16px 14px}h1,h2,h3{line-height:1.25;margin:18px 0 12px}h2{font-size:20px;padding-bottom:6px;border-bottom:1px solid #d1d9e0b3}h3{font-size:17px}
p,ul,ol,table,details{margin:0 0 12px}ul,ol{padding-left:28px}a{color:#0969da}code{font:12px "DejaVu Sans Mono",Menlo,monospace;background:#818b981f;border-radius:6px;padding:2px 5px}pre{background:#f6f8fa;border-radius:6px;padding:12px;overflow:auto}pre code{background:none;padding:0}
table{border-collapse:collapse}th,td{border:1px solid #d1d9e0;padding:5px 12px}tr:nth-child(2n) td{background:#f6f8fa}blockquote{margin:0 0 12px;padding:0 14px;color:#59636e;border-left:4px solid #d1d9e0}summary{cursor:pointer}`;

const summary: Summary = {
  ...{ mode: "check", modeReason: "pull request #12 into main", target: "ci", ended: null },
  ...{ verdict: richVerdict(), plan: richPlan(), nodesInProject: 38, baseBranch: "main" },
  queue: { decision: "entered", reason: "nobody is ahead", waitedSeconds: 42 },
  artifactsUrl: "https://github.com/acme/shop/actions/runs/777#artifacts",
};

export const DOCS_PICTURES: readonly DocsPicture[] = [
  { name: "report", html: render(richPage()), width: 1000, of: "html", margin: 0, height: 800 },
  { name: "report-graph", html: render(richPage()), width: 1100, of: "#graph", margin: 16, height: 420 },
  { name: "report-timing", html: render(richPage()), width: 1000, of: "#timing", margin: 16, height: 480 },
  {
    name: "comment",
    html: gitHubPage(
      "github-actions commented",
      renderComment({
        ...summary,
        project: "shop",
        commit: "a1b2c3d4e5f6",
        url: "https://github.com/acme/shop/actions/runs/777",
      }),
    ),
    ...{ width: 860, of: "main", margin: 10, height: 900 },
  },
  {
    name: "summary",
    html: gitHubPage("dbt summary", renderSummary(summary)),
    width: 860,
    of: "main",
    margin: 10,
    height: 900,
  },
  { name: "log", html: terminalPage(logOfRun()), width: 860, of: "main", margin: 0, height: 1000 },
];

/** What `signalbox ci` says of the same run. */
function logOfRun(): string {
  const paint = createPaint(true);
  const lines: string[] = [];
  const log = createLog({
    ...{ write: (text) => lines.push(text), status: null, redact: (text) => text },
    ...{ bold: paint.bold, yellow: paint.yellow, color: true, quiet: false },
  });
  log.step("mode", "check: pull request #12 into main");
  const plan = richPlan();
  const verdict = richVerdict();
  const folder = ".signalbox/baselines";
  const chosen = {
    ...{ select: ["state:modified+", "fx_rates"], exclude: [], indirectSelection: null },
    ...{ state: `${folder}/selection`, deferState: `${folder}/deferral` },
  };
  log.step("queue", "entered after 42 s: run 776 has ended");
  log.step("dbt", "dbt parse --target ci");
  log.step("baseline", "0f1e2d3c4b5a, merge-base with origin/main");
  log.step("plan", renderPlan(plan, { total: 38, paint }).join("\n"));
  log.step("dbt", showCommandLine(["dbt", "build", "--target", "ci", ...buildArguments({ ...plan, dbt: chosen })]));
  log.step("dbt", "dbt build: exit 1 after 34 s, 18 nodes");
  log.step("verdict", renderVerdict(verdict, paint).join("\n"));
  const times = describeTimes({
    ...{
      total: 96,
      waited: 42,
      baseline: null,
      starts: [
        { command: "parse", seconds: 7 },
        { command: "build", seconds: 34 },
      ],
    },
    nodes: Object.entries(verdict.nodes).map(([id, { seconds }]) => ({ id, seconds })),
  });
  log.step("time", times ?? "");
  return `$ signalbox ci\n${lines.join("")}`;
}

/** Markdown about as GitHub shows it. */
function gitHubPage(title: string, markdown: string): string {
  // Our own <details> and comments are HTML: everything from outside is escaped by then.
  const body = micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  return `<!doctype html><meta charset="utf-8"><style>${GITHUB_CSS}</style><main><div class="head"><strong>${title}</strong></div><article>${body}</article></main>`;
}

/** A terminal with a dark ground. */
function terminalPage(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const coloured = escaped.replace(/\u001b\[(\d+)m/g, (_, code: string) =>
    code in SGR_CLASSES ? `<span class="${SGR_CLASSES[code]}">` : "</span>",
  );
  return `<!doctype html><meta charset="utf-8"><style>${TERMINAL_CSS}</style><main><pre>${coloured}</pre></main>`;
}
