/** Whether a text is a template: only dbt can tell what becomes of it. */
export function isTemplate(text: string): boolean {
  return /\{[{%]/.test(text);
}
