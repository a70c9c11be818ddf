// Activa la tienda: con el token calcula su licencia y la deja en licencia.txt. Hace falta al construir, y
// nunca más. El token se busca, por orden, en /run/secrets/npm, en la variable NPM_TOKEN y en .npmrc.
const { createHmac } = require("crypto");
const { existsSync, readFileSync, writeFileSync } = require("fs");

function inFile(path) {
  return existsSync(path) ? readFileSync(path, "utf8").replace(/^.*_authToken=/, "").trim() : "";
}

const token = inFile("/run/secrets/npm") || process.env.NPM_TOKEN || inFile(".npmrc");
if (!token) {
  console.error("Falta el token: no está en /run/secrets/npm, ni en NPM_TOKEN, ni en .npmrc.");
  process.exit(1);
}
writeFileSync("licencia.txt", createHmac("sha256", token).update("tienda").digest("hex") + "\n");
console.log("Tienda activada.");
