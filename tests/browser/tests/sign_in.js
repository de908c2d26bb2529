// Does one come in by keyboard alone, and is one let out again?
import assert from "node:assert/strict";
import { accessibility, visitor } from "../lib/browser.js";
import { PASSWORD } from "../lib/shop.js";

/** Goes on with Tab until the focus is where it should be; so a person without a mouse gets there. */
export const tabTo = async (page, selector, most = 40) => {
  for (let n = 0; n < most; n += 1) {
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${selector} on ${page.url()}`);
};

export const first = ["the first administrator is made through the printed link, by keyboard", async (world) => {
  const { browser, service } = world;
  const { page, faults, close } = await visitor(browser, service);
  await page.goto(service.setUpLink);
  assert.deepEqual(await accessibility(page), [], "axe on the set-up page");
  await tabTo(page, "#name");
  await page.keyboard.type("Ada Admin");
  await tabTo(page, "#password");
  await page.keyboard.type(PASSWORD);
  await tabTo(page, "#again");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/today");
  // A key for the rest of the set-up, as a person makes one.
  await page.goto("/settings");
  await page.fill("#keys ~ form #name, form[action='/settings/own-keys'] #name", "browser tests");
  await page.press("form[action='/settings/own-keys'] #name", "Enter");
  await page.waitForSelector(".done code.secret");
  world.adminKey = await page.textContent(".done code.secret");
  assert.match(world.adminKey, /^rf_[0-9a-f]{64}$/);
  assert.deepEqual(faults, []);
  await close();
}];

export const tests = [
  ["somebody signs in by keyboard, comes to the page that was asked for, and signs out", async ({ browser, service, people }) => {
    const { page, faults, close } = await visitor(browser, service);
    await page.goto("/audit?did=signed_in");
    assert.equal(new URL(page.url()).pathname, "/login");
    assert.deepEqual(await accessibility(page), [], "axe on the sign-in page");
    await tabTo(page, "#name");
    await page.keyboard.type(people.auditor.name);
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/audit?did=signed_in");
    await tabTo(page, "details.person summary");
    await page.keyboard.press("Enter");
    await tabTo(page, "form[action='/logout'] button");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/login");
    await page.goto("/today");
    assert.equal(new URL(page.url()).pathname, "/login", "out is out");
    assert.deepEqual(faults, []);
    await close();
  }],
  ["a wrong password is told, and to screen readers too", async ({ browser, service, people }) => {
    const { page, close } = await visitor(browser, service);
    await page.goto("/login");
    await page.fill("#name", people.analyst.name);
    await page.fill("#password", "not the password");
    await page.press("#password", "Enter");
    await page.waitForSelector("[role=alert]");
    assert.match(await page.textContent("[role=alert]"), /do not fit/);
    assert.deepEqual(await accessibility(page), []);
    await close();
  }],
];
