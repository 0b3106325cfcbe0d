import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** A Chromium of this machine, started; or why there is none. */
export async function openBrowser() {
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  if (found === undefined) return { browser: null, why: `none of ${NAMES.join(", ")} is on the PATH` };
  try {
    const { chromium } = await import("playwright-core");
    return { browser: await chromium.launch({ executablePath: found, args: ["--no-sandbox"] }), why: "" };
  } catch (error) {
    return { browser: null, why: `${found} does not start: ${String(error).split("\n")[0]}` };
  }
}

/** The text of axe-core, which looks for breaks of WCAG in a page. */
export async function axeSource() {
  return (await import("axe-core")).default.source;
}
