// Find yourself: rows without the typed letters step back, and the count is said aloud.
const field = document.querySelector("#who");
const said = document.querySelector("#found");
const rows = [...document.querySelectorAll(".rooms tbody tr")];

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function look() {
  const wanted = plain(field.value.trim());
  const hits = rows.filter((row) => plain(row.textContent).includes(wanted));
  for (const row of rows) row.classList.toggle("away", !hits.includes(row));
  if (!wanted) said.textContent = "";
  else if (hits.length === 1) said.textContent = `Room ${hits[0].querySelector("th").textContent}`;
  else said.textContent = hits.length ? `${hits.length} rooms` : "Not on the list. Write to Ines.";
}

field.closest(".find").hidden = false;
field.addEventListener("input", look);
