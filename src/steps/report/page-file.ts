import { isAbsolute, relative, resolve, sep } from "node:path";
import { gitHubRunUrl } from "../../platforms/github/run.ts";
import type { Run } from "../../run/run.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { Environment } from "../../support/secrets.ts";
import type { WorkFolder } from "../../work/folder.ts";

export interface PageFileParts {
  readonly settings: SettingsPart<"html", "report">;
  readonly cwd: string;
  readonly work: Pick<WorkFolder, "path">;
}

/** report.html, or the file that --html names; null where none is wanted. */
export function pageFileOf({ settings, cwd, work }: PageFileParts): string | null {
  const { html } = settings.given;
  if (html !== undefined) return resolve(cwd, html);
  return settings.config.report.html ? work.path("report.html") : null;
}

/**
 * Where the page can be had when the job has ended. GitHub lists artifacts on the run's own page, and the Action keeps them
 * where SIGNALBOX_ARTIFACTS is `true`; on CircleCI it is the folder that the job stores. null where there is no page, or
 * nothing is known to keep it.
 */
export function artifactsUrlOf(
  parts: PageFileParts & { readonly env: Environment },
  { platform, url }: Pick<Run, "platform" | "url">,
): string | null {
  const file = pageFileOf(parts);
  const kept = parts.env.SIGNALBOX_ARTIFACTS;
  if (file === null || !kept) return null;
  if (platform === "github") return kept === "true" && url !== null ? `${url}#artifacts` : null;
  return platform === "circleci" ? circleUrlOf(parts.env, parts.cwd, kept, file) : null;
}

/** As `artifactsUrlOf`, where nobody knows more of the run than the job's variables. */
export function artifactsUrlOfJob(parts: PageFileParts & { readonly env: Environment }): string | null {
  const { env } = parts;
  if (env.GITHUB_ACTIONS === "true") return artifactsUrlOf(parts, { platform: "github", url: gitHubRunUrl(env) });
  return env.CIRCLECI === "true" ? artifactsUrlOf(parts, { platform: "circleci", url: null }) : null;
}

const CIRCLE_ARTIFACTS = "https://output.circle-artifacts.com/output/job";

/**
 * An artifact's address can be told before it is stored, for all but a CircleCI Server. The path begins with the stored
 * folder's. https://support.circleci.com/hc/en-us/articles/5034956515355, https://circleci.com/docs/artifacts/
 */
function circleUrlOf(env: Environment, cwd: string, kept: string, file: string): string | null {
  const { CIRCLE_WORKFLOW_JOB_ID: job = "", CIRCLE_NODE_INDEX: node = "0", CIRCLE_BUILD_URL: build = "" } = env;
  if (!/^[0-9a-f-]{36}$/.test(job) || !/^\d{1,4}$/.test(node) || !build.startsWith("https://circleci.com/"))
    return null;
  const folder = resolve(cwd, kept);
  const inFolder = relative(folder, file);
  const path = isAbsolute(kept) ? relative("/", file) : relative(cwd, file);
  // `~` is the shell's word for home, and the store's: there is no such folder to look into.
  const isOutside = [inFolder, path].some((each) => each.startsWith("..") || isAbsolute(each));
  if (isOutside || kept.startsWith("~")) return null;
  return `${CIRCLE_ARTIFACTS}/${job}/artifacts/${node}/${path.split(sep).map(encodeURIComponent).join("/")}`;
}
