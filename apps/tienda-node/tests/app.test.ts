import assert from "assert";

import { describe, it } from "mocha";
import request from "supertest";

import { createApp } from "../src/app";
import { PRODUCTS } from "../src/catalogue";

const app = createApp();
const postCart = (body: unknown) =>
  request(app)
    .post("/api/carrito/total")
    .send(body as object);

describe("la API de productos", () => {
  it("lista todo el catálogo", async () => {
    const { body } = await request(app).get("/api/productos").expect(200);
    assert.deepStrictEqual(body, { total: PRODUCTS.length, productos: [...PRODUCTS] });
  });

  it("filtra por categoría y por búsqueda", async () => {
    const { body } = await request(app)
      .get("/api/productos")
      .query({ categoria: "papeleria", buscar: "vinilo" })
      .expect(200);
    assert.strictEqual(body.total, 1);
    assert.strictEqual(body.productos[0].id, "pegatinas-puerto");
  });

  it("responde con una lista vacía si nada encaja", async () => {
    const { body } = await request(app).get("/api/productos?buscar=submarino").expect(200);
    assert.deepStrictEqual(body, { total: 0, productos: [] });
  });

  it("ante una categoría desconocida dice cuáles hay", async () => {
    const { body } = await request(app).get("/api/productos?categoria=coches").expect(400);
    assert.match(body.error, /«coches».*Hogar, Papelería, Ropa, Accesorios/);
  });

  for (const query of ["buscar=a&buscar=b", "categoria[x]=ropa"]) {
    it(`rechaza un parámetro que no es texto: ${query}`, async () => {
      const { body } = await request(app).get(`/api/productos?${query}`).expect(400);
      assert.match(body.error, /una sola vez/);
    });
  }

  it("da un producto por su identificador", async () => {
    const { body } = await request(app).get("/api/productos/taza-ballena").expect(200);
    assert.strictEqual(body.nombre, "Taza Ballena");
    assert.strictEqual(body.precioCentimos, 1250);
  });

  it("responde 404 si el producto no existe, y 400 si la dirección está rota", async () => {
    const missing = await request(app).get("/api/productos/submarino").expect(404);
    assert.match(missing.body.error, /«submarino»/);
    const broken = await request(app).get("/api/productos/%E0%A4").expect(400);
    assert.match(broken.body.error, /mal formada/);
  });
});

describe("la API del carrito", () => {
  it("da el total", async () => {
    const lineas = [
      { id: "cuaderno-bitacora", cantidad: 3 },
      { id: "pegatinas-puerto", cantidad: 1 },
    ];
    const { body } = await postCart({ lineas }).expect(200);
    assert.strictEqual(body.moneda, "EUR");
    assert.strictEqual(body.subtotalCentimos, 3 * 995 + 350);
    assert.strictEqual(body.totalCentimos, 3 * 995 + 350 + 490);
    assert.strictEqual(body.lineas[0].nombre, "Cuaderno Bitácora");
  });

  it("explica un carrito inválido", async () => {
    const { body } = await postCart({ lineas: [{ id: "taza-ballena", cantidad: 0 }] }).expect(400);
    assert.strictEqual(body.error, "El carrito no es válido.");
    assert.deepStrictEqual(body.detalles, [
      "lineas[0].cantidad debe ser un número entero entre 1 y 99",
    ]);
  });

  it("explica un producto que no existe", async () => {
    const { body } = await postCart({ lineas: [{ id: "submarino", cantidad: 1 }] }).expect(400);
    assert.match(body.detalles[0], /«submarino»/);
  });

  for (const text of ['{"lineas": [', "hola", '"hola"', "null"]) {
    it(`rechaza un JSON mal escrito: ${text}`, async () => {
      const { body } = await request(app)
        .post("/api/carrito/total")
        .type("json")
        .send(text)
        .expect(400);
      assert.strictEqual(body.error, "El cuerpo de la petición no es JSON válido.");
    });
  }

  it("rechaza lo que no es JSON, y lo que es demasiado grande", async () => {
    const form = await request(app)
      .post("/api/carrito/total")
      .type("form")
      .send({ lineas: "taza" })
      .expect(415);
    assert.match(form.body.error, /Content-Type: application\/json/);
    const huge = await postCart({ lineas: [{ id: "x".repeat(30_000), cantidad: 1 }] }).expect(413);
    assert.match(huge.body.error, /demasiado grande/);
  });
});

describe("la página y lo demás", () => {
  it("sirve la tienda con todos sus archivos", async () => {
    const { text } = await request(app).get("/").expect(200).expect("Content-Type", /html/);
    assert.match(text, /<html lang="es">[\s\S]*<title>Tienda del Puerto<\/title>/);
    const links = [...text.matchAll(/(?:href|src)="([^"#]+)/g)].map((match) => match[1]);
    assert.ok(links.length >= 4, links.join());
    for (const link of links) {
      assert.doesNotMatch(link, /^(\/|https?:)/, "la página solo usa archivos propios y relativos");
      await request(app).get(`/${link}`).expect(200);
    }
  });

  it("no deja cargar nada de fuera, y se comprime", async () => {
    const { headers } = await request(app).get("/").set("Accept-Encoding", "gzip").expect(200);
    assert.match(headers["content-security-policy"], /default-src 'self'/);
    assert.strictEqual(headers["content-encoding"], "gzip");
    assert.strictEqual(headers["x-powered-by"], undefined);
  });

  it("cuenta su estado de salud", async () => {
    const { body } = await request(app).get("/salud").expect(200);
    assert.strictEqual(body.estado, "bien");
    assert.strictEqual(body.node, process.version);
    assert.strictEqual(body.uid, process.getuid?.() ?? null);
    assert.ok(body.segundos > 0);
  });

  it("responde 404 en JSON dentro de /api, y con una página en lo demás", async () => {
    const api = await request(app).get("/api/otra/cosa").expect(404).expect("Content-Type", /json/);
    assert.match(api.body.error, /GET \/api\/otra\/cosa/);
    await request(app).get("/api/carrito/total").expect(404).expect("Content-Type", /json/);
    const page = await request(app).get("/otra/pagina").expect(404).expect("Content-Type", /html/);
    assert.match(page.text, /Aquí no hay más que mar/);
    assert.match(page.text, /href="\.\.\/tienda\.css"/);
  });
});
