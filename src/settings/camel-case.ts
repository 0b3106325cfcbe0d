/** A key of signalbox.yml (`on_missing`) or a flag (`on-timeout`) as the code names it. */
export type CamelCase<S extends string> = S extends `${infer Head}${"-" | "_"}${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

export function camelCase(name: string): string {
  return name.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
