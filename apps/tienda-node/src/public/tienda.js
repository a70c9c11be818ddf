// La página de la tienda. Pregunta a la API por los productos y por el total: aquí no se suma nada.
// Las direcciones son relativas, para que funcione también detrás de un proxy con su propia carpeta.

const byId = (id) => document.getElementById(id);
const money = new Intl.NumberFormat("es", { style: "currency", currency: "EUR" });
const euros = (cents) => money.format(cents / 100);

const STORAGE_KEY = "tienda-carrito";
const products = new Map(); // id → producto, de todo el catálogo
const cart = new Map(); // id → cantidad
let category = "";
let lastSearch = 0; // número de la última búsqueda: una respuesta atrasada no pisa a otra más nueva
let lastQuote = 0;

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("No podemos hablar con la tienda. ¿Sigue encendido su contenedor?");
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const details = body.detalles ?? [];
  throw new Error(details.join(" ") || body.error || `La tienda ha respondido ${response.status}.`);
}

/* Catálogo */

function slug(text) {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();
}

function productCard(product) {
  const card = byId("product-template").content.cloneNode(true).firstElementChild;
  card.dataset.category = slug(product.categoria);
  card.querySelector("use").setAttribute("href", `iconos.svg#${product.id}`);
  card.querySelector(".category").textContent = product.categoria;
  card.querySelector("h3").textContent = product.nombre;
  card.querySelector(".description").textContent = product.descripcion;
  card.querySelector(".price").textContent = euros(product.precioCentimos);
  const button = card.querySelector("button");
  const soldOut = product.existencias === 0;
  button.disabled = soldOut;
  button.textContent = soldOut ? "Agotado" : "Añadir";
  button.setAttribute("aria-label", `${button.textContent}: ${product.nombre}`);
  button.addEventListener("click", () => changeQuantity(product.id, 1));
  return card;
}

function showProducts(list) {
  byId("products").replaceChildren(...list.map(productCard));
  const noun = list.length === 1 ? "producto" : "productos";
  byId("status").textContent =
    list.length === 0
      ? "No hay nada que encaje con tu búsqueda. Prueba con otra palabra."
      : `${list.length} ${noun}`;
}

async function refreshProducts() {
  const turn = ++lastSearch;
  const query = new URLSearchParams();
  if (category) query.set("categoria", category);
  const text = byId("search").value.trim();
  if (text) query.set("buscar", text);
  try {
    const { productos } = await request(`api/productos?${query}`);
    if (turn !== lastSearch) return undefined;
    showProducts(productos);
    return productos;
  } catch (error) {
    if (turn === lastSearch) byId("status").textContent = error.message;
    return undefined;
  }
}

function showCategories() {
  const names = ["", ...new Set([...products.values()].map((product) => product.categoria))];
  const buttons = names.map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name || "Todo";
    button.setAttribute("aria-pressed", String(name === category));
    button.addEventListener("click", () => {
      category = name;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      refreshProducts();
    });
    return button;
  });
  byId("categories").replaceChildren(...buttons);
}

/* Carrito */

function saveCart() {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify([...cart]));
  } catch {
    // Sin almacenamiento (modo privado, un marco aislado) el carrito dura lo que dure la página.
  }
}

function loadCart() {
  try {
    for (const [id, quantity] of JSON.parse(localStorage.getItem(STORAGE_KEY)) ?? []) {
      const most = Math.min(quantity, products.get(id)?.existencias ?? 0);
      if (Number.isInteger(most) && most > 0) cart.set(id, most);
    }
  } catch {
    // Lo guardado no se puede leer: empezamos con el carrito vacío.
  }
}

function changeQuantity(id, step) {
  const quantity = Math.min((cart.get(id) ?? 0) + step, products.get(id).existencias);
  if (quantity > 0) cart.set(id, quantity);
  else cart.delete(id);
  saveCart();
  showCart({ id, step });
}

function cartLine([id, quantity]) {
  const product = products.get(id);
  const line = byId("line-template").content.cloneNode(true).firstElementChild;
  line.dataset.id = id;
  line.querySelector(".line-name").textContent = product.nombre;
  line.querySelector("output").textContent = quantity;
  const less = line.querySelector(".less");
  const more = line.querySelector(".more");
  less.setAttribute("aria-label", `Quitar uno: ${product.nombre}`);
  more.setAttribute("aria-label", `Añadir uno: ${product.nombre}`);
  more.disabled = quantity >= product.existencias;
  less.addEventListener("click", () => changeQuantity(id, -1));
  more.addEventListener("click", () => changeQuantity(id, 1));
  return line;
}

function showMessage(text, isProblem = false) {
  const message = byId("cart-message");
  message.textContent = text;
  message.classList.toggle("problem", isProblem);
}

function showQuote(quote) {
  for (const line of quote.lineas) {
    const row = document.querySelector(`#cart-lines [data-id="${line.id}"] .line-amount`);
    row.textContent = euros(line.importeCentimos);
  }
  byId("subtotal").textContent = euros(quote.subtotalCentimos);
  byId("shipping").textContent = quote.envioCentimos === 0 ? "Gratis" : euros(quote.envioCentimos);
  byId("total").textContent = euros(quote.totalCentimos);
  byId("cart-sums").hidden = false;
  const missing = quote.faltanParaEnvioGratisCentimos;
  showMessage(missing > 0 ? `Te faltan ${euros(missing)} para el envío gratis.` : "");
}

/** Vuelve a pintar el carrito; si el foco estaba en uno de sus botones, lo deja donde estaba. */
function showLines(changed) {
  const focused = byId("cart-lines").contains(document.activeElement);
  byId("cart-lines").replaceChildren(...[...cart].map(cartLine));
  if (!focused || !changed) return;
  const row = document.querySelector(`#cart-lines [data-id="${changed.id}"]`);
  const wanted = row?.querySelector(changed.step > 0 ? ".more:enabled" : ".less");
  (wanted ?? row?.querySelector(".less") ?? byId("search")).focus();
}

async function showCart(changed) {
  const turn = ++lastQuote;
  showLines(changed);
  byId("cart-empty").hidden = cart.size > 0;
  byId("clear").hidden = cart.size === 0;
  const units = [...cart.values()].reduce((sum, quantity) => sum + quantity, 0);
  byId("cart-link").hidden = units === 0;
  byId("cart-link").textContent = `Ver el carrito (${units})`;
  byId("cart-sums").hidden = cart.size === 0 || byId("total").textContent === "";
  if (cart.size === 0) return showMessage("");
  try {
    const quote = await request("api/carrito/total", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ lineas: [...cart].map(([id, cantidad]) => ({ id, cantidad })) }),
    });
    if (turn === lastQuote) showQuote(quote);
  } catch (error) {
    if (turn !== lastQuote) return;
    byId("cart-sums").hidden = true;
    showMessage(error.message, true);
  }
}

/* Arranque */

async function showHealth() {
  const health = await request("salud").catch(() => undefined);
  if (health === undefined) return;
  const who = health.uid === null ? "" : `, con el usuario ${health.uid}`;
  byId("health").textContent += ` Te atiende Node ${health.node}${who}.`;
}

let typing;
byId("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(refreshProducts, 200);
});
byId("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  refreshProducts();
});
byId("clear").addEventListener("click", () => {
  cart.clear();
  saveCart();
  showCart();
  byId("search").focus();
});

for (const product of (await refreshProducts()) ?? []) products.set(product.id, product);
showCategories();
loadCart();
showCart();
showHealth();
