/** La aplicación Express: rutas y errores. No escucha en ningún puerto, para poder probarla sola. */
import path from "path";

import compression from "compression";
import express, { ErrorRequestHandler, Express } from "express";
import helmet from "helmet";
import morgan from "morgan";

import { parseCart, quoteCart } from "./cart";
import { CATEGORIES, findCategory, findProduct, searchProducts } from "./catalogue";
import { ApiError } from "./errors";
import { notFoundPage } from "./notFoundPage";

export interface AppOptions {
  /** Escribe una línea por petición en la salida estándar, que es donde Docker la recoge. */
  readonly logRequests?: boolean;
}

/** Un parámetro de la dirección, que solo puede aparecer una vez: `?buscar=taza`. */
function queryText(query: Record<string, unknown>, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === "string") return value?.trim() || undefined;
  throw new ApiError(400, `El parámetro «${name}» debe aparecer una sola vez, como texto.`);
}

/** Traduce a nuestro idioma los errores con los que Express rechaza un cuerpo o una dirección. */
function toApiError(error: { status?: number; type?: string }): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error.type === "entity.parse.failed") {
    return new ApiError(400, "El cuerpo de la petición no es JSON válido.");
  }
  if (error.type === "entity.too.large") {
    return new ApiError(413, "El cuerpo de la petición es demasiado grande.");
  }
  if (error.status !== undefined && error.status >= 400 && error.status < 500) {
    return new ApiError(error.status, "No entendemos la petición: está mal formada.");
  }
  return undefined;
}

const handleError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const known = toApiError(error);
  if (known === undefined) console.error(error);
  const shown = known ?? new ApiError(500, "Algo ha fallado en la tienda. Inténtalo de nuevo.");
  response.status(shown.status).json({
    error: shown.message,
    ...(shown.details.length > 0 && { detalles: shown.details }),
  });
};

export function createApp(options: AppOptions = {}): Express {
  const app = express();
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          objectSrc: ["'none'"],
          baseUri: ["'self'"],
          formAction: ["'self'"],
          // Un cuaderno de Jupyter de esta misma máquina puede enseñar la tienda en un marco.
          frameAncestors: ["'self'", "http://localhost:*", "http://127.0.0.1:*"],
        },
      },
      frameguard: false, // ya lo dice frameAncestors, que admite más de un origen
      hsts: false, // la tienda se sirve por HTTP: del HTTPS se ocupa quien esté delante
    }),
  );
  if (options.logRequests) app.use(morgan(":method :url :status :response-time ms"));
  app.use(compression());

  app.get("/salud", (_request, response) => {
    response.set("Cache-Control", "no-store").json({
      estado: "bien",
      node: process.version,
      uid: process.getuid?.() ?? null, // en Windows no hay uid
      segundos: Math.round(process.uptime() * 10) / 10,
    });
  });

  app.get("/api/productos", (request, response) => {
    const categoria = queryText(request.query, "categoria");
    const buscar = queryText(request.query, "buscar");
    if (categoria !== undefined && findCategory(categoria) === undefined) {
      throw new ApiError(
        400,
        `No existe la categoría «${categoria}». Las que hay son: ${CATEGORIES.join(", ")}.`,
      );
    }
    const productos = searchProducts({ categoria, buscar });
    response.json({ total: productos.length, productos });
  });

  app.get("/api/productos/:id", (request, response) => {
    const product = findProduct(request.params.id);
    if (product === undefined) {
      throw new ApiError(
        404,
        `No existe ningún producto con el identificador «${request.params.id}».`,
      );
    }
    response.json(product);
  });

  app.post("/api/carrito/total", express.json({ limit: "20kb" }), (request, response) => {
    if (!request.is("application/json")) {
      throw new ApiError(415, "Envía el carrito como JSON, con Content-Type: application/json.");
    }
    response.json(quoteCart(parseCart(request.body)));
  });

  app.use("/api", (request) => {
    throw new ApiError(
      404,
      `La API no tiene nada en ${request.method} ${request.baseUrl}${request.path}.`,
    );
  });

  app.use(express.static(path.join(__dirname, "public")));
  app.use((request, response) => {
    response.status(404).type("html").send(notFoundPage(request.path));
  });
  app.use(handleError);
  return app;
}
