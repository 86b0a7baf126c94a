/* Sends what is dropped on a page, or chosen in its file fields, and goes on where it stopped.

   Every file is named by its SHA-256 first; only what the server lacks is sent: small files many at once, large ones in
   pieces. Nothing here is needed: the form works without a script. Text goes in as text, never as markup. */

const AT_ONCE = 3; // requests; a browser has six connections for all its tabs
const LOAD = 250; // files in one request
const SMALL = 1024 * 1024; // bytes; what is larger is sent in pieces
const TRIES = 6;
const FIRST_WAIT = 500; // milliseconds; each next wait is twice as long
const LISTED = 200; // files in the list of each file
const QUIET = 5000; // milliseconds between two announcements
const NOTHING = "0".repeat(64); // stands for the digest of what stays here
const KEY = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY/;

const form = document.querySelector("[data-drop]");
const told = document.getElementById("told");
const heard = document.createElement("p");
heard.className = "unseen";
told?.append(heard);

let saidAt = -QUIET;
let toSay = 0;

/* Tell those who do not see it, once in a while; of several things the last one counts. */
function announce(words) {
  clearTimeout(toSay);
  const wait = Math.max(0, saidAt + QUIET - performance.now());
  toSay = setTimeout(() => {
    saidAt = performance.now();
    if (!heard.isConnected) told?.append(heard);
    heard.textContent = words;
  }, wait);
}

const numbers = new Intl.NumberFormat("en");
const plural = (count, one) => `${numbers.format(count)}\u00a0${one}${count === 1 ? "" : "s"}`;

function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let at = 0;
  while (bytes >= 1000 && at < 3) {
    bytes /= 1000;
    at += 1;
  }
  return `${bytes.toFixed(at && bytes < 100 ? 1 : 0)}\u202f${units[at]}`;
}

/* Something that a person should read: what happened, and what to do. */
class Trouble extends Error {
  constructor(message, next = "") {
    super(message);
    this.next = next;
  }
}

class Away extends Error {}
class Stopped extends Error {}

// -- what was dropped

/* Files by path, what stays at home, and what it is called. One file alone is taken as it is. */
class Collected {
  constructor(rules) {
    this.rules = rules;
    this.files = new Map();
    this.home = [];
    this.called = "";
    this.whole = null;
  }

  get full() {
    return this.files.size > this.rules.files;
  }

  isFolderAside(name) {
    return this.rules.folders.includes(name.toLowerCase());
  }

  add(path, file) {
    const parts = path.split("/");
    const aside = parts.slice(0, -1).findIndex((part) => this.isFolderAside(part));
    if (aside >= 0) this.home.push(`${parts.slice(0, aside + 1).join("/")}/.`);
    else if (!this.full) this.files.set(path, file);
  }

  async walk(entry, path) {
    if (this.full) return;
    if (entry.isFile) {
      this.add(path, await new Promise((resolve, reject) => entry.file(resolve, reject)));
    } else if (this.isFolderAside(entry.name)) {
      this.home.push(`${path}/.`);
    } else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length || this.full) return;
        for (const one of some) await this.walk(one, path ? `${path}/${one.name}` : one.name);
      }
    }
  }

  /* What lies in one folder, without that folder's name. */
  static async dropped(entries, rules) {
    const found = new Collected(rules);
    if (entries.length === 1 && entries[0].isFile) {
      found.whole = await new Promise((resolve, reject) => entries[0].file(resolve, reject));
      found.called = found.whole.name;
    } else if (entries.length === 1) {
      found.called = entries[0].name;
      await found.walk(entries[0], "");
    } else {
      for (const one of entries) await found.walk(one, one.name);
    }
    return found;
  }

  static chosen(files, rules) {
    const found = new Collected(rules);
    if (files.length === 1 && !files[0].webkitRelativePath) {
      [found.whole] = files;
      found.called = found.whole.name;
      return found;
    }
    for (const one of files) {
      const path = one.webkitRelativePath || one.name;
      const inside = path.indexOf("/") + 1;
      if (inside) found.called = path.slice(0, inside - 1);
      found.add(path.slice(inside), one);
    }
    return found;
  }
}

async function digest(file) {
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    throw new Trouble(`${file.name} cannot be read.`, "It changed or went away. Drop it again.");
  }
  const hashed = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hashed, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function staysHome(path, file) {
  const name = path.split("/").pop().toLowerCase();
  if (name === ".env" || name.startsWith(".env.") || name === ".envrc") return true;
  return /\.(pem|key)$/.test(name) && file.size < SMALL && KEY.test(await file.text());
}

// -- one request

function request(method, url, body, signal, progress) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Stopped());
    const http = new XMLHttpRequest();
    const stop = () => http.abort();
    signal.addEventListener("abort", stop, { once: true });
    http.open(method, url);
    if (progress) http.upload.onprogress = (event) => progress(event.loaded, event.total);
    http.onloadend = () => signal.removeEventListener("abort", stop);
    http.onabort = () => reject(new Stopped());
    http.onerror = () => reject(new Away());
    http.onload = () => {
      if (new URL(http.responseURL).pathname.startsWith("/sign-in")) {
        reject(new Trouble("You are signed out.", "Sign in again and drop it once more: what arrived is not sent twice."));
      } else if (http.status >= 500 || http.status === 408 || http.status === 429) {
        reject(new Away());
      } else {
        let sheet = {};
        try {
          sheet = JSON.parse(http.responseText || "{}");
        } catch {
          sheet = { message: "The answer could not be read.", next_step: "Open the page again." };
        }
        resolve({ status: http.status, sheet });
      }
    };
    http.send(body);
  });
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const over = () => {
      clearTimeout(timer);
      window.removeEventListener("online", over);
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const stop = () => reject(new Stopped());
    const timer = setTimeout(over, milliseconds);
    window.addEventListener("online", over, { once: true });
    signal.addEventListener("abort", stop, { once: true });
  });
}

// -- one sending

class Sending {
  constructor(page, collected) {
    this.page = page;
    this.collected = collected;
    this.stopper = new AbortController();
    this.upload = "";
    this.names = new Map(); // digest -> the paths with that content
    this.contents = new Map(); // digest -> file
    this.sent = new Map(); // digest -> bytes
    this.list = null;
  }

  get signal() {
    return this.stopper.signal;
  }

  /* Send everything that is missing. Throws Trouble, Away when the line stays broken, Stopped. */
  async run() {
    const { page } = this;
    if (!this.list) await this.name();
    page.says(`Asking what is missing of ${this.what()}`);
    const lacking = await this.ask("POST", "/new/uploads", JSON.stringify({ ...this.list, again: this.upload || page.again }));
    this.upload = lacking.upload;
    page.begun(this);
    for (const sha of this.contents.keys()) this.sent.set(sha, this.contents.get(sha).size);
    for (const sha of lacking.missing) this.sent.set(sha, lacking.begun[sha] ?? 0);
    page.says(`Sending ${this.what()}`);
    page.listed(this);
    page.moved(this);
    const tasks = this.tasks(lacking);
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let task = tasks.shift(); task; task = tasks.shift()) await task();
    }));
    page.moved(this);
    page.says("Everything has arrived");
  }

  what() {
    const { whole, files, called } = this.collected;
    return whole ? whole.name : `${plural(files.size, "file")}${called ? ` of ${called}` : ""}`;
  }

  /* The list for the server. What is too much is refused by the server in its own words, before anything is read. */
  async name() {
    const { whole, files, home, rules } = this.collected;
    if (whole) {
      const sha256 = whole.size > rules.total ? NOTHING : await this.content(whole.name, whole);
      this.list = { archive: { sha256, size: whole.size, name: whole.name } };
      return;
    }
    const list = {};
    const total = [...files.values()].reduce((sum, file) => sum + file.size, 0);
    const tooMuch = files.size > rules.files || total > rules.total;
    const waiting = [...files];
    let done = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        const [path, file] = one;
        if (this.signal.aborted) throw new Stopped();
        const unread = tooMuch || file.size > rules.file;
        if (!unread && (await staysHome(path, file))) {
          this.page.keeps(path, file);
          if (/(^|\/)\.env/i.test(path)) list[path] = { sha256: NOTHING, size: 0 };
        } else {
          list[path] = { sha256: unread ? NOTHING : await this.content(path, file), size: file.size };
        }
        done += 1;
        if (done % 50 === 0) this.page.says(`Reading ${plural(files.size, "file")}: ${numbers.format(done)} done`);
      }
    }));
    for (const path of new Set(home)) list[`${path.slice(0, -1)}all-of-it`] = { sha256: NOTHING, size: 0 };
    this.list = { files: list };
  }

  async content(path, file) {
    const sha = await digest(file);
    this.contents.set(sha, file);
    this.names.set(sha, [...(this.names.get(sha) ?? []), path]);
    return sha;
  }

  tasks(lacking) {
    const tasks = [];
    let load = [];
    let bytes = 0;
    const close = () => {
      if (load.length) tasks.push(this.loading(load));
      load = [];
      bytes = 0;
    };
    for (const sha of lacking.missing) {
      const file = this.contents.get(sha);
      if (file.size > SMALL) {
        tasks.push(() => this.pieces(sha, file));
        continue;
      }
      if (load.length === LOAD || bytes + file.size > this.collected.rules.piece) close();
      load.push(sha);
      bytes += file.size;
    }
    close();
    return tasks;
  }

  loading(digests) {
    return async () => {
      const body = new FormData();
      for (const sha of digests) body.append(sha, this.contents.get(sha), "blob");
      await this.ask("POST", `/new/${this.upload}/files`, body, (loaded, total) => {
        const all = digests.reduce((sum, sha) => sum + this.contents.get(sha).size, 0);
        let left = total ? (loaded / total) * all : 0;
        for (const sha of digests) {
          const whole = this.contents.get(sha).size;
          this.sent.set(sha, Math.min(whole, left));
          left = Math.max(0, left - whole);
        }
        this.page.moved(this);
      });
    };
  }

  async pieces(sha, file) {
    const { piece } = this.collected.rules;
    let start = this.sent.get(sha);
    while (start < file.size) {
      const from = start;
      const address = `/new/${this.upload}/files/${sha}?from=${from}`;
      const body = file.slice(from, from + piece);
      const answer = await this.again(() => request("PUT", address, body, this.signal, (loaded) => {
        this.sent.set(sha, from + loaded);
        this.page.moved(this);
      }));
      if (answer.status === 409) {
        // a part of the piece had arrived when the line broke: go on from there
        const lacking = await this.ask("POST", "/new/uploads", JSON.stringify({ ...this.list, again: this.upload }));
        start = lacking.missing.includes(sha) ? (lacking.begun[sha] ?? 0) : file.size;
      } else {
        this.fine(answer);
        start = Math.min(file.size, from + piece);
      }
      this.sent.set(sha, start);
      this.page.moved(this);
    }
  }

  async ask(method, url, body, progress) {
    return this.fine(await this.again(() => request(method, url, body, this.signal, progress)));
  }

  fine({ status, sheet }) {
    if (status >= 400) throw new Trouble(sheet.message ?? "That did not work.", sheet.next_step);
    return sheet;
  }

  /* Try again when the line breaks, with longer and longer waits, and at once when the browser is online again. */
  async again(once) {
    for (let tried = 1; ; tried += 1) {
      try {
        const answer = await once();
        this.page.wentOn();
        return answer;
      } catch (error) {
        if (!(error instanceof Away) || tried === TRIES) throw error;
        this.page.interrupted();
        await pause(FIRST_WAIT * 2 ** (tried - 1) * (0.7 + Math.random() * 0.6), this.signal);
      }
    }
  }
}

// -- the page

class Page {
  constructor(place) {
    const part = (name) => place.querySelector(`[data-${name}]`);
    this.form = place;
    this.rules = JSON.parse(place.dataset.drop);
    this.app = place.dataset.app;
    this.asks = Boolean(place.dataset.asks);
    this.place = part("sending");
    this.line = part("sending-says");
    this.figures = part("sending-figures");
    this.bar = part("sending-bar");
    this.wrong = part("sending-wrong");
    this.why = part("sending-why");
    this.stop = part("sending-stop");
    this.on = part("sending-on");
    this.each = part("sending-each");
    this.rows = part("sending-files");
    this.found = document.getElementById("found");
    this.sending = null;
    this.pressed = false;
    this.frame = 0;
    this.row = new Map();
    this.ready();
  }

  ready() {
    const { form: place } = this;
    const says = place.querySelector("[data-drop-says]");
    if (says) says.hidden = !matchMedia("(pointer: fine)").matches;
    for (const one of place.querySelectorAll("[data-drop-else]")) one.hidden = false;
    document.addEventListener("dragover", (event) => this.over(event));
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) delete document.documentElement.dataset.dragging;
    });
    document.addEventListener("drop", (event) => this.drop(event));
    for (const field of place.querySelectorAll("input[type=file]")) {
      field.addEventListener("change", () => this.asks && field.files.length && this.take(field));
    }
    place.addEventListener("submit", (event) => this.submit(event));
    place.addEventListener("input", (event) => {
      event.target.dataset.typed = "yes";
    });
    place.addEventListener("click", (event) => {
      if (event.target.closest("[data-no]") && place.elements.app) this.isNew(event);
    });
    this.stop.addEventListener("click", () => this.cancel());
    this.on.addEventListener("click", () => this.go());
    window.addEventListener("beforeunload", (event) => {
      if (this.sending && !this.leaving) event.preventDefault();
    });
    document.addEventListener("htmx:after:swap", () => this.came());
    document.addEventListener("told", (event) => {
      const line = document.querySelector("[data-going-says]");
      const words = event.detail?.data;
      if (!line || !words) return;
      line.textContent = words;
      announce(words);
    });
  }

  get again() {
    return this.form.dataset.upload || sessionStorage.getItem(`upload ${location.pathname}`) || "";
  }

  over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    document.documentElement.dataset.dragging = "yes";
  }

  async drop(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    delete document.documentElement.dataset.dragging;
    const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...event.dataTransfer.files];
    if (!files.length || this.sending) return;
    this.open("Reading what you dropped");
    try {
      const whole = entries.length === files.length;
      this.start(whole ? await Collected.dropped(entries, this.rules) : Collected.chosen(files, this.rules));
    } catch {
      this.failed(new Trouble("This cannot be read.", "Look whether your browser may open it, and drop it again."));
    }
  }

  take(field) {
    const files = [...field.files];
    field.value = "";
    if (!this.sending) this.start(Collected.chosen(files, this.rules));
  }

  /* The button of a form: it waits for what is on its way; without anything there is nothing to make. */
  submit(event) {
    const hold = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (this.sending) {
      hold();
      this.pressed = true;
      this.figures.textContent = "The preview is made as soon as everything is here.";
      return;
    }
    if (this.leaving) return;
    const field = [...this.form.querySelectorAll("input[type=file]")].find((one) => one.files.length);
    if (field) {
      hold();
      this.pressed = true;
      this.take(field);
    } else if (this.form.enctype === "multipart/form-data" && !event.submitter?.formAction.includes("/new/upl_")) {
      hold();
      this.open("Nothing is chosen yet");
      this.failed(new Trouble("Nothing is here yet.", "Drop a folder, a zip or an HTML file, or choose one."), "#drop-file");
    }
  }

  open(words) {
    this.place.hidden = false;
    this.wrong.hidden = true;
    this.on.hidden = true;
    this.stop.hidden = false;
    this.each.hidden = true;
    this.bar.hidden = false;
    this.bar.removeAttribute("value");
    this.figures.textContent = "";
    this.says(words);
    this.place.scrollIntoView({ block: "nearest" });
  }

  start(collected) {
    this.open("Reading what you chose");
    this.found?.replaceChildren();
    this.sending = new Sending(this, collected);
    this.go();
  }

  async go() {
    const { sending } = this;
    this.wrong.hidden = true;
    this.on.hidden = true;
    this.stop.hidden = false;
    try {
      await sending.run();
      await this.look(sending);
    } catch (error) {
      if (error instanceof Stopped) return;
      sending.stopper.abort();
      if (error instanceof Away) {
        sending.stopper = new AbortController();
        this.says("Sending was interrupted");
        this.tell("The connection broke, and trying again did not help.", "What arrived is kept. Go on when you are online.");
        this.stop.hidden = true;
        this.on.hidden = false;
        this.on.focus();
      } else if (error instanceof Trouble) {
        this.sending = null;
        this.failed(error);
      } else {
        this.sending = null;
        throw error;
      }
    }
  }

  /* Everything is there: let it be looked at, and show what was found or go where it leads. */
  async look(sending) {
    const called = encodeURIComponent(sending.collected.called);
    this.figures.textContent = "It is being looked at.";
    await sending.ask("POST", `/new/${sending.upload}/look?called=${called}`);
    sessionStorage.removeItem(`upload ${location.pathname}`);
    this.stop.hidden = true;
    const pressed = this.pressed;
    this.sending = null;
    if (this.app) {
      this.send(sending, { for: this.app });
    } else if (!this.asks) {
      this.leaving = true;
      location.assign(`/new/${sending.upload}?called=${called}`);
    } else {
      this.figures.textContent = "";
      this.form.action = `/new/${sending.upload}`;
      this.form.enctype = "application/x-www-form-urlencoded";
      this.form.dataset.upload = "";
      this.form.elements.called.value = sending.collected.called;
      this.pressed = pressed;
      await htmx.ajax("GET", `/new/${sending.upload}?called=${called}`, { target: "#found", swap: "innerHTML" });
    }
  }

  /* A plain form, filled in and sent. */
  send(sending, more) {
    this.leaving = true;
    const answer = document.createElement("form");
    answer.method = "post";
    answer.action = `/new/${sending.upload}`;
    const typed = { called: sending.collected.called, key: this.form.elements.key.value, ...more };
    for (const [name, value] of Object.entries(typed)) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      answer.append(field);
    }
    document.body.append(answer);
    answer.submit();
  }

  /* What was found came in: fill in what was guessed, unless it was typed. */
  came() {
    const refused = this.found?.querySelector("[data-refused]");
    const guess = this.found?.querySelector("[data-guess]");
    if (refused) {
      this.pressed = false;
      this.place.hidden = true;
      this.form.action = "/new";
      this.form.enctype = "multipart/form-data";
      refused.focus();
    }
    if (!guess) return;
    this.bar.hidden = true;
    this.line.textContent = "";
    this.each.open = false;
    for (const [name, value] of [["app", guess.dataset.app], ["title", guess.dataset.title]]) {
      const field = this.form.elements[name];
      if (field && !(field.dataset.typed && field.value)) field.value = value;
    }
    announce(guess.innerText.split("\n")[0]);
    if (this.pressed && !this.found.querySelector(".asked")) {
      this.pressed = false;
      this.leaving = true;
      this.form.requestSubmit();
    }
    this.pressed = false;
  }

  /* It is no new version of anything: the question goes, and nothing that was typed is lost. */
  isNew(event) {
    event.preventDefault();
    const answer = document.createElement("input");
    answer.type = "hidden";
    answer.name = "new";
    answer.value = "yes";
    this.form.append(answer);
    this.found.querySelector(".asked").remove();
    this.form.elements.title.focus();
  }

  // what a sending tells

  says(words) {
    this.line.textContent = words;
    announce(words);
  }

  begun(sending) {
    if (this.asks) {
      const called = encodeURIComponent(sending.collected.called);
      history.replaceState(null, "", `/new/${sending.upload}?called=${called}`);
      this.form.dataset.upload = sending.upload;
    } else {
      sessionStorage.setItem(`upload ${location.pathname}`, sending.upload);
    }
  }

  keeps(path, file) {
    const name = document.createElement("bdi");
    name.textContent = path;
    const why = document.createElement("span");
    why.textContent = "stays on your computer";
    const row = document.createElement("li");
    row.append(name, why);
    this.rows.append(row);
    if (path === ".env") file.text().then((text) => this.offers(text, why));
  }

  offers(text, line) {
    const found = [...text.matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/gm)].map((one) => one[1]);
    if (found.length) line.textContent = `stays on your computer; it names ${found.slice(0, 20).join(", ")}`;
  }

  listed(sending) {
    const paths = [...sending.names].flatMap(([sha, names]) => names.map((name) => [name, sha]));
    this.row.clear();
    for (const row of this.rows.querySelectorAll("[data-sent]")) row.remove();
    for (const [path, sha] of paths.slice(0, LISTED)) {
      const name = document.createElement("bdi");
      name.textContent = path;
      const far = document.createElement("span");
      const row = document.createElement("li");
      row.dataset.sent = "yes";
      row.append(name, far);
      this.rows.append(row);
      this.row.set(path, { far, sha });
    }
    if (paths.length > LISTED) {
      const rest = document.createElement("li");
      rest.dataset.sent = "yes";
      rest.textContent = `and ${numbers.format(paths.length - LISTED)} more`;
      this.rows.append(rest);
    }
    this.each.hidden = !this.rows.children.length;
  }

  moved(sending) {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      let bytes = 0;
      let total = 0;
      let files = 0;
      for (const [sha, file] of sending.contents) {
        const sent = sending.sent.get(sha) ?? 0;
        bytes += sent;
        total += file.size;
        files += sent >= file.size ? 1 : 0;
      }
      this.bar.max = Math.max(1, total);
      this.bar.value = total ? bytes : 1;
      const count = sending.contents.size > 1 ? `${numbers.format(files)} of ${plural(sending.contents.size, "file")}, ` : "";
      if (!this.pressed) this.figures.textContent = `${count}${size(bytes)} of ${size(total)}`;
      for (const { far, sha } of this.row.values()) {
        const whole = sending.contents.get(sha).size;
        const sent = sending.sent.get(sha) ?? 0;
        const words = sent >= whole ? "is there" : sent ? `${Math.floor((sent / whole) * 100)}\u202f%` : "waits";
        if (far.textContent !== words) far.textContent = words;
      }
      if (total && bytes < total) announce(`${Math.floor((bytes / total) * 100)} percent sent`);
    });
  }

  interrupted() {
    this.tell("The connection is interrupted.", "Trying again by itself. Nothing that arrived is sent twice.");
  }

  wentOn() {
    this.wrong.hidden = true;
  }

  tell(message, next) {
    this.wrong.hidden = false;
    this.why.textContent = [message, next].filter(Boolean).join(" ");
    announce(this.why.textContent);
  }

  failed(error, focus) {
    this.says("Not taken");
    this.tell(error.message, error.next);
    this.bar.hidden = true;
    this.stop.hidden = true;
    this.figures.textContent = "";
    this.pressed = false;
    if (focus) this.form.querySelector(focus)?.focus();
  }

  cancel() {
    this.sending?.stopper.abort();
    this.sending = null;
    this.pressed = false;
    this.bar.hidden = true;
    this.stop.hidden = true;
    this.wrong.hidden = true;
    this.figures.textContent = "Drop the same again to go on: what arrived is not sent twice.";
    this.says("Stopped");
    this.form.querySelector("#drop-file")?.focus();
  }
}

/* Names by digest need a page that was sent safely (TLS, or this very machine); elsewhere the plain form sends. */
if (form?.querySelector("[data-sending]") && globalThis.crypto?.subtle) new Page(form);
