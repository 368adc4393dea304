#!/usr/bin/python3
"""Everything of a person in one archive, into another account: calendars and
contacts with their properties, attachments, files, shares, subscriptions;
what DAV gives is the same byte for byte."""
import io
import os
import re
import tarfile
import urllib.parse
import xml.etree.ElementTree

from harness import Server, card, command, done, event, ok, same

PATCH = ('<propertyupdate xmlns="DAV:"><set><prop>'
         '<calendar-color xmlns="http://apple.com/ns/ical/">#12AB34FF'
         '</calendar-color><calendar-order xmlns="http://apple.com/ns/ical/">'
         '7</calendar-order><n:x xmlns:n="urn:own" xml:lang="fr">'
         '<n:y a="1">caf\u00e9 &amp; &lt;</n:y></n:x>'
         '<displayname>Op\u00e9ra</displayname></prop></set>'
         '</propertyupdate>')
FIND = ('<propfind xmlns="DAV:"><prop><displayname/>'
        '<calendar-color xmlns="http://apple.com/ns/ical/"/>'
        '<calendar-order xmlns="http://apple.com/ns/ical/"/>'
        '<x xmlns="urn:own"/><getetag/><getcontenttype/></prop></propfind>')
ALL = '<propfind xmlns="DAV:"><allprop/></propfind>'
ONLY_TODO = ('<mkcalendar xmlns="urn:ietf:params:xml:ns:caldav"><D:set '
             'xmlns:D="DAV:"><D:prop><supported-calendar-component-set>'
             '<comp name="VTODO"/></supported-calendar-component-set>'
             '</D:prop></D:set></mkcalendar>')


class Person:
    def __init__(self, server, number):
        self.server, self.number = server, number
        self.address = server.login(number)[0]
        self.base = "/SOGo/dav/%s/" % self.address

    def ask(self, method, path, body=None, wanted=None, **fields):
        if isinstance(body, str):
            body = body.encode()
        status, head, answer = self.server.http(
            method, self.base + path, body,
            {k.replace("_", "-"): v for k, v in fields.items()}, auth=True,
            number=self.number)
        if wanted is not None:
            ok(status in wanted, "%s %s" % (method, path),
               (status, answer[:300]))
        return status, head, answer

    def content(self):
        """All that DAV shows below each home: properties and bytes."""
        found = {}
        for top in "Calendar/", "Contacts/", "Files/":
            self.walk(top, found)
        return found

    def walk(self, path, found):
        _, _, answer = self.ask("PROPFIND", urllib.parse.quote(path), FIND,
                                (207,), Depth="1")
        text = answer.decode()
        for part in re.findall(r"(?s)<D:response>.*?</D:response>", text):
            href = urllib.parse.unquote(
                re.search("<D:href>([^<]*)<", part).group(1))
            name = href.split(self.address + "/", 1)[1]
            kept = part.split("</D:href>", 1)[1].replace(self.address, "WHO")
            if name == path:
                found[name] = kept
            elif name.endswith("/"):
                self.walk(name, found)
            else:
                found[name] = (kept, self.ask(
                    "GET", urllib.parse.quote(name))[2])


def fill(person, guest):
    ask = person.ask
    ask("PUT", "Calendar/personal/a%20b.ics", event("a", "One"), (201,),
        Content_Type="text/calendar")
    ask("PUT", "Calendar/personal/z.ics", event("z", "With a file"), (201,),
        Content_Type="text/calendar")
    ask("POST", "Calendar/personal/z.ics?action=attachment-add",
        b"\0\1bytes\r\n", (201,), Content_Type="image/png",
        Content_Disposition='attachment; filename="p.png"')
    ask("PROPPATCH", "Calendar/personal/", PATCH, (207,))
    ask("MKCALENDAR", "Calendar/tasks/", ONLY_TODO, (201,))
    ask("MKCALENDAR", "Calendar/bare/", None, (201,))
    ask("PUT", "Contacts/personal/c.vcf", card("c", "Ann"), (201,),
        Content_Type="text/vcard")
    ask("PROPPATCH", "Contacts/personal/", PATCH, (207,))
    ask("PROPFIND", "Files/", FIND, (207,), Depth="0")
    ask("MKCOL", "Files/Sub/", None, (201,))
    ask("MKCOL", "Files/Sub/deep%20%25/", None, (201,))
    ask("PROPPATCH", "Files/Sub/", PATCH, (207,))
    ask("PUT", "Files/%2Ehidden", b"", (201,), Content_Type="text/x-none")
    ask("PUT", "Files/Sub/deep%20%25/caf%C3%A9.bin", bytes(range(256)) * 400,
        (201,), Content_Type="application/x-own; charset=\"a b\"")
    ask("PUT", "Files/Sub/t.txt", b"text\r\n", (201,),
        Content_Type="text/plain")
    guest.ask("MKCALENDAR", "Calendar/club/", None, (201,))
    guest.ask("PUT", "Calendar/club/e.ics", event("e", "Club"), (201,),
              Content_Type="text/calendar")


def members(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() if m.isfile() else None
                for m in tar.getmembers()}


def hostile(server, path, person):
    """An archive that somebody has changed puts nothing where it may not
    be."""
    good = members(path)
    bad = {
        "files/Files%2F..%2Fx/.name": b"", "files/Files%2F..%2Fx/a": b"1",
        "files/Other/.name": b"", "files/Files%2Fno%2Fup/.name": b"",
        "files/Files/.name": b"", "files/Files/..%2Fout": b"1",
        "files/Files%2FFiles/.name": b"Files",
        "attachments/mine/.name": b"", "attachments/mine/x": b"1",
        "attachments/attachments/.name": b"", "attachments/attachments/y":
        b"no event", "calendars/evil/.name": b"Evil",
        "calendars/evil/.properties":
        b"9 0 4\nurn:own x</a>\n5 0 9\nx yz <b></a>/b>\n",
        "calendars/worse/.name": b"", "calendars/worse/.properties": b"".join(
            b"%d %d 1\n%s%sv\n" % (len(n), len(lang), n, lang)
            for n, lang in [(b"urn:own x><evil/", b""), (b"a 1", b""),
                            (b"a x:y", b""), (b"a\1b x", b""), (b"a ", b""),
                            (b" xmlns=''", b""), (b"urn:own l", b"e" * 65),
                            (b"urn:own l", b"e\1"), (b"urn:own x\xc3", b""),
                            (b"urn:own good", b"en")]),
        "calendars/evil/.about": b"x" * 99,
        "settings/shares": b"Calendar%2Fnone user01@posthaste.test read\n"
        b"x\n\xff\n", "settings/subscriptions":
        b"calendar p nobody@posthaste.test personal\ncalendar q " +
        person.address.encode() + b" personal\nmail a b c\ncalendar r " +
        server.login(0)[0].encode() + b" none\n"}
    changed = path + ".bad.tar"
    with tarfile.open(changed, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in [("manifest", good["manifest"]), *bad.items()]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    before = person.content()
    said = command(server, "import", person.address, "--from", changed,
                   "--format", "archive", code=1)
    ok(" 0 added" in said or "refused" in said, "refused", said)
    same(said.count("it is not shared with him"), 3,
         "nobody is told who is here and what he has")
    after = person.content()
    same(sorted(set(after) - set(before)),
         ["Calendar/evil/", "Calendar/worse/", "Files/Files/"],
         "nothing else was made")
    ok(all(after[k] == before[k] for k in before), "nothing was changed")
    ok("x</a>" not in after["Calendar/evil/"], "nor taken as XML",
       after["Calendar/evil/"])
    shown = person.ask("PROPFIND", "Calendar/worse/", ALL, (207,),
                       Depth="0")[2]
    tags = [e.tag for e in xml.etree.ElementTree.fromstring(shown).iter()]
    same([t for t in tags if "urn:own" in t or "evil" in t or "}" not in t],
         ["{urn:own}good"], "nor taken for elements")


def main():
    with Server(users=4) as server:
        one, guest, two = (Person(server, n) for n in range(3))
        fill(one, guest)
        command(server, "share", "add", one.address, "Calendar/personal",
                guest.address, "read")
        command(server, "share", "add", one.address, "Calendar/tasks",
                "domain", "busy")
        command(server, "share", "add", guest.address, "Calendar/club",
                one.address, "write")
        command(server, "share", "add", guest.address, "Calendar/club",
                two.address, "read")
        status, _, body = one.server.http(
            "POST", guest.base + "Calendar/club/",
            b'<subscribe xmlns="urn:inverse:params:xml:ns:inverse-dav"/>',
            {"Content-Type": "text/xml"}, auth=True, number=0)
        ok(status < 300, "subscribed", (status, body))
        folder = os.path.join(server.folder, "out")
        command(server, "export", one.address, "--to", folder, "--format",
                "archive")
        path = os.path.join(folder, one.address + ".tar")
        names = members(path)
        ok("files/Files%2FSub/t.txt" in names and any(
            n.startswith("attachments/attachments/") for n in names),
           "files and attachments are in it", sorted(names))
        said = command(server, "import", two.address, "--from", path,
                       "--format", "archive")
        ok(" 0 refused" in said, "all is taken", said)
        first, second = one.content(), two.content()
        same(sorted(second), sorted(first), "the same names")
        for name, there in first.items():
            if name.startswith("Calendar/") and "posthaste.test" in name:
                continue  # another's, whose principal is told
            same(second.get(name), there, "the same: " + name)
        body = two.ask("GET", "Calendar/personal/z.ics")[2].decode()
        link = re.sub(r"\r\n ", "", body)
        link = re.search(r"/Attachments/[^\r]*", link).group(0)
        status, head, data = two.ask("GET", link[1:])
        same((status, head["Content-Type"].split(";")[0], data),
             (200, "image/png", b"\0\1bytes\r\n"), "and its file")
        shares = [command(server, "share", "list", p.address)
                  for p in (one, two)]
        same(shares[1], shares[0].replace(one.address, two.address),
             "shared with the same")
        said = command(server, "import", two.address, "--from", path,
                       "--format", "archive")
        ok(": 0 added" in said and " 0 refused" in said, "once more: nothing",
           said)
        hostile(server, path, Person(server, 3))
        ok(" 0 faults" in command(server, "verify", "--bodies"),
           "the books are right")
    done()


main()
