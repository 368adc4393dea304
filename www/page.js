// What pages do beyond plain HTML: copy, tell what has just connected, say how
// strong a password is, revoke without a new page.  All of them work without.
// Text goes into a page as textContent, never as HTML.

const language = document.documentElement.lang;
const token = document.querySelector('input[name="form-token"]')?.value ?? "";

// --- times, as this clock and calendar have them ---

const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });

function moment(date) {
	const today = new Date().toDateString() === date.toDateString();
	const time = clock.format(date);
	return today ? time : `${day.format(date)}, ${time}`;
}

for (const time of document.querySelectorAll("time[datetime]")) {
	const date = new Date(time.dateTime);
	if (!Number.isNaN(date.valueOf())) {
		time.title = time.textContent;
		time.textContent = moment(date);
	}
}

// --- copying ---

async function copy(button) {
	try {
		await navigator.clipboard.writeText(button.dataset.copy);
	} catch {
		return;
	}
	const before = button.textContent;
	const status = announce(button.dataset.done);
	button.textContent = button.dataset.done;
	setTimeout(() => {
		button.textContent = before;
		status.remove();
	}, 2000);
}

// Said aloud by a screen reader, not seen.
function announce(text) {
	const status = document.createElement("p");
	status.className = "aloud";
	status.setAttribute("role", "status");
	document.querySelector("main").append(status);
	status.textContent = text;
	return status;
}

if (navigator.clipboard) {
	for (const button of document.querySelectorAll("button.copy")) {
		button.hidden = false;
		button.addEventListener("click", () => copy(button));
	}
}

// --- what connects while the page is open ---

const protocols = { imap: "IMAP", pop3: "POP3", smtp: "SMTP",
	caldav: "CalDAV", carddav: "CardDAV", dav: "CalDAV, CardDAV" };

function connected(login) {
	for (const line of document.querySelectorAll("[data-app]")) {
		if (line.dataset.app !== String(login.app_password)) {
			continue;
		}
		const words = {
			$when: moment(new Date(login.used * 1000)),
			$protocol: protocols[login.protocol] ?? login.protocol,
			$peer: login.peer,
		};
		line.classList.add("good");
		line.querySelector(".said").textContent =
		    line.dataset.connected.replace(/\$(when|protocol|peer)/g,
		        (word) => words[word]);
	}
}

function listen() {
	const events = new EventSource("/api/v1/events");
	events.addEventListener("login", (event) => {
		connected(JSON.parse(event.data));
	});
	events.addEventListener("session-ended", () => {
		events.close();
		location.assign("/");
	});
	addEventListener("pagehide", () => events.close());
}

if (document.querySelector("[data-app]")) {
	listen();
}

// --- revoking ---

async function revoke(form) {
	const answer = await fetch(
	    `/api/v1/app-passwords/${form.dataset.revoke}`, {
		method: "DELETE",
		headers: { "X-Form-Token": token },
	});
	if (!answer.ok && answer.status !== 404) {
		form.submit();
		return;
	}
	const row = document.querySelector(
	    `[data-row="${form.dataset.revoke}"]`);
	const next = row.nextElementSibling ?? row.previousElementSibling;
	row.remove();
	const note = document.createElement("p");
	note.className = "note good";
	note.setAttribute("role", "status");
	document.querySelector("main > .note")?.remove();
	document.querySelector("main").prepend(note);
	note.textContent = form.dataset.done;
	(next?.querySelector("button") ?? document.querySelector("#label"))
	    .focus();
}

for (const form of document.querySelectorAll("form[data-revoke]")) {
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		revoke(form).catch(() => form.submit());
	});
}

// --- how strong a new password is ---

function weigh(input) {
	const box = document.getElementById(input.dataset.strength);
	const meter = box.querySelector("meter");
	const said = box.querySelector("[role=status]");
	let timer = 0;
	let asked = 0;

	async function ask() {
		const mine = ++asked;
		if (input.value === "") {
			box.hidden = true;
			return;
		}
		const answer = await fetch("/api/v1/password/score", {
			method: "POST",
			headers: { "Content-Type": "application/json",
				"X-Form-Token": token },
			body: JSON.stringify({ password: input.value }),
		});
		if (!answer.ok || mine !== asked) {
			return;
		}
		const { score } = await answer.json();
		box.hidden = false;
		meter.value = score;
		said.textContent = box.getAttribute(`data-${score}`);
	}
	input.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => ask().catch(() => {}), 300);
	});
}

for (const input of document.querySelectorAll("[data-strength]")) {
	weigh(input);
}
