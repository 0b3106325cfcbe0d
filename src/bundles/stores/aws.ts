import { tmpdir } from "node:os";
import { z } from "zod";
import { SignalboxError } from "../../support/errors.ts";
import type { BundleStore } from "../store.ts";
import { createObjectStore, parseBucket } from "./objects.ts";
import { type Refusals, startTool, type ToolOptions, toolFailure } from "./tool.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and botocore's own words. */
const REFUSALS: Refusals = [
  [
    /Unable to locate credentials|Partial credentials|NoCredentials|ExpiredToken|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId|SSO|Token has expired|config profile .* could not be found/i,
    "the AWS CLI has no credentials that are valid: log in before this step (aws-actions/configure-aws-credentials, or a context with a role)",
  ],
  [/NoSuchBucket|bucket does not exist/, "make the bucket, or correct its name in store:"],
  [
    /AccessDenied|Forbidden|\(403\)/,
    "the credentials may not: a reader needs s3:ListBucket and s3:GetObject, a deploy s3:PutObject too",
  ],
];

const folders = z.array(z.string()).nullable();

/**
 * `s3://bucket/prefix` through the AWS CLI, with the credentials, region and endpoint that it finds itself.
 * https://docs.aws.amazon.com/cli/latest/reference/s3api/
 */
export function createS3Store(spec: string, options: ToolOptions): BundleStore {
  const { bucket, prefix } = parseBucket(spec);
  const address = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const start = (args: readonly string[], cwd = tmpdir()) => startTool("aws", args, options, cwd);
  const copy = ["s3", "cp", "--only-show-errors", "--no-progress"];
  return createObjectStore(
    {
      listFolders: async (below) => {
        const query = ["--delimiter", "/", "--query", "CommonPrefixes[].Prefix", "--output", "json"];
        const end = await start([
          "s3api",
          "list-objects-v2",
          "--bucket",
          bucket,
          ...(below === "" ? [] : ["--prefix", below]),
          ...query,
        ]);
        if (end.exitCode !== 0) throw toolFailure(address, "aws s3api list-objects-v2", end, REFUSALS);
        return readFolders(end.stdout, address).map((name) => name.slice(below.length).replace(/\/$/, ""));
      },
      size: async (key) => {
        const end = await start([
          ...["s3api", "head-object", "--bucket", bucket, "--key", key],
          ...["--query", "ContentLength", "--output", "json"],
        ]);
        if (end.exitCode === 0) return Number(end.stdout.trim()) || 0;
        if (isMissing(end.stderr)) return null;
        throw toolFailure(address, "aws s3api head-object", end, REFUSALS);
      },
      get: async (key, folder) => {
        const end = await start([...copy, `s3://${bucket}/${key}`, `./${key.split("/").at(-1)}`], folder);
        if (end.exitCode === 0) return true;
        if (isMissing(end.stderr)) return false;
        throw toolFailure(address, "aws s3 cp", end, REFUSALS);
      },
      put: async (folder, name, key) => {
        const end = await start([...copy, `./${name}`, `s3://${bucket}/${key}`], folder);
        if (end.exitCode !== 0) throw toolFailure(address, "aws s3 cp", end, REFUSALS);
      },
      remove: async (key) =>
        (await start(["s3api", "delete-object", "--bucket", bucket, "--key", key, "--output", "json"])).exitCode === 0,
    },
    address,
    prefix,
  );
}

function isMissing(stderr: string): boolean {
  return /\(404\)|NoSuchKey/.test(stderr) && !/NoSuchBucket/.test(stderr);
}

function readFolders(stdout: string, address: string): readonly string[] {
  // Nothing below the prefix: some versions print null, some nothing.
  if (stdout.trim() === "") return [];
  try {
    return folders.parse(JSON.parse(stdout)) ?? [];
  } catch (error) {
    throw new SignalboxError("service", `the store ${address}: aws s3api list-objects-v2 did not print a list`, {
      cause: error,
    });
  }
}
