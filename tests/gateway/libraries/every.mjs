// The three official libraries, told nothing but what their environment tells them: what each says, whole and in a stream.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";

const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const asking = 'What is the weather? <<call look {"city": "Bern"}>>';
const hello = "Say hello, wörld.";

async function ofOpenAI() {
  const client = new OpenAI({ maxRetries: 0 });
  const model = "gpt-5.1";
  const messages = [{ role: "user", content: hello }];
  const whole = await client.chat.completions.create({ model, messages });
  let streamed = "";
  const options = { include_usage: true };
  let usage = null;
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true, stream_options: options })) {
    streamed += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  const tools = [{ type: "function", function: { name: "look", parameters: schema } }];
  const asked = await client.chat.completions.create({ model, messages: [{ role: "user", content: asking }], tools });
  const called = JSON.parse(asked.choices[0].message.tool_calls[0].function.arguments);
  let responded = "";
  for await (const event of await client.responses.create({ model, input: hello, stream: true })) {
    if (event.type === "response.output_text.delta") responded += event.delta;
  }
  const vectors = await client.embeddings.create({ model: "text-embedding-3-small", input: "green" });
  return {
    whole: whole.choices[0].message.content,
    streamed,
    responded,
    called,
    counted: usage.total_tokens > 0,
    numbers: vectors.data[0].embedding.length,
    models: (await client.models.list()).data.length > 0,
  };
}

async function ofAnthropic() {
  const client = new Anthropic({ maxRetries: 0 });
  const asked = { model: "claude-haiku-4-5", max_tokens: 2000, messages: [{ role: "user", content: hello }] };
  const whole = await client.messages.create(asked);
  const streamed = await client.messages.stream(asked).finalText();
  const tools = [{ name: "look", input_schema: schema }];
  const thinking = { type: "enabled", budget_tokens: 1024 };
  const first = { ...asked, tools, thinking, messages: [{ role: "user", content: asking }] };
  const call = await client.messages.stream(first).finalMessage();
  const use = call.content.find((block) => block.type === "tool_use");
  const told = { type: "tool_result", tool_use_id: use.id, content: "Sun." };
  const messages = [...first.messages, { role: "assistant", content: call.content }, { role: "user", content: [told] }];
  const after = await client.messages.create({ ...first, messages });
  const { messages: said, model } = asked;
  return {
    whole: whole.content[0].text,
    streamed,
    called: use.input,
    after: after.content.at(-1).text.includes("Sun."),
    counted: (await client.messages.countTokens({ model, messages: said })).input_tokens === whole.usage.input_tokens,
  };
}

async function ofGoogle() {
  const client = new GoogleGenAI({});
  const model = "gemini-3-flash-preview";
  const whole = await client.models.generateContent({ model, contents: hello });
  let streamed = "";
  for await (const chunk of await client.models.generateContentStream({ model, contents: hello })) streamed += chunk.text ?? "";
  const tools = [{ functionDeclarations: [{ name: "look", parametersJsonSchema: schema }] }];
  const asked = await client.models.generateContent({ model, contents: asking, config: { tools } });
  const vectors = await client.models.embedContent({ model: "gemini-embedding-001", contents: "green" });
  return {
    whole: whole.text,
    streamed,
    called: asked.functionCalls[0].args,
    counted: (await client.models.countTokens({ model, contents: hello })).totalTokens > 0,
    numbers: vectors.embeddings[0].values.length,
  };
}

export async function everything() {
  return { openai: await ofOpenAI(), anthropic: await ofAnthropic(), google: await ofGoogle() };
}
