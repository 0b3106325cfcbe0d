import { listed } from "../render/words.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import type { Workflow } from "./ci-files/model.ts";
import type { ChannelFacts, Platform, Seen, SendStep, SlackFacts } from "./facts.ts";
import { startsOf } from "./gate.ts";
import { placesOf } from "./tokens.ts";

export interface SlackPlace {
  readonly platform: Platform;
  readonly workflows: readonly Workflow[];
  /** null: there is no signalbox.yml, which is said elsewhere. */
  readonly channels: { readonly error: string | null; readonly warn: string | null } | null;
  readonly sendTest: boolean;
  /** Whether incoming webhooks stand in for a token. */
  readonly hasWebhooks: boolean;
}

const INVITED = "the ids are in Slack at the end of a channel's details; then /invite @signalbox there";

/** `seen`: null where there is no token. */
export function checkSlack(seen: Seen<SlackFacts> | null, place: SlackPlace): readonly Check[] {
  const { channels } = place;
  if (seen === null && place.hasWebhooks && !place.sendTest)
    return [
      ok("slack", "SLACK_WEBHOOK_ERROR and SLACK_WEBHOOK_WARN are set: no bot token is needed, and none was looked at"),
    ];
  const missing = (["error", "warn"] as const).filter((severity) => channels !== null && channels[severity] === null);
  const ofMissing =
    missing.length === 0
      ? []
      : [
          seen === null
            ? warn(
                "slack:channels",
                `${missing.map((each) => `slack.${each}`).join(" and ")}: no channel is named in signalbox.yml, so nobody is told`,
                INVITED,
              )
            : fail(
                "slack:channels",
                `there is a token, and ${missing.map((each) => `slack.${each}`).join(" and ")} names no channel: a deploy ends with exit 2`,
                INVITED,
              ),
        ];
  if (seen === null) return [ofNoToken(place), ...ofMissing];
  if (seen.kind === "failed") {
    const fix = seen.fix ?? "try again";
    const level = seen.isPassing && !place.sendTest ? warn : fail;
    return [level("slack", seen.why, fix), ...ofMissing];
  }
  const { scopes, bot, team, whyNoTest, channels: found } = seen.value;
  const who = `SLACK_BOT_TOKEN is ${bot === null ? "valid" : `@${bot}`}${team === null ? "" : ` in ${team}`}`;
  return [
    ok("slack", who),
    ...ofScopes(scopes),
    ...ofMissing,
    ...(place.sendTest && whyNoTest !== null
      ? [
          fail(
            "send",
            `no test message was sent: ${whyNoTest}`,
            "start it on a laptop, or on a branch of this repository",
          ),
        ]
      : []),
    ...found.flatMap((channel) => [ofChannel(channel), ...ofTest(channel)]),
  ];
}

function ofNoToken({ platform, workflows, sendTest }: SlackPlace): Check {
  const isInCi = platform === "github" || platform === "circleci";
  if (sendTest)
    return fail(
      "slack",
      "--send-test needs SLACK_BOT_TOKEN, and it is not set",
      "SLACK_BOT_TOKEN=xoxb-… signalbox doctor --send-test",
    );
  const ours = workflows.filter((workflow) => startsOf(workflow).length > 0);
  const github = ours.filter(({ ci }) => ci === "github");
  const handsOver = (workflow: Workflow) =>
    startsOf(workflow).some(({ given }) => given.includes("slack-token") || given.includes("SLACK_BOT_TOKEN"));
  const circle = ours.filter(({ ci }) => ci === "circleci");
  const places = [
    ...github.filter(handsOver).map(({ path }) => `the secret that ${path} hands over`),
    ...(circle.length > 0 ? [placesOf(circle)] : []),
  ];
  if (isInCi)
    return warn(
      "slack",
      "SLACK_BOT_TOKEN is not set in this job: messages are drawn in the log, and nobody is told (a check tells nobody anyway)",
      "hand it to the jobs that deploy: slack-token of the Action, a context on CircleCI",
    );
  if (places.length > 0)
    return ok("slack", `SLACK_BOT_TOKEN is not set here, and need not be: in CI it is ${listed(places, 3)}`);
  return ours.length === 0
    ? ok("slack", "SLACK_BOT_TOKEN is not set here: nothing of Slack was looked at")
    : warn(
        "slack",
        "SLACK_BOT_TOKEN is not set here, and no workflow hands it to signalbox: messages are drawn in the log, and nobody is told",
        'with: { slack-token: "${{ secrets.SLACK_BOT_TOKEN }}" } at the Action',
      );
}

/** https://docs.slack.dev/reference/scopes */
function ofScopes(scopes: readonly string[] | null): readonly Check[] {
  const add =
    "add them under OAuth & Permissions of the app, and install it again (signalbox init writes a manifest with all of them)";
  if (scopes === null)
    return [
      warn("slack:scopes", "Slack did not say which scopes the token has", "signalbox doctor --send-test tries them"),
    ];
  const lacks = (scope: string) => !scopes.includes(scope);
  const history = ["channels:history", "groups:history"].filter(lacks);
  if (lacks("chat:write")) return [fail("slack:scopes", "the token lacks chat:write: nothing can be posted", add)];
  if (history.length === 0)
    return [ok("slack:scopes", "the token may post and read: chat:write, channels:history, groups:history")];
  const which =
    history.length === 2 ? "" : history[0] === "groups:history" ? " (private channels)" : " (public channels)";
  return [
    warn(
      "slack:scopes",
      `the token lacks ${history.join(" and ")}${which}: whether a message arrived whose answer was lost cannot be looked up, nor what has been told be read back from Slack`,
      add,
    ),
  ];
}

function ofChannel({ id, where, state }: ChannelFacts): Check {
  const name = `${where.join(", ")} ${id}`;
  const key = `slack:${id}`;
  switch (state.kind) {
    case "in":
      return ok(key, `${name}${state.name === null ? "" : ` is #${state.name}`}: the bot is in it`);
    case "refused":
      return fail(key, `${name}: ${state.code}`, state.hint);
    case "unknown":
      return warn(
        key,
        `${name}: whether the bot is in it cannot be seen (${state.why})`,
        "signalbox doctor --send-test tries it",
      );
  }
}

const DONE: Readonly<Record<SendStep, string>> = {
  post: "posted",
  edit: "edited",
  read: "read back",
  metadata: "read back with its metadata",
  delete: "deleted",
};

function ofTest({ id, where, test }: ChannelFacts): readonly Check[] {
  if (test === null) return [];
  const key = `send:${id}`;
  const name = `${where.join(", ")} ${id}`;
  const done = test.done.map((step) => DONE[step]);
  const sofar = done.length === 0 ? "" : ` (${done.join(", ")})`;
  if (test.failed === null) return [ok(key, `${name}: a test message was ${listed(done, 4)}`)];
  const { step, code, hint } = test.failed;
  const left = test.isLeft ? "; the test message may still be there: delete it by hand" : "";
  // A message that cannot be looked up or taken back can still be sent.
  const level = step === "post" || step === "edit" ? fail : warn;
  return [level(key, `${name}: the test message could not be ${DONE[step]}: ${code}${sofar}${left}`, hint)];
}
