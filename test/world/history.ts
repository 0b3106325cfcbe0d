/** A value that changes, with all it ever was, so that a server can answer with what was true a while ago. */
export interface History<T> {
  set(at: number, value: T): void;
  /** null: it did not exist yet. */
  at(instant: number): T | null;
  last(): T | null;
}

export function createHistory<T>(): History<T> {
  const versions: { readonly at: number; readonly value: T }[] = [];
  return {
    set(at, value) {
      versions.push({ at, value });
    },
    at: (instant) => versions.findLast((version) => version.at <= instant)?.value ?? null,
    last: () => versions.at(-1)?.value ?? null,
  };
}
