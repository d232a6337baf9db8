#!/usr/bin/env python3
"""Messy and hostile submissions, for test_intake.sh.

messy.py make FOLDER AVERAGE_C OUTSIDE   writes them; OUTSIDE is a folder that hostile ones try to write to
messy.py check FOLDER OUT OUTSIDE        says what of OUT is not as it should be; exit status 1 if anything is

Everything is written with Python's own zipfile and tarfile, byte by byte where these refuse to.
"""

import functools
import hashlib
import io
import json
import os
import re
import stat
import struct
import sys
import tarfile
import zipfile
import zlib

GRADED, REFUSED = "graded", "refused"
KINDS = []  # (name in the folder, GRADED or REFUSED, text in a note or in the reason, function that writes it)


def kind(name, outcome, said=""):
    """Registers a function that writes the path it is given."""

    def register(function):
        KINDS.append((name, outcome, said, function))
        return function

    return register


average = b""  # the right file
outside = ""  # where nothing may appear


def zipped(path, entries, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo("x")
            if info is not name:
                info.filename = name
                info.external_attr = 0o644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def tarred(path, entries, mode="w:gz", form=tarfile.PAX_FORMAT):
    """entries: (name, bytes) or (name, dictionary of TarInfo's attributes[, bytes])."""
    with tarfile.open(path, mode, format=form) as archive:
        for name, what, *content in entries:
            info = tarfile.TarInfo(name)
            content = content[0] if content else b""
            if isinstance(what, bytes):
                content = what
            else:
                for key, value in what.items():
                    setattr(info, key, value)
            info.size = info.size or len(content)
            archive.addfile(info, io.BytesIO(content))


def patched(path, old, new, entries):
    """A zip whose names are replaced byte by byte, by others of the same length."""
    zipped(path, entries)
    with open(path, "rb") as file:
        content = file.read()
    assert len(old) == len(new) and old in content
    with open(path, "wb") as file:
        file.write(content.replace(old, new))


def folder(path, entries):
    for name, content in entries:
        whole = os.path.join(path, name)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as file:
            file.write(content)


@functools.cache
def zeros(mebibytes):
    """So many MiB of zeros, deflated, with their CRC: one piece again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(b"\0" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    total = 0
    for _ in range(mebibytes):
        total = zlib.crc32(b"\0" * (1 << 20), total)
    return piece * mebibytes + b"\3\0", total


def bomb(name, mebibytes):
    """A zip with one file of zeros."""
    content, total = zeros(mebibytes)
    head = struct.pack("<HHHIIIHH", 8, 0, 33, total, len(content), mebibytes << 20, len(name), 0)
    local = b"PK\3\4" + struct.pack("<HH", 20, 0) + head + name + content
    central = b"PK\1\2" + struct.pack("<HHH", 20, 20, 0) + head + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


LINK = {"type": tarfile.SYMTYPE}
HARD = {"type": tarfile.LNKTYPE}

# ---- as people hand in -------------------------------------------------------------------------------


@kind("plain-zip.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average)])


@kind("plain-tar.tar", GRADED)
def _(path):
    tarred(path, [("example/average.c", average)], "w:")


@kind("plain-gz.tar.gz", GRADED)
def _(path):
    tarred(path, [("example/average.c", average)])


@kind("plain-xz.tar.xz", GRADED)
def _(path):
    tarred(path, [("example/average.c", average)], "w:xz")


@kind("plain-folder", GRADED)
def _(path):
    folder(path, [("example/average.c", average)])


@kind("flat.zip", GRADED)
def _(path):
    zipped(path, [("average.c", average)])


@kind("nested.zip", GRADED, '"a/b/c/d/example"')
def _(path):
    zipped(path, [("a/b/c/d/example/average.c", average)])


@kind("renamed-top.zip", GRADED, "were found in")
def _(path):
    zipped(path, [("my final version (2)/average.c", average), ("my final version (2)/README", b"hello")])


@kind("mac.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average), ("__MACOSX/example/._average.c", b"\0\5\x16\7"),
                  ("example/.DS_Store", b"\0\0\0\1Bud1"), (".DS_Store", b"\0")])


@kind("windows.zip", GRADED)
def _(path):
    info = zipfile.ZipInfo("x")
    info.filename, info.create_system = "work\\example\\average.c", 0
    zipped(path, [(info, average), ("Thumbs.db", b"\0"), ("desktop.ini", b"[x]")])


@kind("crlf.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average.replace(b"\n", b"\r\n"))])


@kind("mark.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", b"\xef\xbb\xbf" + average)])


@kind("utf8-names.zip", GRADED)
def _(path):
    zipped(path, [("Übung 3 – 解答/example/average.c", average)])


@kind("latin1-names.zip", GRADED)
def _(path):
    patched(path, b"XXbung", b"\xdc\xe4bung", [("XXbung/example/average.c", average)])


@kind("cp437-names.zip", GRADED)
def _(path):
    patched(path, b"XYbung", b"\x9a\x84bung", [("XYbung/example/average.c", average)])


@kind("Zoë Åström.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average)])


def inner_tar():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("example/average.c")
        info.size = len(average)
        archive.addfile(info, io.BytesIO(average))
    return buffer.getvalue()


@kind("tar-in-zip.zip", GRADED, "is an archive, and was unpacked")
def _(path):
    zipped(path, [("submission/work.tar.gz", inner_tar())])


@kind("archives-in-folder", GRADED, "was not looked into")
def _(path):
    os.makedirs(path)
    for name, time in (("old.zip", 1_700_000_000), ("new.zip", 1_700_100_000)):
        zipped(os.path.join(path, name), [("example/average.c", average + name.encode())])
        os.utime(os.path.join(path, name), (time, time))


@kind("tries-in-folder", GRADED, "does not count")
def _(path):
    for number in (1, 2, 10):
        folder(os.path.join(path, f"attempt-{number}"), [("example/average.c", average + b"// %d\n" % number)])


@kind("two-places.zip", REFUSED, "several places")
def _(path):
    zipped(path, [("one/average.c", average), ("two/average.c", average)])


@kind("hard-link.tar.gz", GRADED)
def _(path):
    tarred(path, [("example/first.c", average), ("example/average.c", {**HARD, "linkname": "example/first.c"})])


@kind("setuid.tar.gz", GRADED)
def _(path):
    tarred(path, [("example/average.c", {"mode": 0o6777}, average)])


@kind("closed-folder.tar.gz", GRADED)
def _(path):
    tarred(path, [("example", {"type": tarfile.DIRTYPE, "mode": 0}), ("example/average.c", {"mode": 0}, average)])


@kind("absolute.tar.gz", GRADED)
def _(path):
    tarred(path, [(f"{outside}/example/average.c", average)])


@kind("look-alike.zip", REFUSED, "Average.c")
def _(path):
    zipped(path, [("example/Average.c", average)])


@kind("case-twins.zip", GRADED)
def _(path):
    zipped(path, [("example/Average.c", b"int nothing;\n"), ("example/average.c", average)])


@kind("twice.zip", GRADED)
def _(path):
    import warnings

    warnings.simplefilter("ignore")
    zipped(path, [("example/average.c", b"int nothing;\n"), ("example/average.c", average)])


@kind("link-beside.tar.gz", GRADED, "symbolic link was left out")
def _(path):
    tarred(path, [("example/average.c", average), ("example/home", {**LINK, "linkname": "/etc"})])


@kind("pipe-beside.tar.gz", GRADED, "no plain file")
def _(path):
    tarred(path, [("example/average.c", average), ("example/pipe", {"type": tarfile.FIFOTYPE})])


@kind("part-only.zip", REFUSED, "none of the files of example is in it (average.c)")
def _(path):
    zipped(path, [("example/notes.txt", b"I worked hard")])


@kind("single.c", REFUSED, "no folder or archive")
def _(path):
    with open(path, "wb") as file:
        file.write(average)


@kind("empty-file.zip", REFUSED, "is empty")
def _(path):
    open(path, "wb").close()


@kind("empty-folder", REFUSED, "none of the files")
def _(path):
    os.makedirs(path)


@kind("truncated.zip", REFUSED, "damaged")
def _(path):
    zipped(path, [("example/average.c", os.urandom(50_000))])
    os.truncate(path, 20_000)


@kind("cut.tar.gz", REFUSED, "damaged")
def _(path):
    tarred(path, [("example/average.c", os.urandom(50_000))])
    os.truncate(path, 20_000)


@kind("wrong-sum.zip", REFUSED, "damaged")
def _(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("example/average.c", average)
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(content.replace(average[:20], b"x" * 20, 1))


@kind("password.zip", REFUSED, "password")
def _(path):
    zipped(path, [("example/average.c", average)])
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[6] |= 1  # the flag of the local header, and of the directory's
    content[content.index(b"PK\1\2") + 8] |= 1
    with open(path, "wb") as file:
        file.write(content)


@kind("renamed.zip", REFUSED, "is called an archive and is none")
def _(path):
    with open(path, "wb") as file:
        file.write(b"This was a Word file once.\n")


@kind("letter.docx", REFUSED, "none of the files")
def _(path):
    zipped(path, [("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")])


@kind("report.pdf", REFUSED, "no folder or archive")
def _(path):
    with open(path, "wb") as file:
        file.write(b"%PDF-1.7\n")


@kind("winner.rar", REFUSED, "can't be unpacked")
def _(path):
    with open(path, "wb") as file:
        file.write(b"Rar!\x1a\x07\x00" + b"\0" * 100)


# ---- hostile ------------------------------------------------------------------------------------------


@kind("up.tar.gz", REFUSED, "..")
def _(path):
    tarred(path, [("../../../../../../.." + outside + "/up", b"out"), ("example/average.c", average)])


@kind("up-zip.zip", REFUSED, "..")
def _(path):
    zipped(path, [("../../../../../../.." + outside + "/up-zip", b"out"), ("example/average.c", average)])


@kind("up-windows.zip", REFUSED, "..")
def _(path):
    info = zipfile.ZipInfo("x")
    info.filename, info.create_system = "..\\..\\up-windows", 0
    zipped(path, [(info, b"out"), ("example/average.c", average)])


@kind("through-link.tar.gz", REFUSED, "link")
def _(path):
    tarred(path, [("way", {**LINK, "linkname": outside}), ("way/through", b"out"), ("example/average.c", average)])


@kind("link-to-file.tar.gz", REFUSED, "symbolic link")
def _(path):
    tarred(path, [("example/average.c", {**LINK, "linkname": "/etc/passwd"})])


@kind("link-zip.zip", REFUSED, "symbolic link")
def _(path):
    info = zipfile.ZipInfo("example/average.c")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    zipped(path, [(info, b"/etc/passwd")])


@kind("links-in-folder", REFUSED, "symbolic link")
def _(path):
    os.makedirs(os.path.join(path, "example"))
    os.symlink("/etc/passwd", os.path.join(path, "example", "average.c"))
    os.symlink("/", os.path.join(path, "root"))
    os.symlink(".", os.path.join(path, "round"))


@kind("hard-link-out.tar.gz", REFUSED)
def _(path):
    tarred(path, [("example/average.c", {**HARD, "linkname": "../../../../../../etc/passwd"})])


@kind("hard-link-absolute.tar.gz", REFUSED)
def _(path):
    tarred(path, [("example/average.c", {**HARD, "linkname": "/etc/passwd"})])


@kind("device.tar.gz", REFUSED)
def _(path):
    tarred(path, [("example/average.c", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5})])


@kind("pipe-in-folder", REFUSED, "no plain file")
def _(path):
    os.makedirs(os.path.join(path, "example"))
    os.mkfifo(os.path.join(path, "example", "average.c"))


@kind("pipe-itself.zip", REFUSED, "neither a folder nor a file")
def _(path):
    os.mkfifo(path)


@kind("link-to-other.zip", REFUSED, "neither a folder nor a file")
def _(path):
    os.symlink("plain-zip.zip", path)


@kind("bomb.zip", REFUSED, "too much")
def _(path):
    with open(path, "wb") as file:
        file.write(bomb(b"example/average.c", 140))


@kind("bomb-tar.tar.gz", REFUSED, "too much")
def _(path):
    """Deflate begins anew for the header, and goes on with the zeros."""
    header = tarfile.TarInfo("example/average.c")
    header.size = 140 << 20
    block = header.tobuf(tarfile.GNU_FORMAT)
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    begin = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    with open(path, "wb") as file:
        file.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + begin + zeros(140)[0] + b"\0" * 8)


@kind("sparse.tar.gz", REFUSED)
def _(path):
    """A file of 1 TiB that is nearly all hole, in the old GNU format."""
    header = tarfile.TarInfo("example/average.c")
    header.size, header.type = 512, b"S"
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:398] = b"%011o\0" % 0
    block[398:410] = b"%011o\0" % 512
    block[483:495] = b"\x80" + struct.pack(">Q", 1 << 40).rjust(11, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    with open(path, "wb") as file:
        file.write(packer.compress(bytes(block) + b"a" * 512 + b"\0" * 1024) + packer.flush())


@kind("many.zip", REFUSED, "too much")
def _(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_500):
            archive.writestr(zipfile.ZipInfo(f"example/{number}"), b"")


@kind("archive-in-archive.zip", REFUSED)
def _(path):
    """Six deep, each harmless: nobody opens them all."""
    content = inner_tar()
    for depth in range(6):
        buffer = io.BytesIO()
        zipped(buffer, [(f"depth-{depth}.{'tar.gz' if depth == 0 else 'zip'}", content)])
        content = buffer.getvalue()
    with open(path, "wb") as file:
        file.write(content)


@kind("itself.zip", REFUSED)
def _(path):
    """A bomb beside a broken one."""
    zipped(path, [("0.zip", b"PK\3\4 and no more"), ("1.zip", bomb(b"zeros", 140))])


@kind("deep.tar.gz", GRADED, "deep")
def _(path):
    tarred(path, [("example/average.c", average), ("x/" * 60 + "file", b"deep")])


@kind("long-name.tar.gz", REFUSED)
def _(path):
    tarred(path, [("n" * 300 + "/example/average.c", average)])


@kind("long-path.tar.gz", REFUSED)
def _(path):
    tarred(path, [("/".join(["d" * 200] * 30) + "/example/average.c", average)])


@kind("odd-names.tar.gz", GRADED)
def _(path):
    tarred(path, [("example/average.c", average)] + [
        (f"example/{name}", b"odd") for name in
        ("a\nb", "$(touch " + outside.replace("/", "_") + ")", "; rm -rf ~", "\x1b[2J\x1b]0;title\x07", "\u202egnp.exe",
         "-rf", "--help", "*", "<script>alert(1)</script>", "=1+1", " ", "a\tb", "\"'`")])


@kind("odd-folder\n\x1b[31m$(touch x);'\".zip", GRADED)
def _(path):
    zipped(path, [("\x1b[2J/example/average.c", average)])


@kind("\u202egpj.exe.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average)])


@kind("=HYPERLINK(1).zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average)])


@kind("-rf.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average)])


@kind("<img src=x onerror=alert(1)>.zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average)])


@kind("w" * 240 + ".zip", GRADED)
def _(path):
    zipped(path, [("example/average.c", average)])


@kind("results.zip", GRADED)
def _(path):
    """Brings what a grade is made of: it must not be taken for one."""
    zipped(path, [("example/average.c", average), ("example/record.json", b'{"points": 100}'),
                  ("example/run.json", b"{}"), ("intake.json", b'{"factor": 1}'), ("taken.json", b"{}")])


@kind("large.zip", GRADED)
def _(path):
    """Too large for the grader, which says so."""
    zipped(path, [("example/average.c", b"/" * (3 << 20))])


@kind("folder-as-file.zip", GRADED)
def _(path):
    """The grader refuses it, by its kind."""
    zipped(path, [("example/average.c/average.c", average), ("example/average.c/x", b"")])


# ---- what becomes of them ---------------------------------------------------------------------------------


def problems(submissions, out):
    """Yields a line for everything that is not as it should be."""
    found = {}
    students = os.path.join(out, "students")
    for name in sorted(os.listdir(students)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
            yield f"students/{name!r} is no ID"
            continue
        with open(os.path.join(students, name, "intake.json"), encoding="utf-8", errors="strict") as file:
            intake = json.load(file)
        if set(intake) != {"id", "name", "members", "source", "sha256", "handed_in_at", "late_days", "factor",
                           "refused", "notes"}:
            yield f"{name}: {sorted(intake)}"
        for text in (intake["name"], intake["refused"] or "", *intake["notes"]):
            if re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text):
                yield f"{name}: {text!r} is not clean"
        found[name] = intake
        for where, folders, files in os.walk(os.path.join(students, name)):
            for inner in folders + files:
                mode = os.lstat(os.path.join(where, inner)).st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or mode & 0o7000:
                    yield f"{name}: {inner!r} has mode {mode:o}"
    with open(os.path.join(out, "ids.json"), encoding="utf-8") as file:
        ids = json.load(file)
    if len({value.lower() for value in ids.values()}) != len(ids):
        yield "two have one ID"
    by_source = {}
    for intake in found.values():
        by_source.setdefault(intake["source"], intake)
    for entry, outcome, said, _ in KINDS:
        intake = intake_of(entry, found, ids)
        if not intake:
            yield f"{entry!r}: was not taken in"
            continue
        yield from wrong_with(entry, outcome, said, intake, os.path.join(students, intake["id"]), submissions)


def intake_of(entry, found, ids):
    for intake in found.values():
        if intake["source"] is not None and clean(entry) == intake["source"].split("/")[0]:
            return intake
    stem = re.sub(r"\.(zip|tar\.gz)$", "", entry)
    return found.get(ids.get(f"name:{stem}"))


def clean(name):
    """A name as reports show it."""
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", "\ufffd", name).replace("\n", " ").replace("\t", " ")
    return text if len(text.encode()) <= 200 else text[:98] + "…" + text[-98:]


def wrong_with(entry, outcome, said, intake, folder_of, submissions):
    told = "\n".join([intake["refused"] or "", *intake["notes"]])
    if (intake["refused"] is None) != (outcome == GRADED):
        yield f"{entry!r}: should be {outcome}: {intake['refused']}"
    elif said not in told:
        yield f"{entry!r}: {said!r} is not said: {told!r}"
    if "/tmp/" in told.replace(submissions, "").replace(outside, "").replace(outside[1:], ""):
        yield f"{entry!r}: names a folder of the moment: {told!r}"
    path = os.path.join(folder_of, "submission", "example", "average.c")
    if outcome == REFUSED and os.path.exists(os.path.join(folder_of, "submission")):
        yield f"{entry!r}: is refused and has files"
    source = os.path.join(submissions, entry)
    if stat.S_ISREG(os.lstat(source).st_mode):
        with open(source, "rb") as file:
            if intake["sha256"] != hashlib.sha256(file.read()).hexdigest():
                yield f"{entry!r}: another SHA-256"
    if outcome == REFUSED or entry in ("large.zip", "folder-as-file.zip"):
        return
    expected = {"crlf.zip": average.replace(b"\n", b"\r\n"), "mark.zip": b"\xef\xbb\xbf" + average,
                "archives-in-folder": average + b"new.zip", "tries-in-folder": average + b"// 10\n"}
    with open(path, "rb") as file:
        if file.read() != expected.get(entry, average):
            yield f"{entry!r}: another average.c"


def main():
    global average, outside
    what, submissions, other = sys.argv[1:4]
    outside = sys.argv[-1]
    if what == "make":
        with open(other, "rb") as file:
            average = file.read()
        os.makedirs(submissions)
        for name, _, _, write in KINDS:
            write(os.path.join(submissions, name))
        print(len(KINDS))
        return 0
    with zipfile.ZipFile(os.path.join(submissions, "plain-zip.zip")) as archive:
        average = archive.read("example/average.c")
    wrong = list(problems(submissions, other))
    if os.listdir(outside):
        wrong.append(f"something was written outside: {os.listdir(outside)}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
