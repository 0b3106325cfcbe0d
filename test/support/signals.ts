/** The signal of a run that nobody stops. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
