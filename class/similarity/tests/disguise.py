"""Disguises a program in C as people do who hope that it is not known again: python3 disguise.py HOW SEED FROM TO.

HOW is one or more of these, with + between: rename reformat comments reorder loops swap dead split macros.
FROM is a folder with .c files; the same files, disguised, are written to the folder TO. Names that another file, the kit or
MPI has stay: the program still compiles, and does the same (split needs GCC's functions within functions).
"""

import pathlib
import random
import re
import sys

WORD = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)|(?P<blank>\s+)"""
    r"""|(?P<sign>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""",
    re.S | re.M,
)
KEYWORDS = set(
    """auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false
    NULL""".split()
)


def words(text):
    """(kind, text) of each word, blanks and comments, too."""
    return [(found.lastgroup, found.group()) for found in WORD.finditer(text)]


def joined(parts):
    return "".join(text for _, text in parts)


def closing(parts, at):
    """The place of the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(parts)):
        if parts[i][1] in ("(", "{", "["):
            depth += 1
        elif parts[i][1] in (")", "}", "]"):
            depth -= 1
            if depth == 0:
                return i
    return len(parts) - 1


def items(text):
    """The file's parts outside of functions: texts, each with what stands in front of it; functions end with their }."""
    parts, found, begin, i = words(text), [], 0, 0
    while i < len(parts):
        kind, word = parts[i]
        if kind == "directive":
            found.append(joined(parts[begin : i + 1]))
            begin = i + 1
        elif word in ("(", "[", "{"):
            i = closing(parts, i)
            if word == "{" and not re.match(r"\s*(=|;)", joined(parts[i + 1 : i + 3])) and "=" not in joined(parts[begin:i]).split("{")[0]:
                found.append(joined(parts[begin : i + 1]))
                begin = i + 1
        elif word == ";":
            found.append(joined(parts[begin : i + 1]))
            begin = i + 1
        i += 1
    found.append(joined(parts[begin:]))
    return found


def without_comments(text):
    return joined(p if p[0] != "comment" else ("blank", " ") for p in words(text))


def head(item):
    """Of a function its head, else None."""
    bare = without_comments(item)
    found = re.match(r"\s*((?:[A-Za-z_][\w \t\n*]*?)\b([A-Za-z_]\w*)\s*\([^;{}]*\))\s*\{", bare)
    return (found.group(1), found.group(2)) if found and "=" not in found.group(1) else None


# ---- the disguises ------------------------------------------------------------------------------


def comments(text, rng):
    """All go, and new ones come."""
    said = ["// next", "/* as in the lecture */", "// ok", "/* wait here */", "// see the TODO", "/* my own */"]
    lines = without_comments(text).split("\n")
    return "\n".join(
        line + " " + rng.choice(said) if line.rstrip().endswith(";") and rng.random() < 0.5 else line
        for line in lines
        if line.strip()
    )


def reformat(text, rng):
    """One blank between words, braces and lines elsewhere."""
    lines, line = [], ""
    for kind, word in words(text):
        if kind == "directive" or (kind == "comment" and word.startswith("//")):
            lines += [line, word.rstrip()]
            line = ""
        elif kind == "blank":
            line += " "
        else:
            line += " " + word if line and line[-1].isalnum() and rng.random() < 0.4 and word in "=+*,)" else word
            if word in ("{", "}"):
                lines += [line.strip()]
                line = ""
            elif word == ";" and rng.random() < 0.8:
                lines += [line.strip()]
                line = "      "
    return "\n".join(lines + [line]) + "\n"


def rename(text, rng, stay):
    """Every name that is not a member's, the kit's or another file's."""
    syllables, names, parts = ["ba", "ko", "ti", "re", "mu", "sa", "lo", "ni"], {}, words(text)
    for i, (kind, word) in enumerate(parts):
        before = joined(parts[max(0, i - 2) : i]).strip()
        member = before.endswith("->") or (before.endswith(".") and not before.endswith("..."))
        tag = before.split()[-1:] in (["struct"], ["enum"], ["union"])
        if kind != "name" or word in KEYWORDS or word.startswith("MPI") or word in stay or member or tag:
            continue
        if word not in names:
            names[word] = "".join(rng.choice(syllables) for _ in range(3)) + str(len(names))
        parts[i] = (kind, names[word])
    return joined(parts)


def reorder(text, rng):
    """Functions in another order; declared in front."""
    parts = items(text)
    places = [i for i, item in enumerate(parts) if head(item)]
    heads = "\n".join(head(parts[i])[0] + ";" for i in places)
    moved = places[:]
    while len(places) > 1 and moved == places:
        rng.shuffle(moved)
    new = list(parts)
    for to, source in zip(places, moved):
        new[to] = parts[source]
    if places:
        new[places[0]] = "\n" + heads + "\n" + new[places[0]]
    return "".join(new)


def statement_end(parts, at):
    """Behind the statement that begins at `at`."""
    while at < len(parts) and parts[at][0] in ("blank", "comment"):
        at += 1
    if at == len(parts):
        return at
    if parts[at][1] == "{":
        return closing(parts, at) + 1
    if parts[at][1] == "do":
        at = statement_end(parts, at + 1)
    elif parts[at][1] in ("for", "while", "if", "switch"):
        i = at
        while parts[i][1] != "(":
            i += 1
        end = statement_end(parts, closing(parts, i) + 1)
        after = end
        while after < len(parts) and parts[after][0] in ("blank", "comment"):
            after += 1
        if parts[at][1] == "if" and after < len(parts) and parts[after][1] == "else":
            return statement_end(parts, after + 1)
        return end
    while at < len(parts) and parts[at][1] != ";":
        if parts[at][1] == "}":
            return at
        at = closing(parts, at) + 1 if parts[at][1] in ("(", "{", "[") else at + 1
    return at + 1


def loops(text, rng):
    """for becomes while, its counter in front and its step at the end."""
    parts, i = words(text), 0
    while i < len(parts):
        if parts[i] == ("name", "for"):
            begin = next(j for j in range(i, len(parts)) if parts[j][1] == "(")
            end, after = closing(parts, begin), statement_end(parts, i)
            inside, cuts, depth = parts[begin + 1 : end], [], 0
            for j, (_, word) in enumerate(inside):
                depth += (word in ("(", "[", "{")) - (word in (")", "]", "}"))
                if word == ";" and depth == 0:
                    cuts.append(j)
            body = joined(parts[end + 1 : after])
            if len(cuts) == 2 and "continue" not in body:
                first, test, step = inside[: cuts[0]], inside[cuts[0] + 1 : cuts[1]], inside[cuts[1] + 1 :]
                new = "{ %s; while (%s) { %s %s; } }" % (joined(first), joined(test) or "1", body, joined(step))
                parts[i:after] = words(new)
        i += 1
    return joined(parts)


def swap(text, rng):
    """Two declarations that stand together, where the second does not need the first; and sides of + and ==."""
    lines = text.split("\n")
    declares = re.compile(r"^\s+(?:const )?(?:int|float|double|bool|size_t|struct \w+ \*|MPI_\w+)\s*\*?(\w+)[^;()]*;\s*$")
    i = 0
    while i + 1 < len(lines):
        one, other = declares.match(lines[i]), declares.match(lines[i + 1])
        declared = re.findall(r"(\w+)\s*(?:\[[^]]*\]\s*)?(?=[=,;])", lines[i])
        if one and other and not set(declared) & set(re.findall(r"\w+", lines[i + 1])):
            lines[i], lines[i + 1] = lines[i + 1], lines[i]
            i += 1
        i += 1
    text = "\n".join(lines)
    text = re.sub(r"(?<=\()(\w+) == (\w+)(?=\))", r"\2 == \1", text)
    text = re.sub(r"(?<=[(=] )(\w+) \+ (\w+)(?=[;)])", r"\2 + \1", text)
    return re.sub(r"\(([\w.>-]+) < ([\w.>-]+)\)", r"(\2 > \1)", text)


def dead(text, rng):
    """Now and then a statement that does nothing."""
    nothing = ["if (0) { ; }", "(void)0;", "{ int unused = 3; (void)unused; }", "for (int never = 1; never < 0; never++) { ; }"]
    new = []
    for item in items(text):
        new.append(with_nothing(words(item), nothing, rng) if head(item) else item)
    return "".join(new)


def with_nothing(parts, nothing, rng):
    """Only between statements of a block: what depends on an if without braces stays the only one."""
    new, flat, begin = [], 0, 0
    for i, (_, word) in enumerate(parts):
        flat += (word in ("(", "[")) - (word in (")", "]"))
        new.append(word)
        if word in ("{", "}", ";") and flat == 0:
            alone = re.match(r"\s*(if|for|while|else|do)\b", without_comments(joined(parts[begin:i])))
            after = without_comments(joined(parts[i + 1 : i + 6])).split()[:1]
            if word == ";" and not alone and after not in (["else"], ["while"]) and rng.random() < 0.2:
                new.append("\n" + rng.choice(nothing) + "\n")
            begin = i + 1
    return "".join(new)


def split(text, rng):
    """Statements in a row go into a function within the function."""
    new = []
    for number, item in enumerate(items(text)):
        if not head(item):
            new.append(item)
            continue
        parts = words(item)
        body = next(i for i, (_, word) in enumerate(parts) if word == "{")
        i, end, out, count = body + 1, len(parts) - 1, [], 0
        while i < end:
            after = statement_end(parts, i)
            if after > end or after <= i:
                after = end
            one = joined(parts[i:after])
            bare = without_comments(one).strip()
            plain = re.match(r"(mpi_check|for|while|\w+\(|\w+->)", bare) and not re.search(r"\b(return|goto)\b", bare)
            if plain and len(bare) > 30:
                name = "part_%d_%d" % (number, count)
                count += 1
                out.append("\n    auto void %s(void);\n    void %s(void) {%s\n    }\n    %s();" % (name, name, one, name))
            else:
                out.append(one)
            i = after
        new.append(joined(parts[: body + 1]) + "".join(out) + joined(parts[end:]))
    return "".join(new)


def macros(text, rng):
    """What is written again and again becomes a macro."""
    often = {"mpi_check": "DO_IT", "const int": "NUMBER", "static void": "PROCEDURE", "MPI_STATUS_IGNORE": "NO_STATUS", "for (int i = 0; i <": "EACH_BELOW("}
    defines = []
    for what, name in often.items():
        if what.endswith("<"):
            count = len(re.findall(r"for \(int i = 0; i < ([\w>.-]+); i\+\+\)", text))
            if count:
                text = re.sub(r"for \(int i = 0; i < ([\w>.-]+); i\+\+\)", r"EACH_BELOW(\1)", text)
                defines.append("#define EACH_BELOW(n) for (int i = 0; i < (n); i++)")
        elif re.search(r"\b%s\b" % what, text):
            text = re.sub(r"\b%s\b" % what, name, text)
            defines.append("#define %s %s" % (name, what))
    lines = text.split("\n")
    last = max([i for i, line in enumerate(lines) if line.startswith("#include")], default=-1)
    return "\n".join(lines[: last + 1] + defines + lines[last + 1 :])


ALL = {"comments": comments, "reformat": reformat, "reorder": reorder, "loops": loops, "swap": swap, "dead": dead, "split": split, "macros": macros}
ORDER = ["reorder", "split", "loops", "swap", "dead", "rename", "macros", "comments", "reformat"]


def names_of(folders):
    """All that headers have."""
    names = set()
    for folder in folders:
        for path in pathlib.Path(folder).rglob("*.h"):
            names.update(re.findall(r"[A-Za-z_]\w*", path.read_text(errors="replace")))
    return names


def main():
    how, seed, source, to = sys.argv[1:5]
    kit = pathlib.Path(__file__).resolve().parents[3]
    stay = names_of([kit / "common", kit / "assignments", source]) if "rename" in how else set()
    system = """printf snprintf fprintf stderr stdout malloc calloc free memcpy memset memmove qsort fabs fabsf fmax fmin fmaxf sqrt
    sqrtf exp expf log logf abs strcmp exit assert INT_MAX FLT_MAX DBL_MAX INFINITY size_t ptrdiff_t SIZE_MAX PRIu64 uint64_t""".split()
    pathlib.Path(to).mkdir(parents=True, exist_ok=True)
    for path in sorted(pathlib.Path(source).glob("*.[ch]")):
        text = path.read_text()
        text = re.sub(r"^ *//\|.*\n|^ */\* (BEGIN|END) SOLUTION \*/\n", "", text, flags=re.M)
        rng = random.Random("%s %s %s" % (how, seed, path.name))
        for name in ORDER:
            if name not in how.split("+"):
                continue
            text = rename(text, rng, stay | set(system)) if name == "rename" else ALL[name](text, rng)
        (pathlib.Path(to) / path.name).write_text(text)


main()
