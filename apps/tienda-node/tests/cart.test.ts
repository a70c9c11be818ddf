import assert from "assert";

import { describe, it } from "mocha";

import {
  FREE_SHIPPING_FROM_CENTS,
  MAX_LINES,
  MAX_QUANTITY,
  parseCart,
  quoteCart,
  SHIPPING_CENTS,
} from "../src/cart";
import { PRODUCTS } from "../src/catalogue";
import { ApiError } from "../src/errors";

/** Los detalles del error 400 con el que la función tiene que fallar. */
function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ApiError);
    assert.strictEqual(error.status, 400);
    return error.details;
  }
  return assert.fail("No ha habido ningún error");
}

describe("el presupuesto del carrito", () => {
  it("multiplica, suma y añade el envío, todo en céntimos enteros", () => {
    const quote = quoteCart([
      { id: "taza-ballena", cantidad: 2 },
      { id: "calcetines-oleaje", cantidad: 1 },
    ]);
    assert.deepStrictEqual(
      quote.lineas.map((line) => line.importeCentimos),
      [2500, 849],
    );
    assert.strictEqual(quote.subtotalCentimos, 3349);
    assert.strictEqual(quote.envioCentimos, SHIPPING_CENTS);
    assert.strictEqual(quote.totalCentimos, 3349 + SHIPPING_CENTS);
    assert.strictEqual(quote.faltanParaEnvioGratisCentimos, 5000 - 3349);
  });

  it("no pierde céntimos donde la suma con decimales los pierde", () => {
    assert.notStrictEqual(8.49 * 17 * 100, 14433); // así fallaría
    assert.strictEqual(
      quoteCart([{ id: "calcetines-oleaje", cantidad: 17 }]).subtotalCentimos,
      14433,
    );
  });

  it("regala el envío justo al llegar al mínimo, y no un céntimo antes", () => {
    const exact = quoteCart([{ id: "taza-ballena", cantidad: 4 }]);
    assert.strictEqual(exact.subtotalCentimos, FREE_SHIPPING_FROM_CENTS);
    assert.strictEqual(exact.envioCentimos, 0);
    assert.strictEqual(exact.faltanParaEnvioGratisCentimos, 0);
    const below = quoteCart([
      { id: "camiseta-ancla", cantidad: 2 },
      { id: "cuaderno-bitacora", cantidad: 1 },
    ]);
    assert.strictEqual(below.subtotalCentimos, 4993);
    assert.strictEqual(below.envioCentimos, SHIPPING_CENTS);
  });

  it("junta las líneas del mismo producto", () => {
    const quote = quoteCart([
      { id: "llavero-nudo", cantidad: 1 },
      { id: "taza-ballena", cantidad: 1 },
      { id: "llavero-nudo", cantidad: 2 },
    ]);
    assert.deepStrictEqual(
      quote.lineas.map(({ id, cantidad }) => [id, cantidad]),
      [
        ["llavero-nudo", 3],
        ["taza-ballena", 1],
      ],
    );
  });

  it("reúne todos los problemas en un solo error", () => {
    const problems = problemsOf(() =>
      quoteCart([
        { id: "submarino", cantidad: 1 },
        { id: "paraguas-temporal", cantidad: 1 },
        { id: "mochila-contenedor", cantidad: 5 },
        { id: "mochila-contenedor", cantidad: 5 },
        { id: "taza-ballena", cantidad: 1 },
      ]),
    );
    assert.deepStrictEqual(problems, [
      "No existe ningún producto con el identificador «submarino».",
      "«Paraguas Temporal» está agotado.",
      "De «Mochila Contenedor» quedan 9, y el carrito pide 10.",
    ]);
  });

  it("da siempre enteros, con cualquier producto y cantidad", () => {
    for (const { id, existencias } of PRODUCTS) {
      for (const cantidad of [1, 3, 7].filter((n) => n <= existencias)) {
        const quote = quoteCart([{ id, cantidad }]);
        assert.ok(Number.isInteger(quote.totalCentimos));
        assert.strictEqual(quote.totalCentimos, quote.subtotalCentimos + quote.envioCentimos);
      }
    }
  });
});

describe("la forma del carrito", () => {
  const line = { id: "taza-ballena", cantidad: 1 };

  it("acepta una lista de líneas", () => {
    assert.deepStrictEqual(parseCart({ lineas: [line] }), [line]);
  });

  const wrongBodies: [name: string, body: unknown, expected: RegExp][] = [
    ["nada", undefined, /^el cuerpo /],
    ["una lista suelta", [line], /^el cuerpo debe ser un objeto/],
    ["un objeto vacío", {}, /^lineas debe ser una lista/],
    ["líneas que no son lista", { lineas: "taza" }, /^lineas debe ser una lista/],
    ["ninguna línea", { lineas: [] }, /^lineas no puede estar vacía/],
    [
      "demasiadas líneas",
      { lineas: Array(MAX_LINES + 1).fill(line) },
      /^lineas no puede tener más/,
    ],
    ["una línea que no es objeto", { lineas: ["taza"] }, /^lineas\[0\] debe ser un objeto/],
    ["una línea sin id", { lineas: [line, { cantidad: 1 }] }, /^lineas\[1\]\.id debe ser/],
    ["un id vacío", { lineas: [{ id: "", cantidad: 1 }] }, /^lineas\[0\]\.id debe ser/],
    ["sin cantidad", { lineas: [{ id: "taza-ballena" }] }, /^lineas\[0\]\.cantidad debe ser/],
    ...[0, -1, 1.5, MAX_QUANTITY + 1, Infinity, NaN, "2", null].map(
      (cantidad): [string, unknown, RegExp] => [
        `la cantidad ${JSON.stringify(cantidad)}`,
        { lineas: [{ id: "taza-ballena", cantidad }] },
        /^lineas\[0\]\.cantidad debe ser un número entero entre 1 y 99$/,
      ],
    ),
  ];
  for (const [name, body, expected] of wrongBodies) {
    it(`rechaza ${name}, y dice dónde está el problema`, () => {
      const problems = problemsOf(() => parseCart(body));
      assert.strictEqual(problems.length, 1, problems.join(" | "));
      assert.match(problems[0], expected);
    });
  }
});
