// Does every page show what it should, with nothing that axe finds, in both appearances?
import assert from "node:assert/strict";
import { accessibility, visitor } from "../lib/browser.js";
import { PASSWORD, until } from "../lib/shop.js";

/** Pages that a person of a role meets, beyond the navigation. */
export const reach = async (page) => {
  const paths = await page.$$eval("nav.pages a", (links) => links.map((a) => a.getAttribute("href")));
  await page.goto("/today");
  // Who may not open a request finds no link to one.
  const requests = page.locator("[data-row] a[href^='/requests/']");
  const request = await requests.count() ? await requests.first().getAttribute("href") : null;
  const found = [...paths];
  if (request) {
    found.push(request);
    const answer = await page.goto(request);
    if (answer.status() === 200) {
      found.push(await page.getAttribute("a[href^='/accounts/']", "href"));
      found.push("/search?q=R", "/search?q=nothing-like-it", "/search");
    } else {
      found.pop();
    }
  }
  for (const [list, more] of [["/queue", ["/queue?items=done"]], ["/cases", []]]) {
    if (!paths.includes(list)) continue;
    await page.goto(list);
    found.push(...more);
    const one = page.locator(`main [data-row] a[href^='${list}/']`);
    if (await one.count()) found.push(await one.first().getAttribute("href"));
    found.push(...await page.$$eval(`main a[href='${list}/new'], main a[href='${list}/quality']`, (links) => links.map((a) => a.getAttribute("href"))));
  }
  if (paths.includes("/settings")) {
    await page.goto("/settings");
    found.push(...await page.$$eval("nav.tabs a", (links) => links.map((a) => a.getAttribute("href"))));
  }
  if (found.includes("/settings/users")) {
    await page.goto("/settings/users");
    found.push(await page.getAttribute("[data-row] a", "href"));
  }
  return [...new Set(found)];
};

export const tests = [
  ["axe finds nothing on any page, light and dark, and no page says a fault", async ({ browser, service, people }) => {
    const found = [];
    for (const role of ["investigator", "admin", "auditor"]) {
      for (const colorScheme of ["light", "dark"]) {
        const { page, faults, signIn, close } = await visitor(browser, service, { colorScheme });
        await signIn(people[role].name, PASSWORD);
        for (const path of await reach(page)) {
          const answer = await page.goto(path);
          assert.equal(answer.status(), 200, `${role} ${path}`);
          for (const fault of await accessibility(page)) found.push(`${role} ${colorScheme} ${path}\n    ${fault}`);
          const { titles, headings } = await page.evaluate(() => ({ titles: document.title, headings: document.querySelectorAll("h1").length }));
          assert.ok(titles.endsWith("· Ringfence") && headings === 1, `${path}: ${titles}, ${headings} h1`);
        }
        page.expectedFault = true;
        for (const path of ["/nowhere", "/requests/none", role === "admin" ? "/search?q=x" : "/settings/users"]) {
          await page.goto(path);
          for (const fault of await accessibility(page)) found.push(`${role} ${colorScheme} ${path}\n    ${fault}`);
        }
        assert.deepEqual(faults, [], role);
        await close();
      }
    }
    assert.deepEqual(found, []);
  }],
  ["axe finds nothing on a phone, with its menu open, and in dialogs", async ({ browser, service, people }) => {
    const found = [];
    const { page, signIn, close } = await visitor(browser, service, { viewport: { width: 390, height: 844 } });
    await signIn(people.admin.name, PASSWORD);
    for (const path of await reach(page)) {
      await page.goto(path);
      found.push(...(await accessibility(page)).map((fault) => `${path} ${fault}`));
    }
    await page.goto("/settings/users");
    await page.click("button.menu");
    found.push(...(await accessibility(page)).map((fault) => `menu ${fault}`));
    await page.click("button.menu");
    await page.click("[data-row] a");
    await page.click("[data-opens=remove]");
    found.push(...(await accessibility(page)).map((fault) => `dialog ${fault}`));
    assert.deepEqual(found, []);
    await close();
  }],
  ["a decision comes to the page as it is made", async ({ browser, service, people, shopKey }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.analyst.name, PASSWORD);
    await page.goto("/today");
    await page.waitForSelector(".live [role=status].good");
    const now = new Date().toISOString();
    const event = (id, type, data) => ({ specversion: "1.0", id, source: "browser", type, time: now, data });
    const line = [{ line: 1, quantity: 1 }], money = { amount: 129900, currency: "USD" };
    const type = "application/cloudevents+json";
    await service.ask("POST", "/v1/events", { key: shopKey, type, body: event("b-o", "order.placed", { order: "B<i>1", account: "BA1", lines: line, total: money }) });
    await service.ask("POST", "/v1/refunds/decide", { key: shopKey, type, body: event("b-r", "refund.requested", { refund: "B<b>1</b>", order: "B<i>1", account: "BA1", lines: line, amount: money, reason: "not_received", channel: "chat" }) });
    await page.waitForFunction(() => document.querySelector("#live-rows a")?.textContent === "B<b>1</b>");
    await page.click("#live-rows a");
    await page.waitForURL("**/requests/B*");
    assert.equal(await page.textContent("h1"), "Request B<b>1</b>", "what somebody wrote is no markup");
    assert.deepEqual(await accessibility(page), []);
    assert.deepEqual(faults, []);
    await close();
  }],
  ["a request shows its story, and reasons lead to their events", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.investigator.name, PASSWORD);
    await page.goto("/today");
    const hrefs = await page.$$eval("[data-row] a[href^='/requests/']", (links) => links.map((a) => a.getAttribute("href")));
    let led = 0;
    for (const href of hrefs) {
      await page.goto(href);
      assert.ok(await page.locator(".timeline > li").count() > 0, href);
      const link = page.locator("ul.reasons a[href^='#e']").first();
      if (await link.count()) {
        const to = await link.getAttribute("href");
        await link.click();
        assert.ok(await page.locator(`${to}:target`).count() === 1, to);
        led += 1;
      }
    }
    assert.ok(led > 0, "no request of the list has a reason with an event");
    assert.deepEqual(faults, []);
    await close();
  }],
  ["a search leads to the one thing of that id", async ({ browser, service, people }) => {
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.investigator.name, PASSWORD);
    await page.goto("/today");
    const refund = await page.textContent("[data-row] a[href^='/requests/'] code");
    await page.keyboard.press("/");
    await page.keyboard.type(refund);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/requests/*");
    await page.goto("/search?q=A");
    assert.ok(await page.locator("[data-row] a[href^='/accounts/']").count() > 0);
    assert.deepEqual(faults, []);
    await close();
  }],
  ["the audit shows who looked, by person and by what", async ({ browser, service, people }) => {
    const looker = await visitor(browser, service);
    await looker.signIn(people.investigator.name, PASSWORD);
    await looker.page.click("[data-row] a[href^='/requests/']");
    await looker.page.waitForURL("**/requests/*");
    await looker.close();
    const { page, faults, signIn, close } = await visitor(browser, service);
    await signIn(people.auditor.name, PASSWORD);
    await page.goto("/audit");
    await page.selectOption("#did", "request_read");
    await page.selectOption("#by", people.investigator.id);
    await page.click("form.filters button");
    await page.waitForURL("**did=request_read**");
    const rows = await until("the reads are shown", async () => (await page.locator("main tbody tr").count()) || (await page.reload(), 0));
    assert.ok(rows > 0);
    for (const row of await page.$$eval("main tbody tr", (all) => all.map((tr) => tr.textContent))) {
      assert.ok(row.includes("Request looked at") && row.includes(people.investigator.id), row);
    }
    assert.deepEqual(faults, []);
    await close();
  }],
];
