import { remark } from "remark";
import remarkGfm from "remark-gfm";
import remarkGithub from "remark-github";

/** A part of a rendered page. https://github.com/syntax-tree/mdast */
export interface MarkdownNode {
  readonly type: string;
  readonly value?: string;
  readonly url?: string;
  readonly children?: readonly MarkdownNode[];
}

const reader = remark()
  .use(remarkGfm)
  // Resolves what GitHub does once it has rendered: in texts, outside of code and links.
  .use(remarkGithub, { repository: "acme/shop" });

/** A page as GitHub reads it, with what it takes for references as links. */
export function readMarkdown(markdown: string): MarkdownNode {
  return reader.runSync(reader.parse(markdown)) as MarkdownNode;
}

/** The node and all below it, in the order of the page. */
export function allNodes(node: MarkdownNode): readonly MarkdownNode[] {
  return [node, ...(node.children ?? []).flatMap(allNodes)];
}

/**
 * Everything in a page that is more than words and their layout: links, pictures, HTML, notes, tables, styles. Our own words
 * that open something are layout.
 */
export function beyondWords(markdown: string): readonly MarkdownNode[] {
  return allNodes(readMarkdown(markdown)).filter(
    ({ type, value = "" }) => !HARMLESS.has(type) && !(type === "html" && FOLD.test(value)),
  );
}

const FOLD = /^(?:<details><summary>[\w ,:+]+<\/summary>|<\/details>)$/;

const HARMLESS = new Set([
  "root",
  "paragraph",
  "heading",
  "list",
  "listItem",
  "strong",
  "break",
  "text",
  "inlineCode",
  "code",
]);
