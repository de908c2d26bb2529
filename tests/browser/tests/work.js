// Can people do their work? From the queue to a decision with the mouse and with keys alone; from a ring to a case to a pack.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessibility, visitor } from "../lib/browser.js";
import { run } from "../lib/service.js";
import { PASSWORD, until } from "../lib/shop.js";

const BATCH = "application/cloudevents-batch+json";
const DEAR = 6;

const someone = async ({ browser, service, people }, role, options) => {
  const who = await visitor(browser, service, options);
  await who.signIn(people[role].name, people[role].password ?? PASSWORD);
  return who;
};

/** Requests so dear that a person decides, and before all others. */
const dear = async (world) => {
  if (world.dear) return;
  world.dear = true;
  const { service, shopKey } = world;
  const time = new Date().toISOString();
  const event = (id, type, data) => ({ specversion: "1.0", id, source: "browser-work", type, time, data });
  const line = [{ line: 1, quantity: 1 }];
  const events = [];
  for (let n = 1; n <= DEAR; n += 1) {
    const money = { amount: 90_000_000 + n, currency: "USD" };
    events.push(event(`wo${n}`, "order.placed", { order: `WO${n}`, account: `WA${n}`, lines: line, total: money, device: "WD1" }));
    events.push(event(`wr${n}`, "refund.requested", { refund: `WR${n}`, order: `WO${n}`, account: `WA${n}`, lines: line, amount: money, reason: "not_received", channel: "chat", device: "WD1" }));
  }
  events.push(event("wl1", "lead.raised", {
    lead: "ring-work", kind: "ring", as_of: time, probability: 0.97, fdr: 0.05, method: "rings/1",
    members: [1, 2, 3].map((n) => ({ kind: "account", id: `WA${n}`, probability: 0.9 })), refunds: ["WR1", "WR2", "WR3"],
    money: { amount: 270_000_006, currency: "USD" }, from: time, to: time,
    ties: [{ kind: "device", value: "WD1", probability: 0.99, accounts: ["WA1", "WA2", "WA3"], shared_by: 3, orders: 3 }],
    why: ["three accounts claim through one device"], against: ["not claimed: that the accounts' holders knew"],
  }));
  await service.ask("POST", "/v1/events", { key: shopKey, type: BATCH, body: events });
};

/** Waits until the queue shows them. */
const queued = (page) => until("the queue has them", async () => {
  const first = page.locator("[data-row] a[href^='/queue/']").first();
  return (await first.count()) && (await first.textContent()).startsWith("WR") || (await page.reload(), false);
});

/** Everything that must hold of a page that somebody looks at. */
const whole = async ({ page, faults }, path) => {
  // What has scrolled half under the head of the page is no small target.
  await page.evaluate(() => window.scrollTo(0, 0));
  assert.deepEqual(await accessibility(page), [], path);
  assert.deepEqual(faults, [], path);
  const { wide, seen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, seen: window.innerWidth }));
  assert.ok(wide <= seen, `${path} is ${wide} px wide`);
};

export const tests = [
  ["from an item of the queue to a decision and on to the next, with the mouse", async (world) => {
    await dear(world);
    const who = await someone(world, "analyst");
    const { page, close } = who;
    await page.goto("/queue");
    await queued(page);
    assert.equal(await page.locator("[data-row] a[href^='/queue/']").first().textContent(), `WR${DEAR}`, "most money first");
    await whole(who, "/queue");
    await page.locator("[data-row] a[href^='/queue/']").first().click();
    await page.waitForSelector("text=Nobody has this one");
    for (const told of ["Probability of abuse", "What each decision costs"]) assert.ok(!(await page.textContent("main")).includes(told), told);
    await page.click(".desk button:has-text('Take it')");
    await page.waitForSelector("form.decide");
    await whole(who, "an item in hand");
    const item = new URL(page.url()).pathname;
    await page.check("input[name=decision][value=deny]");
    await page.check("input[name=verdict][value=abuse]");
    await page.fill("form.decide textarea[name=note]", "delivered, with a photo");
    await page.click("button[name=then][value=next]");
    await page.waitForSelector("p.done");
    assert.match(await page.textContent("p.done"), new RegExp(`WR${DEAR} is decided: Denied\\. This is the next one\\.`));
    assert.notEqual(new URL(page.url()).pathname, item);
    assert.equal(await page.textContent("h1"), `Request WR${DEAR - 1}`);
    await page.click("button:has-text('Give it back')");
    await page.waitForURL("**/queue?said=released");
    await page.goto(item);
    assert.match(await page.textContent(".desk"), /you decided it/);
    await page.goto("/queue?items=done");
    await whole(who, "what is decided");
    await close();
  }],
  ["the same with keys alone, without a script, and what goes wrong is told", async (world) => {
    await dear(world);
    const who = await someone(world, "supervisor");
    const { page, close } = who;
    await page.goto("/today");
    await page.keyboard.press("g");
    await page.keyboard.press("q");
    await page.waitForURL("**/queue");
    // Without second reviews, which chance draws: what the analyst decided before is no work for the analyst.
    await page.goto("/queue?kind=review");
    await queued(page);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/queue\/\d+$/);
    await page.keyboard.press("c");
    await page.waitForSelector("form.decide");
    const first = await page.textContent("h1"), path = new URL(page.url()).pathname;

    // Somebody else wants the same one, in a browser without scripts.
    const late = await someone(world, "analyst", { javaScriptEnabled: false });
    await late.page.goto(path);
    assert.match(await late.page.textContent(".desk"), /Test supervisor has it until/);
    assert.equal(await late.page.locator("form.decide").count(), 0);
    await late.page.click("button:has-text('Take the next')");
    await late.page.waitForSelector("form.decide");
    assert.notEqual(await late.page.textContent("h1"), first, "nobody gets what another has");
    await late.page.click("button:has-text('Give it back')");
    await late.page.waitForURL("**/queue?said=released");
    await late.close();

    await page.keyboard.press("1");
    assert.ok(await page.isChecked("input[value=instant_refund]"));
    await page.keyboard.press("Enter");
    await page.waitForSelector("p.done");
    assert.match(await page.textContent("p.done"), /is decided: Paid at once\. This is the next one\./);
    await page.keyboard.press("r");
    await page.waitForURL("**/queue?said=released");
    await page.keyboard.press("n");
    await page.waitForSelector("form.decide");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog#shortcuts[open]");
    assert.match(await page.textContent("dialog#shortcuts"), /Take the next item/);
    await page.keyboard.press("Escape");
    await page.keyboard.press("r");
    await page.waitForURL("**/queue?said=released");
    await whole(who, "/queue");
    await close();
  }],
  ["several are decided alike after a look at what it would do", async (world) => {
    await dear(world);
    const who = await someone(world, "supervisor");
    const { page, close } = who;
    await page.goto("/queue?kind=review");
    await queued(page);
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    assert.equal(await page.locator("[data-row] input:checked").count(), 2);
    await page.click("details.bulk summary");
    await page.check("#bulk input[value=step_up]");
    await page.click("#bulk button");
    await page.waitForSelector("text=2 would be decided as: Proof asked");
    await whole(who, "the preview");
    await page.click("button:has-text('Decide these 2')");
    await page.waitForURL("**said=bulk**");
    assert.match(await page.textContent("p.done"), /2 are decided/);
    await page.goto("/queue/quality");
    await whole(who, "/queue/quality");
    await close();
  }],
  ["from a ring to a case to a downloaded pack that holds", async (world) => {
    const { service } = world;
    await dear(world);
    const who = await someone(world, "investigator");
    const { page, close } = who;
    await page.goto("/rings/ring-work");
    await page.click("p.cases a:has-text('Open a case')");
    await page.waitForURL("**/cases/new**");
    await whole(who, "/cases/new");
    await page.fill("#title", "One device, three accounts");
    await page.fill("#why", "a ring of the log");
    await page.click("main form.fields button");
    await page.waitForURL(/\/cases\/\d+$/);
    const path = new URL(page.url()).pathname;
    await page.fill("#note", "asked the carrier for the photos");
    await page.click("button:has-text('Keep the note')");
    await page.waitForURL("**done=note**");
    assert.match(await page.textContent("section[aria-labelledby=history]"), /asked the carrier for the photos/);
    await page.click("button:has-text('Take it')");
    await page.waitForURL("**done=assign**");
    await page.setInputFiles("#file", { name: "letter.txt", mimeType: "text/plain", buffer: Buffer.from("Dear Sirs") });
    await page.waitForSelector("section[aria-labelledby=files] a[download]");
    const [file] = await Promise.all([page.waitForEvent("download"), page.click("section[aria-labelledby=files] a[download]")]);
    assert.equal(file.suggestedFilename(), "letter.txt");
    assert.equal(readFileSync(await file.path(), "utf8"), "Dear Sirs");
    await page.click("section[aria-labelledby=holds] summary");
    await page.fill("#hold", "letter of the court");
    await page.click("button:has-text('Set a legal hold')");
    await page.waitForSelector(".badge:has-text('legal hold')");
    await whole(who, path);
    await page.selectOption("#purpose", "court");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("button:has-text('Make the pack')")]);
    assert.match(download.suggestedFilename(), /^case-\d+-court\.zip$/);
    const pack = join(service.dir, download.suggestedFilename()), bytes = readFileSync(await download.path());
    writeFileSync(pack, bytes);
    const verify = (file) => run(service.binary, ["evidence", "verify", file, "--key", `${service.evidenceKey}.pub`]);
    assert.match(await verify(pack), /The pack holds/);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(`${pack}.changed.zip`, bytes);
    await assert.rejects(verify(`${pack}.changed.zip`), "a flipped bit is found");
    await page.goto("/cases");
    assert.match(await page.textContent("main table"), /One device, three accounts/);
    await whole(who, "/cases");
    await page.fill("#q", "ring-work");
    await page.press("#q", "Enter");
    await page.waitForURL("**q=ring-work");
    assert.equal(await page.locator("[data-row] a[href^='/cases/']").count(), 1);
    await close();
  }],
  ["who may only look at the queue and cases is offered nothing else", async (world) => {
    for (const [role, path, selector] of [
      ["investigator", "/queue", "form[action='/queue/next'], input[type=checkbox]"],
      ["auditor", "/queue", "form[action='/queue/next'], input[type=checkbox]"],
      ["analyst", "/cases", "a[href='/cases/new']"],
      ["auditor", "/cases/1", "form[action^='/cases/'], form.upload"],
      ["analyst", "/cases/1", "form[action^='/cases/'], form.upload"],
    ]) {
      const { page, faults, close } = await someone(world, role);
      assert.equal((await page.goto(path)).status(), 200, `${role} ${path}`);
      assert.equal(await page.locator(`main :is(${selector.replace("/cases/'", "/cases/1/'")})`).count(), 0, `${role} ${path}`);
      assert.deepEqual(faults, []);
      await close();
    }
    const { page, close } = await someone(world, "admin");
    page.expectedFault = true;
    for (const path of ["/queue", "/cases"]) assert.equal((await page.goto(path)).status(), 403, path);
    await close();
  }],
  ["the queue, an item in hand and a case on a phone, and in the dark", async (world) => {
    for (const options of [{ viewport: { width: 390, height: 844 } }, { colorScheme: "dark" }]) {
      const who = await someone(world, "supervisor", options);
      await who.page.goto("/queue");
      await whole(who, "/queue");
      await who.page.click("form[action='/queue/next'] button");
      await who.page.waitForSelector("form.decide");
      await whole(who, "an item in hand");
      await who.page.click("button:has-text('Give it back')");
      await who.page.waitForURL("**said=released");
      await who.page.goto("/cases/1");
      await whole(who, "/cases/1");
      await who.close();
    }
  }],
];
