// Session Management 1.0 §3.2: answers a client's page whether the sign-in at this browser is still the same.
// A message is "client_id session_state"; a session_state is "hash.salt" (oidc/session_state.py).
const cookie = location.protocol === "https:" ? "__Host-state" : "state";

const state = () =>
  document.cookie.split("; ").find((pair) => pair.startsWith(`${cookie}=`))?.slice(cookie.length + 1) ?? "";

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const judged = async (message, origin) => {
  const parts = typeof message === "string" ? message.split(" ") : [];
  const [clientId, given = ""] = parts;
  const salt = given.split(".")[1];
  if (parts.length !== 2 || !clientId || !salt) return "error";
  const text = new TextEncoder().encode(`${clientId} ${origin} ${state()} ${salt}`);
  return given === `${base64url(await crypto.subtle.digest("SHA-256", text))}.${salt}` ? "unchanged" : "changed";
};

addEventListener("message", async (event) => {
  const answer = await judged(event.data, event.origin);
  event.source?.postMessage(answer, event.origin);
});
