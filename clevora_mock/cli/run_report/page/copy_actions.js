// A request as a program, a test or a rule, to copy.
import { html } from "../../../control/console/html.js";
import { asCurl, asPytest, asPython, asRule, isWhole } from "../../../control/console/copy_as.js";
import { CopyButton } from "../../../control/console/parts/code.js";
import { run } from "./run.js";

export function CopyActions({ entry, children }) {
  const isKept = isWhole(entry) && !entry.isCut;
  const title = isKept ? undefined : "The report has only the start of the body.";
  return html`
    <div class="actions">
      <span class="dim">Copy as</span>
      <${CopyButton} label="Copy as curl" disabled=${!isKept} title=${title} text=${() => asCurl(entry, run.target)}>curl<//>
      <${CopyButton} label="Copy as Python" disabled=${!isKept} title=${title} text=${() => asPython(entry, run.target)}>Python<//>
      <${CopyButton} label="Copy as pytest" disabled=${!isKept} title=${title} text=${() => asPytest(entry)}>pytest<//>
      <${CopyButton} label="Copy as scenario rule" text=${() => asRule(entry)}>rule<//>
      ${children}
    </div>
  `;
}
