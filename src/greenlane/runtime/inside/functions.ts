// Answers requests for an app's functions at one unix socket: finds the function, loads it once, hands the request over.
// A function's default export takes (Request, Context) and returns a Response, as on the web's other platforms.
//
// A request with a Greenlane-Run field is the platform's own: the edge lets no visitor bring one along. It begins a run
// of the function that Greenlane-Function names, or asks after one that was begun, and is answered when the run ends.

import { addressOf, contextOf, type Declared, load, type Run } from "./context.ts";
import type { Begun } from "./run.ts";

interface Ended {
  outcome: "done" | "failed" | "late" | "unknown";
  status: number;
  why: string;
}

const declared: Declared[] = JSON.parse(Deno.env.get("GREENLANE_FUNCTIONS") ?? "[]");
const rehearsal = Deno.args[0]; // another socket, once, so that Deno keeps what it makes of this program for later starts
const socket = rehearsal ?? "/run/app/http.sock";
const remembered = 10 * 60 * 1000; // milliseconds for which the end of a run can be asked for
const longest = 15 * 60; // seconds of a run that nobody gave a time

const routes = declared.flatMap((one) =>
  one.path.map((pathname) => ({ one, match: matcher(pathname), not: (one.excluded ?? []).map(matcher), parts: weight(pathname) }))
).sort((left, right) => right.parts - left.parts);
const runs = new Map<string, Promise<Ended>>();

type Params = Record<string, string | undefined>;

// What a path is matched by: its parameters, or nothing. A path of plain letters matches itself alone and needs no
// pattern: the first one of those takes 2 ms of a start.
function matcher(path: string): (pathname: string) => Params | undefined {
  if (/^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*\/?$/.test(path) && path !== "") return (pathname) => pathname === path ? {} : undefined;
  const pattern = new URLPattern({ pathname: path });
  return (pathname) => pattern.exec({ pathname })?.pathname.groups;
}

// What is fixed counts more than what is named, and what is named more than a star.
function weight(pathname: string): number {
  return pathname.split("/").reduce((sum, part) => sum + (part.includes("*") ? 1 : part.includes(":") ? 2 : 4), 0);
}

// -- runs: nobody waits for them but the platform --------------------------------------------------------------------

function begin(begun: Begun, seconds: number): Promise<Ended> {
  const id = begun.run.id;
  const worker = new Worker(import.meta.resolve("./run.ts"), { type: "module", name: id });
  const ended = new Promise<Ended>((resolve) => {
    const over = setTimeout(() => resolve({ outcome: "late", status: 0, why: "" }), seconds * 1000);
    const end = (told: Ended) => {
      clearTimeout(over);
      resolve(told);
    };
    worker.onmessage = ({ data: { status, why } }) =>
      end({ outcome: why === "" && status < 500 ? "done" : "failed", status, why });
    worker.onerror = (event) => {
      event.preventDefault(); // it ended that run, and no more
      console.error(id, event.message);
      end({ outcome: "failed", status: 500, why: "What it had begun threw later." });
    };
    worker.postMessage(begun);
  });
  ended.then(() => {
    worker.terminate();
    setTimeout(() => runs.delete(id), remembered);
  });
  runs.set(id, ended);
  return ended;
}

async function begunBy(request: Request, url: URL, one: Declared, run: Run): Promise<Begun> {
  const params = routes.filter((route) => route.one === one).map((route) => route.match(url.pathname)).find(Boolean);
  return {
    one,
    run,
    params: params ?? {},
    method: request.method,
    headers: [...request.headers].filter(([name]) => !name.startsWith("greenlane-run")),
    target: url.href,
    body: request.body === null ? null : new Uint8Array(await request.arrayBuffer()),
  };
}

async function answerPlatform(request: Request, id: string): Promise<Response> {
  const known = runs.get(id);
  if (known !== undefined) return Response.json(await known);
  const field = (name: string) => request.headers.get(`greenlane-run-${name}`) ?? undefined;
  const one = declared.find(({ name }) => name === request.headers.get("greenlane-function"));
  if (one === undefined || field("again") !== undefined) {
    return Response.json({ outcome: "unknown", status: 0, why: "" } satisfies Ended);
  }
  const run = { id, attempt: Number(field("attempt") ?? 1), scheduledFor: field("due"), nextRun: field("next") };
  const begun = await begunBy(request, addressOf(request), one, run);
  return Response.json(await begin(begun, Number(field("seconds") ?? longest)));
}

// -- requests of visitors --------------------------------------------------------------------------------------------

async function answer(request: Request): Promise<Response> {
  const run = request.headers.get("greenlane-run");
  if (run !== null) return await answerPlatform(request, run);
  const url = addressOf(request);
  const { pathname } = url;
  const here = routes.map((route) => ({ one: route.one, not: route.not, params: route.match(pathname) }))
    .filter(({ params, not }) => params && !not.some((matches) => matches(pathname)));
  if (here.length === 0) return new Response("No function answers here.\n", { status: 404 });
  const chosen = here.find(({ one }) => one.methods.includes(request.method));
  if (chosen === undefined) {
    const allow = [...new Set(here.flatMap(({ one }) => one.methods))].join(", ");
    return new Response("This function does not answer that method.\n", { status: 405, headers: { allow } });
  }
  if (chosen.one.background) {
    const begun = await begunBy(request, url, chosen.one, { id: `run_${crypto.randomUUID()}`, attempt: 1 });
    begin(begun, longest);
    return new Response(null, { status: 202, headers: { "greenlane-run": begun.run.id } });
  }
  const { context, changes, waiting } = contextOf(request, url, chosen.params!);
  try {
    const handler = await load(chosen.one);
    const body = request.body === null ? undefined : request.body;
    const whole = new Request(url, { method: request.method, headers: request.headers, body, signal: request.signal });
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

const server = Deno.serve({ path: socket, onListen: () => Deno.chmodSync(socket, 0o666) } as Deno.ServeUnixOptions, answer);
// One that is alone is loaded before anybody asks: whoever woke the app is on the way already. Of several, each is loaded
// when it is asked for, so that one whose file never ends keeps none of the others from answering.
if (declared.length === 1) load(declared[0]).catch(() => {}); // tried again by the request, which says why it failed
const stop = () => server.shutdown().then(() => Deno.exit(0)); // what is being answered is answered first
Deno.addSignalListener("SIGTERM", stop);
if (rehearsal !== undefined) {
  const visitor = await Deno.connect({ transport: "unix", path: socket });
  await visitor.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n"));
  for await (const _ of visitor.readable);
  await stop();
}
