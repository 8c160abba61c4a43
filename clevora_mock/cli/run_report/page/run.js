// The run, as the report's file has it, with what the views need: every value is made once, since nothing changes.
import { plural } from "../../../control/console/format.js";

const EVERYTHING = JSON.parse(document.getElementById("run").textContent);

/** What is known of the run as a whole: version, command, verdict, budget, baseline, notes, and where its requests would go. */
export const run = EVERYTHING.run;

/** Return the sum of dollars, to the micro-dollar. */
export const sum = (amounts) => amounts.reduce((total, amount) => total + Math.round(amount * 1e6), 0) / 1e6;

export const isError = (entry) => entry.status === null || entry.status >= 400;

/** Tell whether a rule or a header had a hand in a request going wrong. */
const isFaulty = (entry) => Boolean(entry.fault) || (entry.rule !== null && isError(entry));

/** The tests of the run; those of a command are its sandboxes. */
export const tests = EVERYTHING.tests.map((test, index) => {
  const findings = new Map();
  for (const finding of test.findings)
    for (const id of finding.requests) findings.set(id, [...(findings.get(id) ?? []), finding]);
  const requests = test.requests.map((entry, place) => ({ ...entry, test: index, place }));
  return {
    ...test,
    index,
    requests,
    findingsOf: (entry) => findings.get(entry.id),
    errors: requests.filter(isError).length,
    faults: requests.filter(isFaulty),
    wasted: sum(test.waste.map((one) => one.dollars)),
    waited: requests.reduce((total, entry) => total + entry.latencyMs, 0),
    isFailed: test.outcome === "failed",
  };
});

/** Return the name of a request that no other has. */
export const keyOf = (entry) => `${entry.test}/${entry.place}`;

/** All requests, in the tests' order. */
export const requests = tests.flatMap((test) => test.requests);

/** Findings by the name of each request. */
export const findingsByRequest = new Map(
  tests.flatMap((test) => test.requests.map((entry) => [keyOf(entry), test.findingsOf(entry)])).filter(([, found]) => found),
);

/** Tell whether a finding is an error; one without a severity is a warning. */
export const isGrave = (finding) => finding.severity === "error";

/** Findings with their tests, errors first. */
export const findings = tests
  .flatMap((test) => test.findings.map((finding) => ({ finding, test })))
  .sort((one, other) => isGrave(other.finding) - isGrave(one.finding));

/** Faults of one kind: rule, fault, status and code, with the requests that got them and how many were asked again. */
export const faults = groupedFaults();

function groupedFaults() {
  const groups = new Map();
  for (const test of tests)
    for (const entry of test.faults) {
      const { rule, fault, status, code } = entry;
      const kind = JSON.stringify([rule, fault, status, code]);
      const group = groups.get(kind) ?? { kind, rule, fault, status, code, entries: [], tests: new Set(), recovered: 0 };
      group.entries.push(entry);
      group.tests.add(test);
      group.recovered += entry.isRecovered;
      groups.set(kind, group);
    }
  return [...groups.values()].sort((one, other) => other.entries.length - one.entries.length);
}

/** Return the groups of all tests together: {name, dollars, requests, tokens}, the most expensive first. */
export function spendBy(grouping) {
  const groups = new Map();
  for (const test of tests)
    for (const { name, dollars, requests: number, tokens } of test.spendBy[grouping]) {
      const group = groups.get(name) ?? { name, dollars: 0, requests: 0, tokens: 0 };
      groups.set(name, { name, dollars: sum([group.dollars, dollars]), requests: group.requests + number, tokens: group.tokens + tokens });
    }
  return [...groups.values()].sort((one, other) => other.dollars - one.dollars);
}

/** Money that was spent in vain, by kind: {kind, dollars, requests}. */
export function wasteByKind() {
  const kinds = new Map();
  for (const { kind, dollars, requests: ids } of tests.flatMap((test) => test.waste)) {
    const one = kinds.get(kind) ?? { kind, dollars: 0, requests: 0 };
    kinds.set(kind, { kind, dollars: sum([one.dollars, dollars]), requests: one.requests + ids.length });
  }
  return [...kinds.values()].sort((one, other) => other.dollars - one.dollars);
}

export const spent = sum(tests.map((test) => test.spent));
export const wasted = sum(tests.map((test) => test.wasted));
export const failed = tests.filter((test) => test.isFailed);

/** The tests' noun: a command has sandboxes. */
export const NOUN = tests.some((test) => test.outcome !== null) ? "test" : "sandbox";
export const NOUNS = { test: "tests", sandbox: "sandboxes" }[NOUN];

/** Return "1 test", "2 tests", "3 sandboxes". */
export const pluralTests = (number) => plural(number, NOUN, NOUNS);

/** Return a test's own name and where it is: tests/test_a.py::test_b is test_b in tests/test_a.py. */
export function partsOf(name) {
  const [file, ...rest] = name.split("::");
  return rest.length ? { own: rest.join(" › "), file } : { own: name, file: "" };
}

/** Return the line of a failure that says most: the first finding, or the first that pytest marks with E, else the last. */
export function reasonOf(test) {
  const lines = (test.failure ?? "").split("\n").filter((line) => line.trim());
  if (/^--clevora-fail-on=/.test(lines[0] ?? "") && lines.length > 1) return lines[1].trim().slice(0, 300);
  return (lines.find((line) => /^E\s/.test(line))?.slice(1) ?? lines.at(-1) ?? "").trim().slice(0, 300);
}
