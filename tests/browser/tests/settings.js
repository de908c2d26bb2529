// Can the deployment be run from its pages?
import assert from "node:assert/strict";
import { visitor } from "../lib/browser.js";
import { PASSWORD } from "../lib/shop.js";

export const tests = [
  ["a user is made, comes in through the link, gets other roles, and is removed", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.admin.name, PASSWORD);
    await page.goto("/settings/users");
    await page.fill("form[action='/settings/users'] #name", "Nina New");
    await page.check("input[name=analyst]");
    await page.click("form[action='/settings/users'] button");
    const link = await page.textContent(".done code.secret");
    const nina = await visitor(browser, service);
    await nina.page.goto(link);
    await nina.page.fill("#password", "seven orange kettles");
    await nina.page.fill("#again", "seven orange kettles");
    await nina.page.press("#again", "Enter");
    await nina.page.waitForURL("**/today");
    nina.page.expectedFault = true;
    assert.equal((await nina.page.goto("/audit")).status(), 403);
    await page.click("a:has-text('Nina New')");
    await page.check("input[name=auditor]");
    await page.click("button:has-text('Save')");
    await page.waitForSelector(".done");
    assert.equal((await nina.page.goto("/audit")).status(), 200, "roles hold at once");
    await page.click("[data-opens=remove]");
    await page.click("dialog[open] button.quiet");
    assert.equal((await nina.page.goto("/today")).status(), 200, "cancelled is not done");
    await page.click("[data-opens=remove]");
    await page.click("dialog[open] button:not(.quiet)");
    await page.waitForURL("**/settings/users");
    await nina.page.goto("/today");
    assert.equal(new URL(nina.page.url()).pathname, "/login", "removed is out");
    assert.deepEqual(faults, []);
    assert.deepEqual(nina.faults, []);
    await nina.close();
    await close();
  }],
  ["a key of a system is made, works, and is revoked", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.admin.name, PASSWORD);
    await page.goto("/settings/keys");
    await page.fill("form[action='/settings/keys'] #name", "till");
    await page.click("form[action='/settings/keys'] button");
    const secret = await page.textContent(".done code.secret");
    assert.deepEqual((await service.ask("GET", "/v1/me", { key: secret })).roles, ["integration"]);
    const row = page.locator("tbody tr", { hasText: "till" });
    await row.locator("[data-opens^=revoke]").click();
    await page.click("dialog[open] button:not(.quiet)");
    await page.waitForSelector(".done");
    await assert.rejects(service.ask("GET", "/v1/me", { key: secret }), /401/);
    assert.deepEqual(faults, []);
    await close();
  }],
  ["a password is changed, and the old one does not work", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.supervisor.name, PASSWORD);
    await page.goto("/settings");
    const fill = async (old, again) => {
      await page.fill("#old", old);
      await page.fill("#new", "eleven quiet harbours");
      await page.fill("#again", again);
      await page.click("form[action='/settings/password'] button");
    };
    await fill(PASSWORD, "something else entirely");
    await page.waitForSelector("[role=alert]");
    await fill(PASSWORD, "eleven quiet harbours");
    await page.waitForSelector(".done");
    await page.goto("/today");
    assert.equal(new URL(page.url()).pathname, "/today", "who changed it stays in");
    await close();
    people.supervisor.password = "eleven quiet harbours";
    const again = await visitor(browser, service);
    await again.signIn(people.supervisor.name, "eleven quiet harbours");
    assert.deepEqual(faults, []);
    await again.close();
  }],
];
