// What is in the shop of the tests? Simulated events, taken from a folder, and people of every role.
import { copyFileSync, mkdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const PASSWORD = "mauve lantern quarry";
export const ROLES = ["analyst", "investigator", "supervisor", "auditor", "admin"];

/** Waits until something is so. */
export const until = async (what, so, { tries = 300, pause = 200 } = {}) => {
  for (let n = 0; n < tries; n += 1) {
    const found = await so();
    if (found) return found;
    await sleep(pause);
  }
  throw new Error(`waited in vain until ${what}`);
};

/** The folder that the service follows. */
export const inbox = (service) => {
  const folder = join(service.dir, "inbox");
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** Has the service take the simulated events; done once all of them are in. */
export const take = async (service) => {
  copyFileSync(join(service.events, "events.jsonl.zst"), join(inbox(service), "events.jsonl.zst"));
  const followed = join(service.dir, "data", "followed.json");
  return until("the events are taken", () => existsSync(followed) && readFileSync(followed, "utf8").includes("events.jsonl.zst"));
};

/** A person of a role, made by the administrator, with a password chosen through the link. */
export const person = async (service, adminKey, name, roles) => {
  const made = await service.ask("POST", "/v1/users", { key: adminKey, body: { name, roles } });
  await service.ask("POST", "/v1/password", { body: { token: made.token, password: PASSWORD } });
  return { name, roles, id: made.user.id };
};
