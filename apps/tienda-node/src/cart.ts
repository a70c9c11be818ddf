/** El carrito: valida lo que llega y suma en céntimos enteros, sin decimales que se pierdan. */
import { z } from "zod";

import { CURRENCY, findProduct } from "./catalogue";
import { ApiError } from "./errors";

export const MAX_LINES = 50;
export const MAX_QUANTITY = 99;
export const SHIPPING_CENTS = 490;
export const FREE_SHIPPING_FROM_CENTS = 5000;

export interface CartLine {
  readonly id: string;
  readonly cantidad: number;
}

export interface QuoteLine extends CartLine {
  readonly nombre: string;
  readonly precioCentimos: number;
  readonly importeCentimos: number;
}

export interface Quote {
  readonly moneda: string;
  readonly lineas: readonly QuoteLine[];
  readonly subtotalCentimos: number;
  readonly envioCentimos: number;
  readonly totalCentimos: number;
  /** Lo que falta para que el envío sea gratis; 0 si ya lo es. */
  readonly faltanParaEnvioGratisCentimos: number;
}

const quantityMessage = `debe ser un número entero entre 1 y ${MAX_QUANTITY}`;
const idMessage = "debe ser el identificador de un producto, por ejemplo «taza-ballena»";
const linesMessage = "debe ser una lista como [{ id, cantidad }]";

const cartSchema = z.object(
  {
    lineas: z
      .array(
        z.object(
          {
            id: z
              .string({ required_error: idMessage, invalid_type_error: idMessage })
              .min(1, idMessage),
            cantidad: z
              .number({ required_error: quantityMessage, invalid_type_error: quantityMessage })
              .int(quantityMessage)
              .min(1, quantityMessage)
              .max(MAX_QUANTITY, quantityMessage),
          },
          { invalid_type_error: "debe ser un objeto como { id, cantidad }" },
        ),
        { required_error: linesMessage, invalid_type_error: linesMessage },
      )
      .min(1, "no puede estar vacía: el carrito necesita al menos un producto")
      .max(MAX_LINES, `no puede tener más de ${MAX_LINES} elementos`),
  },
  { invalid_type_error: "debe ser un objeto como { lineas: [{ id, cantidad }] }" },
);

/** De `["lineas", 0, "cantidad"]` a «lineas[0].cantidad». */
function formatPath(path: readonly (string | number)[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
  return text.replace(/^\./, "") || "el cuerpo";
}

/** Comprueba la forma de lo que llega; no mira todavía si los productos existen. */
export function parseCart(body: unknown): CartLine[] {
  const result = cartSchema.safeParse(body);
  if (result.success) return result.data.lineas;
  const details = result.error.issues.map((issue) => `${formatPath(issue.path)} ${issue.message}`);
  throw new ApiError(400, "El carrito no es válido.", [...new Set(details)]);
}

/** Junta las líneas que repiten producto, para que el límite de existencias cuente de verdad. */
function mergeLines(lines: readonly CartLine[]): CartLine[] {
  const quantities = new Map<string, number>();
  for (const { id, cantidad } of lines) quantities.set(id, (quantities.get(id) ?? 0) + cantidad);
  return [...quantities].map(([id, cantidad]) => ({ id, cantidad }));
}

/** El presupuesto del carrito. Reúne todos los problemas antes de quejarse una sola vez. */
export function quoteCart(lines: readonly CartLine[]): Quote {
  const problems: string[] = [];
  const quoted: QuoteLine[] = [];
  for (const { id, cantidad } of mergeLines(lines)) {
    const product = findProduct(id);
    if (product === undefined) {
      problems.push(`No existe ningún producto con el identificador «${id}».`);
    } else if (product.existencias === 0) {
      problems.push(`«${product.nombre}» está agotado.`);
    } else if (cantidad > product.existencias) {
      const left = product.existencias === 1 ? "queda" : "quedan";
      problems.push(
        `De «${product.nombre}» ${left} ${product.existencias}, y el carrito pide ${cantidad}.`,
      );
    } else {
      const { nombre, precioCentimos } = product;
      quoted.push({
        id,
        nombre,
        cantidad,
        precioCentimos,
        importeCentimos: precioCentimos * cantidad,
      });
    }
  }
  if (problems.length > 0) {
    throw new ApiError(400, "No podemos preparar ese carrito.", problems);
  }
  const subtotal = quoted.reduce((sum, line) => sum + line.importeCentimos, 0);
  const shipping = subtotal >= FREE_SHIPPING_FROM_CENTS ? 0 : SHIPPING_CENTS;
  return {
    moneda: CURRENCY,
    lineas: quoted,
    subtotalCentimos: subtotal,
    envioCentimos: shipping,
    totalCentimos: subtotal + shipping,
    faltanParaEnvioGratisCentimos: Math.max(0, FREE_SHIPPING_FROM_CENTS - subtotal),
  };
}
