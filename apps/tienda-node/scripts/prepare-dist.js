/*
 * Deja `dist/` vacía y copia en ella lo que TypeScript no compila: la página, sus estilos y su código.
 * Usa solo lo que ya trae Node 14, para que funcione igual en Linux, macOS y Windows.
 */
const fs = require("fs");
const path = require("path");

const root = path.join(__dirname, "..");

function copyFolder(from, to) {
  fs.mkdirSync(to, { recursive: true });
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) copyFolder(source, target);
    else fs.copyFileSync(source, target);
  }
}

fs.rmSync(path.join(root, "dist"), { recursive: true, force: true });
copyFolder(path.join(root, "src", "public"), path.join(root, "dist", "public"));
