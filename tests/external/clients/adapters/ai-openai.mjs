// The AI SDK with its provider for OpenAI, whose default is the API for responses, which Clevora does not have.
import { createRequire } from "node:module";
import { createOpenAI, VERSION } from "@ai-sdk/openai";
import * as sdk from "ai";
import { z } from "zod";
import { adapt } from "./ai.mjs";

const read = createRequire(import.meta.url);
const provider = ({ base_url, api_key }) => createOpenAI({ baseURL: base_url, apiKey: api_key });

export const versions = () => ({ versions: [read("ai/package.json").version, VERSION] });
export const { chat, stream, embed, described } = adapt(sdk, provider);

export async function native({ request, ...server }) {
  const model = provider(server).chat(request.model);
  const schema = z.object({ name: z.string(), age: z.number().int() });
  const { object } = await sdk.generateObject({ model, messages: request.messages, schema });
  return { object };
}
