import pLimit from "p-limit";

/** Does something for each item, `most` at a time. The first failure ends the others and is the one that is thrown. */
export async function doTogether<T, R>(
  items: readonly T[],
  most: number,
  signal: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const others = new AbortController();
  const within = AbortSignal.any([signal, others.signal]);
  const limit = pLimit(most);
  try {
    return await limit.map(items, (item) => task(item, within));
  } finally {
    limit.clearQueue();
    others.abort();
  }
}
