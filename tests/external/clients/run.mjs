// Calls one exported function of a module with the JSON arguments on standard input, and prints its result as JSON.
import { text } from "node:stream/consumers";

const [module, name] = process.argv.slice(2);
const functions = await import(module);
console.log(JSON.stringify(await functions[name](JSON.parse(await text(process.stdin)))));
