// Marks what stands in braces: placeholders and Twig, in HTML and in text alike.

import { Decoration, ViewPlugin } from "@codemirror/view";
import { RangeSetBuilder } from "@codemirror/state";

const REGION = /\{\{[\s\S]*?(?:\}\}|$)|\{%[\s\S]*?(?:%\}|$)|\{#[\s\S]*?(?:#\}|$)/g;
const TOKEN =
  /(?<string>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(?<number>\b\d+(?:\.\d+)?\b)|(?<filter>\|\s*[A-Za-z_]\w*)|(?<name>[A-Za-z_][\w.]*)/g;
const WORDS = new Set(
  (
    "apply autoescape block do else elseif embed endapply endautoescape endblock endembed endfor endif endmacro " +
    "endset endverbatim endwith extends flush for from if import in include macro set use verbatim with and or not " +
    "is defined same as true false null none matches starts ends divisible by even odd empty iterable b-and b-or"
  ).split(" "),
);

const mark = (name) => Decoration.mark({ class: `tracking-twig-${name}` });
const MARKS = Object.fromEntries(["brace", "comment", "string", "number", "filter", "name", "word"].map((name) => [name, mark(name)]));

function* tokens(text, start) {
  if (text.startsWith("{#")) {
    yield [start, start + text.length, "comment"];
    return;
  }
  const closed = /[}%]\}$/.test(text) && text.length >= 4;
  const end = closed ? text.length - 2 : text.length;
  yield [start, start + 2, "brace"];
  for (const found of text.slice(2, end).matchAll(TOKEN)) {
    const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
    const from = start + 2 + found.index;
    yield [from, from + found[0].length, kind === "name" && WORDS.has(found[0]) ? "word" : kind];
  }
  if (closed) {
    yield [start + end, start + text.length, "brace"];
  }
}

function decorated(view) {
  const built = new RangeSetBuilder();
  const { from, to } = view.viewport;
  for (const region of view.state.doc.toString().matchAll(REGION)) {
    if (region.index > to) {
      break;
    }
    if (region.index + region[0].length >= from) {
      for (const [start, end, kind] of tokens(region[0], region.index)) {
        built.add(start, end, MARKS[kind]);
      }
    }
  }
  return built.finish();
}

export const twig = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = decorated(view);
    }
    update(update) {
      if (update.docChanged || update.viewportChanged) {
        this.decorations = decorated(update.view);
      }
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

// What stands before the cursor inside open braces, for completions; null outside of them.
export function openWord(context) {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const open = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (open < 0 || /[}%]\}/.test(before.slice(open))) {
    return null;
  }
  return context.matchBefore(/[\w.]*/);
}
