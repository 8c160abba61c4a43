// OpenAI's SDK, in the given major version.
export const adapt = (OpenAI) => {
  // The option lets a page have the key; elsewhere it changes nothing.
  const connect = ({ base_url, api_key }) =>
    new OpenAI({ baseURL: base_url, apiKey: api_key, dangerouslyAllowBrowser: true });

  async function chat({ request, ...server }) {
    const { choices: [choice], usage } = await connect(server).chat.completions.create(request);
    return { text: choice.message.content, finish: choice.finish_reason, usage };
  }

  async function* stream({ request, ...server }) {
    for await (const chunk of await connect(server).chat.completions.create({ ...request, stream: true })) {
      const { choices: [choice], usage } = chunk;
      yield { text: choice.delta.content ?? "" };
      if (choice.finish_reason) yield { finish: choice.finish_reason };
      if (usage) yield { usage };
    }
  }

  async function embed({ texts, ...server }) {
    const { data, usage } = await connect(server).embeddings.create({ model: "clevora-embed-1", input: texts });
    return { vectors: data.map((one) => Array.from(one.embedding)), usage };
  }

  const described = ({ status, code }) => ({ status, code });

  return { chat, stream, embed, described };
};
