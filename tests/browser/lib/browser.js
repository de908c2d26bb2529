// How do the tests look at a page? Debian's Chromium, with everything that must not happen written down.
import { chromium } from "playwright-core";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** WCAG 2.2 AA, and what axe holds to be good practice. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const launch = () => {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no Chromium: apt-get install chromium, or set CHROMIUM");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"] });
};

/** A browser of somebody: what went wrong is in `faults`. */
export const visitor = async (browser, service, options = {}) => {
  const context = await browser.newContext({ baseURL: service.url, locale: "en-GB", viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const faults = [];
  const host = new URL(service.url).host;
  page.on("console", (message) => { if (message.type() === "error" && !expected(message.text(), page)) faults.push(`console: ${message.text()} (${page.url()})`); });
  page.on("pageerror", (error) => faults.push(`script: ${error.message} (${page.url()})`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.host !== host) faults.push(`another host: ${request.url()}`);
  });
  page.on("response", (response) => { if (response.status() >= 500) faults.push(`${response.status()} of ${response.url()}`); });
  const signIn = async (name, password) => {
    await page.goto("/login");
    await page.fill("#name", name);
    await page.fill("#password", password);
    await page.press("#password", "Enter");
    await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  };
  return { context, page, faults, signIn, close: () => context.close() };
};

// A page that answers 403 or 404 as it should is told by the browser as a fault; the tests look at the status themselves.
const expected = (text, page) => page.expectedFault && /status of (403|404)/.test(text);

/** What axe finds on the page as it is; in a world of its own, so that the page's policy stays as strict as it is. */
export const accessibility = async (page) => {
  const session = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await session.send("Page.getFrameTree");
    const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
    const evaluate = async (expression) => {
      const { result, exceptionDetails } = await session.send("Runtime.evaluate", { contextId: executionContextId, expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    await evaluate(AXE);
    const found = await evaluate(`axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ["violations"] })
      .then((r) => r.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 200) + " — " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? "")) })))`);
    return found.map(({ id, help, nodes }) => `${id}: ${help}\n      ${nodes.join("\n      ")}`);
  } finally {
    await session.detach();
  }
};
