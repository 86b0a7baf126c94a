/* An answer of a model as it comes. Text goes in as text, never as markup. Without this script the page has a link that
   waits for the rest. */

const words = document.querySelector("[data-stream]");

if (words) {
  const stream = new EventSource(words.dataset.stream);
  let first = true;
  stream.addEventListener("words", (event) => {
    if (first) words.textContent = ""; // the stream begins at the beginning
    first = false;
    words.append(JSON.parse(event.data));
  });
  stream.addEventListener("done", () => {
    stream.close();
    location.replace(words.dataset.then);
  });
  stream.addEventListener("error", () => {
    stream.close();
    setTimeout(() => location.replace(`${words.dataset.then}?wait=yes`), 1000);
  });
}
