import { tmpdir } from "node:os";
import type { BundleStore } from "../store.ts";
import { createObjectStore, parseBucket } from "./objects.ts";
import { type Refusals, startTool, type ToolOptions, toolFailure } from "./tool.ts";

const REFUSALS: Refusals = [
  [
    /do not currently have an active account|gcloud auth login|Reauthentication|could not be refreshed|invalid_grant|credentials? (?:is|are) (?:invalid|required)|Anonymous caller|\b401\b/i,
    "gcloud has no credentials that are valid: log in before this step (google-github-actions/auth with setup-gcloud, or gcloud auth login --cred-file)",
  ],
  [
    /does not have permission|AccessDenied|Permission .* denied|\b403\b/i,
    "the account may not: a reader needs roles/storage.objectViewer, a deploy roles/storage.objectUser",
  ],
  [/bucket does not exist|not found: 404|\b404\b/i, "make the bucket, or correct its name in store:"],
];

/**
 * `gs://bucket/prefix` through the gcloud CLI, with the account that it finds itself.
 * https://cloud.google.com/sdk/gcloud/reference/storage
 */
export function createGcsStore(spec: string, options: ToolOptions): BundleStore {
  const { bucket, prefix } = parseBucket(spec);
  const address = `gs://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const start = (args: readonly string[], cwd = tmpdir()) =>
    startTool("gcloud", ["--quiet", "storage", ...args], options, cwd);
  return createObjectStore(
    {
      listFolders: async (below) => {
        const url = `gs://${bucket}/${below}`;
        const end = await start(["ls", url]);
        if (end.exitCode !== 0) {
          if (/matched no objects/i.test(end.stderr)) return [];
          throw toolFailure(address, "gcloud storage ls", end, REFUSALS);
        }
        return end.stdout
          .split(/\r?\n/)
          .filter((line) => line.startsWith(url) && line.endsWith("/"))
          .map((line) => line.slice(url.length, -1));
      },
      size: async (key) => {
        const end = await start(["objects", "describe", `gs://${bucket}/${key}`, "--format=value(size)"]);
        if (end.exitCode === 0) return Number(end.stdout.trim()) || 0;
        if (isMissing(end.stderr)) return null;
        throw toolFailure(address, "gcloud storage objects describe", end, REFUSALS);
      },
      get: async (key, folder) => {
        const end = await start(["cp", `gs://${bucket}/${key}`, `./${key.split("/").at(-1)}`], folder);
        if (end.exitCode === 0) return true;
        if (isMissing(end.stderr)) return false;
        throw toolFailure(address, "gcloud storage cp", end, REFUSALS);
      },
      put: async (folder, name, key) => {
        const end = await start(["cp", `./${name}`, `gs://${bucket}/${key}`], folder);
        if (end.exitCode !== 0) throw toolFailure(address, "gcloud storage cp", end, REFUSALS);
      },
      remove: async (key) => (await start(["rm", `gs://${bucket}/${key}`])).exitCode === 0,
    },
    address,
    prefix,
  );
}

/** Also what a bucket that is not there looks like: a list tells. */
function isMissing(stderr: string): boolean {
  return /matched no objects|not found: 404|\b404\b/i.test(stderr);
}
