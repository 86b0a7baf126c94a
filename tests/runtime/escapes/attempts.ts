// What a function tries. Each attempt that comes back with something has escaped; the answer tells of all of them.
type Attempt = () => unknown;
const outside = JSON.parse(Deno.env.get("OUTSIDE")!);
const fs = await import("node:fs");
const net = await import("node:net");
const child = await import("node:child_process");
const os = await import("node:os");

function* attempts(): Generator<[string, Attempt]> {
  const places = [...outside.paths, "/etc/passwd", "/etc/hosts", "/proc/self/environ", "/proc/self/mem", "/proc/self/maps", "/proc/1/environ",
    "/proc/self/status", "/opt/greenlane/functions.ts", "/usr/bin/env", "/dev/mem", "/proc/kcore", "/sys/kernel"];
  for (const path of places) {
    yield [`read ${path}`, () => Deno.readFile(path)];
    yield [`read ${path} through node`, () => fs.readFileSync(path)];
    yield [`look at ${path}`, () => Deno.stat(path)];
    yield [`read ${path} past a link`, () => { const l = `/tmp/l${Math.random()}`; Deno.symlinkSync(path, l); return Deno.readFileSync(l); }];
  }
  for (const path of ["/app/x", "/etc/x", "/usr/x", "/opt/greenlane/functions.ts", "/proc/self/oom_score_adj", "/dev/shm/x"]) {
    yield [`write ${path}`, () => Deno.writeTextFile(path, "x").then(() => true)];
  }
  for (const program of ["sh", "/bin/sh", "/usr/bin/env", "/opt/greenlane/deno", "id"]) {
    yield [`run ${program}`, () => new Deno.Command(program).output()];
    yield [`run ${program} through node`, () => child.execFileSync(program)];
  }
  for (const name of ["libc.so.6", "/usr/lib/x86_64-linux-gnu/libc.so.6"]) {
    yield [`load ${name}`, () => Deno.dlopen(name, { getpid: { parameters: [], result: "i32" } })];
  }
  for (const port of outside.ports) {
    for (const hostname of ["127.0.0.1", "localhost", "0.0.0.0", ...outside.addresses]) {
      yield [`connect ${hostname}:${port}`, () => Deno.connect({ hostname, port })];
      yield [`fetch ${hostname}:${port}`, () => fetch(`http://${hostname}:${port}/`).then((one) => one.ok)];
      yield [`node ${hostname}:${port}`, () => new Promise((good, bad) => { const s = net.connect(port, hostname); s.on("connect", () => good(true)); s.on("error", bad); })];
    }
  }
  for (const hostname of ["169.254.169.254", "10.0.0.1", "1.1.1.1"]) yield [`fetch ${hostname}`, () => fetch(`http://${hostname}/`).then((one) => one.ok)];
  for (const path of outside.sockets) {
    yield [`socket ${path}`, () => Deno.connect({ transport: "unix", path })];
    yield [`socket ${path} through node`, () => new Promise((good, bad) => { const s = net.connect(path); s.on("connect", () => good(true)); s.on("error", bad); })];
  }
  for (const name of ["LD_PRELOAD", "GREENLANE_TOKEN", "SSH_AUTH_SOCK", "OLDPWD", "VIRTUAL_ENV"]) yield [`variable ${name}`, () => Deno.env.get(name)];
  const given = /^(OUTSIDE|GREENLANE_\w+|DATABASE_URL|DENO_DIR|DENO_NO_UPDATE_CHECK|PATH|PWD|HOME|TMPDIR|LANG|\w+_PROXY|\w+_proxy)$/;
  yield ["every variable", () => Object.keys(Deno.env.toObject()).filter((name) => !given.test(name)).join(" ")];
  yield ["the machine's name", () => Deno.hostname()];
  yield ["the machine's addresses", () => Deno.networkInterfaces()];
  yield ["the machine's release", () => Deno.osRelease()];
  yield ["the user", () => Deno.uid()];
  yield ["the user through node", () => os.userInfo()];
  yield ["a name", () => Deno.resolveDns("example.com", "A")];
  yield ["ask for more", () => Deno.permissions.request({ name: "run" }).then((one) => one.state === "granted")];
  yield ["ask for files", () => Deno.permissions.request({ name: "read", path: "/" }).then((one) => one.state === "granted")];
  for (const from of ["https://esm.sh/left-pad", "https://jsr.io/@std/path/mod.ts", "http://127.0.0.1/x.ts", "npm:left-pad", "jsr:@std/path", "file:///etc/passwd"]) {
    yield [`import ${from}`, () => import(from)];
  }
  yield ["a worker with more rights", () => worker("inherit-more")];
  yield ["signal a process", () => Deno.kill(1, "SIGTERM") ?? true];
  yield ["signal a process through node", () => process.kill(1, 0)];
  yield ["watch a folder", () => { const it = Deno.watchFs("/etc"); it.close(); return true; }];
  yield ["link outward", () => { Deno.linkSync("/etc/hosts", "/tmp/hosts"); return true; }];
  yield ["own a file", () => { Deno.chownSync("/tmp", 0, 0); return true; }];
  yield ["an addon", () => { process.dlopen({ exports: {} } as never, "/tmp/a.node"); return true; }];
}

function worker(_kind: string): Promise<unknown> {
  const text = "try { const f = await Deno.readTextFile('/etc/passwd'); postMessage(f); } catch (e) { postMessage(null); }";
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return new Promise((good, bad) => {
    const one = new Worker(url, { type: "module" });
    one.onmessage = (event) => good(event.data);
    one.onerror = (event) => { event.preventDefault(); bad(new Error(event.message)); };
  });
}

export default async (): Promise<Response> => {
  const told: Record<string, string> = {};
  for (const [name, attempt] of attempts()) {
    try {
      const got = await Promise.race([attempt(), new Promise((_, late) => setTimeout(() => late(new Error("late")), 300))]);
      told[name] = got ? `ESCAPED: ${String(got).slice(0, 100)}` : "refused";
    } catch (error) {
      told[name] = `refused: ${(error as Error).name}`;
    }
  }
  return Response.json(told);
};
