// Pictures of every page, in light and dark, for phone and desktop.
import { join } from "node:path";
import { done, imapLogin, signIn, site, start, visit, withBrowser }
    from "./browser.mjs";

const folder = process.env.SHOTS;
const wanted = new RegExp(process.env.SHOTS_OF ?? ".");
const sizes = { desktop: { width: 1180, height: 800 },
	phone: { width: 390, height: 844 } };

async function shoot(page, name, look) {
	await page.screenshot({ path: join(folder, `${name}-${look}.png`),
		fullPage: true });
}

// The next tour finds things as this one did.
async function leave(page) {
	await page.goto(`${start}/app-passwords`);
	while (await page.locator("[data-revoke]").count()) {
		const row = page.locator("[data-row]").first();
		const number = await row.getAttribute("data-row");
		await row.locator("button").click();
		await page.waitForSelector(`[data-row="${number}"]`,
		    { state: "detached" });
	}
	await page.goto(`${start}/security`);
	await page.click("text=Sign out everywhere");
	await page.waitForSelector("#password");
}

async function tour(browser, look, options) {
	const page = await visit(browser, options);
	await page.goto(`${start}/`);
	await shoot(page, "welcome", look);
	await page.goto(`${start}/help?device=android`);
	await shoot(page, "help", look);
	await signIn(page);
	await shoot(page, "home", look);
	await page.click("text=Show the code");
	await page.waitForSelector(".qr");
	await shoot(page, "device", look);
	await page.goto(`${start}/app-passwords`);
	await page.fill("#label", "Laptop, Thunderbird");
	await page.click("text=Make app password");
	const password = await page.textContent(".secret code");
	await imapLogin(password.trim());
	await page.waitForSelector(".live.good");
	await shoot(page, "made", look);
	await page.goto(`${start}/app-passwords`);
	await shoot(page, "apps", look);
	await page.goto(`${start}/calendars`);
	await shoot(page, "calendars", look);
	await page.goto(`${start}/mail`);
	await shoot(page, "mail", look);
	await page.goto(`${start}/security`);
	await page.fill("#fresh", "correct horse battery");
	await page.waitForSelector("#strength:not([hidden])");
	await shoot(page, "security", look);
	await page.goto(`${start}/nothing`);
	await shoot(page, "fault", look);
	await leave(page);
	await page.context().close();
}

// Who administers domains.
async function keeper(browser, look, options) {
	const page = await visit(browser, options);
	await signIn(page, site.keeper);
	await page.goto(`${start}/domains`);
	await shoot(page, "domains", look);
	await page.goto(start + site.keeper.path);
	await shoot(page, "domain", look);
	await page.goto(`${start}${site.keeper.path}/dns`);
	await shoot(page, "records", look);
	await page.goto(start + site.keeper.mailbox);
	await shoot(page, "mailbox", look);
	await page.context().close();
}

await withBrowser(async (browser) => {
	for (const colorScheme of ["light", "dark"]) {
		for (const [name, viewport] of Object.entries(sizes)) {
			const look = `${colorScheme}-${name}`;
			if (wanted.test(look)) {
				await tour(browser, look,
				    { colorScheme, viewport });
				await keeper(browser, look,
				    { colorScheme, viewport });
			}
		}
	}
});
done();
