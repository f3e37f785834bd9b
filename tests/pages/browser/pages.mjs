// Opens each state of the pages in headless Chromium, wide and 320 px narrow, and lets axe-core judge it; then fills in
// the form with the keyboard alone, without script. Prints what it found as JSON.
// node pages.mjs <address of the form> <chromium> [folder for pictures]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [form, executablePath, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDTHS = { wide: 1280, narrow: 320 };
const QUIET = ["background-networking", "component-update", "sync", "default-apps", "extensions"];
const WISH = "Vi vill öppna ett kafé <vid> torget & ha uteservering.";

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...QUIET.map((name) => `--disable-${name}`)],
});

async function context(options) {
  const made = await browser.newContext({ locale: "sv-SE", reducedMotion: "reduce", ...options });
  await made.route("**/*", (route) => (route.request().url().startsWith(new URL(form).origin) ? route.continue() : route.abort()));
  return made;
}

const press = (page) => page.click("main button");

async function send(page, language, fields) {
  await page.goto(`${form}?language=${language}`);
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
  await press(page);
}

async function ask(page, language, code) {
  await page.goto(`${form}/follow-up?language=${language}`);
  await page.fill("#code", code);
  await press(page);
}

const WRONG = { organisation_number: "1", phone: "nej", e_mail: "nej", opening_on: "i vår", name: "a".repeat(301) };

async function wronglyFilled(page) {
  await page.goto(`${form}?language=sv`);
  await page.evaluate(() => (document.querySelector("#more").value = "en robot"));
  for (const [name, value] of Object.entries(WRONG)) await page.fill(`#${name}`, value);
  await press(page);
}

async function followed(page, language) {
  await send(page, language, { wish: WISH });
  await ask(page, language, (await page.textContent(".code")).trim());
}

const STATES = {
  empty: (page) => page.goto(`${form}?language=sv`),
  "empty in English": (page) => page.goto(`${form}?language=en`),
  "with errors": wronglyFilled,
  "with an error in English": (page) => send(page, "en", { wish: " " }),
  receipt: (page) => send(page, "sv", { wish: WISH }),
  "receipt in English": (page) => send(page, "en", { wish: WISH }),
  "follow-up": (page) => page.goto(`${form}/follow-up?language=sv`),
  "follow-up in English": (page) => page.goto(`${form}/follow-up?language=en`),
  "follow-up with a wrong code": (page) => ask(page, "sv", "fel"),
  standing: (page) => followed(page, "sv"),
  "standing in English": (page) => followed(page, "en"),
  "not found": (page) => page.goto(`${form}/receipts/none?language=sv`),
  "no form": (page) => page.goto(form.replace("1460", "1461")),
};

async function judged(page) {
  await page.evaluate(axe);
  const found = await page.evaluate((rules) => window.axe.run({ runOnly: rules }), RULES);
  const violations = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
  const unsure = found.incomplete.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
  return { violations, unsure, passed: found.passes.length };
}

async function looked(name, width, open) {
  const made = await context({ viewport: { width, height: 900 } });
  const page = await made.newPage();
  await open(page);
  const seen = await judged(page);
  const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  const focused = await page.evaluate(() => document.activeElement.className);
  if (pictures) await page.screenshot({ path: `${pictures}/${name} ${width}.png`.replaceAll(" ", "-"), fullPage: true });
  await made.close();
  return { name, width, ...seen, scrolls, focused };
}

// A page that is wrong on purpose: what would not find this would find nothing.
async function spoilt() {
  const made = await context({});
  const page = await made.newPage();
  await page.goto(form);
  await page.evaluate(() => {
    document.documentElement.removeAttribute("lang");
    document.querySelector("label").remove();
    document.querySelector("h1").style.color = "#aaa";
  });
  const { violations } = await judged(page);
  await made.close();
  return violations;
}

const TYPED = {
  wish: WISH,
  company_name: "Kafé Torget AB",
  organisation_number: "556016-0680",
  name: "Anna Glas",
  phone: "0531-123 45",
  e_mail: "anna@glas.example",
  place: "Storgatan 1",
  opening_on: "2027-06-01",
};

async function stop(page) {
  await page.keyboard.press("Tab");
  return page.evaluate(() => {
    const one = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return { at: one.id || one.tagName.toLowerCase(), seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
  });
}

// Nobody touches a mouse, and no script runs: Tab from field to field, typing, a space for the tick, Enter to send.
async function byKeyboard() {
  const made = await context({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const page = await made.newPage();
  await page.goto(`${form}?language=sv`);
  const stops = [];
  for (let pressed = 0; pressed < 40 && stops.at(-1)?.at !== "button"; pressed += 1) {
    stops.push(await stop(page));
    const { at } = stops.at(-1);
    if (TYPED[at]) await page.keyboard.type(TYPED[at]);
    if (at === "case_type") await page.keyboard.press("ArrowDown");
    if (at === "survey_consent") await page.keyboard.press("Space");
  }
  await Promise.all([page.waitForURL("**/receipts/**"), page.keyboard.press("Enter")]);
  const number = await page.textContent(".number");
  await made.close();
  return { order: stops.map(({ at }) => at), unseen: stops.filter(({ seen }) => !seen), number };
}

async function textIsKept() {
  const made = await context({ javaScriptEnabled: false });
  const page = await made.newPage();
  await send(page, "sv", { wish: `\n${WISH}`, e_mail: "nej" });
  const [wish, at] = [await page.inputValue("#wish"), await page.evaluate(() => document.activeElement.className)];
  await page.click(".summary a");
  const linked = await page.evaluate(() => document.activeElement.id);
  await made.close();
  return { wish, at, linked };
}

const states = [];
for (const [name, open] of Object.entries(STATES))
  for (const width of Object.values(WIDTHS)) states.push(await looked(name, width, open));
const found = { states, spoilt: await spoilt(), keyboard: await byKeyboard(), kept: await textIsKept() };
await browser.close();
process.stdout.write(JSON.stringify(found));
