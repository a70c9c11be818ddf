/*
 * Deja vacía la carpeta de salida y copia en ella lo que TypeScript no compila: la página, sus estilos
 * y su código. La carpeta es `dist` al construir y `dist-tests/src` al probar.
 * Usa solo lo que ya trae Node 14, para que funcione igual en Linux, macOS y Windows.
 */
const fs = require("fs");
const path = require("path");

const root = path.join(__dirname, "..");
const output = process.argv[2];

function copyFolder(from, to) {
  fs.mkdirSync(to, { recursive: true });
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) copyFolder(source, target);
    else fs.copyFileSync(source, target);
  }
}

fs.rmSync(path.join(root, output.split("/")[0]), { recursive: true, force: true });
copyFolder(path.join(root, "src", "public"), path.join(root, output, "public"));
