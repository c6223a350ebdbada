// The first minutes of a site: the operator opens the printed address, becomes its admin, and lets people in by
// invitation.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWorld } from "./world.mjs";

let world;

before(async () => (world = await startWorld()));
after(() => world?.stop());

test("the printed address makes the first admin, who closes the site to all but the invited", async () => {
  const [, path] = /http:\/\/[^/]+(\/setup\?token=\w+)/.exec(world.weir.output());
  const { page, close } = await world.open(path);
  await page.getByLabel("User name").fill("boss");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Make the admin" }).click();
  await page.getByRole("link", { name: "Settings" }).first().click();
  await page.getByLabel("Name of the site").fill("Night Radio");
  await page.getByLabel("Who may sign up").selectOption("invite");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").first().waitFor();
  assert.equal((await world.call("GET", "/api/v1/site")).name, "Night Radio");
  await page.getByRole("button", { name: "Make invitations" }).click();
  const code = (await page.locator("li").filter({ hasText: /^\w{20}$/ }).first().textContent()).trim();
  await close();

  const guest = await world.open("/register");
  await guest.page.getByLabel("User name").fill("guest");
  await guest.page.getByLabel("Password").fill("correct horse");
  await guest.page.getByLabel("Invitation code").fill("wrong");
  await guest.page.getByRole("button", { name: "Sign up" }).click();
  await guest.page.getByText("This invitation is wrong, used or too old.").waitFor();
  await guest.page.getByLabel("Invitation code").fill(code);
  await guest.page.getByRole("button", { name: "Sign up" }).click();
  await guest.page.getByRole("button", { name: "Account of guest" }).waitFor();
  await guest.close();
});

test("the printed address is good once", async () => {
  const [, path] = /http:\/\/[^/]+(\/setup\?token=\w+)/.exec(world.weir.output());
  const { page, close } = await world.open(path);
  await page.getByLabel("User name").fill("second");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Make the admin" }).click();
  await page.getByText("This site has an admin already. Sign in instead.").waitFor();
  await close();
});
