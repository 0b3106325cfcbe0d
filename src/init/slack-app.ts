export const SLACK_APP_PATH = "signalbox-slack-app.yml";

/**
 * https://docs.slack.dev/reference/app-manifest. The history scopes are for the look whether a message arrived whose
 * answer was lost, and for the ledger: what has been told is kept in the channels' own messages.
 */
export function renderSlackApp(): string {
  return `display_information:
  name: signalbox
  description: "dbt: errors and warnings, each in a channel of its own"
features:
  bot_user:
    display_name: signalbox
    always_online: false
oauth_config:
  scopes:
    bot:
      - chat:write
      - channels:history # what it has told already, in public channels
      - groups:history # and in private ones
settings:
  org_deploy_enabled: false
  socket_mode_enabled: false
  token_rotation_enabled: false
`;
}
