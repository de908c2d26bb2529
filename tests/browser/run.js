// Does the workbench work in a real browser? Every page and way, by keyboard, for every role, with nothing that axe finds.
//
//   node run.js [--pictures FOLDER] [--model FILE] [--only WORD]
//
// The binary is $RINGFENCE_BINARY, else target/debug/ringfence of this repository; the browser is Debian's Chromium.
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./lib/browser.js";
import { Service, run } from "./lib/service.js";
import { ROLES, inbox, person, take, until } from "./lib/shop.js";
import { pictures } from "./pictures.js";
import * as frame from "./tests/frame.js";
import * as leads from "./tests/leads.js";
import * as pages from "./tests/pages.js";
import * as rules from "./tests/rules.js";
import * as settings from "./tests/settings.js";
import * as signIn from "./tests/sign_in.js";
import * as work from "./tests/work.js";

const here = dirname(fileURLToPath(import.meta.url));
const option = (name) => { const at = process.argv.indexOf(`--${name}`); return at > 0 ? process.argv[at + 1] : undefined; };
const binary = resolve(process.env.RINGFENCE_BINARY ?? join(here, "../../target/debug/ringfence"));
if (!existsSync(binary)) throw new Error(`no program at ${binary}: cargo build, or set RINGFENCE_BINARY`);

/** Tests in the order in which they are run: the first makes the administrator. */
const TESTS = [...signIn.tests, ...frame.tests, ...work.tests, ...pages.tests, ...settings.tests, ...leads.tests, ...rules.tests];

const service = await Service.start(binary, { accounts: Number(option("accounts") ?? 1500), days: Number(option("days") ?? 60) });
const browser = await launch();
let passed = 0, failed = 0;
try {
  const folder = inbox(service);
  const model = option("model");
  service.evidenceKey = join(service.dir, "evidence.key");
  await run(binary, ["log", "keygen", "--out", service.evidenceKey]);
  await service.open(["--follow", folder, "--evidence-key", service.evidenceKey, ...(model ? ["--model", resolve(model)] : [])]);
  const world = { browser, service, people: {} };
  const only = option("only");
  const check = async (name, test) => {
    const began = performance.now();
    try {
      await test(world);
      passed += 1;
      console.log(`ok   ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${name}\n${String(error.stack ?? error).split("\n").slice(0, 40).map((line) => `     ${line}`).join("\n")}`);
    }
  };
  // The first administrator comes in through the link that the program printed, like everybody's first.
  await check(...signIn.first);
  if (!world.adminKey) throw new Error("nobody was set up");
  for (const role of ROLES) world.people[role] = await person(service, world.adminKey, `Test ${role}`, [role]);
  await take(service);
  const shop = await service.ask("POST", "/v1/keys", { key: world.adminKey, body: { name: "shop", role: "integration" } });
  world.shopKey = shop.secret;
  await until("the pages have caught up", async () => !(await (await fetch(`${service.url}/readyz`)).text()).includes("closed"));
  for (const [name, test] of TESTS) if (!only || name.includes(only)) await check(name, test);
  const out = option("pictures");
  if (out) {
    mkdirSync(out, { recursive: true });
    await check("pictures of every page, light and dark, wide and narrow", () => pictures(world, out));
  }
} catch (error) {
  failed += 1;
  console.log(`FAIL the run itself\n${error.stack ?? error}\n${(service.told ?? []).slice(-20).join("\n")}`);
} finally {
  await browser.close();
  await service.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
