import { cleanLine } from "../text/clean.ts";
import type { Wait } from "./decide.ts";
import type { QueueEvent } from "./events.ts";
import { parseInstant } from "./iso-time.ts";
import type { Ahead, Outlook } from "./queue-position.ts";
import { GONE } from "./status.ts";
import type { SeenRun } from "./ticket.ts";

/** The one line that a person reads about an event. Times are UTC, as on the servers of the CI. */
export function describeEvent(event: QueueEvent): string {
  const waited = formatSeconds(event.waitedSeconds);
  switch (event.kind) {
    case "waiting":
      return describeWait(event.wait, event.outlook, ` of ${cleanLine(event.ref, 60)}`);
    case "still-waiting":
      return `still waiting, ${waited}: ${describeWait(event.wait, event.outlook, "").replace(/^waits (?:for )?/, "")}`;
    case "unanswered":
      return `no answer yet, ${waited}: ${cleanLine(event.message, 200)}`;
    case "quiet":
      return `${nameRun(event.run)} shows no sign of life for ${formatSeconds(event.quietSeconds)}: if it is dead, ${startWithout(event.run)}`;
    case "entered":
      return describeEntry(event);
    case "left":
      return `left ${formatWait(event)}: ${describeNewer(event.by)}`;
    case "timed-out":
      return describeTimeout(event);
  }
}

/** Why this run is not needed any more. */
export function describeNewer(run: SeenRun): string {
  return `${nameRun(run)} is newer and already running`;
}

function describeWait(wait: Wait, outlook: Outlook, ofRef: string): string {
  switch (wait.why) {
    case "blockers":
      return `waits for ${describeHolder(outlook, ofRef)}`;
    case "self-not-seen":
      return "waits: the CI does not list this run as running yet";
    case "incomplete":
      return "waits: the CI's list counts more runs than it shows";
    case "settling": {
      const seconds = formatSeconds(Math.ceil(wait.seconds));
      return wait.after === null
        ? `waits ${seconds}, until every earlier run is sure to be listed`
        : `waits ${seconds} more: ${nameRun(wait.after)} was cut short (${cleanLine(wait.after.status, 40)}), its queries may still run`;
    }
  }
}

function describeHolder({ ahead, place, of, etaSeconds }: Outlook, ofRef: string): string {
  const holder = ahead[0];
  if (holder === undefined) return "its turn";
  const others = ahead.length > 1 ? ` and ${ahead.length - 1} more` : "";
  const eta = etaSeconds === null ? "" : `, about ${formatSeconds(etaSeconds)} left`;
  return `${nameRun(holder.run)}${ofRef}${others}${describeCommit(holder.run)} (${describeState(holder)}) - place ${place} of ${of}${eta}`;
}

function describeState({ run, ageSeconds }: Ahead): string {
  const words = cleanLine(run.status, 300)
    .replaceAll("_", " ")
    .replace(/^in progress$/, "running");
  const since = parseInstant(run.since);
  const time =
    since === null || ageSeconds === null
      ? ""
      : ` since ${formatTime(since, ageSeconds)}, ${formatSeconds(ageSeconds)} ago`;
  const unplaced = run.ticket === null ? "; its place is not known, so it counts as earlier" : "";
  return `${words}${time}${describeApproval(run)}${unplaced}`;
}

const HELD: readonly string[] = ["on_hold", "waiting"];

/** A held run goes on only when a person acts: https://circleci.com/docs/workflows/#holding-a-workflow-for-a-manual-approval */
function describeApproval(run: SeenRun): string {
  if (!HELD.includes(run.status)) return "";
  return run.url?.startsWith("https://")
    ? `; waits for an approval: ${cleanLine(run.url, 300)}`
    : "; waits for an approval";
}

function describeEntry({ ref, waitedFor, ignored, ...event }: Extract<QueueEvent, { kind: "entered" }>): string {
  const first = waitedFor[0];
  const alone = first?.status === GONE ? " is not known to the CI any more" : " has ended";
  const more = waitedFor.length > 1 ? ` and ${waitedFor.length - 1} more have ended` : alone;
  const why = first === undefined ? `nobody is ahead on ${cleanLine(ref, 60)}` : `${nameRun(first)}${more}`;
  const names = ignored.map(nameRun).join(", ");
  const despite = names === "" ? "" : `; ignored as told: ${names} - nothing keeps it apart from this run`;
  return `entered ${formatWait(event)}: ${why}${despite}`;
}

function describeTimeout(event: Extract<QueueEvent, { kind: "timed-out" }>): string {
  const cause = describeCause(event);
  const waited = formatSeconds(event.waitedSeconds);
  const hint = describeWayOut(event);
  const wayOut = hint === null ? "" : `; ${hint}`;
  switch (event.onTimeout) {
    case "fail":
      return `timed out after ${waited}: ${cause}${wayOut}`;
    case "proceed":
      return `goes on without its turn after ${waited}, as --on-timeout proceed says: ${cause}; nothing keeps the runs apart`;
    case "cancel": {
      const failed =
        event.cancelFailed === null
          ? "is being cancelled"
          : `could not be cancelled: ${cleanLine(event.cancelFailed, 200)}`;
      return `timed out after ${waited}: ${cause}; this run ${failed}${wayOut}`;
    }
  }
}

/** What the last answer said, also where the platform has given none since. */
function describeCause({ unanswered, outlook, wait }: Extract<QueueEvent, { kind: "timed-out" }>): string {
  const holder = outlook?.ahead[0];
  const known =
    holder !== undefined
      ? `${nameRun(holder.run)} has not ended (${describeState(holder)})`
      : wait !== null
        ? describeWait(wait, NOBODY, "").replace(/^waits:? /, "")
        : null;
  if (unanswered === null) return known ?? "it was not sure to be alone";
  return known === null ? cleanLine(unanswered, 200) : `${cleanLine(unanswered, 200)}; last seen: ${known}`;
}

const NOBODY: Outlook = { ahead: [], place: 1, of: 1, etaSeconds: 0 };
const ANYWAY = "--on-timeout proceed goes on all the same, and nothing keeps the runs apart";

/** What a person can do about a wait that timed out; null: it went on, or nobody knows. */
export function describeWayOut(event: Extract<QueueEvent, { kind: "timed-out" }>): string | null {
  if (event.onTimeout === "proceed") return null;
  const holder = event.outlook?.ahead[0];
  if (holder !== undefined) {
    const isHeld = HELD.includes(holder.run.status);
    return `${isHeld ? "approve or cancel it, or" : "if it is dead, or does not write here,"} ${startWithout(holder.run)}`;
  }
  switch (event.wait?.why) {
    case "incomplete":
      return `a run that no list shows has no id for --ignore-run: start again in some minutes; ${ANYWAY}`;
    case "self-not-seen":
      return `the lists of the CI may be in an incident: start again when it is over; ${ANYWAY}`;
    case "settling":
      return event.wait.after === null
        ? "start again with a longer --timeout"
        : "start again with a longer --timeout, or with --settle 0s if no query of it can run any more";
    default:
      return event.unanswered === null ? null : `start again when the CI answers; ${ANYWAY}`;
  }
}

/** Only an id that is one plain word can be pasted: a folder's tickets come from whoever writes there. */
function startWithout({ id }: SeenRun): string {
  return /^\w[\w.:-]{0,99}$/.test(id)
    ? `start again with --ignore-run ${id}`
    : "end it there: its id is no plain word for --ignore-run";
}

function nameRun(run: SeenRun): string {
  return `run ${cleanLine(run.id, 60)}${run.attempt > 1 ? ` (attempt ${run.attempt})` : ""}`;
}

function describeCommit({ title, author }: SeenRun): string {
  if (title === null) return "";
  const by = author === null ? "" : ` by ${cleanLine(author, 40)}`;
  return `, "${cleanLine(title, 60)}"${by}`;
}

function formatWait({ atOnce, waitedSeconds }: { atOnce: boolean; waitedSeconds: number }): string {
  return atOnce ? "at once" : `after ${formatSeconds(waitedSeconds)}`;
}

/** `48 s`, `12 min`, `3 h`, `3 h 5 min`. */
function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60 === 0 ? "" : ` ${minutes % 60} min`;
  return `${Math.floor(minutes / 60)} h${rest}`;
}

/** The time of day, with the date where it is not surely today's. */
function formatTime(instant: number, ageSeconds: number): string {
  const iso = new Date(instant).toISOString();
  return ageSeconds < 12 * 3600 ? `${iso.slice(11, 19)} UTC` : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
