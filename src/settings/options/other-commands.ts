import { COMMANDS, type Option } from "./option.ts";

export const STATE_OPTIONS = [
  {
    name: "store",
    type: "store",
    placeholder: "auto|none|dir:PATH|URL",
    default: "auto",
    describe: "where state bundles are (URL: https, s3, gs)",
    commands: ["ci", "plan", "state"],
    file: "store",
  },
  {
    name: "commit",
    type: "text",
    placeholder: "SHA",
    usually: "HEAD (publish), nearest (fetch)",
    describe: "commit of the bundle",
    commands: ["state"],
  },
  {
    name: "out",
    type: "text",
    placeholder: "DIR",
    usually: "the work folder's bundle/",
    describe: "where fetch puts the files",
    commands: ["state"],
  },
  {
    name: "from",
    type: "text",
    placeholder: "DIR",
    usually: "the last dbt start",
    describe: "folder with the artifacts to publish",
    commands: ["state"],
  },
] as const satisfies readonly Option[];

export const INIT_OPTIONS = [
  {
    name: "ci",
    type: "choice",
    choices: ["github", "circleci"],
    usually: "what the repository has",
    describe: "whose file is written",
    commands: ["init"],
  },
  { name: "yes", type: "boolean", describe: "ask nothing; take what the repository proposes", commands: ["init"] },
] as const satisfies readonly Option[];

export const DOCTOR_OPTIONS = [
  {
    name: "send-test",
    type: "boolean",
    describe: "post, edit, read and delete a message in each Slack channel",
    commands: ["doctor"],
  },
] as const satisfies readonly Option[];

export const CLEAN_OPTIONS = [
  {
    name: "prefix",
    type: "text",
    placeholder: "ci_",
    usually: "before {branch} in modes.check.schema",
    describe: "how the schemas of checks begin",
    commands: ["clean"],
  },
  {
    name: "branch",
    type: "list",
    placeholder: "NAME…",
    describe: "more branches that existed (a fork's: owner/name:branch)",
    commands: ["clean"],
  },
  {
    name: "also",
    type: "list",
    placeholder: "SCHEMA…",
    describe: "schemas to drop that nothing proves to be a branch's",
    commands: ["clean"],
  },
  { name: "keep", type: "list", placeholder: "NAME…", describe: "schemas to keep", commands: ["clean"] },
] as const satisfies readonly Option[];

export const SERVERS_OPTIONS = [
  {
    name: "circle-url",
    type: "text",
    placeholder: "URL",
    default: "https://circleci.com",
    describe: "CircleCI server",
    commands: COMMANDS,
  },
  {
    name: "slack-url",
    type: "text",
    placeholder: "URL",
    default: "https://slack.com/api/",
    describe: "Slack Web API",
    commands: ["ci", "notify", "doctor"],
  },
] as const satisfies readonly Option[];
