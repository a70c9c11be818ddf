/**
 * La página de «no encontrado». Llega a la raíz con `../` y no con `/`, para que también funcione
 * detrás de un proxy que sirve la tienda dentro de una carpeta.
 */
export function notFoundPage(requestPath: string): string {
  const root = "../".repeat(Math.max(0, requestPath.split("/").length - 2)) || "./";
  return `<!doctype html>
<html lang="es">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Página no encontrada · Tienda del Puerto</title>
    <link rel="icon" href="${root}icono.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="${root}tienda.css" />
  </head>
  <body>
    <main class="not-found">
      <h1>Aquí no hay más que mar</h1>
      <p>La página que buscas no existe, o ha zarpado hacia otra dirección.</p>
      <p><a class="button" href="${root}">Volver a la tienda</a></p>
    </main>
  </body>
</html>
`;
}
