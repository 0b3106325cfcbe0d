/** The types of nodes that dbt is told to take: --resource-type and --exclude-resource-type. */
export interface ResourceTypes {
  /** Empty: every type. */
  readonly only: readonly string[];
  readonly without: readonly string[];
}

export const EVERY_TYPE: ResourceTypes = { only: [], without: [] };

/** Whether dbt takes nodes of this type; it leaves out the others after everything else has been selected. */
export function takesType({ only, without }: ResourceTypes, type: string): boolean {
  const isEvery = only.length === 0 || only.includes("all") || only.includes("default");
  return (isEvery || only.includes(type)) && !without.includes(type);
}

/** `only model, seed`, `without unit_test`; null: every type. */
export function describeTypes({ only, without }: ResourceTypes): string | null {
  const parts = [
    ...(only.length === 0 ? [] : [`only ${only.join(", ")}`]),
    ...(without.length === 0 ? [] : [`without ${without.join(", ")}`]),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}
