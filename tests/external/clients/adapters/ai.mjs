// The provider for servers compatible with OpenAI's API.
export const compatible =
  ({ createOpenAICompatible }) =>
  ({ base_url, api_key }) => {
    const provider = createOpenAICompatible({ name: "clevora", baseURL: base_url, apiKey: api_key });
    return { chat: provider.chatModel, embeddingModel: provider.embeddingModel };
  };

// The AI SDK in the given major version; `provider` makes models for chats and embeddings of a server.
export const adapt = ({ embedMany, generateText, streamText }, provider) => {

  const counts = ({ inputTokens, outputTokens, totalTokens }) => ({
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: totalTokens,
  });

  async function chat({ request, ...server }) {
    const model = provider(server).chat(request.model);
    const { text, finishReason, usage } = await generateText({ model, messages: request.messages });
    return { text, finish: finishReason, usage: counts(usage) };
  }

  async function* stream({ request, ...server }) {
    let refusal;
    const onError = ({ error }) => (refusal = error);
    const model = provider(server).chat(request.model);
    const result = streamText({ model, messages: request.messages, onError });
    for await (const text of result.textStream) yield { text };
    // A cut stream throws, but a refused one ends without a piece; only the callback gets the error.
    if (refusal) throw refusal;
    yield { finish: await result.finishReason, usage: counts(await result.usage) };
  }

  async function embed({ texts, ...server }) {
    const model = provider(server).embeddingModel("clevora-embed-1");
    const { embeddings, usage } = await embedMany({ model, values: texts });
    return { vectors: embeddings, usage: { prompt_tokens: usage.tokens, total_tokens: usage.tokens } };
  }

  // After the last retry, the error contains the last refusal.
  function described(error) {
    const { statusCode, data } = error.lastError ?? error;
    return { status: statusCode, code: data?.error?.code };
  }

  return { chat, stream, embed, described };
};
