import assert from "assert";
import { readFileSync } from "fs";
import path from "path";

import { describe, it } from "mocha";

import { findCategory, findProduct, PRODUCTS, searchProducts } from "../src/catalogue";

const ids = (list: readonly { id: string }[]) => list.map((product) => product.id);

describe("el catálogo", () => {
  it("no repite identificadores, y sus precios son céntimos enteros", () => {
    assert.strictEqual(new Set(ids(PRODUCTS)).size, PRODUCTS.length);
    for (const product of PRODUCTS) {
      assert.match(product.id, /^[a-z]+(-[a-z]+)*$/);
      assert.ok(Number.isInteger(product.precioCentimos) && product.precioCentimos > 0);
      assert.ok(Number.isInteger(product.existencias) && product.existencias >= 0);
    }
  });

  it("tiene un dibujo para cada producto", () => {
    const sprite = readFileSync(path.join(__dirname, "../src/public/iconos.svg"), "utf8");
    for (const { id } of PRODUCTS) assert.ok(sprite.includes(`<symbol id="${id}"`), id);
  });

  it("pinta cada categoría con su color", () => {
    const css = readFileSync(path.join(__dirname, "../src/public/tienda.css"), "utf8");
    for (const name of ["hogar", "papeleria", "ropa", "accesorios"]) {
      assert.ok(findCategory(name), name);
      assert.ok(css.includes(`[data-category="${name}"]`), name);
    }
  });

  it("busca sin distinguir mayúsculas ni acentos", () => {
    assert.deepStrictEqual(ids(searchProducts({ buscar: "LAMPARA" })), ["lampara-faro"]);
    assert.deepStrictEqual(
      searchProducts({ categoria: "papeleria" }),
      searchProducts({ categoria: "PAPELERÍA" }),
    );
  });

  it("exige todas las palabras, y combina la búsqueda con la categoría", () => {
    assert.deepStrictEqual(ids(searchProducts({ buscar: "merina guardia" })), ["gorro-lana"]);
    assert.deepStrictEqual(ids(searchProducts({ buscar: "puerto merina" })), []);
    assert.deepStrictEqual(ids(searchProducts({ categoria: "Ropa", buscar: "algodón" })), [
      "camiseta-ancla",
      "calcetines-oleaje",
    ]);
  });

  it("sin filtros lo devuelve todo", () => {
    assert.deepStrictEqual(searchProducts(), [...PRODUCTS]);
    assert.deepStrictEqual(searchProducts({ categoria: " ", buscar: "  " }), [...PRODUCTS]);
  });

  it("no confunde un nombre heredado de JavaScript con un producto", () => {
    assert.strictEqual(findProduct("constructor"), undefined);
    assert.strictEqual(findCategory("toString"), undefined);
  });
});
