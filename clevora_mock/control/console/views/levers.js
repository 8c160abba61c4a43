// Levers: what changes how the sandbox behaves. Each tab is a file of its own.
import { html } from "../html.js";
import { place } from "../state.js";
import { AccountsTab } from "./accounts_tab.js";
import { ClockTab } from "./clock_tab.js";
import { SandboxTab } from "./sandbox_tab.js";
import { ScenarioTab } from "./scenario_tab.js";

const TABS = [
  { name: "scenario", label: "Scenario", tab: ScenarioTab },
  { name: "clock", label: "Clock", tab: ClockTab },
  { name: "accounts", label: "Accounts and keys", tab: AccountsTab },
  { name: "sandbox", label: "Sandbox", tab: SandboxTab },
];

export function LeversView() {
  const [name, rest] = place.value.rest;
  const found = TABS.find((tab) => tab.name === name) ?? TABS[0];
  return html`
    <div class="view">
      <div class="view-head"><h1>Levers</h1></div>
      <nav class="tabs" aria-label="Levers">
        ${TABS.map(({ name, label }) => html`<a href=${`#/levers/${name}`} aria-current=${name === found.name ? "page" : undefined}>${label}</a>`)}
      </nav>
      <${found.tab} rest=${rest} />
    </div>
  `;
}
