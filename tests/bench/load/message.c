#include "tests/bench/load/message.h"

static const char *const words[] = { "harbour", "letter", "winter", "garden",
	"number", "river", "evening", "station", "paper", "window", "mountain",
	"question", "summer", "market", "coffee", "bridge", "island", "morning",
	"picture", "street", "journey", "kitchen", "library", "weather",
	"account", "meeting", "answer", "history", "village", "teacher",
	"forest", "silver" };

enum { WORDS = sizeof(words) / sizeof(words[0]), LINE = 68 };

static const char *
word_at(unsigned number, unsigned place)
{
	return words[(number * 7 + place * 13 + place * place) % WORDS];
}

static void
add_header(struct buf *b, unsigned n)
{
	unsigned who = n % 500;

	buf_print(b,
	    "Received: from mx%u.elsewhere.example (mx%u.elsewhere.example "
	    "[192.0.2.%u])\r\n"
	    "\tby mail.posthaste.test with ESMTPS id %08X\r\n"
	    "\tfor <user@posthaste.test>; Mon, %u Jan 2024 10:%02u:%02u "
	    "+0000\r\n",
	    who, who, n % 250, n * 2654435761U, 1 + n % 28, n / 60 % 60,
	    n % 60);
	buf_print(b,
	    "From: \"%s %s\" <%s%u@elsewhere.example>\r\n"
	    "To: \"A Reader\" <user@posthaste.test>\r\n"
	    "Cc: <list%u@lists.example>\r\n"
	    "Subject: %s and %s in the %s, topic%u\r\n",
	    word_at(who, 1), word_at(who, 2), word_at(who, 3), who, n % 40,
	    word_at(n, 4), word_at(n, 5), word_at(n, 6), n);
	buf_print(b,
	    "Date: Mon, %u Jan 2024 10:%02u:%02u +0000\r\n"
	    "Message-ID: <%u.%u@elsewhere.example>\r\n"
	    "In-Reply-To: <%u.parent@elsewhere.example>\r\n"
	    "References: <%u.parent@elsewhere.example>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"part-%08x\"\r\n\r\n",
	    1 + n % 28, n / 60 % 60, n % 60, n, who, n / 3, n / 3, n);
}

static void
add_text(struct buf *b, unsigned number, size_t until)
{
	size_t line = b->n;

	for (unsigned i = 0; b->n < until; i++) {
		buf_add_text(b, word_at(number, i));
		if (b->n - line > LINE) {
			buf_add(b, VIEW("\r\n"));
			line = b->n;
		} else {
			buf_add_byte(b, ' ');
		}
	}
	buf_add(b, VIEW("\r\n"));
}

void
message_add(struct buf *b, unsigned number, unsigned size)
{
	size_t begin = b->n;
	size_t until;

	add_header(b, number);
	buf_print(b,
	    "--part-%08x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
	    number);
	until = begin + (size > 40 ? size - 40 : 0);
	add_text(b, number, until);
	buf_print(b, "--part-%08x--\r\n", number);
}

void
event_add(struct buf *b, unsigned number, unsigned recur)
{
	static const char *const rules[] = { "WEEKLY;COUNT=26",
		"DAILY;COUNT=10", "MONTHLY;COUNT=24", "WEEKLY" };
	unsigned day = 1 + number % 28, month = 1 + number / 28 % 12;
	unsigned year = 2026 + number / (28 * 12) % 4, hour = 7 + number % 11;

	buf_print(b,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	    "PRODID:-//Posthaste//Bench//EN\r\nBEGIN:VEVENT\r\n"
	    "UID:bench-%06u@posthaste.test\r\n"
	    "DTSTAMP:20260101T000000Z\r\nCREATED:20260101T000000Z\r\n"
	    "LAST-MODIFIED:20260101T000000Z\r\n"
	    "DTSTART:%04u%02u%02uT%02u0000Z\r\n"
	    "DTEND:%04u%02u%02uT%02u3000Z\r\n",
	    number, year, month, day, hour, year, month, day, hour);
	buf_print(b,
	    "SUMMARY:%s about the %s\r\nLOCATION:%s %u\r\n"
	    "DESCRIPTION:%s\\, %s and %s. %s\\, %s and %s.\r\n"
	    "SEQUENCE:0\r\nTRANSP:OPAQUE\r\n",
	    word_at(number, 25), word_at(number, 3), word_at(number, 4),
	    number % 90, word_at(number, 5), word_at(number, 6),
	    word_at(number, 7), word_at(number, 8), word_at(number, 9),
	    word_at(number, 10));
	if (number % 10 < recur)
		buf_print(b, "RRULE:FREQ=%s\r\n", rules[number % 4]);
	buf_add(b, VIEW("END:VEVENT\r\nEND:VCALENDAR\r\n"));
}

void
card_add(struct buf *b, unsigned number)
{
	const char *first = word_at(number, 1);
	const char *last = number % 100 == 0 ? "Rarename" : word_at(number, 2);

	buf_print(b,
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card-%06u\r\n"
	    "N:%s%u;%s;;;\r\nFN:%s %s%u\r\n",
	    number, last, number, first, first, last, number);
	buf_print(b,
	    "EMAIL;TYPE=work:%s.%s%u@elsewhere.example\r\n"
	    "TEL;TYPE=cell:+49 30 %07u\r\nORG:%s and %s;%s\r\n"
	    "ADR;TYPE=work:;;%s %u;%s;;%05u;Germany\r\n"
	    "NOTE:Met in the %s about the %s.\r\nEND:VCARD\r\n",
	    first, last, number, number, word_at(number, 3),
	    word_at(number, 4), word_at(number, 5), word_at(number, 6),
	    number % 200, word_at(number, 7), 10000 + number % 80000,
	    word_at(number, 8), word_at(number, 9));
}
