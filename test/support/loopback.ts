import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";

/** A server of a test's own, which nobody outside this machine reaches. */
export interface Loopback {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Also cuts what is still open. */
  close(): Promise<void>;
}

/** An HTTP server on a free port. */
export async function serveLoopback(handler: RequestListener): Promise<Loopback> {
  const server = createServer(handler);
  const port = await listenOn(server, 0);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Resolves with the port; `port` 0 is a free one. */
export function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else resolve(address.port);
    });
  });
}

/** A port on which nothing listens just now. */
export async function findFreePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listenOn(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
