// The pages in Chromium, as a person uses them: with scripts, without them,
// and as somebody who means harm left their marks.
import { readFileSync } from "node:fs";
import { axe, done, imapLogin, ok, same, signIn, site, start, visit, WAIT,
	withBrowser } from "./browser.mjs";

const variants = ["full-app", "full-typed", "mail-app", "mail-typed"];

// Name and bytes of what a click downloads.
async function download(page, click) {
	const [file] = await Promise.all([
		page.waitForEvent("download", { timeout: WAIT }), click()]);
	return [file.suggestedFilename(), readFileSync(await file.path())];
}

async function profiles(page, how) {
	for (const variant of variants) {
		await page.goto(`${start}/`);
		await page.check(`input[value="${variant}"]`);
		const [name, bytes] = await download(page,
		    () => page.click("text=Download here"));
		const kind = variant.split("-")[0];
		ok(name === `${site.address}-${kind}.mobileconfig` &&
		    bytes.includes("com.apple.mail.managed") &&
		    bytes.includes("com.apple.caldav.account") ===
		        (kind === "full") &&
		    bytes.includes("<key>IncomingPassword</key>") ===
		        variant.endsWith("app"),
		    `${how}: the profile ${variant}`, name);
	}
}

async function makePassword(page, label) {
	await page.goto(`${start}/app-passwords`);
	await page.fill("#label", label);
	await page.click("text=Make app password");
	return (await page.textContent(".secret code")).trim();
}

const row = (label) => `li.card:has(bdi:text-is("${label}"))`;

async function withScripts(browser) {
	const page = await visit(browser);
	await signIn(page);
	await profiles(page, "with scripts");
	await page.goto(`${start}/`);
	await page.click("text=Show the code");
	ok(await page.isVisible(".qr"), "a code for the camera");
	const password = await makePassword(page, "Laptop");
	same(await page.textContent(".live .said"),
	    "Waiting for the first connection…", "it waits");
	ok(await page.isVisible(".secret .copy"), "with a button to copy");
	ok(await imapLogin(password), "IMAP takes the password");
	await page.waitForSelector(".live.good");
	ok(/^Connected: .*, IMAP from 127\./.test(
	    await page.textContent(".live .said")),
	"the page says that it has connected, by itself");
	await page.goto(`${start}/app-passwords`);
	const url = page.url();
	await page.click(`${row("Laptop")} button`);
	await page.waitForSelector(row("Laptop"), { state: "detached" });
	same([page.url(), await page.textContent("main > .note")],
	    [url, "The app password is revoked. It no longer works."],
	    "revoked on the same page");
	ok(!await imapLogin(password), "the next login is refused");
	await page.goto(`${start}/security`);
	await page.fill("#fresh", "password");
	await page.waitForSelector("#strength:not([hidden])");
	same(await page.textContent("#strength span"), "Guessed at once",
	    "a bad password is called so");
	await page.click("text=Sign out everywhere");
	await page.waitForSelector("#password");
	same(await page.textContent("main > .note"),
	    "You are signed out everywhere.", "signed out everywhere");
	same(page.complaints, [], "nothing broke the policy");
	await page.context().close();
}

async function withoutScripts(browser) {
	const page = await visit(browser, { javaScriptEnabled: false });
	await signIn(page);
	await profiles(page, "without scripts");
	const password = await makePassword(page, "Old browser");
	ok(!await page.isVisible(".secret .copy"), "no button that does nothing");
	ok(await imapLogin(password), "IMAP takes the password");
	await page.goto(`${start}/app-passwords`);
	ok((await page.textContent(`${row("Old browser")} .live`))
	    .includes("Last connected"), "the list says when it connected");
	await page.click(`${row("Old browser")} button`);
	await page.waitForSelector("main > .note");
	same(await page.locator(row("Old browser")).count(), 0, "revoked");
	ok(!await imapLogin(password), "the next login is refused");
	await page.click("nav >> text=Password and sign-ins");
	ok(await page.isVisible("text=this one"), "the list of sessions");
	await page.click("header >> text=Sign out");
	await page.waitForSelector("#password");
	same(await page.textContent("main > .note"), "You are signed out.",
	    "signed out");
	await page.goto(`${start}/security`);
	ok(await page.isVisible("#password"), "and has to sign in");
	await page.context().close();
}

// --- accessibility ---

const looks = ["light", "dark"].flatMap((colorScheme) => [
	[`${colorScheme} desktop`, { colorScheme },
	    { width: 1180, height: 800 }],
	[`${colorScheme} phone`, { colorScheme },
	    { width: 390, height: 844 }]]);

// By axe in each look, and nothing wider than the window.
async function examine(page, name) {
	const found = [];
	await page.evaluate(axe);
	for (const [look, media, size] of looks) {
		await page.emulateMedia(media);
		await page.setViewportSize(size);
		const [wide, { violations }] = await page.evaluate(async () => [
			document.documentElement.scrollWidth >
			    window.innerWidth,
			await window.axe.run(document, { resultTypes:
			    ["violations"], runOnly: ["wcag2a", "wcag2aa",
				"wcag21a", "wcag21aa", "wcag22aa",
				"best-practice"] })]);
		if (wide) {
			found.push(`${look}: it sticks out`);
		}
		found.push(...violations.map(
		    (v) => `${look}: ${v.id}: ${v.nodes[0].html}`));
	}
	same(found, [], `axe in ${looks.length} looks: ${name}`);
}

async function tour(browser) {
	/* Colours on their way to others have no contrast to speak of. */
	const page = await visit(browser, { reducedMotion: "reduce" });
	const at = (path, name) => page.goto(`${start}${path}`)
	    .then(() => examine(page, name));
	await at("/", "welcome");
	for (const device of ["iphone", "android"]) {
		await at(`/help?device=${device}&address=a@elsewhere.example`,
		    `help ${device}`);
	}
	await at("/nothing", "fault");
	await signIn(page);
	await examine(page, "home");
	await page.click("text=Show the code");
	await page.waitForSelector(".qr");
	await examine(page, "device");
	await makePassword(page, "Phone");
	await examine(page, "made");
	await at("/app-passwords?done=revoked", "app passwords");
	await at("/mail?done=reply", "mail");
	await at("/security", "security");
	await page.fill("#old", "wrong");
	await page.fill("#fresh", "a");
	await page.fill("#again", "b");
	await page.click("main >> text=Change password");
	await page.waitForSelector("#wrong");
	await examine(page, "a form with a fault");
	same(page.complaints, [], "nothing broke the policy");
	await page.context().close();
}

// Who administers domains has pages of their own.
async function keeper(browser) {
	const page = await visit(browser, { reducedMotion: "reduce" });
	await signIn(page, site.keeper);
	await page.click("nav >> text=Domains");
	await examine(page, "domains");
	await page.click(`main >> text=${site.keeper.domain}`);
	await page.fill("#part", "not one");
	await page.click("#add ~ form button");
	await page.waitForSelector("#wrong");
	await examine(page, "a domain, and a form with a fault");
	await page.goto(`${start}${site.keeper.path}/dns`);
	await examine(page, "its records");
	await page.goto(start + site.keeper.mailbox);
	await examine(page, "a mailbox");
	await page.click("#fresh ~ form button");
	await page.waitForSelector(".secret");
	await examine(page, "its new password");
	same(page.complaints, [], "nothing broke the policy");
	await page.context().close();
}

// Longer words than the English ones fit on a phone, too.
async function languages(browser) {
	const page = await visit(browser,
	    { viewport: { width: 320, height: 640 } });
	await signIn(page, site.keeper);
	const wide = [];
	for (const lang of ["fr", "nl", "de"]) {
		for (const path of ["/", "/app-passwords", "/calendars",
			"/mail", "/domains", site.keeper.path,
			`${site.keeper.path}/dns`,
			site.keeper.mailbox, "/security", "/help"]) {
			await page.goto(`${start}${path}?lang=${lang}`);
			if (await page.evaluate(() => document
			    .documentElement.scrollWidth > innerWidth)) {
				wide.push(`${path} ${lang}`);
			}
		}
	}
	same(wide, [], "every language fits into 320 pixels");
	await page.context().close();
}

// What strangers left: no page has an element or attribute more for it.
async function marks(browser) {
	const page = await visit(browser);
	const shape = () => page.evaluate(() => [
		...document.querySelectorAll("*")].filter(
	    (e) => ["SCRIPT", "IMG", "IFRAME", "SVG", "OBJECT", "EMBED"]
	        .includes(e.tagName.toUpperCase()) ||
	        [...e.attributes].some((a) => a.name.startsWith("on")))
	    .map((e) => e.tagName).sort().join());
	await signIn(page);
	for (const [path, wanted] of [["/app-passwords", "IMG,SCRIPT"],
		["/security", "IMG,SCRIPT"],
		[`/help?address=${encodeURIComponent(
		    "<img src=x onerror=alert(1)>@x")}`, "IMG,SCRIPT"]]) {
		await page.goto(start + path);
		same(await shape(), wanted, `marks stay text: ${path.slice(0, 20)}`);
	}
	same(page.complaints, [], "and none of them ran");
	await page.context().close();
}

await withBrowser(async (browser) => {
	await withScripts(browser);
	await withoutScripts(browser);
	await tour(browser);
	await keeper(browser);
	await languages(browser);
	await marks(browser);
});
done();
