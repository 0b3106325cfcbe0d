import { describe, expect, it } from "vitest";
import { pipelineAnswer, workflowAnswer } from "../../../src/platforms/circleci/answers.ts";
import { mayStillCreate } from "../../../src/platforms/circleci/pending-pipeline.ts";
import { ticketsOf } from "../../../src/platforms/circleci/ticket.ts";
import { compareTickets, type Ticket } from "../../../src/queue/ticket.ts";
import { ago, buildPipeline, buildWorkflow, type FakePipeline, type FakeWorkflow, NOW, uuid } from "./fake.ts";

const AGE = 3000;

function place(workflows: readonly object[], pipeline: Partial<FakePipeline> | { number: unknown } = {}) {
  const read = pipelineAnswer.parse({ ...buildPipeline(25, AGE), ...pipeline });
  return ticketsOf(
    read,
    workflows.map((workflow) => workflowAnswer.parse(workflow)),
  );
}

const second = (age: number) => NOW / 1000 - age;

describe("the place of a CircleCI workflow", () => {
  it("is its pipeline's time for the first of its name", () => {
    const places = place([buildWorkflow(1, AGE - 5), buildWorkflow(2, AGE - 6, { name: "hourly" })]);

    expect(places.get(uuid(1))).toMatchObject({ ticket: { second: second(AGE), pipeline: 25 }, isByFirst: true });
    expect(places.get(uuid(2))).toMatchObject({ ticket: { second: second(AGE), pipeline: 25 }, isByFirst: true });
  });

  it.each<[string, (a: FakeWorkflow, b: FakeWorkflow) => FakeWorkflow[]]>([
    ["oldest first", (a, b) => [a, b]],
    ["newest first", (a, b) => [b, a]],
  ])("is a re-run's own time, in a list with the %s", (_, order) => {
    const places = place(order(buildWorkflow(1, AGE), buildWorkflow(2, AGE - 100)));

    expect(places.get(uuid(1))?.ticket?.second).toBe(second(AGE));
    expect(places.get(uuid(2))?.ticket?.second).toBe(second(AGE - 100));
  });

  it.each([
    [600, true],
    [601, false],
  ])("is the pipeline's %d s after it: %s", (delay, isPipelines) => {
    const ticket = place([buildWorkflow(1, AGE - delay)]).get(uuid(1))?.ticket;

    expect(ticket?.second).toBe(second(isPipelines ? AGE : AGE - delay));
  });

  it("does not count a set-up workflow of the same name, which has no place", () => {
    const places = place([buildWorkflow(1, AGE, { tag: "setup" }), buildWorkflow(2, AGE - 60)]);

    expect(places.has(uuid(1))).toBe(false);
    expect(places.get(uuid(2))?.ticket?.second).toBe(second(AGE));
  });

  it("of two of one name and time is the first's for the smaller id", () => {
    const places = place([buildWorkflow(2, AGE - 5), buildWorkflow(1, AGE - 5)]);

    expect([places.get(uuid(1))?.isByFirst, places.get(uuid(2))?.isByFirst]).toEqual([true, false]);
  });

  it("goes by the pipeline's number as a number", () => {
    const [older, younger] = [99, 100].map(
      (number) => place([buildWorkflow(number, AGE)], { number }).get(uuid(number))?.ticket as Ticket,
    );

    expect(compareTickets(older as Ticket, younger as Ticket)).toBeLessThan(0);
  });

  it.each<[string, readonly object[], object]>([
    ["its time is missing", [{ ...buildWorkflow(1, 0), created_at: null }], {}],
    ["its time has no zone", [{ ...buildWorkflow(1, 0), created_at: "2026-01-05T07:00:00" }], {}],
    ["its name is missing", [{ ...buildWorkflow(1, 0), name: undefined }], {}],
    [
      "the time of another of its name is missing",
      [buildWorkflow(1, 0), { ...buildWorkflow(2, 0), created_at: 7 }],
      {},
    ],
    ["its pipeline's time is missing", [buildWorkflow(1, 0)], { created_at: undefined }],
    ["its pipeline's number is a text", [buildWorkflow(1, 0)], { number: "25" }],
  ])("is unknown where %s", (_, workflows, pipeline) => {
    expect(place(workflows, pipeline).get(uuid(1))).toMatchObject({ ticket: null });
  });
});

describe("a CircleCI pipeline may still create a workflow", () => {
  const LAG = 10;
  const unseen = { createdSeenSeconds: null };

  it.each<[string, Partial<FakePipeline>, { createdSeenSeconds: number | null }, boolean]>([
    ["while it waits for its set-up", { state: "setup-pending", workflows: [] }, unseen, true],
    ["while its set-up runs", { state: "setup", workflows: [] }, unseen, true],
    ["while it is pending", { state: "pending", workflows: [] }, unseen, true],
    ["in a state that nobody knows", { state: "thinking", workflows: [] }, unseen, true],
    ["not when it has failed to start", { state: "errored", workflows: [] }, unseen, false],
    ["just after it was created", { workflows: [] }, { createdSeenSeconds: 0 }, true],
    ["before its list is sure", { workflows: [] }, { createdSeenSeconds: 14.9 }, true],
    ["not when its list was read late enough", { workflows: [] }, { createdSeenSeconds: 15 }, false],
    ["while its first workflow is young", { workflows: [buildWorkflow(1, 14)] }, unseen, true],
    ["not when a workflow is old enough", { workflows: [buildWorkflow(1, 15)] }, unseen, false],
    ["though its set-up workflow is old", { workflows: [buildWorkflow(1, 90, { tag: "setup" })] }, unseen, true],
    ["in its eleventh minute, by a second", { state: "setup", created_at: ago(611), workflows: [] }, unseen, true],
    ["not later: it would be at the tail", { state: "setup", created_at: ago(612), workflows: [] }, unseen, false],
    ["where its time is unknown", { state: "setup", created_at: "soon", workflows: [] }, unseen, true],
  ])("%s", (_, overrides, seen, expected) => {
    const pipeline = buildPipeline(1, 100, overrides);
    const workflows = pipeline.workflows.map((workflow) => workflowAnswer.parse(workflow));

    const reading = { now: NOW, lagSeconds: LAG, ...seen };
    expect(mayStillCreate(pipelineAnswer.parse(pipeline), workflows, reading)).toBe(expected);
  });
});
