/* Passkeys. A form with data-passkey asks its address for a question, lets the browser answer it, and is sent with the
   answer as text. Without a browser that can do this the form stays hidden: a password does the same. */

const able =
  window.isSecureContext &&
  typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function" &&
  typeof window.PublicKeyCredential.parseCreationOptionsFromJSON === "function";

const said = {
  InvalidStateError: "This device has a passkey for you already.",
  NotAllowedError: "No passkey was used. Press the button to try once more, or take another way.",
};

async function answered(form) {
  const asked = await fetch(form.dataset.passkey, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "",
  });
  if (!asked.ok) throw new Error(asked.status === 429 ? "Too many attempts. Wait a moment." : "");
  const question = await asked.json();
  const credential = question.user
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question) });
  return JSON.stringify(credential);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !able;
  const status = form.querySelector("[role=status]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (form.dataset.asking) return;
    form.dataset.asking = "yes";
    status.textContent = "Your browser asks you now.";
    try {
      form.elements.namedItem("passkey").value = await answered(form);
      form.submit();
    } catch (error) {
      status.textContent = said[error.name] ?? (error.message || "That did not work. Try once more.");
    } finally {
      delete form.dataset.asking;
    }
  });
}
