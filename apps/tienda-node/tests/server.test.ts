import assert from "assert";
import { ChildProcess, spawn } from "child_process";
import { once } from "events";
import http from "http";
import path from "path";

import { afterEach, describe, it } from "mocha";

const SERVER = path.join(__dirname, "../src/server.js");
const children: ChildProcess[] = [];

/** Arranca el servidor de verdad, como proceso aparte, en un puerto libre. */
async function startServer(env: NodeJS.ProcessEnv = { PORT: "0" }) {
  const child = spawn(process.execPath, [SERVER], { env: { ...process.env, ...env } });
  children.push(child);
  let output = "";
  child.stderr.on("data", (chunk) => (output += chunk));
  const port = await new Promise<number>((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const match = /http:\/\/0\.0\.0\.0:(\d+)/.exec(output);
      if (match) resolve(Number(match[1]));
    });
    child.on("exit", () => resolve(0));
  });
  return { child, port, output: () => output };
}

function get(port: number, agent: http.Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: "127.0.0.1", port, path: "/salud", agent }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      })
      .on("error", reject);
  });
}

describe("el proceso", () => {
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`con ${signal} termina bien en menos de un segundo, aun con conexiones abiertas`, async function () {
      if (process.platform === "win32") this.skip(); // allí no existen estas señales
      const { child, port, output } = await startServer();
      const agent = new http.Agent({ keepAlive: true });
      assert.strictEqual(await get(port, agent), 200);
      const before = Date.now();
      child.kill(signal);
      const [code] = await once(child, "exit");
      agent.destroy();
      assert.strictEqual(code, 0);
      assert.ok(Date.now() - before < 1000);
      assert.match(output(), new RegExp(`Recibida ${signal}`));
    });
  }

  it("si el puerto está ocupado lo dice y termina con error", async () => {
    const { port } = await startServer();
    const second = await startServer({ PORT: String(port) });
    assert.strictEqual(second.child.exitCode, 1);
    assert.match(second.output(), new RegExp(`El puerto ${port} ya está ocupado`));
  });

  it("si PORT no es un número lo dice y termina con error", async () => {
    const { child, output } = await startServer({ PORT: "tres mil" });
    assert.strictEqual(child.exitCode, 1);
    assert.match(output(), /«tres mil»/);
  });
});
