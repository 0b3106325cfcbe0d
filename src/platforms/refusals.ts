import { cleanLine } from "../text/clean.ts";

/**
 * Why a CI's API refuses a call, by its own words: a token that may too little is only one of the reasons. Words that are
 * not known get no advice beside what the call needs.
 */

/** What an answer says, its `message` or its plain text, as one short line; empty: nothing, or a page. */
export function messageIn(body: unknown): string {
  const message = typeof body === "object" && body !== null && "message" in body ? body.message : body;
  return typeof message === "string" && !/^\s*[<{[]/.test(message) ? cleanLine(message) : "";
}

/** A page for people is no API's: a proxy, a firewall or a portal has answered. */
export function isPage(body: unknown): boolean {
  return typeof body === "string" && body.slice(0, 200).trimStart().startsWith("<");
}

/** Whether the same request may have another answer in a moment. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

export type Vendor = "GitHub" | "CircleCI";

/** The setting that says where the API is. */
export function whereApiIs(vendor: Vendor): string {
  return vendor === "GitHub" ? "GITHUB_API_URL" : "--circle-url";
}

/** The host that a redirect names, for an error: ` (a redirect to sso.acme.com)`; empty: it names none. */
export function ledTo(location: unknown): string {
  const host = typeof location === "string" && URL.canParse(location) ? cleanLine(new URL(location).host, 100) : "";
  return host === "" ? "" : ` (a redirect to ${host})`;
}

/** What to do about an answer that is neither a refusal nor of use. */
export function hintOfUseless(status: number, vendor: Vendor): string {
  const page = vendor === "GitHub" ? "githubstatus.com" : "status.circleci.com";
  if (isPassing(status)) return `try again; ${page} tells of incidents`;
  if (status >= 300 && status < 400)
    return `a redirect is not followed, for it would take the token along: was the repository renamed or moved, is the API's address another (${whereApiIs(vendor)}), or does a login portal want this job to sign in?`;
  return `asking again does not help: ${vendor}'s own words say why; is the API's address right (${whereApiIs(vendor)})?`;
}

const FOREIGN =
  "the answer is a web page and not the API's: a proxy, a firewall or a login portal stands between, and has to let this job through";

/** For the end of an error: `: "Not Found"`, or nothing. */
export function quoted(message: string): string {
  return message === "" ? "" : `: ${JSON.stringify(message)}`;
}

interface RefusalReason {
  readonly says: RegExp;
  readonly hint: string;
}

/** https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api */
const OF_GITHUB: readonly RefusalReason[] = [
  {
    says: /\bSAML\b|single sign-on|\bSSO\b/i,
    hint: "authorize the token for the organization's single sign-on (the token's page, Configure SSO), or hand over github.token of this job, which needs none",
  },
  {
    says: /\bIP allow list\b|\bIP address\b/i,
    hint: "the organization lets only addresses of its IP allow list in: add this runner's, or use a runner whose address is on it",
  },
  {
    says: /\bforbids access via\b/i,
    hint: "the organization takes no token of this kind: hand over github.token of this job, or a token as its policy wants it",
  },
  {
    says: /\bis locked\b|\blocked conversation\b/i,
    hint: "the conversation is locked: unlock it, or leave the comment out (report.comment: false)",
  },
  {
    says: /\barchived\b|\bread-only\b/i,
    hint: "the repository is archived: nothing can be written there until an owner takes it out of the archive",
  },
  {
    says: /\bsuspended\b|\bblocked\b|\bhas been disabled\b|\bis disabled\b|\bspending limit\b|\bbilling\b/i,
    hint: "no permission of the token changes that: an owner of the account or of the organization has to",
  },
];

/** Words of a token that may too little. */
const OF_PERMISSION =
  /\bnot accessible by\b|\bmust have\b|\bpermissions?\b|\bscopes?\b|\bnot authorized\b|\bforbidden\b/i;

export interface GitHubRefusal {
  /** 403 or 404. */
  readonly status: number;
  readonly body: unknown;
  /** What the call needs, such as `actions: read`. */
  readonly permission: string;
  /** The header says that the token has to be authorized for single sign-on. */
  readonly wantsSso: boolean;
}

/** What to do about it. */
export function hintOfGitHub({ status, body, permission, wantsSso }: GitHubRefusal): string {
  if (isPage(body)) return FOREIGN;
  const message = messageIn(body);
  const known = OF_GITHUB.find(({ says }) => says.test(wantsSso ? "SSO" : message));
  if (known !== undefined) return known.hint;
  const grant = `give the job \`permissions: ${permission}\`, or a fine-grained token "${fineGrained(permission)}" on this repository, or a classic one the scope \`repo\``;
  if (status === 404 || message === "" || OF_PERMISSION.test(message)) return `the token may not: ${grant}`;
  return `GitHub's own words say why; if they are about the token: ${grant}`;
}

/** `pull-requests: write` is "Pull requests: write" there. */
function fineGrained(permission: string): string {
  return `${permission.charAt(0).toUpperCase()}${permission.slice(1).replace("-", " ")}`;
}

const OF_CIRCLECI: readonly RefusalReason[] = [
  {
    says: /\bSAML\b|single sign-on|\bSSO\b/i,
    hint: "the user of CIRCLE_TOKEN has to sign in through the organization's single sign-on, and make the token after that",
  },
  {
    says: /\bIP (?:address|range|allow)/i,
    hint: "the organization lets only some addresses in: run the job with circleci_ip_ranges: true, or allow this runner's address",
  },
  {
    says: /\bsuspended\b|\bblocked\b|\bdisabled\b|\bbilling\b|\bcredits?\b|\bplan\b/i,
    hint: "no token changes that: an administrator of the organization on CircleCI has to",
  },
];

/** What to do about a 401, 403 or 404 of CircleCI; `tokenHint`: unless CircleCI says another reason. */
export function hintOfCircle(body: unknown, tokenHint: string): string {
  if (isPage(body)) return FOREIGN;
  const message = messageIn(body);
  return OF_CIRCLECI.find(({ says }) => says.test(message))?.hint ?? tokenHint;
}
