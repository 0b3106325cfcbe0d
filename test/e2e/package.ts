import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The tarball of the built package. No scripts: prepack would build dist/ anew under the other tests. */
export function packPackage(into: string): string {
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", into], { cwd: ROOT });
  const name = readdirSync(into).find((each) => each.endsWith(".tgz"));
  if (name === undefined) throw new Error("npm pack made no tarball");
  return join(into, name);
}

export interface Registry {
  readonly url: string;
  readonly server: Server;
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
  const server = createServer((request, response) => {
    const url = `http://${request.headers.host}`;
    if (request.url?.endsWith(".tgz")) return void response.end(bytes);
    if (request.url !== "/signalbox") return void response.writeHead(404).end("{}");
    const dist = { tarball: `${url}/signalbox.tgz`, integrity };
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
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server, integrity };
}
