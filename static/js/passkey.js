// Passkeys: asks the browser for one and sends its answer with the form. Without this script the password form does all.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

function options(kind, asked) {
  const ready = { ...asked, challenge: bytes(asked.challenge) };
  if (kind === "create") {
    ready.user = { ...asked.user, id: bytes(asked.user.id) };
    ready.excludeCredentials = known(asked.excludeCredentials);
  } else {
    ready.allowCredentials = known(asked.allowCredentials);
  }
  return { publicKey: ready };
}

function answer(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: {},
    response,
  });
}

async function ask(form) {
  const asked = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrf_token.value },
  });
  if (!asked.ok || asked.redirected) throw new Error("no challenge");
  const wanted = options(form.dataset.passkey, await asked.json());
  const made = await navigator.credentials[form.dataset.passkey](wanted);
  form.elements.answer.value = answer(made);
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  const problem = form.querySelector("[data-passkey-problem]");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    problem.hidden = true;
    ask(form).then(
      () => form.submit(),
      () => {
        problem.textContent = "That did not work. Nothing was changed. Try again, or use your password.";
        problem.hidden = false;
      },
    );
  });
}
