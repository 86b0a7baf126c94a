// One run of a function, in a thread of its own that can be ended: what it prints carries the run's id.

import { addressOf, contextOf, type Declared, load, type Run } from "./context.ts";

export interface Begun {
  one: Declared;
  run: Run;
  params: Record<string, string | undefined>;
  method: string;
  headers: [string, string][];
  target: string;
  body: Uint8Array | null;
}

declare const self: {
  onmessage: ((event: MessageEvent<Begun>) => void) | null;
  postMessage(told: { status: number; why: string }): void;
};

function label(id: string) {
  for (const level of ["log", "info", "debug", "warn", "error"] as const) {
    const print = console[level].bind(console);
    console[level] = (...said: unknown[]) => {
      const text = said.map((one) => typeof one === "string" ? one : Deno.inspect(one)).join(" ");
      for (const line of text.split("\n")) print("%s", `${id} ${line}`);
    };
  }
}

self.onmessage = async ({ data }) => {
  label(data.run.id);
  try {
    const bare = data.method === "GET" || data.method === "HEAD";
    const request = new Request(data.target, {
      method: data.method,
      headers: data.headers,
      body: bare ? undefined : data.body as BodyInit | null,
    });
    const handler = await load(data.one);
    const { context, waiting } = contextOf(request, addressOf(request), data.params, data.run);
    const response = await handler(request, context);
    await response?.body?.pipeTo(new WritableStream());
    for (let done = 0; done < waiting.length; done++) await waiting[done];
    const status = response?.status ?? 204;
    self.postMessage({ status, why: "" });
  } catch (error) {
    console.error(error);
    // the words of an error may hold anything, also a secret; they are in the log, where secrets are masked
    const name = error instanceof Error && /^\w{1,64}$/.test(error.name) ? error.name : "something";
    self.postMessage({ status: 500, why: `It threw ${name}.` });
  }
};
