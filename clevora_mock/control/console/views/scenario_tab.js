// The scenario: the picker, the active one's rules with their counts and switches, the editor, the match debugger.
import { html, signal, useEffect, useState } from "../html.js";
import { count, visible } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { ask } from "../server.js";
import { attempt, scenario } from "../state.js";
import { Editor } from "./editor.js";
import { MatchDebugger } from "./match_debugger.js";
import { useReading } from "./use_reading.js";

const scenarios = signal([]);
/** The text in the editor, which stays while other views are looked at; null until there is one. */
const draft = signal(null);

export function ScenarioTab({ rest }) {
  useReading([scenario.value?.name], async () => (scenarios.value = (await ask("GET", "/__mock/scenarios")).scenarios));
  if (!scenario.value) return html`<${Empty} title="Reading…" />`;
  return html`
    <div class="columns wide-second">
      <section class="card"><h2>Scenarios</h2><${Picker} /></section>
      <div>
        <section class="card"><${Active} /></section>
        <${EditorCard} />
        <section class="card"><h2>Match debugger</h2><${MatchDebugger} entryId=${rest} draft=${draft.value} /></section>
      </div>
    </div>
  `;
}

const begin = (name) => attempt(() => ask("PUT", "/__mock/scenario", { name }), `Scenario ${name} is active.`);

function Picker() {
  const [search, setSearch] = useState("");
  const active = scenario.value.name;
  const found = scenarios.value.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(search.toLowerCase()));
  return html`
    <input type="search" class="wide" aria-label="Search the scenarios" placeholder="Search scenarios" value=${search} onInput=${(event) => setSearch(event.target.value)} />
    <ul class="picker">
      ${found.map(({ name, description }) => {
        const [happens, finds] = description.split(/(?=Finds )/);
        return html`
          <li key=${name} class=${name === active ? "active" : ""}>
            <div class="picker-head">
              <strong>${visible(name)}</strong>
              ${name === active
                ? html`<${Badge} tone="good">active<//>`
                : html`<button type="button" class="button small" aria-label=${`Start ${name}`} onClick=${() => begin(name)}>Start</button>`}
              <button type="button" class="button small" aria-label=${`Edit ${name}`} onClick=${() => edit(name)}>Edit</button>
            </div>
            <p>${visible(happens)}</p>
            ${finds && html`<p class="dim">${visible(finds)}</p>`}
          </li>
        `;
      })}
    </ul>
  `;
}

async function edit(name) {
  const read = await attempt(() => ask("GET", `/__mock/scenarios/${encodeURIComponent(name)}`));
  if (read) draft.value = read.source;
}

function Active() {
  const { name, description, rules } = scenario.value;
  const isDefault = rules.length === 0;
  const toggle = (rule) => attempt(() => ask("PATCH", "/__mock/scenario", { rules: { [rule.name]: !rule.enabled } }));
  return html`
    <div class="card-head">
      <h2>Active: <bdi>${visible(name)}</bdi></h2>
      <span class="grow"></span>
      <button type="button" class="button small" onClick=${() => begin(name)} title="Its counters begin anew">Start again</button>
      <button type="button" class="button small" disabled=${isDefault} onClick=${() => attempt(() => ask("DELETE", "/__mock/scenario"), "No rules apply.")}>End</button>
    </div>
    <p class="dim">${visible(description)}</p>
    ${rules.length > 0 && html`
      <div class="scroll-x" tabindex="0" role="region" aria-label="Rules">
        <table class="plain rules">
          <thead><tr><th>On</th><th>Rule</th><th class="number">Met</th><th class="number">Applied</th></tr></thead>
          <tbody>
            ${rules.map((rule) => html`
              <tr key=${rule.name} class=${rule.enabled ? "" : "off"}>
                <td><input type="checkbox" class="switch" role="switch" aria-label=${`Rule ${rule.name}`} checked=${rule.enabled} onChange=${() => toggle(rule)} /></td>
                <td><bdi>${visible(rule.name)}</bdi></td>
                <td class="number">${count(rule.met)}</td>
                <td class="number"><strong>${count(rule.applied)}</strong></td>
              </tr>
            `)}
          </tbody>
        </table>
      </div>
    `}
  `;
}

function EditorCard() {
  // Another scenario's text takes the place of one that was not changed.
  useEffect(() => {
    draft.value ??= scenario.value.source;
  }, []);
  const [isValid, setValid] = useState(true);
  const use = () => attempt(() => ask("PUT", "/__mock/scenario", draft.value), "The edited scenario is active.");
  return html`
    <section class="card">
      <div class="card-head">
        <h2>Editor</h2>
        <span class="grow"></span>
        <button type="button" class="button small" onClick=${() => (draft.value = scenario.value.source)}>Load the active one</button>
        <button type="button" class="button small primary" disabled=${!isValid} onClick=${use}>Start this</button>
      </div>
      <${Editor} text=${draft.value ?? ""} onInput=${(text) => (draft.value = text)} onChecked=${setValid} />
    </section>
  `;
}
