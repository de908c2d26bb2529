// Can people work with rings, staff and posts? The graph by pointer and keyboard, its time, its tables, two people for a name.
import assert from "node:assert/strict";
import { accessibility, visitor } from "../lib/browser.js";
import { PASSWORD, until } from "../lib/shop.js";

const EVENT = "application/cloudevents+json";
const day = (n) => new Date(Date.UTC(2024, 0, 1 + n)).toISOString();

/** A ring of so many accounts that one machine and one clerk tie, told as the log tells it. */
const ring = (accounts) => {
  const names = Array.from({ length: accounts }, (_, n) => `ringer-${n}`);
  const since = names.map((_, n) => day(n));
  return { specversion: "1.0", id: "browser-ring", source: "ringfence/leads", type: "lead.raised", time: day(200), data: {
    lead: "ring-browser", kind: "ring", as_of: day(200), probability: 0.97, fdr: 0.05, method: "rings/1",
    members: names.map((id, n) => ({ kind: "account", id, probability: 0.9, since: since[n], refunds: 1, money: { amount: 40000, currency: "USD" } })),
    refunds: names.map((_, n) => `browser-refund-${n}`), money: { amount: 40000 * accounts, currency: "USD" }, from: day(0), to: day(accounts - 1),
    ties: [
      { kind: "device", value: "operator-device", probability: 0.99, accounts: names, since, shared_by: accounts, orders: 0 },
      { kind: "staff", value: "S-browser", probability: 0.8, accounts: names.slice(0, 3), since: since.slice(0, 3), shared_by: 3 },
    ],
    why: [`${accounts} accounts claim through device operator-device`], against: ["not claimed: that the accounts' holders knew"],
  } };
};

const staff = { specversion: "1.0", id: "browser-staff", source: "ringfence/leads", type: "lead.raised", time: day(200), data: {
  lead: "staff-browser", kind: "staff", as_of: day(200), probability: 0.93, fdr: 0.1, method: "insiders/1",
  members: [{ kind: "staff", id: "S-browser", probability: 0.93 }], refunds: ["browser-refund-0"], money: { amount: 90000, currency: "USD" },
  why: ["decisions against policy: 9 where 2 were to be expected"], against: ["not looked at: what was agreed by word of mouth"], pattern: "bribed",
} };

const someone = async ({ browser, service, people }, role, options) => {
  const who = await visitor(browser, service, options);
  await who.signIn(people[role].name, people[role].password ?? PASSWORD);
  return who;
};

export const tests = [
  ["a ring is a graph for the pointer and the keyboard, through time, and the same as tables", async (world) => {
    const { service, shopKey } = world;
    for (const event of [ring(12), staff]) await service.ask("POST", "/v1/events", { key: shopKey, type: EVENT, body: event });
    const { page, faults, close } = await someone(world, "investigator");
    await page.goto("/rings");
    await page.click("a[href='/rings/ring-browser']");
    await page.waitForSelector("[data-settled=yes]");
    const said = () => page.textContent(".graph-said");
    await page.focus("canvas");
    await page.keyboard.press("Tab");
    await until("the first node is told", async () => (await said()).includes("operator-device"));
    assert.match(await page.textContent(".graph-detail"), /12 accounts in all: not rare/);
    assert.match(await page.textContent(".graph-detail"), /none: it only claims/);
    const before = await page.evaluate(() => ({ ...document.querySelector("[data-graph]").view.drawing.view }));
    for (const key of ["ArrowRight", "+", "ArrowDown"]) await page.keyboard.press(key);
    const after = await page.evaluate(() => ({ ...document.querySelector("[data-graph]").view.drawing.view }));
    assert.ok(after.scale > before.scale && after.x !== before.x, "keys move and zoom");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement.tagName !== "CANVAS"), "Escape and Tab lead out of the graph");
    await page.focus("#graph-time");
    await page.keyboard.press("Home");
    assert.match(await page.textContent(".graph-time output"), /1 accounts/);
    await page.keyboard.press("End");
    assert.match(await page.textContent(".graph-time output"), /12 accounts/);
    assert.equal(await page.locator("section:has(#members) [data-row]").count(), 12, "the table has what the picture has");
    assert.ok(!(await page.content()).includes("S-browser"), "staff are under pseudonyms");
    assert.deepEqual(await accessibility(page), []);
    assert.deepEqual(faults, []);
    await close();
  }],
  ["without scripts a ring is its tables", async (world) => {
    const { page, close } = await someone(world, "investigator", { javaScriptEnabled: false });
    await page.goto("/rings/ring-browser");
    assert.ok(!(await page.locator("canvas").isVisible()));
    assert.equal(await page.locator("section:has(#members) [data-row]").count(), 12);
    await close();
  }],
  ["a name of staff takes two people", async (world) => {
    const one = await someone(world, "investigator"), other = await someone(world, "supervisor");
    await one.page.goto("/rings/ring-browser");
    await one.page.click("a[href^='/staff/P-']");
    const path = new URL(one.page.url()).pathname;
    // A name is asked for within a case.
    assert.equal(await one.page.locator(`form[action='${path}/name']`).count(), 0);
    await one.page.click("p.cases a:has-text('Open a case')");
    await one.page.fill("#why", "figures call for it");
    await one.page.click("main form.fields button");
    await one.page.waitForURL(/\/cases\/\d+$/);
    assert.ok(!(await one.page.content()).includes("S-browser"), "a case knows the pseudonym");
    await one.page.goto(path);
    await one.page.fill("#why", "the case needs it");
    await one.page.click(`form[action='${path}/name'] button`);
    await one.page.waitForURL("**done=yes**");
    assert.ok(!(await one.page.content()).includes("S-browser"));
    assert.equal(await one.page.locator("button[value=yes]").count(), 0, "nobody agrees with themselves");
    await other.page.goto(path);
    await other.page.fill("input[name=why]", "as the case says");
    await other.page.click("button[value=yes]");
    await other.page.waitForURL("**done=yes**");
    await one.page.goto(path);
    assert.match(await one.page.textContent("section[aria-labelledby=name]"), /S-browser/);
    for (const who of [one, other]) {
      assert.deepEqual(await accessibility(who.page), []);
      assert.deepEqual(who.faults, []);
      await who.close();
    }
  }],
];
