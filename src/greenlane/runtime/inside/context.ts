// What a function is handed beside its request, and how its file is loaded: the same for visitors' requests and for runs.

export interface Declared {
  name: string;
  file: string;
  path: string[];
  methods: string[];
  schedule: string;
  background: boolean;
  excluded?: string[];
}

// A run of a function that nobody waits for, as the platform began it.
export interface Run {
  id: string;
  attempt: number;
  scheduledFor?: string;
  nextRun?: string;
}

export type Context = Record<string, unknown>;
export type Handler = (request: Request, context: Context) => Response | undefined | Promise<Response | undefined>;

const loaded = new Map<string, Promise<Handler>>();

// The default export: a function, or an object with `fetch`. What failed to load is tried again by the next request.
export function load(one: Declared): Promise<Handler> {
  let found = loaded.get(one.name);
  if (found === undefined) {
    found = import(addressOfFile(one.file)).then(({ default: given }) => {
      if (typeof given === "function") return given;
      if (typeof given?.fetch === "function") return given.fetch.bind(given);
      throw new TypeError(`${one.file} has no function as its default export`);
    });
    found.catch(() => loaded.delete(one.name));
    loaded.set(one.name, found);
  }
  return found;
}

// In words that Deno cannot guess: it looks through every folder that a template of an address may lead to, and reads all
// code there, before anything starts.
function addressOfFile(file: string): string {
  return new URL(file, "file:///app/").href;
}

// Where a request went, as its visitor wrote it.
export function addressOf(request: Request): URL {
  const url = new URL(request.url.replace(/^http\+unix:\/\/[^/]*/, "http://app"));
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host");
  if (host !== null) url.host = host;
  url.protocol = request.headers.get("x-forwarded-proto") ?? "http";
  return url;
}

export interface Made {
  context: Context;
  changes: Headers;
  waiting: Promise<unknown>[];
}

export function contextOf(request: Request, url: URL, params: Record<string, string | undefined>, run?: Run): Made {
  const changes = new Headers();
  const waiting: Promise<unknown>[] = [];
  const context = {
    params,
    cookies: cookiesOf(request, changes),
    identity: identityOf(request),
    geo: undefined, // nobody is located here
    ip: request.headers.get("x-forwarded-for")?.split(",")[0].trim() ?? "",
    requestId: request.headers.get("x-request-id") ?? crypto.randomUUID(),
    site: { name: Deno.env.get("GREENLANE_APP"), url: url.origin },
    deploy: { context: Deno.env.get("GREENLANE_ENVIRONMENT"), id: Deno.env.get("GREENLANE_DEPLOY"), published: true },
    run,
    url,
    waitUntil: (work: Promise<unknown>) => void waiting.push(Promise.resolve(work)),
    json: (value: unknown, init?: ResponseInit) => Response.json(value, init),
    log: console.log,
  };
  return { context, changes, waiting };
}

function cookiesOf(request: Request, changes: Headers) {
  const sent = new Map(
    (request.headers.get("cookie") ?? "").split(";").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }).filter(([name]) => name !== ""),
  );
  const write = (name: string, value: string, more: Record<string, unknown>) => {
    const rest = Object.entries({ path: "/", ...more } as Record<string, unknown>).filter(([, set]) => set !== false && set !== undefined)
      .map(([key, set]) => set === true ? `; ${key}` : `; ${key}=${set instanceof Date ? set.toUTCString() : set}`);
    changes.append("set-cookie", `${name}=${value}${rest.join("")}`);
  };
  return {
    get: (name: string) => sent.get(name),
    set: (given: string | Record<string, unknown>, value?: string) => {
      if (typeof given === "string") return write(given, value ?? "", {});
      const { name, value: inner, ...more } = given as { name: string; value: string };
      write(name, inner, more);
    },
    delete: (given: string | { name: string }) => write(typeof given === "string" ? given : given.name, "", { "max-age": "0" }),
  };
}

// Who visits, as the edge says it in a signed header that no visitor can bring along.
function identityOf(request: Request): unknown {
  const token = request.headers.get("greenlane-identity");
  if (token === null) return null;
  const payload = token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0))));
  } catch {
    return null;
  }
}

Object.assign(globalThis, {
  Netlify: {
    env: {
      get: (name: string) => Deno.env.get(name),
      has: (name: string) => Deno.env.has(name),
      toObject: () => Deno.env.toObject(),
    },
  },
});
