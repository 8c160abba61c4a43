// Values as text for people. Money comes in dollars, durations in milliseconds, times as RFC 3339 or milliseconds since
// 1970; a time is always the sandbox's, in UTC.

/** Return text with control characters, terminal escapes and marks of direction spelled out, since they would act. */
export function visible(text) {
  return String(text).replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Return dollars with as many decimals as they have, at least two and at most six: $0.0135, -$1,200.00. */
export function dollars(amount) {
  if (amount === null || amount === undefined) return "–";
  const text = Math.abs(amount).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 });
  return `${amount < 0 ? "-" : ""}$${text}`;
}

/** Return an integer with commas, "–" for none. */
export function count(number) {
  return number === null || number === undefined ? "–" : number.toLocaleString("en-US");
}

/** Return a large number in short: 950, 12.3k, 4.1M. */
export function short(number) {
  if (Math.abs(number) >= 1e6) return `${trimmed(number / 1e6)}M`;
  if (Math.abs(number) >= 1e4) return `${trimmed(number / 1e3)}k`;
  return number.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

const trimmed = (number) => number.toFixed(1).replace(/\.0$/, "");

/** Return a duration: 0 ms, 340 ms, 2.4 s, 3 min 5 s. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${trimmed(milliseconds / 1000)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Return a number of bytes: 512 B, 16.0 KiB, 4.0 MiB. */
export function bytes(number) {
  if (number < 1024) return `${number} B`;
  return number < 1024 * 1024 ? `${(number / 1024).toFixed(1)} KiB` : `${(number / 1024 / 1024).toFixed(1)} MiB`;
}

const iso = (time) => new Date(time).toISOString();

/** Return the time of day: 14:00:03.250. */
export const timeOfDay = (time) => iso(time).slice(11, 23);

/** Return date and time: 2026-01-01 14:00:03. */
export const dateTime = (time) => iso(time).slice(0, 19).replace("T", " ");

/** Return the date: 2026-01-01. */
export const date = (time) => iso(time).slice(0, 10);

/** Return "1 request", "2 requests", or with a plural of its own "2 entries". */
export const plural = (number, noun, many = `${noun}s`) => `${count(number)} ${number === 1 ? noun : many}`;

/** Return JSON with two spaces, or the text itself. */
export const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
