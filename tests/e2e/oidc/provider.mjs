// Runs the certified provider on a free port of loopback, and prints the port. What it should know comes by
// `POST /-/set`: the client first (then it begins to answer), people and their claims, its clock's shift.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const realNow = Date.now;
const state = { people: {}, shift: 0, inIdToken: false };
Date.now = () => realNow() + state.shift * 1000;

let answer = (request, response) => response.writeHead(503).end();

function open(client) {
  const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [{ response_types: ["code"], grant_types: ["authorization_code"], ...client }],
    pkce: { required: () => true },
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name"],
      groups: ["groups", "factors"],
    },
    conformIdTokenClaims: !state.inIdToken,
    cookies: { keys: ["of these tests alone"] },
    findAccount: (context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...state.people[id] }),
    }),
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  });
  answer = provider.callback();
}

async function set(request, response) {
  let text = "";
  for await (const piece of request) text += piece;
  const { client, people, ...more } = JSON.parse(text);
  Object.assign(state, more);
  Object.assign(state.people, people);
  if (client) open(client);
  response.writeHead(204).end();
}

const server = createServer((request, response) =>
  request.url === "/-/set" ? set(request, response) : answer(request, response),
);
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
