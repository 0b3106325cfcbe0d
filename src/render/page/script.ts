import { STATE_WORDS } from "./node-rows.ts";

/**
 * The page's only script: it filters, copies commands, and shows a row that an address names. Whatever it adds, it adds by
 * textContent. Without it, the page lacks nothing but that.
 */
export const SCRIPT = `"use strict";
(() => {
  const MOST = 200;
  const WORDS = ${JSON.stringify(STATE_WORDS)};
  const by = (id) => document.getElementById(id);
  const make = (name, text, className) => {
    const element = document.createElement(name);
    element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  for (const code of document.querySelectorAll("code.copy")) {
    const button = make("button", "Copy");
    button.type = "button";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
    });
    button.addEventListener("blur", () => { button.textContent = "Copy"; });
    code.after(" ", button);
  }

  const data = by("data");
  const rows = by("rows");
  const nodes = data === null ? [] : data.textContent.split("\\n").slice(0, -1).map((line) => {
    const [state, time, id, path] = line.split("\\t");
    const [type, , ...rest] = id.split(".");
    if (type === "test" && rest.length > 1 && /^[0-9a-f]{10}$/.test(rest[rest.length - 1])) rest.pop();
    const about = [type.replaceAll("_", " "), path].filter(Boolean).join(" \\u00b7 ");
    return { state, time, id, name: rest.join(".") || id, about, key: line.toLowerCase() };
  });
  const cards = [...document.querySelectorAll("article.card")].map((card) => ({
    card,
    key: [card.id, ...card.querySelectorAll("h3, .fault, dd, pre:not(.sql)")].map((part) => part.textContent ?? part).join(" ").toLowerCase(),
  }));
  const rowOf = ({ state, time, id, name, about }) => {
    const row = make("tr", "");
    const cell = make("td", "");
    const hasOwn = by(id) !== null;
    const head = make(hasOwn ? "a" : "b", name);
    if (hasOwn) head.href = "#" + encodeURIComponent(id);
    else row.id = id;
    cell.append(head, " ", make("span", about));
    row.append(make("td", WORDS[state] ?? state, state), cell, make("td", time));
    return row;
  };

  const box = by("filter");
  const input = make("input", "");
  input.type = "search";
  input.placeholder = "Filter: name, owner, file, message";
  input.setAttribute("aria-label", "Filter findings and nodes");
  input.autocomplete = "off";
  input.spellcheck = false;
  const told = make("p", "");
  told.setAttribute("role", "status");
  box.append(input, told);
  const first = rows === null ? [] : [...rows.children];
  const more = by("more");

  const filter = () => {
    const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const fits = ({ key }) => words.every((word) => key.includes(word));
    let found = 0;
    for (const each of cards) {
      const isShown = fits(each);
      if (isShown) found += 1;
      if (each.card.hidden === isShown) each.card.hidden = !isShown;
    }
    if (words.length === 0) {
      told.textContent = "";
      if (rows !== null) rows.replaceChildren(...first);
      if (more !== null) more.hidden = false;
      return;
    }
    const matching = nodes.filter(fits);
    if (rows !== null) {
      rows.replaceChildren();
      rows.append(...matching.slice(0, MOST).map(rowOf));
    }
    if (more !== null) more.hidden = true;
    const rest = matching.length > MOST ? ", the first " + MOST + " of them shown" : "";
    told.textContent = found + " of " + cards.length + " findings, " + matching.length + " of " + nodes.length + " nodes" + rest;
  };
  input.addEventListener("input", filter);

  const follow = () => {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    if (id === "") return;
    const there = by(id);
    if (there !== null) {
      for (let above = there; above !== null; above = above.parentElement) {
        if (above.tagName === "DETAILS") above.open = true;
        if (above.hidden) { input.value = ""; filter(); }
      }
      there.scrollIntoView();
      return;
    }
    const node = nodes.find((each) => each.id === id);
    if (node === undefined || rows === null) return;
    input.value = "";
    filter();
    const row = rowOf(node);
    first.unshift(row);
    rows.prepend(row);
    row.className = "named";
    row.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", follow);
  follow();

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
    if (event.key === "Escape" && document.activeElement === input) {
      input.value = "";
      filter();
    }
  });
  for (const chart of document.querySelectorAll("svg.lanes")) {
    chart.addEventListener("click", (event) => {
      const name = event.target.getAttribute("data-id");
      if (name) location.hash = encodeURIComponent(name);
    });
  }
})();
`;
