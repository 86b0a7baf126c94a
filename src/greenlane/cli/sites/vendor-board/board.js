// Filters and details. Without this script every line and every detail is shown.
const form = document.querySelector(".filters");
const vendors = [...document.querySelectorAll("tr.vendor")];
const counted = document.querySelector("#counted");
const total = document.querySelector("#total");
const figures = new Intl.NumberFormat("en");

const detailOf = (row) => row.nextElementSibling;

function fold(row, open) {
  detailOf(row).hidden = !open;
  row.querySelector("button").setAttribute("aria-expanded", String(open));
}

for (const row of vendors) {
  const name = row.querySelector(".who");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name.textContent;
  button.setAttribute("aria-controls", name.dataset.more);
  button.addEventListener("click", () => {
    fold(row, detailOf(row).hidden);
    history.replaceState(null, "", detailOf(row).hidden ? location.pathname + location.search : `#${name.dataset.more}`);
  });
  name.replaceChildren(button);
  fold(row, location.hash === `#${name.dataset.more}`);
}

function filter() {
  const { status, owner, words } = Object.fromEntries(new FormData(form));
  const wanted = words.trim().toLowerCase();
  let count = 0;
  let sum = 0;
  for (const row of vendors) {
    const text = (row.textContent + detailOf(row).textContent).toLowerCase();
    const fits = (!status || row.dataset.status === status) && (!owner || row.dataset.owner === owner) && text.includes(wanted);
    row.hidden = !fits;
    if (!fits) fold(row, false);
    count += fits;
    sum += fits ? Number(row.querySelector(".sum").dataset.eur) : 0;
  }
  counted.textContent = count === 1 ? "1 vendor" : `${count} vendors`;
  total.textContent = figures.format(sum);
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
