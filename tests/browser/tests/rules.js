// Does a rule get from the editor over a back-test to two people?
import assert from "node:assert/strict";
import { accessibility, visitor } from "../lib/browser.js";
import { PASSWORD } from "../lib/shop.js";

export const tests = [
  ["a rule: checked as it is written, kept, back-tested, proposed by one, approved by another", async ({ browser, service, people }) => {
    const author = await visitor(browser, service), approver = await visitor(browser, service);
    await author.signIn(people.analyst.name, people.analyst.password ?? PASSWORD);
    await approver.signIn(people.supervisor.name, people.supervisor.password ?? PASSWORD);
    const { page } = author;
    await page.goto("/rules");
    await page.click("a[href='/rules/edit?part=policy']");
    const text = await page.inputValue("textarea");
    await page.fill("textarea", text.replace("[review]", "[reveiw]"));
    await page.waitForSelector(".checked .alert.bad");
    assert.match(await page.textContent(".checked"), /Line \d+, column \d+/);
    assert.match(await page.textContent(".checked"), /review/);
    assert.deepEqual(await accessibility(page), []);
    await page.click(".checked button");
    const line = text.split("\n").indexOf("[review]");
    const at = await page.evaluate(() => document.querySelector("textarea").selectionStart);
    assert.equal(text.slice(0, at).split("\n").length - 1, line, "the fault is where the caret goes");
    await page.fill("textarea", text.replace("prior = 0.05", "prior = 0.06"));
    await page.waitForSelector(".checked .done");
    await page.click("form[action='/rules/keep'] .buttons button");
    await page.waitForURL("**done=kept");
    assert.match(await page.textContent(".diff ins"), /prior = 0\.06/);
    await page.click("form[action='/rules/backtest'] button");
    await page.waitForSelector(".figures", { timeout: 120000 });
    assert.deepEqual(await accessibility(page), []);
    await page.fill("form[action='/rules/propose'] textarea", "what was found last month");
    await page.click("form[action='/rules/propose'] button");
    await page.waitForURL("**/rules?done=proposed**");
    assert.equal(await page.locator("form[action$='/approve']").count(), 0, "nobody approves what they proposed");
    await approver.page.goto("/rules");
    await approver.page.click("form[action$='/approve'] button");
    await approver.page.waitForURL("**/rules?done=approved");
    assert.match(await approver.page.textContent("article.pair"), /decides since/);
    assert.deepEqual(await accessibility(approver.page), []);
    for (const who of [author, approver]) {
      assert.deepEqual(who.faults, []);
      await who.close();
    }
  }],
];
