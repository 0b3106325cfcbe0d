import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CODES, hintFor, reactionTo } from "../../src/slack/codes.ts";

const specOf = (method: string) => new URL(`../../../shared/specs/slack/${method}.json`, import.meta.url);

/** Codes for what we do not send (attachments, files, drafts, another author): a refusal that nothing but a person mends. */
const NOT_OURS = [
  "as_user_not_supported",
  "attachment_payload_limit_exceeded",
  "blocked_file_type",
  "draft_already_deleted",
  "draft_already_sent",
  "draft_has_conflict",
  "draft_not_found",
  "duplicate_channel_not_found",
  "duplicate_message_not_found",
  "file_deleted",
  "file_is_deleted",
  "file_not_found",
  "file_share_limit_reached",
  "invalid_attachments",
  "markdown_text_conflict",
  "max_file_sharing_exceeded",
  "missing_file_data",
  "no_text",
  "send_on_behalf_not_allowed",
  "slack_connect_blocked_file_type",
  "slack_connect_canvas_sharing_blocked",
  "slack_connect_clip_sharing_blocked",
  "slack_connect_file_link_sharing_blocked",
  "slack_connect_file_upload_sharing_blocked",
  "slack_connect_lists_sharing_blocked",
  "too_many_attachments",
  "too_many_contact_cards",
  "unable_to_share_files",
];

describe("Slack's error codes", () => {
  it.each(["chat.postMessage", "chat.update"])(
    "of %s are each classified, or left to the default on purpose",
    (method) => {
      const spec = specOf(method);
      if (!existsSync(spec)) {
        console.warn(`skipped: ${spec.pathname} is not here`);
        return;
      }
      const { errors } = JSON.parse(readFileSync(spec, "utf8")) as { errors: Record<string, unknown> };
      const codes = Object.keys(errors);

      expect(codes.length).toBeGreaterThan(30);
      expect(codes.filter((code) => !Object.hasOwn(CODES, code) && !NOT_OURS.includes(code))).toEqual([]);
      for (const code of codes) expect(hintFor(code, method)).toMatch(/\S{3}/);
    },
  );

  it("that are unknown stop, but for new ones of two families", () => {
    expect(["brand_new", "constructor", "__proto__", ""].map(reactionTo)).toEqual(["stop", "stop", "stop", "stop"]);
    expect(reactionTo("restricted_action_new")).toBe("elsewhere");
    expect(reactionTo("metadata_new")).toBe("no-metadata");
    expect(hintFor("brand_new", "chat.update")).toContain("the error brand_new of chat.update");
  });
});
