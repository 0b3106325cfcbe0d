/** Colours and other terminal sequences (CSI, OSC, two-character ones), as in the diffs of unit tests. */
const TERMINAL_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** What no text needs: control characters but tab and line feed, and characters that turn the direction of writing. */
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** dbt's message as plain text: what stays is still untrusted, and each renderer escapes it for its own language. */
export function cleanMessage(text: string): string {
  return text.replace(TERMINAL_SEQUENCE, "").replace(/\r\n?/g, "\n").replace(INVISIBLE, "").trim();
}
