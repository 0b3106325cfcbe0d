/**
 * The part of a unique_id that people know: `fct_orders` of `model.shop.fct_orders`, `shop.orders` of a source, `x.v2` of a
 * versioned model; of a test without the hash behind its name.
 */
export function shortName(id: string): string {
  const [type = "", , ...rest] = id.split(".");
  if (rest.length === 0) return id;
  const hasHash = type === "test" && rest.length > 1 && /^[0-9a-f]{10}$/.test(rest.at(-1) ?? "");
  return (hasHash ? rest.slice(0, -1) : rest).join(".");
}

/** The id without its type, as dbt's selector `source:` takes it: `shop.stripe.charges` of `source.shop.stripe.charges`. */
export function nameInSelector(id: string): string {
  return id.split(".").slice(1).join(".");
}
