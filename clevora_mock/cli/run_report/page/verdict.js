// The verdict on the run: failed tests, budgets, and findings about the client.
import { dollars, plural } from "../../../control/console/format.js";
import { failed, findings, isGrave, isOver, pluralTests, run, spent, tests } from "./run.js";

const errors = findings.filter(({ finding }) => isGrave(finding)).length;
const over = tests.filter((test) => test.isOver).length;

/** The reasons for it, the gravest first. */
const reasons = [
  failed.length && ["bad", `${pluralTests(failed.length)} failed`],
  isOver && ["bad", `the run spent ${dollars(spent)}, with a budget of ${dollars(run.budget)}`],
  over && ["bad", `${pluralTests(over)} over budget`],
  errors && ["bad", `${plural(errors, "finding")} about the client ${errors === 1 ? "is an error" : "are errors"}`],
  findings.length > errors && ["warn", `${plural(findings.length - errors, "finding")} about the client ${findings.length - errors === 1 ? "is a warning" : "are warnings"}`],
].filter(Boolean);

const tone = reasons.length ? reasons[0][0] : "good";

/** tone, a word, and a sentence with the reasons. */
export const verdict = {
  tone,
  word: { bad: "Fail", warn: "Warnings", good: "Pass" }[tone],
  reasons: reasons.map(([, text]) => text),
};
