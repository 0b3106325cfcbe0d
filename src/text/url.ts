/** Whether a text is an address of https and nothing else, in HTML as in Markdown: no character in it means more there. */
export function isPlainUrl(text: string): boolean {
  return /^https:\/\/[\w.:/?=&%~+#-]{1,2000}$/.test(text);
}
