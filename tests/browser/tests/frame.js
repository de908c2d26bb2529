// Does what every page has work? Keys, menu, language, appearance, roles.
import assert from "node:assert/strict";
import { visitor } from "../lib/browser.js";
import { PASSWORD, ROLES } from "../lib/shop.js";

const entries = (page) => page.$$eval("nav.pages a", (links) => links.map((a) => ({ path: a.getAttribute("href"), key: a.dataset.go })));

export const tests = [
  ["the keys lead where the list of shortcuts says", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.supervisor.name, PASSWORD);
    const all = await entries(page);
    assert.ok(all.length >= 2, JSON.stringify(all));
    for (const { path, key } of all) {
      // A page that waits for figures reads itself anew, and may do so between the two keys: then they are pressed again.
      for (let tries = 0; tries < 3 && new URL(page.url()).pathname !== path; tries++) {
        await page.keyboard.press("g");
        await page.keyboard.press(key);
        await page.waitForURL((url) => url.pathname === path, { timeout: 5000 }).catch(() => {});
      }
      assert.equal(new URL(page.url()).pathname, path);
    }
    await page.keyboard.press("?");
    await page.waitForSelector("dialog#shortcuts[open]");
    const listed = await page.textContent("dialog#shortcuts");
    for (const { key } of all) assert.ok(listed.includes(key), key);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog#shortcuts:not([open])", { state: "attached" });
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
    await page.keyboard.type("gt");
    assert.equal(await page.inputValue("#search"), "gt", "who writes is not led away");
    assert.deepEqual(faults, []);
    await close();
  }],
  ["j and k move from row to row, Enter opens", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.analyst.name, PASSWORD);
    await page.goto("/today");
    await page.waitForSelector("[data-row] a");
    const focused = () => page.evaluate(() => [...document.querySelectorAll("[data-row]")].findIndex((row) => row.contains(document.activeElement)));
    await page.keyboard.press("j");
    assert.equal(await focused(), 0);
    await page.keyboard.press("j");
    assert.equal(await focused(), 1);
    await page.keyboard.press("k");
    assert.equal(await focused(), 0);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/requests/*");
    assert.deepEqual(faults, []);
    await close();
  }],
  ["single keys can be turned off, language and appearance chosen", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.analyst.name, PASSWORD);
    await page.goto("/today");
    await page.click("details.person summary");
    await page.check("input[name=lang][value=it]");
    await page.check("input[name=theme][value=dark]");
    await page.check("input[name=keys][value=off]");
    await page.click("form[action='/preferences'] button");
    await page.waitForSelector("html[lang=it][data-theme=dark]");
    assert.equal(await page.textContent("h1"), "Oggi");
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.ok(paper.match(/\d+/g).map(Number).every((part) => part < 60), paper);
    await page.keyboard.press("?");
    await page.waitForTimeout(200);
    assert.equal(await page.$("dialog#shortcuts[open]"), null);
    assert.deepEqual(faults, []);
    await close();
  }],
  ["the menu of a phone opens, by finger and by keyboard, and nothing is wider than the screen", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service, { viewport: { width: 390, height: 844 }, hasTouch: true });
    await signIn(people.admin.name, PASSWORD);
    assert.equal(await page.isVisible("nav.pages"), false);
    await page.tap("button.menu");
    assert.equal(await page.isVisible("nav.pages"), true);
    await page.keyboard.press("Escape");
    assert.equal(await page.isVisible("nav.pages"), false);
    for (const path of ["/today", "/audit", "/settings/users", "/settings/keys"]) {
      await page.goto(path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 390, `${path} is ${wide} px wide`);
    }
    assert.deepEqual(faults, []);
    await close();
  }],
  ["without scripts the pages are whole", async ({ browser, service, people }) => {
    const { page, signIn, close } = await visitor(browser, service, { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
    await signIn(people.admin.name, PASSWORD);
    assert.equal(await page.isVisible("nav.pages"), true, "the navigation is there");
    await page.goto("/settings/keys");
    assert.equal(await page.isVisible("form[action='/settings/keys'] button"), true);
    await close();
  }],
  ["each role finds its pages and no others", async ({ browser, service, people }) => {
    const seen = {};
    for (const role of ROLES) {
      const { page, faults, signIn, close } = await visitor(browser, service);
      await signIn(people[role].name, PASSWORD);
      seen[role] = (await entries(page)).map(({ path }) => path);
      for (const path of seen[role]) assert.equal((await page.goto(path)).status(), 200, `${role} ${path}`);
      page.expectedFault = true;
      const others = ROLES.flatMap((other) => seen[other] ?? []).filter((path) => !seen[role].includes(path));
      for (const path of others) {
        assert.equal((await page.goto(path)).status(), 403, `${role} ${path}`);
        assert.ok((await page.textContent("main")).includes("You may not see this page"), `${role} ${path}`);
      }
      assert.deepEqual(faults, [], role);
      await close();
    }
    assert.ok(seen.auditor.includes("/audit") && !seen.analyst.includes("/audit"), JSON.stringify(seen));
  }],
];
