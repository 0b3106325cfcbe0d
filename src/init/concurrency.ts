/**
 * GitHub's own lock as it serves beside the queue: a newer push stops the older check, and every other run has a group of its
 * own, so that no deploy is dropped. One line of a workflow file. `name`: of the workflow.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#concurrency
 */
export function concurrencyLine(name: string): string {
  const isCheck = "github.event_name == 'pull_request'";
  const group = `${name}-\${{ ${isCheck} && github.ref || github.run_id }}`;
  return `concurrency: { group: "${group}", cancel-in-progress: "\${{ ${isCheck} }}" }`;
}
