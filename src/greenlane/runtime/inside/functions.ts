// Answers requests for an app's functions at one unix socket: finds the function, loads it once, hands the request over.
// A function's default export takes (Request, Context) and returns a Response, as on the web's other platforms.

type Context = Record<string, unknown>;
type Handler = (request: Request, context: Context) => Response | undefined | Promise<Response | undefined>;
interface Declared {
  name: string;
  file: string;
  path: string[];
  methods: string[];
  background: boolean;
}

const declared: Declared[] = JSON.parse(Deno.env.get("GREENLANE_FUNCTIONS") ?? "[]");
const socket = "/run/app/http.sock";
const origin = "http://app";

const routes = declared.flatMap((one) =>
  one.path.map((pathname) => ({ one, pattern: new URLPattern({ pathname }), parts: weight(pathname) }))
).sort((left, right) => right.parts - left.parts);
const loaded = new Map<string, Promise<Handler>>();

// What is fixed counts more than what is named, and what is named more than a star.
function weight(pathname: string): number {
  return pathname.split("/").reduce((sum, part) => sum + (part.includes("*") ? 1 : part.includes(":") ? 2 : 4), 0);
}

function load(one: Declared): Promise<Handler> {
  let found = loaded.get(one.name);
  if (found === undefined) {
    found = import(`file:///app/${one.file}`).then((module) => {
      if (typeof module.default !== "function") throw new TypeError(`${one.file} has no function as its default export`);
      return module.default;
    });
    found.catch(() => loaded.delete(one.name));
    loaded.set(one.name, found);
  }
  return found;
}

function cookiesOf(request: Request, changes: Headers) {
  const sent = new Map(
    (request.headers.get("cookie") ?? "").split(";").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }).filter(([name]) => name !== ""),
  );
  const write = (name: string, value: string, more: Record<string, unknown>) => {
    const rest = Object.entries({ path: "/", ...more }).filter(([, set]) => set !== false && set !== undefined)
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

async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url.replace(/^http\+unix:\/\/[^/]*/, origin));
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host");
  if (host !== null) url.host = host;
  url.protocol = request.headers.get("x-forwarded-proto") ?? "http";
  const pathname = url.pathname;
  const here = routes.map((route) => ({ ...route, match: route.pattern.exec({ pathname }) })).filter(({ match }) => match);
  if (here.length === 0) return new Response("No function answers here.\n", { status: 404 });
  const chosen = here.find(({ one }) => one.methods.includes(request.method));
  if (chosen === undefined) {
    const allow = [...new Set(here.flatMap(({ one }) => one.methods))].join(", ");
    return new Response("This function does not answer that method.\n", { status: 405, headers: { allow } });
  }
  const changes = new Headers();
  const waiting: Promise<unknown>[] = [];
  const context: Context = {
    params: chosen.match!.pathname.groups,
    cookies: cookiesOf(request, changes),
    identity: identityOf(request),
    ip: request.headers.get("x-forwarded-for")?.split(",")[0].trim() ?? "",
    requestId: request.headers.get("x-request-id") ?? crypto.randomUUID(),
    site: { name: Deno.env.get("GREENLANE_APP"), url: url.origin },
    deploy: { context: Deno.env.get("GREENLANE_ENVIRONMENT"), id: Deno.env.get("GREENLANE_DEPLOY"), published: true },
    url,
    waitUntil: (work: Promise<unknown>) => void waiting.push(work),
    json: (value: unknown, init?: ResponseInit) => Response.json(value, init),
    log: console.log,
  };
  try {
    const handler = await load(chosen.one);
    const body = request.body === null ? undefined : request.body;
    const whole = new Request(url, { method: request.method, headers: request.headers, body, signal: request.signal });
    if (chosen.one.background) {
      const kept = new Request(url, { method: request.method, headers: request.headers, body: await request.blob() });
      Promise.resolve(handler(kept, context)).catch((error) => console.error(chosen.one.name, error));
      return new Response(null, { status: 202 });
    }
    const response = (await handler(whole, context)) ?? new Response(null, { status: 204 });
    if (!(response instanceof Response)) throw new TypeError(`${chosen.one.name} returned no Response`);
    if ([...changes].length === 0) return response;
    const headers = new Headers(response.headers);
    for (const [name, value] of changes) headers.append(name, value);
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
  } catch (error) {
    console.error(chosen.one.name, error);
    return new Response("This function failed. Its log says why.\n", { status: 500 });
  } finally {
    Promise.allSettled(waiting).then((all) => all.forEach((one) => one.status === "rejected" && console.error(one.reason)));
  }
}

addEventListener("unhandledrejection", (event) => {
  console.error(event.reason);
  event.preventDefault(); // one request's forgotten promise does not end the others
});

Deno.serve({ path: socket, onListen: () => Deno.chmodSync(socket, 0o666) } as Deno.ServeUnixOptions, answer);
