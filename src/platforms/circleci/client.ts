import type { AxiosInstance } from "axios";
import { SignalboxError } from "../../support/errors.ts";

/** CircleCI's API v2, as far as it is read. The token goes to the configured host only. */
export interface CircleClient {
  /** The JSON of `GET /api/v2{path}`. Throws a configuration error (401, 403, 404) or a service error. */
  get(path: string): Promise<unknown>;
}

const REQUEST_TIMEOUT_MS = 20_000;
const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;

export async function createCircleClient(baseUrl: string, token: string): Promise<CircleClient> {
  const { default: axios } = await import("axios");
  const client: AxiosInstance = axios.create({
    baseURL: `${baseUrl.replace(/\/+$/, "")}/api/v2`,
    headers: { "Circle-Token": token, Accept: "application/json" },
    timeout: REQUEST_TIMEOUT_MS,
    maxContentLength: LARGEST_ANSWER_BYTES,
    // axios forwards Circle-Token to whatever host a redirect names.
    maxRedirects: 0,
    responseType: "json",
    validateStatus: () => true,
  });
  return {
    get: async (path) => {
      const response = await client.get<unknown>(path).catch((error: unknown) => {
        // An AxiosError prints the Circle-Token header; only its code leaves.
        throw new SignalboxError("service", `CircleCI could not be reached: GET ${path}: ${codeOf(error)}`, {
          hint: "try again; status.circleci.com tells of incidents",
        });
      });
      if (response.status === 200) return response.data;
      throw refusal(path, response.status, String(response.headers["x-request-id"] ?? ""));
    },
  };
}

function refusal(path: string, status: number, requestId: string): SignalboxError {
  const what = `CircleCI answered ${status} to GET ${path}${requestId === "" ? "" : ` (request ${requestId})`}`;
  switch (status) {
    case 401:
    case 403:
    case 404:
      return new SignalboxError("configuration", what, {
        hint: "CIRCLE_TOKEN must be a personal API token of a user who can see the project; project tokens and OIDC tokens do not work with API v2",
      });
    default:
      return new SignalboxError("service", what, { hint: "try again; status.circleci.com tells of incidents" });
  }
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : "no answer";
}
