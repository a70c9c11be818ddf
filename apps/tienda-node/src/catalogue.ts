/** El catálogo: qué se vende, y cómo se busca en él. Los precios son céntimos enteros. */

export interface Product {
  readonly id: string;
  readonly nombre: string;
  readonly categoria: string;
  readonly descripcion: string;
  readonly precioCentimos: number;
  readonly existencias: number;
}

export interface ProductFilter {
  readonly categoria?: string;
  readonly buscar?: string;
}

export const CURRENCY = "EUR";

export const PRODUCTS: readonly Product[] = [
  {
    id: "taza-ballena",
    nombre: "Taza Ballena",
    categoria: "Hogar",
    descripcion: "Cerámica esmaltada de 350 ml. Aguanta el lavavajillas y los lunes.",
    precioCentimos: 1250,
    existencias: 40,
  },
  {
    id: "botella-termica",
    nombre: "Botella Marea",
    categoria: "Hogar",
    descripcion: "Acero inoxidable de 500 ml: doce horas caliente o veinticuatro fría.",
    precioCentimos: 2195,
    existencias: 25,
  },
  {
    id: "lampara-faro",
    nombre: "Lámpara Faro",
    categoria: "Hogar",
    descripcion: "Luz cálida regulable para el escritorio. Se carga por USB-C.",
    precioCentimos: 3499,
    existencias: 12,
  },
  {
    id: "cuaderno-bitacora",
    nombre: "Cuaderno Bitácora",
    categoria: "Papelería",
    descripcion: "160 páginas punteadas, cosidas, que se abren del todo sobre la mesa.",
    precioCentimos: 995,
    existencias: 60,
  },
  {
    id: "pegatinas-puerto",
    nombre: "Pegatinas del Puerto",
    categoria: "Papelería",
    descripcion: "Ocho pegatinas de vinilo que se quitan sin dejar rastro.",
    precioCentimos: 350,
    existencias: 99,
  },
  {
    id: "lamina-capas",
    nombre: "Lámina Capas",
    categoria: "Papelería",
    descripcion: "Un corte del fondo del mar, capa a capa. Papel de 200 g, 30 × 40 cm.",
    precioCentimos: 1800,
    existencias: 18,
  },
  {
    id: "camiseta-ancla",
    nombre: "Camiseta Ancla",
    categoria: "Ropa",
    descripcion: "Algodón orgánico de corte recto. Tallas de la XS a la XXL.",
    precioCentimos: 1999,
    existencias: 35,
  },
  {
    id: "gorro-lana",
    nombre: "Gorro de Guardia",
    categoria: "Ropa",
    descripcion: "Lana merina tejida a punto inglés, para las noches de despliegue.",
    precioCentimos: 1675,
    existencias: 22,
  },
  {
    id: "calcetines-oleaje",
    nombre: "Calcetines Oleaje",
    categoria: "Ropa",
    descripcion: "Par de algodón peinado, con talón reforzado. Del 36 al 45.",
    precioCentimos: 849,
    existencias: 50,
  },
  {
    id: "mochila-contenedor",
    nombre: "Mochila Contenedor",
    categoria: "Accesorios",
    descripcion: "20 litros, tela reciclada impermeable y hueco para un portátil de 15 pulgadas.",
    precioCentimos: 5900,
    existencias: 9,
  },
  {
    id: "llavero-nudo",
    nombre: "Llavero Nudo",
    categoria: "Accesorios",
    descripcion: "Un as de guía hecho a mano con cabo de vela recuperado.",
    precioCentimos: 625,
    existencias: 70,
  },
  {
    id: "paraguas-temporal",
    nombre: "Paraguas Temporal",
    categoria: "Accesorios",
    descripcion: "Ocho varillas de fibra de vidrio que no se dan la vuelta con el viento.",
    precioCentimos: 2750,
    existencias: 0,
  },
];

export const CATEGORIES: readonly string[] = [...new Set(PRODUCTS.map((p) => p.categoria))];

/** Quita mayúsculas y acentos: quien busca «papeleria» encuentra «Papelería». */
function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .trim();
}

export function findProduct(id: string): Product | undefined {
  return PRODUCTS.find((product) => product.id === id);
}

/** La categoría tal como se escribe en el catálogo, o `undefined` si no existe. */
export function findCategory(name: string): string | undefined {
  return CATEGORIES.find((category) => fold(category) === fold(name));
}

/** Los productos que cumplen todo lo pedido. Cada palabra de `buscar` tiene que aparecer. */
export function searchProducts(filter: ProductFilter = {}): Product[] {
  const category = fold(filter.categoria ?? "");
  const words = fold(filter.buscar ?? "")
    .split(/\s+/)
    .filter(Boolean);
  return PRODUCTS.filter((product) => {
    const text = fold(`${product.nombre} ${product.descripcion} ${product.categoria}`);
    return (
      (category === "" || fold(product.categoria) === category) &&
      words.every((word) => text.includes(word))
    );
  });
}
