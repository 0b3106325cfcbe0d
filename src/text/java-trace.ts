/** Stack traces of the Java virtual machine: of Spark, Trino, Athena and their drivers. */

/** `at org.apache.spark.sql.X$.f(X.scala:12) ~[spark.jar:3.5]`. https://docs.oracle.com/javase/8/docs/api/java/lang/Throwable.html#printStackTrace-- */
const FRAME = /^\s+at (?:[\w.$<>/@-]{1,500})\([^()]{0,300}\)/;
const MORE = /^\s+\.\.\. (\d{1,9}) (?:more|common frames omitted)/;
const CAUSE = /^\s*Caused by: /;

export interface ShortTrace {
  /** The text without frames, and of its causes the last alone: the one that it began with. */
  readonly lines: readonly string[];
  /** Of that cause, the nearest first. */
  readonly frames: readonly string[];
  readonly hidden: number;
}

/** `most`: of the frames. A text without such a trace stays as it is. */
export function shortenJava(lines: readonly string[], most: number): ShortTrace {
  if (!lines.some((line) => FRAME.test(line))) return { lines, frames: [], hidden: 0 };
  const lastCause = lines.findLastIndex((line) => CAUSE.test(line));
  const kept: string[] = [];
  const frames: string[] = [];
  let hidden = 0;
  let isSkipped = false;
  for (const [index, line] of lines.entries()) {
    const isFrame = FRAME.test(line);
    if (isFrame && index > lastCause && frames.length < most) frames.push(`  ${line.trim()}`);
    else if (isFrame) hidden++;
    if (isFrame || MORE.test(line)) {
      hidden += Number(MORE.exec(line)?.[1] ?? 0);
      isSkipped = false;
      continue;
    }
    // A cause may have several lines.
    if (CAUSE.test(line)) isSkipped = index !== lastCause;
    if (!isSkipped) kept.push(line);
  }
  return { lines: kept, frames, hidden };
}
