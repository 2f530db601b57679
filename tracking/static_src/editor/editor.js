// An editor over a textarea, which stays the form's field and keeps what is typed.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

import { openWord, twig } from "./twig.js";

const ONE_LINE = EditorState.transactionFilter.of((change) =>
  change.newDoc.lines > 1
    ? [change, { changes: lineBreaks(change.newDoc), sequential: true }]
    : change,
);

function lineBreaks(doc) {
  const found = [];
  for (let number = 1; number < doc.lines; number += 1) {
    const end = doc.line(number).to;
    found.push({ from: end, to: end + 1, insert: " " });
  }
  return found;
}

// `placeholders()` answers [{name, explanation}, …] as they are offered now.
function completions(placeholders) {
  return (context) => {
    const word = openWord(context);
    if (!word || (word.from === word.to && !context.explicit)) {
      return null;
    }
    const options = placeholders().map((row) => ({ label: row.name, detail: row.explanation, type: "variable" }));
    return { from: word.from, options, validFor: /^[\w.]*$/ };
  };
}

function extensions({ label, single, placeholders, changed, described }) {
  return [
    history(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [completions(placeholders)], icons: false }),
    syntaxHighlighting(classHighlighter),
    Prec.low(twig),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label, ...(described ? { "aria-describedby": described } : {}) }),
    EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...searchKeymap, ...defaultKeymap]),
    single ? ONE_LINE : [lineNumbers(), lintGutter(), indentOnInput(), highlightActiveLine(), highlightSelectionMatches()],
  ];
}

// Returns what a form's script may do with the editor.
window.trackingEditor = (textarea, options) => {
  const language = new Compartment();
  const place = document.createElement("div");
  place.className = options.single ? "tracking-editor tracking-single" : "tracking-editor";
  textarea.after(place);
  textarea.hidden = true;
  const changed = (text) => {
    textarea.value = text;
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const view = new EditorView({
    parent: place,
    state: EditorState.create({
      doc: textarea.value,
      extensions: [language.of(options.html ? html() : []), extensions({ ...options, changed })],
    }),
  });
  return {
    element: place,
    focus: () => view.focus(),
    setHtml: (on) => view.dispatch({ effects: language.reconfigure(on ? html() : []) }),
    insert(text) {
      view.dispatch(view.state.replaceSelection(text), { scrollIntoView: true, userEvent: "input" });
      view.focus();
    },
    // problems: [{line, column, sentence, severity}], counted from 1; without a line they stand at the first.
    mark(problems) {
      const doc = view.state.doc;
      const diagnostics = problems.map(({ line, column, sentence, severity }) => {
        const at = doc.line(Math.min(Math.max(line || 1, 1), doc.lines));
        const from = Math.min(at.from + Math.max((column || 1) - 1, 0), at.to);
        return { from, to: at.to, severity: severity || "error", message: sentence };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
  };
};
