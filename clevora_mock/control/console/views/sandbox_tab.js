// The sandbox: reset, export, import, addresses, and the other sandboxes.
import { html, signal, useState } from "../html.js";
import { count, dateTime, dollars, visible } from "../format.js";
import { Code } from "../parts/code.js";
import { ask, BASE, MOUNT, ROOT } from "../server.js";
import { attempt, consoleOf, entries, health, home, resets, sandboxName } from "../state.js";
import { useReading } from "./use_reading.js";

const sandboxes = signal([]);
const NAME = "[a-z0-9][a-z0-9\\-]{0,62}";

const readSandboxes = async () => (sandboxes.value = (await ask("GET", "/__mock/sandboxes")).sandboxes);

export function SandboxTab() {
  useReading([entries.value, resets.value], readSandboxes);
  return html`
    <div class="columns">
      <div>
        <section class="card"><h2>This sandbox</h2><${Addresses} /></section>
        <section class="card"><h2>Reset</h2><${Reset} /></section>
        <section class="card"><h2>Export and import</h2><${Files} /></section>
      </div>
      <section class="card"><h2>Sandboxes</h2><${Switcher} /></section>
    </div>
  `;
}

const LINKS = [["/openapi.json", "The API as OpenAPI"], ["/__mock/openapi.json", "The control plane as OpenAPI"], ["/docs/llms", "The API for coding agents"]];

const Addresses = () => html`
  <${Code} label="variables" text=${`export CLEVORA_BASE_URL=${BASE}\nexport CLEVORA_API_KEY=${home.value?.apiKey ?? ""}`} />
  ${health.value && html`
    <dl class="facts">
      <dt>Sandbox</dt><dd>${sandboxName}</dd>
      <dt>Version</dt><dd>${health.value.version}</dd>
      <dt>Seed</dt><dd>${String(health.value.seed)}</dd>
      <dt>Firebase project</dt><dd>${health.value.firebaseProject}</dd>
      ${health.value.server && html`<dt>Server</dt><dd>${health.value.server}</dd>`}
    </dl>
  `}
  <p class="links">${LINKS.map(([path, text]) => html`<a href=${ROOT + path} target="_blank" rel="noopener">${text}</a> `)}</p>
`;

const PARTS = [
  ["journal", "The requests go; money, keys and scenario stay."],
  ["ledger", "Money, usage, limits and checkouts begin anew."],
  ["scenario", "The scenario of the server's start, with counters at zero."],
];

function Reset() {
  const [isAsking, askFirst] = useState(false);
  const reset = (only) => attempt(() => ask("POST", "/__mock/reset", only ? { only } : {}));
  return html`
    <ul class="actions-list">
      ${PARTS.map(([part, text]) => html`<li><button type="button" class="button small" onClick=${() => reset(part)}>Reset the ${part}</button> <span class="dim">${text}</span></li>`)}
      <li>
        ${isAsking
          ? html`<button type="button" class="button small danger" onClick=${() => (askFirst(false), reset())}>Yes, reset everything</button>
                 <button type="button" class="button small" onClick=${() => askFirst(false)}>No</button>`
          : html`<button type="button" class="button small danger" onClick=${() => askFirst(true)}>Reset everything</button> <span class="dim">Back to the sandbox's start.</span>`}
      </li>
    </ul>
  `;
}

function Files() {
  const save = () =>
    attempt(async () => {
      const state = await ask("GET", "/__mock/state");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([JSON.stringify(state)], { type: "application/json" }));
      link.download = `${sandboxName}.json`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  const load = (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) attempt(async () => ask("PUT", "/__mock/state", await file.text()), `${visible(file.name)} is imported.`);
  };
  return html`
    <div class="row">
      <button type="button" class="button" onClick=${save}>Export the state</button>
      <label class="button">Import a state<input type="file" class="hidden" accept="application/json,.json" onChange=${load} /></label>
    </div>
    <p class="dim">A file of the whole sandbox, without keys and secrets: <code>GET /__mock/state</code>.</p>
  `;
}

function Switcher() {
  const [name, setName] = useState("");
  const open = (event) => {
    event.preventDefault();
    location.href = consoleOf(name);
  };
  const remove = (one) =>
    attempt(async () => {
      const answer = await fetch(`${MOUNT}/sandbox/${one}`, { method: "DELETE" });
      if (!answer.ok) throw new Error(`${one} cannot be removed.`);
      await readSandboxes();
    }, `${one} is removed.`);
  return html`
    <ul class="picker">
      ${sandboxes.value.map((one) => html`
        <li key=${one.name} class=${one.name === sandboxName ? "active" : ""}>
          <div class="picker-head">
            <a href=${consoleOf(one.name)} aria-current=${one.name === sandboxName ? "true" : undefined}><strong>${one.name}</strong></a>
            <span class="grow"></span>
            <span class="dim">${count(one.requests)} requests · ${dollars(one.spend)}</span>
            ${one.name !== "default" && one.name !== sandboxName && html`<button type="button" class="button small" aria-label=${`Remove ${one.name}`} onClick=${() => remove(one.name)}>Remove</button>`}
          </div>
          <p class="dim">${visible(one.scenario)}${one.lastUsed && ` · last used ${dateTime(one.lastUsed)}`}</p>
        </li>
      `)}
    </ul>
    <form class="row" onSubmit=${open}>
      <label class="field"><span>Another sandbox</span><input required pattern=${NAME} placeholder="letters, digits, dashes" value=${name} onInput=${(event) => setName(event.target.value)} /></label>
      <button class="button">Open</button>
    </form>
  `;
}
