// A real OpenID Connect provider for one client, told of by a JSON document on the command line. Whoever signs in is named
// in the login form; what it is to say of them stands in the document. Plain forms, no script, no style. A POST to /keys
// is what an administrator does who changes the key that it signs with.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const told = JSON.parse(process.argv[2]);
const people = new Map(Object.entries(told.people));
const server = createServer();

function key(name) {
  const made = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...made.privateKey.export({ format: "jwk" }), kid: name, use: "sig", alg: "RS256" };
}

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const signingWith = (keys) => new Provider(issuer, {
    jwks: { keys },
    clients: told.clients,
    cookies: { keys: ["for tests alone"] },
    claims: { openid: ["sub"], email: ["email"], profile: ["name", "groups"] },
    conformIdTokenClaims: false,
    // the console of a test stands on the loopback, which the provider reaches for nobody by itself
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    acrValues: ["urn:two-factors"],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
  });
  let keys = [key("first")];
  let provider = signingWith(keys);
  let answer = provider.callback();
  server.on("request", async (request, response) => {
    const path = new URL(request.url, issuer).pathname;
    if (path === "/keys") {
      keys = [key(`after ${keys[0].kid}`), ...keys];
      provider = signingWith(keys);
      answer = provider.callback();
      return response.end();
    }
    if (!path.startsWith("/interaction/")) return answer(request, response);
    if (request.method === "GET") {
      response.setHeader("content-type", "text/html");
      return response.end(`<form method="post" action="${path}"><input name="who"><button>Sign in</button></form>`);
    }
    const parts = [];
    for await (const part of request) parts.push(part);
    const who = new URLSearchParams(Buffer.concat(parts).toString()).get("who");
    await provider.interactionFinished(request, response, {
      login: people.has(who) ? { accountId: who, acr: "urn:two-factors" } : undefined,
      ...(people.has(who) ? {} : { error: "access_denied", error_description: "nobody of that name" }),
    });
  });
  console.log(issuer);
});
