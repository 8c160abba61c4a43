// Text that came from somewhere: JSON with its kinds coloured, programs to copy.
import { html, useState } from "../html.js";
import { pretty, visible } from "../format.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
/** Longer texts are shown without colours, since each is an element of its own. */
const MAX_COLOURED = 40_000;

/** A value as indented JSON, or a text as it is. */
export function Json({ value, label }) {
  const text = visible(pretty(value));
  const isJson = typeof value !== "string" && text.length <= MAX_COLOURED;
  return html`<pre class="code" tabindex="0" role="region" aria-label=${label}>${isJson ? coloured(text) : text}</pre>`;
}

function coloured(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon] = match;
    const kind = string ? (colon ? "name" : "string") : match[3] ? "word" : "number";
    const shown = string ?? whole;
    parts.push(text.slice(end, match.index), html`<span class=${`json-${kind}`}>${shown}</span>`);
    end = match.index + shown.length;
  }
  return [...parts, text.slice(end)];
}

/** A text in a box, with a button to copy it. */
export const Code = ({ text, label }) => html`
  <div class="snippet">
    <pre class="code" tabindex="0" role="region" aria-label=${label}>${visible(text)}</pre>
    <${CopyButton} text=${text} label=${`Copy ${label}`} />
  </div>
`;

/** A button that copies a text, and says so; `text` may be a function that makes it. */
export function CopyButton({ text, label, children = "Copy", disabled, title }) {
  const [said, say] = useState("");
  const copy = async () => {
    const copied = await copyText(typeof text === "function" ? text() : text);
    say(copied ? "Copied" : "Not copied");
    setTimeout(() => say(""), 1500);
  };
  return html`
    <button type="button" class="button small" aria-label=${said || label} disabled=${disabled} title=${title} onClick=${copy}>
      ${said || children}
    </button>
  `;
}

/** Copy a text; a page that does not come from this machine or by HTTPS has no clipboard, but can copy a selection. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
