import { type Check, fail, ok, warn } from "./check.ts";
import type { Platform, Seen, StoreFacts } from "./facts.ts";

/** Whether bundles can be written and read where this run is. */
export function checkStore(seen: Seen<StoreFacts>, platform: Platform): Check {
  const isInCi = platform === "github" || platform === "circleci";
  if (seen.kind === "failed") {
    const fix = seen.fix ?? "try again";
    return seen.isPassing || !isInCi ? warn("store", seen.why, fix) : fail("store", seen.why, fix);
  }
  const store = seen.value;
  switch (store.kind) {
    case "none":
      return ok("store", store.why);
    case "readable":
      return ok(
        "store",
        `${store.name} can be read: ${store.newest === null ? "it holds no bundle yet" : `the newest is ${store.newest}`}`,
      );
    case "tried":
      return ok("store", `${store.name}: ${store.found}`);
  }
}
