// Small marks: statuses, kinds, counts.
import { html } from "../html.js";

/** Return how a status is coloured: "good", "warn" or "bad"; none was sent where a connection broke. */
export function toneOf(status) {
  if (!status || status >= 500) return "bad";
  return status >= 400 ? "warn" : "good";
}

/** A status, such as 200; "none" where the client got no byte. */
export const Status = ({ status }) =>
  html`<span class=${`badge ${toneOf(status)}`}>${status ?? "none"}</span>`;

export const Badge = ({ tone = "plain", title, children }) =>
  html`<span class=${`badge ${tone}`} title=${title}>${children}</span>`;

// Who answered, where that was not the mock: the badge's text, and a sentence.
export const SOURCES = {
  recording: ["recorded", "Answered from a recording."],
  upstream: ["live API", "Answered by the live API."],
};

/** Who answered a request, where that was not the mock. */
export const Source = ({ source }) =>
  SOURCES[source] && html` <${Badge} tone="violet" title=${SOURCES[source][1]}>${SOURCES[source][0]}<//>`;

/** What a view shows where there is nothing yet: a title, a sentence, and perhaps something to do. */
export const Empty = ({ title, children }) => html`
  <div class="empty"><h3>${title}</h3>${children}</div>
`;
