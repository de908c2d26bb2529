// How do the tests start a service? The built binary on a throw-away folder, on a free port, set up through its link.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, createReadStream, existsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A free port of this machine. */
export const freePort = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => resolve(port)); });
});

/** Runs a program to its end; its output. */
export const run = (binary, args) => new Promise((resolve, reject) => {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "", err = "";
  child.stdout.on("data", (chunk) => { out += chunk; });
  child.stderr.on("data", (chunk) => { err += chunk; });
  child.once("error", reject);
  child.once("close", (code) => code === 0 ? resolve(out) : reject(new Error(`${args[0]} ended with ${code}: ${err.slice(-2000)}`)));
});

/** Lines of a child's output, as they come. */
const lines = (stream, see) => createInterface({ input: stream }).on("line", see);

/** A service with simulated events in it. */
export class Service {
  static async start(binary, { accounts = 1500, days = 60, seed = 11 } = {}) {
    const service = new Service();
    service.binary = binary;
    service.dir = mkdtempSync(join(tmpdir(), "ringfence-browser-"));
    service.events = join(service.dir, "sim");
    await run(binary, ["simulate", "--seed", String(seed), "--accounts", String(accounts), "--days", String(days), "--out", service.events]);
    return service;
  }
  /** Starts the program and waits until it answers. */
  async open(args = []) {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.child = spawn(this.binary, ["serve", "--json", "--data", join(this.dir, "data"), "--listen", `127.0.0.1:${port}`, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.told = [];
    const started = new Promise((resolve, reject) => {
      let out = "";
      this.child.stdout.on("data", (chunk) => {
        out += chunk;
        // Whole once it reads as JSON.
        try { resolve(JSON.parse(out)); } catch { /* more comes */ }
      });
      lines(this.child.stderr, (line) => { this.told.push(line); });
      this.child.once("close", (code) => reject(new Error(`serve ended with ${code}:\n${this.told.slice(-20).join("\n")}`)));
    });
    const said = await started;
    this.setUp = said.set_up;
    this.setUpLink = said.set_up_link;
  }
  /** Asks the API. */
  async ask(method, path, { key, body, type = "application/json" } = {}) {
    const headers = { "content-type": type };
    if (key) headers.authorization = `Bearer ${key}`;
    const answer = await fetch(this.url + path, { method, headers, body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 600)}`);
    return text ? JSON.parse(text) : null;
  }
  async stop() {
    if (this.child && this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once("close", resolve));
      this.child.kill("SIGTERM");
      const late = setTimeout(() => this.child.kill("SIGKILL"), 20000);
      await ended;
      clearTimeout(late);
    }
    if (existsSync(this.dir)) rmSync(this.dir, { recursive: true, force: true });
  }
}
