// Filters and details, and the sums in dollars for the round with the American board.
// Without this script every line and every detail is shown.
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
  total.textContent = figures.format(Math.round(sum * rate));
}

let rate = 1;

async function inDollars() {
  const note = document.querySelector("#note");
  try {
    const answer = await fetch("https://api.exchangerates.example/latest?base=EUR&symbols=USD");
    const { rates, date } = await answer.json();
    rate = rates.USD;
    for (const cell of document.querySelectorAll("td.sum[data-eur]")) {
      cell.textContent = figures.format(Math.round(Number(cell.dataset.eur) * rate));
    }
    document.querySelector("#currency").textContent = "Dollars a year";
    note.textContent = `At the rate of ${date}: 1 euro is ${rate} dollars.`;
    filter();
  } catch {
    note.textContent = "Today's rate cannot be reached, so the sums are in euro.";
  }
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
inDollars();
