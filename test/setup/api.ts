import { type SetupServer, setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";

export const API = "https://api.github.test";

/** GitHub's API in process: a request without a handler fails the test. `asked`: what the handlers of a test note down. */
export function useApi(): { readonly server: SetupServer; readonly asked: string[] } {
  const asked: string[] = [];
  const server = setupServer();
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  afterEach(() => {
    server.resetHandlers();
    asked.length = 0;
  });
  afterAll(() => server.close());
  return { server, asked };
}
