// Chromium for the tests of the pages: started, and what it says counted.
import { connect } from "node:tls";
import { join } from "node:path";
import { createRequire } from "node:module";

// Packages are installed into the build folder, not beside this file.
const require = createRequire(join(process.env.NODE_FOLDER, "x.js"));
const { chromium } = require("playwright-core");
export const axe = require("axe-core").source;

// What the server is: address, password, host, ip, ports; and who keeps its
// domains: address, password, path of one and of a mailbox in it.
export const site = JSON.parse(process.env.SITE);
export const start = `https://${site.host}:${site.ports.https}`;
export const WAIT = 60000;

let count = 0;
let failed = 0;

export function ok(good, name, detail = "") {
	count++;
	if (!good) {
		failed++;
		console.error(`# failed: ${name}: ${detail}`);
	}
	console.log(`${good ? "" : "not "}ok ${count} - ${name}`);
}

export function same(found, wanted, name) {
	const a = JSON.stringify(found);
	const b = JSON.stringify(wanted);
	ok(a === b, name, `found ${a}, wanted ${b}`);
}

export function done() {
	console.log(`1..${count}`);
	process.exitCode = failed ? 1 : 0;
}

export async function withBrowser(work) {
	const browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		headless: true,
		timeout: WAIT,
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic",
			"--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync",
			"--disable-dev-shm-usage",
			`--host-resolver-rules=MAP ${site.host} ${site.ip}`],
	});
	try {
		await work(browser);
	} finally {
		await browser.close();
	}
}

// A person's own cookies; what breaks the policy, or any dialog, is kept in
// page.complaints.
export async function visit(browser, options = {}) {
	const context = await browser.newContext({
		ignoreHTTPSErrors: true, locale: "en", ...options });
	context.setDefaultTimeout(WAIT);
	const page = await context.newPage();
	page.complaints = [];
	page.on("console", (message) => {
		const text = message.text();
		if (message.type() === "error" &&
		    !text.startsWith("Failed to load resource")) {
			page.complaints.push(text);
		}
	});
	page.on("pageerror", (error) => page.complaints.push(String(error)));
	page.on("dialog", (dialog) => {
		page.complaints.push(`dialog ${dialog.message()}`);
		dialog.dismiss().catch(() => {});
	});
	return page;
}

export async function signIn(page, who = site) {
	await page.goto(`${start}/`);
	await page.fill("#address", who.address);
	await page.fill("#password", who.password);
	await page.click(".card button");
	await page.waitForSelector(".out");
}

// LOGIN over IMAP: true, or false when it is refused.
export function imapLogin(password) {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: site.ip,
			port: site.ports.imaps, servername: site.host,
			rejectUnauthorized: false });
		let text = "";
		let asked = false;
		socket.setTimeout(WAIT, () => socket.destroy(new Error("slow")));
		socket.on("error", reject);
		socket.on("data", (bytes) => {
			text += bytes;
			if (!asked && text.includes("\r\n")) {
				asked = true;
				socket.write(`a LOGIN ${site.address} ` +
				    `"${password}"\r\n`);
			}
			const answer = /^a (OK|NO|BAD)/m.exec(text);
			if (answer) {
				resolve(answer[1] === "OK");
				socket.destroy();
			}
		});
		socket.on("close", () => resolve(false));
	});
}
