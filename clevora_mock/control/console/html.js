// The one place that imports the libraries: markup in tagged templates (htm), components (Preact), and values that
// redraw whatever has read them (signals).
//
//     const Greeting = ({ name }) => html`<p class="greeting">Hello ${name}</p>`;
//
// Every value in a template is text or an attribute; nothing is ever parsed as HTML.
import htm from "./lib/htm.js";
import { h, render } from "./lib/preact.js";

export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./lib/hooks.js";
export { batch, computed, effect, signal } from "./lib/signals.js";
export { render };
export const html = htm.bind(h);
