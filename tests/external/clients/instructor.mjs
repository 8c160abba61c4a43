// instructor for Node in its JSON modes, which request an object of a class and validate it.
import Instructor from "@instructor-ai/instructor";
import OpenAI from "openai";
import { z } from "zod/v3";

const response_model = { name: "Person", schema: z.object({ name: z.string(), age: z.number().int() }) };

const create = ({ base_url, api_key, mode, request }, more = {}) =>
  Instructor({ client: new OpenAI({ baseURL: base_url, apiKey: api_key }), mode }).chat.completions.create({
    ...request,
    response_model,
    ...more,
  });

export const whole = create;

export async function streamed(call) {
  let last;
  for await (const part of await create(call, { stream: true })) last = part;
  return last;
}
