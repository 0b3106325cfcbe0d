/**
 * What an error code of Slack's asks for.
 * - `wait`: nothing was posted, and later it may be;
 * - `look`: "it's possible some aspect of the operation succeeded before the error was raised";
 * - `plainer`: the message is not taken as it is, a simpler one may be;
 * - `no-metadata`: nor its metadata, without which it may be;
 * - `elsewhere`: this channel refuses it, another one may not;
 * - `anew`: the message that was to be changed cannot be: a new one can be posted;
 * - `stop`: nothing helps but a person. Also what any unknown code asks for: Slack has refused, and said so.
 */
export type Reaction = "wait" | "look" | "plainer" | "no-metadata" | "elsewhere" | "anew" | "stop";

interface Code {
  readonly reaction: Reaction;
  /** What a person has to do. */
  readonly hint?: string;
  /** The message takes no answer, or is gone; its channel takes messages. */
  readonly refusesAnswer?: true;
}

const INVITE = "invite the bot: type /invite @signalbox in the channel";
const NEW_TOKEN = "install the app again and copy the new token";
const BAD_TOKEN = "SLACK_BOT_TOKEN is not valid: copy the bot token (xoxb-…) of the app again";
const ADMIN = "a workspace rule keeps the bot from posting there: ask an admin, or name another channel";

/**
 * The codes of chat.postMessage and chat.update, and those that every method has.
 * https://docs.slack.dev/reference/methods/chat.postMessage#errors
 * https://docs.slack.dev/reference/methods/chat.update#errors
 */
export const CODES: Readonly<Record<string, Code>> = {
  rate_limited: { reaction: "wait", hint: "Slack's rate limit: the message was not posted" },
  ratelimited: { reaction: "wait", hint: "Slack's rate limit: the message was not posted" },
  service_unavailable: { reaction: "wait", hint: "Slack is not available: see https://slack-status.com" },
  // "The POST data was either missing or truncated": nothing was read, hence nothing posted.
  request_timeout: { reaction: "wait", hint: "Slack got only a part of the request" },
  team_added_to_org: { reaction: "wait", hint: "the workspace is being moved to an organization" },
  external_channel_migrating: { reaction: "wait", hint: "the channel is being moved" },
  update_failed: { reaction: "wait" },

  internal_error: { reaction: "look", hint: "Slack failed while it posted the message" },
  fatal_error: { reaction: "look", hint: "Slack failed while it posted the message" },

  invalid_blocks: { reaction: "plainer" },
  invalid_blocks_format: { reaction: "plainer" },
  invalid_arguments: { reaction: "plainer" },
  block_mismatch: { reaction: "plainer" },
  msg_blocks_too_long: { reaction: "plainer" },
  msg_too_long: { reaction: "plainer" },

  metadata_too_large: { reaction: "no-metadata" },
  metadata_must_be_sent_from_app: { reaction: "no-metadata" },
  invalid_metadata_format: { reaction: "no-metadata" },
  invalid_metadata_schema: { reaction: "no-metadata" },

  channel_not_found: {
    reaction: "elsewhere",
    hint: "the id is wrong, or the channel is private and the bot is not in it: /invite @signalbox there",
  },
  not_in_channel: { reaction: "elsewhere", hint: INVITE },
  no_permission: { reaction: "elsewhere", hint: INVITE },
  is_archived: { reaction: "elsewhere", hint: "the channel is archived: name another one in signalbox.yml" },
  is_inactive: { reaction: "elsewhere", hint: "the channel is archived: name another one in signalbox.yml" },
  channel_is_limited_access: { reaction: "elsewhere", hint: ADMIN },
  restricted_action: { reaction: "elsewhere", hint: ADMIN },
  restricted_action_read_only_channel: { reaction: "elsewhere", hint: ADMIN },
  restricted_action_thread_only_channel: { reaction: "elsewhere", hint: ADMIN },
  restricted_action_non_threadable_channel: { reaction: "elsewhere", hint: ADMIN, refusesAnswer: true },
  restricted_action_thread_locked: { reaction: "elsewhere", hint: ADMIN, refusesAnswer: true },
  posting_to_channel_denied: { reaction: "elsewhere", hint: ADMIN },
  ekm_access_denied: { reaction: "elsewhere", hint: ADMIN },
  messages_tab_disabled: { reaction: "elsewhere", hint: ADMIN },
  cant_broadcast_message: { reaction: "elsewhere", hint: ADMIN },
  cannot_reply_to_message: { reaction: "elsewhere", refusesAnswer: true },
  team_not_found: { reaction: "elsewhere", hint: "the id is of a channel in another workspace than the token's" },

  edit_window_closed: { reaction: "anew" },
  cant_update_message: { reaction: "anew" },
  message_not_found: { reaction: "anew", refusesAnswer: true },
  thread_not_found: { reaction: "anew", refusesAnswer: true },
  no_dual_broadcast_content_update: { reaction: "anew" },
  streaming_state_conflict: { reaction: "anew" },

  invalid_auth: { reaction: "stop", hint: BAD_TOKEN },
  not_authed: { reaction: "stop", hint: BAD_TOKEN },
  not_allowed_token_type: { reaction: "stop", hint: BAD_TOKEN },
  token_revoked: { reaction: "stop", hint: `SLACK_BOT_TOKEN has been revoked: ${NEW_TOKEN}` },
  token_expired: { reaction: "stop", hint: `SLACK_BOT_TOKEN has expired: ${NEW_TOKEN}` },
  account_inactive: { reaction: "stop", hint: "the bot's user or workspace is deactivated" },
  missing_scope: {
    reaction: "stop",
    hint: "the app needs the scope chat:write: add it and install the app again",
  },
  app_access_restricted: { reaction: "stop", hint: "an admin restricts who may use the app" },
  access_denied: { reaction: "stop", hint: "an admin restricts what the app may do" },
  team_access_not_granted: { reaction: "stop", hint: "the app is not installed in that workspace" },
  org_login_required: { reaction: "stop", hint: "the workspace is being moved to an organization" },
  message_limit_exceeded: {
    reaction: "stop",
    hint: "the workspace has used up its messages: https://slack.com/help/articles/115002422943",
  },
};

function known(code: string): Code | undefined {
  return Object.hasOwn(CODES, code) ? CODES[code] : undefined;
}

/** Whether the message stands there and takes no answer, or is gone, while its channel takes messages. */
export function refusesAnswer(code: string): boolean {
  return known(code)?.refusesAnswer === true;
}

/** What to do on a code, whatever it is. */
export function reactionTo(code: string): Reaction {
  const reaction = known(code)?.reaction;
  if (reaction !== undefined) return reaction;
  // Slack adds to these two families; what is new in them asks for the same.
  if (code.startsWith("restricted_action_")) return "elsewhere";
  return code.startsWith("invalid_metadata_") || code.startsWith("metadata_") ? "no-metadata" : "stop";
}

/** One sentence for a person. */
export function hintFor(code: string, method: string): string {
  return known(code)?.hint ?? `Slack refused the message: see the error ${code} of ${method}`;
}
