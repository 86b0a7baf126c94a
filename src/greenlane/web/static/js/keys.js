/* Keys, the palette, and the count of what waits. Each has a way without a script: links, /palette, and the next page.
   A key moves the focus or opens something. None decides. */

import { say } from "./console.js";

const OFF = "__Host-greenlane-keys"; // the account page sets the same cookie without a script
const EVERY = 30_000; // milliseconds between two looks at the count
const THEN = 1_500; // milliseconds within which the second letter comes

const palette = document.getElementById("palette");
const typed = document.getElementById("palette-q");
const found = document.getElementById("palette-found");
const keys = document.getElementById("keys");

/* -- the palette: a combobox with a listbox, as the ARIA Authoring Practices have it. -- */

const options = () => [...found.querySelectorAll("a[role=option]")];

function choose(place) {
  const all = options();
  for (const one of all) one.setAttribute("aria-selected", "false");
  const chosen = all[(place + all.length) % all.length];
  if (!chosen) {
    typed.removeAttribute("aria-activedescendant");
    return;
  }
  chosen.setAttribute("aria-selected", "true");
  chosen.scrollIntoView({ block: "nearest" });
  typed.setAttribute("aria-activedescendant", chosen.id);
}

const chosen = () => options().findIndex((one) => one.getAttribute("aria-selected") === "true");

function open() {
  if (palette.open) return;
  if (keys.open) keys.close();
  palette.showModal();
  typed.select();
  typed.dispatchEvent(new CustomEvent("look"));
}

typed?.addEventListener("keydown", (event) => {
  const moves = { ArrowDown: () => chosen() + 1, ArrowUp: () => chosen() - 1 };
  if (event.key in moves) {
    event.preventDefault();
    choose(moves[event.key]());
  } else if (event.key === "Enter" && chosen() >= 0) {
    event.preventDefault();
    location.assign(options()[chosen()].href);
  }
});
document.addEventListener("htmx:after:swap", () => {
  if (palette?.open) choose(0);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-palette]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});

/* -- keys -- */

const off = () => document.cookie.split("; ").includes(`${OFF}=off`);

const writing = (one) => one.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(one.tagName);

const ROOMS = { a: "/", i: "/inbox", l: "/ledger", p: "/people" };
let going = 0;

/* The next row, or the one before; on a card the link to the next card. */
function step(key) {
  const link = document.querySelector(`a[data-key="${key}"]`);
  if (link) return link.click();
  const rows = [...document.querySelectorAll("[data-step]")];
  const place = rows.indexOf(document.activeElement);
  const next = key === "j" ? place + 1 : Math.max(place - 1, 0);
  rows[Math.min(next, rows.length - 1)]?.focus();
}

/* Open the place for a reason. The button behind it is pressed by hand. */
function begin(summary) {
  const choice = summary.closest("details");
  choice.open = true;
  choice.querySelector("textarea").focus();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    open();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || off()) return;
  if (writing(event.target) || document.querySelector("dialog[open]")) return;
  const second = Date.now() - going < THEN;
  going = 0;
  const summary = document.querySelector(`summary[data-key="${CSS.escape(event.key)}"]`);
  if (second && event.key in ROOMS) location.assign(ROOMS[event.key]);
  else if (event.key === "g") going = Date.now();
  else if (event.key === "j" || event.key === "k") step(event.key);
  else if (summary) begin(summary);
  else if (event.key === "?" && keys) {
    keys.showModal();
    document.getElementById("keys-list").dispatchEvent(new CustomEvent("look"));
  } else return;
  event.preventDefault();
});

const single = document.querySelector("[data-single-keys]");
if (single) {
  const box = single.querySelector("input");
  single.hidden = false;
  box.checked = !off();
  box.addEventListener("change", () => {
    const kept = box.checked ? `${OFF}=; Max-Age=0` : `${OFF}=off; Max-Age=31536000`;
    document.cookie = `${kept}; Path=/; Secure; SameSite=Lax`;
  });
}

/* Who opens a place for a reason wants to write. */
for (const one of document.querySelectorAll(".choice")) {
  one.addEventListener("toggle", () => {
    if (one.open && !one.contains(document.querySelector("[autofocus]"))) one.querySelector("textarea").focus();
  });
}

/* -- the count of what waits, while somebody looks -- */

const count = document.getElementById("waiting");
let looked = Date.now();

async function look() {
  if (document.visibilityState !== "visible") return;
  looked = Date.now();
  const answer = await fetch("/inbox/waiting").catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const number = Number.parseInt(await answer.text(), 10);
  const before = Number(count.dataset.count);
  if (Number.isNaN(number) || number === before) return;
  const shown = number > 99 ? "99+" : String(number);
  count.dataset.count = number;
  count.hidden = number === 0;
  count.firstElementChild.textContent = shown;
  document.title = (number ? `(${shown}) ` : "") + document.title.replace(/^\(\d+\+?\) /, "");
  if (number < before) return;
  for (const one of document.querySelectorAll("[data-news]")) one.hidden = false;
  say(number - before === 1 ? "One more request waits for your decision." : "More requests wait for your decision.");
}

if (count) {
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", () => {
    if (Date.now() - looked > EVERY) look();
  });
}
