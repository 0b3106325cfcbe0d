import { parseInstant } from "../../queue/iso-time.ts";
import type { Ticket } from "../../queue/ticket.ts";
import type { CircleWorkflow, Pipeline } from "./answers.ts";

/**
 * A workflow that begins later after its pipeline stands at the tail, as a re-run does: a run that came in between may
 * be inside by then. A constant of all readers, since two readers must not come to two orders.
 */
export const LATE_SECONDS = 600;

export interface TicketOf {
  /** null: a field that it is made of is missing or unreadable. */
  readonly ticket: Ticket | null;
  /** It has its pipeline's time because no earlier workflow of its name is listed: one that is not listed yet would change that. */
  readonly isByFirst: boolean;
}

/** The places of the workflows of one pipeline, by their ids; `workflows` are all pages of its list. */
export function ticketsOf(pipeline: Pipeline, workflows: readonly CircleWorkflow[]): ReadonlyMap<string, TicketOf> {
  const others = workflows.filter((workflow) => !workflow.isSetup);
  return new Map(others.map((workflow) => [workflow.id, ticketOf(pipeline, workflow, others)]));
}

function ticketOf(pipeline: Pipeline, workflow: CircleWorkflow, others: readonly CircleWorkflow[]): TicketOf {
  const pipelineSecond = secondOf(pipeline.createdAt);
  const second = secondOf(workflow.createdAt);
  const sameName = others.filter((other) => other.name === workflow.name);
  const isReadable = workflow.name !== null && sameName.every((other) => parseInstant(other.createdAt) !== null);
  if (pipelineSecond === null || second === null || pipeline.number === null || !isReadable) {
    return { ticket: null, isByFirst: false };
  }
  const isFirst = sameName.every((other) => other === workflow || isBefore(workflow, other));
  const isByFirst = isFirst && second - pipelineSecond <= LATE_SECONDS;
  const ticket = {
    second: isByFirst ? pipelineSecond : second,
    pipeline: pipeline.number,
    createdAt: workflow.createdAt ?? "",
    id: workflow.id,
    attempt: 1,
  };
  return { ticket, isByFirst };
}

function isBefore(a: CircleWorkflow, b: CircleWorkflow): boolean {
  const [left, right] = [parseInstant(a.createdAt) ?? 0, parseInstant(b.createdAt) ?? 0];
  return left !== right ? left < right : a.id < b.id;
}

/** Whole seconds, since not every answer tells more. */
function secondOf(time: string | null): number | null {
  const instant = parseInstant(time);
  return instant === null ? null : Math.floor(instant / 1000);
}
