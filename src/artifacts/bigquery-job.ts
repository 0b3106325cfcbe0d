const CONSOLE = "https://console.cloud.google.com/bigquery?project=";
const JOB_PAGE =
  /https:\/\/console\.cloud\.google\.com\/bigquery\?project=([A-Za-z0-9.:-]{1,100})&j=bq:([A-Za-z0-9-]{1,50}):([\w-]{1,200})&page=queryresults/;
const LOOKED_AT = 2000;

/**
 * The console's page of a BigQuery job, of parts that are checked, as dbt-bigquery writes it.
 * https://github.com/dbt-labs/dbt-adapters/blob/main/dbt-bigquery/src/dbt/adapters/bigquery/connections.py (_bq_job_link)
 */
export function jobPageOf(project: string, location: string, job: string): string {
  return `${CONSOLE}${project}&j=bq:${location}:${job}&page=queryresults`;
}

/**
 * The page of the job that dbt-bigquery names in its log, before it waits for the job; null: none is named. It is made anew
 * from its parts, as the text comes from outside.
 */
export function jobPageIn(text: string): string | null {
  const found = JOB_PAGE.exec(text.slice(0, LOOKED_AT));
  if (found === null) return null;
  const [, project = "", location = "", job = ""] = found;
  return jobPageOf(project, location, job);
}

/** Whether a line of its log is worth reading for one: there are many, and few name a job. */
export function namesJob(line: string): boolean {
  return line.includes(CONSOLE);
}
