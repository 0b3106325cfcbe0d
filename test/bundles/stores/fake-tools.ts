import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

export interface FakeTool {
  /** An environment in which the tool is found, and nothing else of this machine's own. */
  readonly env: Readonly<Record<string, string>>;
  /** How it was started, in order. */
  starts(): Promise<{ argv: string[]; env: Record<string, string> }[]>;
  /** Makes every further start end with exit 1 and these words. */
  refuse(words: string): Promise<void>;
}

/**
 * `aws` and `gcloud` as far as a store starts them, over a folder. Their words for what is missing are the real ones:
 * AWS CLI 1.45 on moto, gcloud 528 on fake-gcs-server.
 */
const PROGRAM = `#!${process.execPath}
const fs = require("node:fs");
const path = require("node:path");
const [tool, root] = [path.basename(process.argv[1]), process.env.FAKE_TOOL_ROOT];
const argv = process.argv.slice(2);
fs.appendFileSync(path.join(root, "starts"), JSON.stringify({ argv, env: process.env }) + "\\n");
const end = (code, words = "") => { process.stderr.write(words); process.exit(code); };
const refusal = path.join(root, "refusal");
if (fs.existsSync(refusal)) end(1, fs.readFileSync(refusal, "utf8"));
const BUCKET = "acme-state";
const fileOf = (bucket, key) => path.join(root, "buckets", bucket, key);
const take = (url) => /^(?:s3|gs):\\/\\/([^/]+)\\/(.*)$/.exec(url)?.slice(1);
const value = (flag) => argv[argv.indexOf(flag) + 1];
const foldersBelow = (bucket, prefix) => {
  const dir = fileOf(bucket, prefix);
  return fs.existsSync(dir) ? fs.readdirSync(dir, { withFileTypes: true }).filter((each) => each.isDirectory()).map(({ name }) => prefix + name + "/") : [];
};
const copy = (from, to, missing) => {
  const [source, target] = [take(from), take(to)];
  const [a, b] = [source ? fileOf(...source) : path.resolve(from), target ? fileOf(...target) : path.resolve(to)];
  if (!fs.existsSync(a)) end(1, missing(from));
  fs.mkdirSync(path.dirname(b), { recursive: true });
  fs.copyFileSync(a, b + ".part");
  fs.renameSync(b + ".part", b);
};
if (tool === "aws") {
  const missing = (key) => 'fatal error: An error occurred (404) when calling the HeadObject operation: Key "' + key + '" does not exist\\n';
  if (argv[1] === "list-objects-v2") {
    if (value("--bucket") !== BUCKET) end(254, "\\nAn error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist\\n");
    const found = foldersBelow(BUCKET, argv.includes("--prefix") ? value("--prefix") : "");
    process.stdout.write(found.length === 0 ? "null\\n" : JSON.stringify(found, null, 4) + "\\n");
  } else if (argv[1] === "head-object") {
    const file = fileOf(value("--bucket"), value("--key"));
    if (!fs.existsSync(file)) end(254, "\\nAn error occurred (404) when calling the HeadObject operation: Not Found\\n");
    process.stdout.write(fs.statSync(file).size + "\\n");
  } else if (argv[1] === "delete-object") {
    if (process.env.FAKE_TOOL_KEEPS) end(254, "\\nAn error occurred (AccessDenied) when calling the DeleteObject operation: Access Denied\\n");
    fs.rmSync(fileOf(value("--bucket"), value("--key")));
  } else copy(argv.at(-2), argv.at(-1), missing);
} else {
  const words = argv.slice(2);
  if (words[0] === "rm") {
    if (process.env.FAKE_TOOL_KEEPS) end(1, "ERROR: (gcloud.storage.rm) HTTPError 403: no storage.objects.delete access\\n");
    fs.rmSync(fileOf(...take(words[1])));
  } else if (words[0] === "ls") {
    const [bucket, prefix] = take(words[1]);
    if (bucket !== BUCKET) end(1, "ERROR: (gcloud.storage.ls) gs://" + bucket + " not found: 404.\\n");
    const found = foldersBelow(bucket, prefix);
    if (found.length === 0) end(1, "ERROR: (gcloud.storage.ls) One or more URLs matched no objects.\\n");
    process.stdout.write(found.map((name) => "gs://" + bucket + "/" + name + "\\n").join("") + "gs://" + bucket + "/" + prefix + "latest\\n");
  } else if (words[0] === "objects") {
    const file = fileOf(...take(words[2]));
    if (!fs.existsSync(file)) end(1, "ERROR: (gcloud.storage.objects.describe) " + words[2] + " not found: 404.\\n");
    process.stdout.write(fs.statSync(file).size + "\\n");
  } else copy(words[1], words[2], (url) => "ERROR: (gcloud.storage.cp) The following URLs matched no objects or files:\\n" + url + "\\n");
}
`;

export async function createFakeTool(name: "aws" | "gcloud", dir: string): Promise<FakeTool> {
  const [bin, root] = [join(dir, "bin"), join(dir, "tool")];
  for (const folder of [bin, root]) await mkdir(folder, { recursive: true });
  await writeFile(join(bin, name), PROGRAM);
  await chmod(join(bin, name), 0o755);
  return {
    env: { PATH: [bin, "/usr/bin", "/bin"].join(delimiter), FAKE_TOOL_ROOT: root },
    starts: async () => {
      const text = await readFile(join(root, "starts"), "utf8").catch(() => "");
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    },
    refuse: (words) => writeFile(join(root, "refusal"), words),
  };
}
