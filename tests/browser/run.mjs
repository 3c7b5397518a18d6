// Pages of Minutebook as people use them, in Debian's Chromium: each page, the coordinates, why, the keyboard alone, a phone's
// width, signing in, recording with rejections; and each page held to WCAG 2.2, A and AA, by axe-core and pa11y, in light, in
// dark and at a phone's width. A screenshot of each is kept. It must not look behind the pages.
//
// Usage: node run.mjs BINARY SCREENSHOTS
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import pa11y from "pa11y";
import puppeteer from "puppeteer";

const [binary, screenshots] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
const modes = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "phone", colorScheme: "light", viewport: { width: 360, height: 740 } },
];
const day = "as-of=2024-06-01";
const pages = {
  state: `/state?${day}`,
  register: `/register?${day}`,
  contract: `/contracts/live-well-kent-2016?as-of=2018-06-01`,
  value: `/value?${day}`,
  lots: `/lots?${day}&contract=live-well-kent-2016`,
  network: `/network?as-of=2019-01-01&contract=live-well-kent-2016`,
  totals: `/totals?${day}&ends-within=12`,
  decisions: `/decisions?${day}`,
  changed: `/diff?as-of=2025-10-01&to=2026-04-01`,
  findings: `/findings?${day}`,
  audit: `/audit?${day}`,
  entry: `/entries/7?${day}`,
  why: `/why?contract=live-well-kent-2016&fact=line/budget/service-sis-hrs&as-of=2017-12-01`,
  wrong: `/state?as-of=2024-02-31`,
  nothing: `/nowhere`,
  "sign-in": `/sign-in`,
};

const folder = mkdtempSync(join(tmpdir(), "minutebook-browser-"));
mkdirSync(screenshots, { recursive: true });
const minutebook = (...words) =>
  execFileSync(binary, ["--ledger", join(folder, "ledger"), ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Starts a server of Kent's record, and gives its address. */
async function served() {
  minutebook("demo");
  const token = minutebook("token", "new", "--role", "recorder", "--label", "contract office").trim();
  const server = spawn(binary, ["--ledger", join(folder, "ledger"), "serve", "--listen", "127.0.0.1:0"]);
  server.stderr.pipe(process.stderr);
  for await (const line of createInterface({ input: server.stdout })) {
    const address = line.match(/http:\/\/\S+/);
    if (address) return { server, token, at: address[0] };
  }
  throw new Error("the server said no address");
}

async function ready(at) {
  for (let turn = 0; turn < 300; turn++) {
    if ((await fetch(`${at}/ready`)).ok) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the server is not ready");
}

/** The texts of pictures whose contrast to what is behind them is below 4.5 (WCAG 2.2, 1.4.3); it runs in the page. */
function paleTexts() {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = parts(colour).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const paper = getComputedStyle(document.body).backgroundColor;
  return [...document.querySelectorAll("svg text")].filter((text) => {
    const box = text.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const behind = [...text.ownerSVGElement.querySelectorAll("rect")].filter((rect) => {
      const at = rect.getBoundingClientRect();
      const fill = getComputedStyle(rect).fill;
      return fill !== "none" && at.left <= x && x <= at.right && at.top <= y && y <= at.bottom;
    });
    const ground = behind.length ? getComputedStyle(behind.at(-1)).fill : paper;
    return contrast(light(getComputedStyle(text).fill), light(ground)) < 4.5;
  }).map((text) => text.textContent);
}

let steps = 0;
const step = async (what, work) => {
  try {
    await work();
  } catch (error) {
    error.message = `${what}: ${error.message}`;
    throw error;
  }
  steps += 1;
  console.log(`ok  ${what}`);
};

const { server, token, at } = await served();
const browser = await chromium.launch({ executablePath, args });
const second = await puppeteer.launch({ executablePath, args: [...args, "--headless"] });
let failed = true;
try {
  await ready(at);

  /** Holds a page that is shown to all that every page is held to; `other` shows the same to pa11y. */
  const held = async (page, name, mode, other, url) => {
    const overflow = await page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth);
    assert.ok(overflow <= 0, `it is ${overflow} pixels wider than the screen`);
    await page.screenshot({ path: join(screenshots, `${name}-${mode.name}.png`), fullPage: url === undefined });
    await page.evaluate(axe);
    const found = await page.evaluate((rules) => window.axe.run({ runOnly: rules }), rules);
    const faults = found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.target).join(", ")}`);
    assert.deepEqual(faults, []);
    assert.deepEqual(await page.evaluate(paleTexts), [], "texts of pictures that are too pale");
    const report = await pa11y(url ?? other.url(), {
      // With its own engine: axe-core has been asked already, with the rules of 2.2 too.
      browser: second, page: other, ignoreUrl: url === undefined, viewport: mode.viewport, standard: "WCAG2AA", runners: ["htmlcs"],
      timeout: 60000,
    });
    assert.deepEqual(report.issues.filter((issue) => issue.type === "error").map((issue) => `${issue.code} ${issue.selector}`), []);
  };
  const shownTo = async (mode) => {
    const other = await second.newPage();
    await other.emulateMediaFeatures([{ name: "prefers-color-scheme", value: mode.colorScheme }]);
    return other;
  };

  for (const mode of modes) {
    const context = await browser.newContext({ colorScheme: mode.colorScheme, viewport: mode.viewport });
    const page = await context.newPage();
    for (const [name, path] of Object.entries(pages)) {
      await step(`${name}, ${mode.name}: shown whole, with nothing that axe-core or pa11y finds`, async () => {
        const complaints = [];
        const listen = (message) => message.type() === "error" && complaints.push(message.text());
        page.on("console", listen);
        const answer = await page.goto(at + path);
        page.off("console", listen);
        const expected = { wrong: 400, nothing: 404 }[name] ?? 200;
        assert.equal(answer.status(), expected);
        assert.deepEqual(complaints.filter((text) => !text.includes(`status of ${expected}`)), []);
        const other = await shownTo(mode);
        await held(page, name, mode, other, at + path);
        await other.close();
      });
    }
    await step(`a form with rejections at its fields, ${mode.name}: the same`, async () => {
      // Both browsers are led there the same way: neither of their words for it is the other's.
      const led = async (page, go) => {
        await page.goto(`${at}/sign-in?to=/record`);
        await page.type("#token", token);
        await go(() => page.click("main form button"));
        for (const kind of ["value-set", "clause-set self-delivery-cap", "total-stated"]) {
          await page.evaluate((kind) => (document.querySelector("#kind").value = kind), kind);
          await go(() => page.click("button[name=add][value=event]"));
        }
        await go(() => page.click("form.draft button"));
      };
      await led(page, async (press) => {
        await press();
        await page.waitForLoadState();
      });
      const other = await shownTo(mode);
      await other.setViewport(mode.viewport);
      await led(other, (press) => Promise.all([other.waitForNavigation(), press()]));
      assert.match(await other.$eval(".wrong", (wrong) => wrong.textContent), /Event 3: Total must be given/);
      await held(page, "record-form", mode, other);
      await other.close();
    });
    await context.close();
  }

  const context = await browser.newContext({ viewport: modes[0].viewport });
  const page = await context.newPage();

  const press = (name) => page.getByRole("button", { name, exact: true }).first().click();
  /** Goes on by the keyboard to a field, by its name, or to a button, by its words. */
  const tabTo = async (wanted) => {
    for (let turn = 0; turn < 200; turn++) {
      const at = await page.evaluate(() => document.activeElement.name || document.activeElement.textContent.trim());
      const text = await page.evaluate(() => document.activeElement.localName === "button" && document.activeElement.textContent.trim());
      if (at === wanted || text === wanted) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${wanted}`);
  };
  const typed = async (fields) => {
    for (const [name, value] of Object.entries(fields)) {
      await tabTo(name);
      await page.keyboard.type(value);
    }
  };
  const entered = async (button) => {
    await tabTo(button);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  };

  await step("a day is typed, is in the address, and the way back leads to the answer before", async () => {
    await page.goto(`${at}/state?${day}`);
    const before = await page.locator(".words").first().innerText();
    for (const [field, value] of [["day", "1"], ["month", "6"], ["year", "2018"]]) {
      await page.fill(`input[name=as-of-${field}]`, value);
    }
    await page.click("form.coordinates button");
    assert.match(page.url(), /as-of=2018-06-01/);
    assert.match(await page.locator(".words").first().innerText(), /1 June 2018/);
    await page.goBack();
    assert.equal(await page.locator(".words").first().innerText(), before);
  });

  await step("a slider goes over the days of the record, by keyboard too, and what it asks is in the address", async () => {
    await page.goto(`${at}/lots?as-of=2018-06-01&contract=live-well-kent-2016`);
    const slider = page.getByLabel("Days of the record");
    const before = await slider.getAttribute("aria-valuetext");
    await slider.focus();
    const asked = ({ search }) => /as-of=\d/.test(search) && !search.includes("as-of=2018-06-01");
    await Promise.all([page.waitForURL(asked), page.keyboard.press("ArrowRight")]);
    assert.notEqual(await page.getByLabel("Days of the record").getAttribute("aria-valuetext"), before);
    assert.match(page.url(), /contract=live-well-kent-2016/);
    await page.goBack();
    assert.match(page.url(), /as-of=2018-06-01/);
  });

  await step("without a script the same is asked by the fields alone", async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const page = await plain.newPage();
    await page.goto(at + pages.lots);
    assert.equal(await page.locator("#slider").count(), 0);
    await page.fill("input[name=as-of-year]", "2018");
    await page.click("form.coordinates button");
    assert.match(page.url(), /as-of=2018-06-01/);
    assert.equal(await page.locator("details.figure").count() > 0, true);
    await plain.close();
  });

  await step("what is wrong with a day is said at its field", async () => {
    await page.goto(at + pages.wrong);
    await page.click(".wrong a");
    assert.match(page.url(), /#as-of$/);
    assert.match(await page.locator("#as-of .fault").innerText(), /not a day of the calendar/);
  });

  await step("with the keyboard alone a figure tells why, without leaving the page", async () => {
    await page.goto(at + pages.lots);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    for (let press = 0; press < 60; press++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.localName === "summary")) break;
    }
    const address = page.url();
    await page.keyboard.press("Enter");
    const open = page.locator("details[open]");
    assert.equal(await open.count(), 1);
    assert.match(await open.innerText(), /Written in\s+A 2\.7/);
    assert.equal(page.url(), address);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("details[open]").count(), 0);
  });

  await step("who may record signs in", async () => {
    await page.goto(`${at}/record`);
    assert.match(page.url(), /sign-in/);
    await page.fill("#token", "minutebook_0_1");
    await page.click("main form button");
    assert.match(await page.locator(".wrong").innerText(), /none that counts here/);
    await page.fill("#token", token);
    await page.click("main form button");
    assert.match(page.url(), /\/record$/);
    assert.match(await page.locator("form.who").innerText(), /contract office: recorder/);
  });

  await step("with the keyboard alone an entry is drafted, mended where it is rejected, and recorded; a plan stays one", async () => {
    await typed({
      "act.reference": "Z1", "act.title": "End Live Well Medway", "act.kind": "decision", "act.decided": "2026-11-01",
      "document.0.code": "Z", "document.0.title": "Report", kind: "ended",
    });
    await entered("Add it");
    assert.match(page.url(), /#event\.0$/);
    await typed({
      "event.0.contract": "live-well-margate", "event.0.effective": "2026-12-31", "event.0.standing": "planned",
      "event.0.sources": "Z 1",
    });
    await entered("Check it");
    // What is wrong has the focus, leads to its field, and is said there.
    await page.waitForFunction(() => document.activeElement.className === "wrong");
    await page.screenshot({ path: join(screenshots, "record-rejected.png"), fullPage: true });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.name === "event.0.contract");
    const described = await page.evaluate(() => document.activeElement.getAttribute("aria-describedby").split(" ")
      .map((id) => document.getElementById(id).textContent).join(" "));
    assert.match(described, /Error: contract "live-well-margate" is not known/);
    await page.keyboard.press("Control+A");
    await page.keyboard.type("live-well-medway");
    await page.keyboard.press("Escape");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.match(await page.locator("main").innerText(), /What recording this would change[\s\S]*live-well-medway/);
    await page.screenshot({ path: join(screenshots, "record-checked.png"), fullPage: true });
    await page.evaluate(axe);
    const found = await page.evaluate((rules) => window.axe.run({ runOnly: rules }), rules);
    assert.deepEqual(found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.target).join(", ")}`), []);
    await entered("Record it at position 39");
    assert.match(page.url(), /\/entries\/39/);
    await page.goto(`${at}/register?contract=live-well-medway&as-of=2027-01-31`);
    const status = await page.locator("main").innerText();
    assert.match(status, /in force/);
    assert.match(status, /planned/);
  });

  await step("a decision file is uploaded, keeps what the form does not show, and is downloaded", async () => {
    await page.goto(`${at}/record`);
    const text = readFileSync(new URL("../../events/kent/2017-03-31-sis-hrs-variation.toml", import.meta.url));
    await page.setInputFiles("#file", { name: "again.toml", mimeType: "application/toml", buffer: text });
    await press("Open it");
    assert.match(await page.locator(".told").innerText(), /does not show all of this file[\s\S]*line 1: a comment/);
    await press("Check it");
    assert.match(await page.locator(".wrong").innerText(), /already recorded at position 7/);
    const [download] = await Promise.all([page.waitForEvent("download"), press("Download it")]);
    assert.equal(readFileSync(await download.path(), "utf8").trim(), text.toString().trim());
    await page.fill("#text", text.toString().replace(/live-well-kent-2016/, "live-well-kent-2061"));
    await press("Check it");
    assert.match(await page.locator(".wrong").innerText(), /decision\.toml:4:6[\s\S]*is that of the entry at position 7, whose content differs/);
    await page.fill("#text", text.toString().replace(/^#.*\n/gm, ""));
    await press("Open it in the form");
    assert.equal(await page.inputValue('[name="event.0.contract"]'), "live-well-kent-2016");
  });

  await step("who signs out is nobody in particular", async () => {
    await press("Sign out");
    assert.equal(await page.locator("form.who").count(), 0);
    await page.goto(`${at}/record`);
    assert.match(page.url(), /sign-in/);
  });
  failed = false;
} finally {
  await browser.close();
  await second.close();
  server.kill("SIGTERM");
  await new Promise((done) => server.once("exit", done));
  if (!failed) rmSync(folder, { recursive: true });
}
console.log(`${steps} steps passed; screenshots are in ${screenshots}`);
