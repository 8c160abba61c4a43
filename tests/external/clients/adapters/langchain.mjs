// LangChain's chat model and embeddings for OpenAI's API.
import { createRequire } from "node:module";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";

const read = createRequire(import.meta.url);

// By default it retries six times, with pauses that add up to one or two minutes.
const connect = ({ base_url, api_key, retries = 2 }) => ({
  configuration: { baseURL: base_url },
  apiKey: api_key,
  maxRetries: retries,
});

const counts = ({ input_tokens, output_tokens, total_tokens }) => ({
  prompt_tokens: input_tokens,
  completion_tokens: output_tokens,
  total_tokens,
});

export const versions = () => ({ versions: [read("@langchain/openai/package.json").version] });

export async function chat({ request, ...server }) {
  const model = new ChatOpenAI({ model: request.model, ...connect(server) });
  const { text, response_metadata, usage_metadata } = await model.invoke(request.messages);
  return { text, finish: response_metadata.finish_reason, usage: counts(usage_metadata) };
}

export async function* stream({ request, ...server }) {
  const model = new ChatOpenAI({ model: request.model, ...connect(server) });
  for await (const { text, response_metadata, usage_metadata } of await model.stream(request.messages)) {
    yield { text };
    if (response_metadata.finish_reason) yield { finish: response_metadata.finish_reason };
    if (usage_metadata) yield { usage: counts(usage_metadata) };
  }
}

export async function embed({ texts, ...server }) {
  const model = new OpenAIEmbeddings({ model: "clevora-embed-1", ...connect(server) });
  return { vectors: await model.embedDocuments(texts) };
}

export const described = ({ status, code }) => ({ status, code });
