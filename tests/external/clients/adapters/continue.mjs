// The adapter for OpenAI's API of Continue, the editors' assistant.
import { createRequire } from "node:module";
import { constructLlmApi } from "@continuedev/openai-adapters";

const read = createRequire(import.meta.url);
const connect = ({ base_url, api_key }) =>
  constructLlmApi({ provider: "openai", apiBase: base_url, apiKey: api_key });
const { signal } = new AbortController();

export const versions = () => ({ versions: [read("@continuedev/openai-adapters/package.json").version] });

export async function chat({ request, ...server }) {
  const { choices: [choice], usage } = await connect(server).chatCompletionNonStream(request, signal);
  return { text: choice.message.content, finish: choice.finish_reason, usage };
}

export async function* stream({ request, ...server }) {
  for await (const chunk of connect(server).chatCompletionStream({ ...request, stream: true }, signal)) {
    const { choices: [choice], usage } = chunk;
    yield { text: choice.delta.content ?? "" };
    if (choice.finish_reason) yield { finish: choice.finish_reason };
    if (usage) yield { usage };
  }
}

export async function embed({ texts, ...server }) {
  const { data, usage } = await connect(server).embed({ model: "clevora-embed-1", input: texts });
  return { vectors: data.map((one) => Array.from(one.embedding)), usage };
}

export const described = ({ status, code }) => ({ status, code });
