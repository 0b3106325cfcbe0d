import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Loopback, serveLoopback } from "../support/loopback.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The tarball of the built package. No scripts: prepack would build dist/ anew under the other tests. */
export function packPackage(into: string): string {
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", into], { cwd: ROOT });
  const name = readdirSync(into).find((each) => each.endsWith(".tgz"));
  if (name === undefined) throw new Error("npm pack made no tarball");
  return join(into, name);
}

export interface Registry extends Pick<Loopback, "close"> {
  readonly url: string;
  /** Of the package, as npm writes it. */
  readonly integrity: string;
}

export function integrityOf(bytes: Buffer): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

/** A registry on loopback that has one package, signalbox, and no other: an install that needs more fails. */
export async function serveRegistry(tarball: string): Promise<Registry> {
  const bytes = readFileSync(tarball);
  const integrity = integrityOf(bytes);
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const { url, close } = await serveLoopback((request, response) => {
    const here = `http://${request.headers.host}`;
    if (request.url?.endsWith(".tgz")) return void response.end(bytes);
    if (request.url !== "/signalbox") return void response.writeHead(404).end("{}");
    const dist = { tarball: `${here}/signalbox.tgz`, integrity };
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        name: "signalbox",
        "dist-tags": { latest: manifest.version },
        versions: {
          [manifest.version]: { name: "signalbox", version: manifest.version, bin: { signalbox: "dist/cli.js" }, dist },
        },
      }),
    );
  });
  return { url: `${url}/`, close, integrity };
}
