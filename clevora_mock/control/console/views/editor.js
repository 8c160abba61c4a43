// An editor for scenarios: line numbers, and each problem at its line as soon as the typing stops.
import { html, useEffect, useRef, useState } from "../html.js";
import { plural, visible } from "../format.js";
import { ask } from "../server.js";

const PAUSE = 300;

/** `onChecked` is told whether the text can be used. */
export function Editor({ text, onInput, onChecked }) {
  const [problems, setProblems] = useState([]);
  const [scroll, setScroll] = useState({ top: 0, left: 0 });
  const area = useRef(null);

  useEffect(() => {
    let isOld = false;
    const timer = setTimeout(async () => {
      try {
        const checked = await ask("POST", "/__mock/scenario/check", { source: text });
        if (isOld) return;
        setProblems(checked.problems);
        onChecked(!checked.problems.some((problem) => problem.severity === "error"));
      } catch (error) {
        if (!isOld) setProblems([{ line: 1, column: 1, severity: "error", message: error.message }]);
      }
    }, PAUSE);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [text]);

  const lines = text.split("\n");
  const byLine = new Map(problems.map((problem) => [problem.line, problem]));
  const jump = ({ line, column }) => {
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    area.current.focus();
    area.current.setSelectionRange(start, start);
  };
  // Tab leaves the editor, as everywhere in a page; indentation is by spaces, and Enter keeps it.
  const press = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const { selectionStart, value } = event.target;
    const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
    const indent = /^ *(- )?/.exec(line)[0].replace("-", " ");
    // As if it were typed, so that it can be undone.
    document.execCommand("insertText", false, `\n${indent}`);
  };
  return html`
    <div class="editor">
      <div class="gutter" aria-hidden="true">
        <div style=${{ transform: `translateY(${-scroll.top}px)` }}>
          ${lines.map((_, index) => html`<div class=${byLine.get(index + 1)?.severity ?? ""}>${index + 1}</div>`)}
        </div>
      </div>
      <div class="editor-text">
        <textarea
          ref=${area} aria-label="Scenario" spellcheck=${false} autocapitalize="off" autocomplete="off" wrap="off" rows="16"
          value=${text} aria-invalid=${String(problems.some((problem) => problem.severity === "error"))} aria-describedby="problems"
          onInput=${(event) => onInput(event.target.value)} onKeyDown=${press}
          onScroll=${(event) => setScroll({ top: event.target.scrollTop, left: event.target.scrollLeft })}
        ></textarea>
        <div class="lens" aria-hidden="true">
          <div style=${{ transform: `translate(${-scroll.left}px, ${-scroll.top}px)` }}>
            ${[...byLine.values()].map((problem) => html`
              <span class=${problem.severity} style=${{ top: `calc(${problem.line - 1} * var(--editor-line))`, left: `${(lines[problem.line - 1] ?? "").length + 3}ch` }}>
                ${visible(problem.message)}
              </span>
            `)}
          </div>
        </div>
      </div>
    </div>
    <div id="problems" class="problems" role="status">
      ${problems.length === 0
        ? html`<p class="dim">No problems.</p>`
        : html`
            <p>${plural(problems.length, "problem")}</p>
            <ul>
              ${problems.map((problem) => html`
                <li class=${problem.severity}>
                  <button type="button" class="link" onClick=${() => jump(problem)}>${problem.line}:${problem.column}</button>
                  ${" "}${visible(problem.message)}
                </li>
              `)}
            </ul>
          `}
    </div>
  `;
}
