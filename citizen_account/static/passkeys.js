// Passkeys need a script by their nature; without this file people sign in by address and password.
const able = typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  if (form.dataset.passkey === "get") {
    offer(form);
  } else {
    answer(form, () => create(form));
  }
}

// The browser names the passkeys it knows under the address field; the button asks for any other.
async function offer(form) {
  form.hidden = false;
  const waiting = new AbortController();
  answer(form, () => {
    waiting.abort();
    return get(form, {});
  });
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
    get(form, { mediation: "conditional", signal: waiting.signal }).then(
      (credential) => send(form, credential),
      () => {},
    );
  }
}

function answer(form, ask) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Closed without choosing: the page is as it was.
    ask().then((credential) => send(form, credential), () => {});
  });
}

function get(form, how) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(form.dataset.options));
  return navigator.credentials.get({ publicKey, ...how });
}

function create(form) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(form.dataset.options));
  return navigator.credentials.create({ publicKey });
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}
