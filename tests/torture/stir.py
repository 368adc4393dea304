"""Clients that do what the ledger's do not: they come anew each time, with
long messages and questions of all kinds."""
import poplib
import threading
import time

from harness import message

LONG = "A long line of a long message.\r\n" * 4000
QUERY = (b'<C:calendar-query xmlns:D="DAV:"'
         b' xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
         b'<C:calendar-data/></D:prop><C:filter><C:comp-filter'
         b' name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range'
         b' start="20261101T000000Z" end="20270101T000000Z"/></C:comp-filter>'
         b'</C:comp-filter></C:filter></C:calendar-query>')


def deliver(ledger, user, name):
    """A message that gets a file of its own."""
    data = message(name, LONG)
    with ledger.lock:
        ledger.tried.add((user, name))
    with ledger.server.smtp() as client:
        client.sendmail("a@elsewhere.example",
                        [ledger.server.login(user)[0]], data)
    with ledger.lock:
        ledger.mail[user, name] = data


def read(ledger, user, name):
    client = ledger.server.imap(user)
    client.select("INBOX", readonly=True)
    found = client.uid("SEARCH", "SUBJECT", name)[1][0].split()
    if found:
        client.uid("FETCH", found[-1].decode(), "(ENVELOPE BODYSTRUCTURE"
                   " BODY.PEEK[])")
    client.sort("REVERSE DATE", "UTF-8", "SINCE", "1-Jan-2026")
    client.logout()


def remove(ledger, user, name):
    """Written into a mailbox of its own, and gone with its file."""
    client = ledger.server.imap(user)
    client.create("Scratch")
    client.append("Scratch", None, None, message(name, LONG))
    client.select("Scratch")
    client.store("1:*", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.close()
    client.delete("Scratch")
    client.logout()


def ask(ledger, user):
    server = ledger.server
    home = server.home("Calendar", user)
    for method, path, body, headers in (
            ("PROPFIND", home, None, {"Depth": "1"}),
            ("REPORT", home, QUERY, {"Depth": "1"}),
            ("GET", server.home("Contacts", user), None, {})):
        server.http(method, path, body,
                    {"Content-Type": "application/xml", **headers},
                    auth=True, number=user)
    server.http("GET", "/.well-known/caldav")
    server.http("GET", "/mail/config-v1.1.xml?emailaddress=" +
                server.login(user)[0])


def fetch(ledger, user):
    """By POP3."""
    try:
        client = ledger.server.pop3(user)
        client.stat()
        client.retr(1)
        client.quit()
    except poplib.error_proto as error:
        raise OSError("POP3: %s" % error) from error


def submit(ledger, user, name):
    with ledger.server.submission(user) as client:
        client.sendmail(ledger.server.login(user)[0],
                        ["x@elsewhere.example"], message(name))


def stir(ledger, threads=2):
    def work(number, serial):
        user = 1 + number % ledger.users
        name = ledger.letter("b", number, serial)[0]
        for act in (lambda: deliver(ledger, user, name),
                    lambda: read(ledger, user, name),
                    lambda: remove(ledger, user, name),
                    lambda: submit(ledger, user, name),
                    lambda: ask(ledger, user),
                    lambda: fetch(ledger, user)):
            act()
            time.sleep(0.02)
    for number in range(threads):
        thread = threading.Thread(target=ledger.again, args=(work, number),
                                  daemon=True)
        thread.start()
        ledger.threads.append(thread)
