/** El punto de entrada: abre el puerto, y lo cierra bien cuando Docker pide parar. */
import { createServer } from "http";
import { Socket } from "net";

import { createApp } from "./app";

const GRACE_MS = 700; // lo que esperamos a las respuestas que ya están en camino

function readPort(env: NodeJS.ProcessEnv): number {
  const text = env.PORT ?? "3000";
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  console.error(`PORT debe ser un número entre 0 y 65535, y es «${text}».`);
  process.exit(1);
}

const server = createServer(createApp({ logRequests: true }));

// Una conexión abierta sin peticiones (keep-alive) impediría cerrar el servidor, y Node 14 no trae
// closeIdleConnections(): por eso llevamos la cuenta de las conexiones y de las que están ocupadas.
const sockets = new Set<Socket>();
const busy = new Set<Socket>();
let stopping = false;

server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});
server.on("request", (request, response) => {
  busy.add(request.socket);
  response.on("close", () => {
    busy.delete(request.socket);
    if (stopping) request.socket.end();
  });
});

// El proceso 1 de un contenedor no recibe el comportamiento normal de las señales: si el programa no
// las atiende, el núcleo las descarta, y `docker stop` espera diez segundos antes de matarlo.
function stop(signal: NodeJS.Signals): void {
  if (stopping) return;
  stopping = true;
  console.log(`Recibida ${signal}: cerramos la tienda.`);
  server.close(() => process.exit(0));
  for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
  setTimeout(() => process.exit(0), GRACE_MS);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

server.on("error", (error: NodeJS.ErrnoException) => {
  const inUse = error.code === "EADDRINUSE";
  console.error(inUse ? `El puerto ${port} ya está ocupado. Elige otro con PORT.` : error.message);
  process.exit(1);
});

const port = readPort(process.env);
server.listen(port, "0.0.0.0", () => {
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  console.log(
    `Tienda del Puerto abierta en http://0.0.0.0:${actual} ` +
      `(Node ${process.version}, proceso ${process.pid})`,
  );
});
