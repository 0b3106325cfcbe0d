/** Does something for each item, `most` at a time. The first failure ends the others and is the one that is thrown. */
export async function doTogether<T, R>(
  items: readonly T[],
  most: number,
  signal: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const scope = new AbortController();
  const onAbort = () => scope.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const results: R[] = [];
  const rest = items.entries();
  const work = async () => {
    for (const [index, item] of rest) results[index] = await task(item, scope.signal);
  };
  try {
    await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
    return results;
  } finally {
    signal.removeEventListener("abort", onAbort);
    scope.abort();
  }
}
