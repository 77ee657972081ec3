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

async function ask(box) {
  const token = box.querySelector("[name=csrf_token]").value;
  const asked = await fetch(box.dataset.options, { method: "POST", headers: { "X-CSRFToken": token } });
  if (!asked.ok || asked.redirected) throw new Error("no challenge");
  const wanted = options(box.dataset.passkey, await asked.json());
  return answer(await navigator.credentials[box.dataset.passkey](wanted));
}

function send(box, said) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = box.dataset.action;
  form.hidden = true;
  const fields = [...box.querySelectorAll("input")].filter((one) => one.type !== "checkbox" || one.checked);
  for (const [name, value] of [...fields.map((one) => [one.name, one.value]), ["answer", said]]) {
    const field = document.createElement("input");
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

for (const box of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey]") : []) {
  const problem = box.querySelector("[data-passkey-problem]");
  const button = box.querySelector("button");
  box.hidden = false;
  button.addEventListener("click", () => {
    problem.hidden = true;
    button.disabled = true;
    ask(box).then(
      (said) => send(box, said),
      () => {
        problem.textContent = "That did not work. Nothing was changed. Try again, or use your password.";
        problem.hidden = false;
        button.disabled = false;
      },
    );
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.type === "text") button.click();
  });
}
