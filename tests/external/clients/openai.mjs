// Programs with OpenAI's SDK for Node; only the base URL and the key are set.
import OpenAI from "openai";

const connect = (options) =>
  new OpenAI({ baseURL: process.env.CLEVORA_BASE_URL, apiKey: process.env.CLEVORA_API_KEY, ...options });

export async function chat({ request }) {
  const { data, response, request_id } = await connect().chat.completions.create(request).withResponse();
  return { answer: data, requestId: request_id, contentType: response.headers.get("content-type") };
}

export async function stream({ request }) {
  const chunks = [];
  for await (const chunk of await connect().chat.completions.create({ ...request, stream: true })) chunks.push(chunk);
  return chunks;
}

export async function helper({ request }) {
  const told = connect().chat.completions.stream(request);
  let deltas = 0;
  told.on("content", () => deltas++);
  return { final: await told.finalChatCompletion(), deltas };
}

export async function leave({ request, chunks }) {
  const stream = await connect().chat.completions.create({ ...request, stream: true });
  const read = [];
  for await (const chunk of stream) {
    read.push(chunk);
    if (read.length === chunks) break;
  }
  return read;
}

export async function embed({ input, encoding }) {
  const request = { model: "clevora-embed-1", input };
  if (encoding) request.encoding_format = encoding;
  const answer = await connect().embeddings.create(request);
  return { ...answer, data: answer.data.map((one) => ({ ...one, embedding: Array.from(one.embedding) })) };
}

// Returns the error of a request, with its classes.
export async function fail({ path, method = "post", body, options }) {
  try {
    return { answer: await connect(options)[method](path, { body }) };
  } catch (error) {
    return {
      class: error.constructor.name,
      isApiError: error instanceof OpenAI.APIError,
      status: error.status,
      code: error.code,
      type: error.type,
      error: error.error,
      requestId: error.requestID,
    };
  }
}
