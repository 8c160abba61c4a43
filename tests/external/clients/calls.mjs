// Calls of an adapter, in Node or in a page.

// Returns the names by which a program can identify an error: its class and the class below it, if these are more than
// Error, which every error is. One that is nothing but an Error, or an object, is known by its message.
function names(error) {
  const kind = Object.getPrototypeOf(error);
  const classes = [kind, Object.getPrototypeOf(kind)].filter(Boolean).map(({ constructor }) => constructor.name);
  const own = classes.filter((name) => name !== "Error" && name !== "Object");
  return own.length ? own : [`Error: ${error.message}`];
}

// Adds the result of a function to `outcome`, complete or piece by piece as it arrives.
async function gather(answer, outcome) {
  if (!(Symbol.asyncIterator in answer)) return Object.assign(outcome, await answer);
  for await (const piece of answer) for (const [name, value] of Object.entries(piece)) (outcome[name] ??= []).push(value);
}

// Returns the outcome of one call. Pieces of a stream before an error stay in it.
export async function called(adapter, { function: name, arguments: given }) {
  const outcome = {};
  try {
    await gather(adapter[name](given), outcome);
  } catch (error) {
    outcome.error = { names: names(error), message: error.message, ...adapter.described(error) };
  }
  return outcome;
}
