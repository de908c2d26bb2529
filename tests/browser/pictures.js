// What do the pages look like? Each as a picture, light and dark, on a desktop and on a phone.
import { join } from "node:path";
import { visitor } from "./lib/browser.js";
import { PASSWORD } from "./lib/shop.js";
import { reach } from "./tests/pages.js";

const SIZES = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } };
const name = (path) => path.split("?")[0].replace(/^\/(requests|accounts)\/.*/, "/$1").replace(/^\/settings\/users\/.*/, "/settings/user").replace(/^\/(cases|rings|staff|posts|queue)\/(?!new|quality).+/, "/$1-one").slice(1).replaceAll("/", "-") || "first";

export const pictures = async ({ browser, service, people }, out) => {
  const taken = new Set();
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      taken.clear();
      const door = await visitor(browser, service, { viewport, colorScheme });
      await door.page.goto("/login");
      await door.page.screenshot({ path: join(out, `login-${size}-${colorScheme}.png`) });
      await door.close();
      for (const role of ["supervisor", "investigator", "admin", "auditor"]) {
        const { page, signIn, close } = await visitor(browser, service, { viewport, colorScheme });
        await signIn(people[role].name, people[role].password ?? PASSWORD);
        if (role === "supervisor") {
          // An item in somebody's hands: the desk as it is worked.
          await page.goto("/queue");
          await page.click("form[action='/queue/next'] button");
          await page.waitForURL(/\/queue(\/\d+|\?)/);
          await page.screenshot({ path: join(out, `desk-${size}-${colorScheme}.png`), fullPage: true });
          const back = page.locator("button:has-text('Give it back')");
          if (await back.count()) await back.click();
        }
        for (const path of await reach(page)) {
          const file = name(path) + (path.includes("nothing-like") ? "-none" : "");
          if (taken.has(file)) continue;
          taken.add(file);
          await page.goto(path);
          await page.waitForTimeout(250);
          await page.screenshot({ path: join(out, `${file}-${size}-${colorScheme}.png`), fullPage: true });
        }
        await close();
      }
    }
  }
};
