# The checks of tools/levels, on its lines: "table LEVEL FOLDER NAMES", "uses A B", "include FILE
# HEADER", "symbol FILE T|U NAME", "word PLACE WORD WHY", "fault TEXT".

function complain(text) {
    if (!(text in said)) {
        said[text] = 1
        complaints[++failures] = text
    }
}

# The line of the table that a file belongs to: the longest that fits. "" if there is none.
function room_of(file,    folder, generic) {
    folder = file
    while (sub(/\/[^\/]*$/, "", folder)) {
        if (folder in level) return folder
        generic = folder
        if (match(generic, /^(assignments|solutions|skeleton)\/[^\/]+/)) {
            generic = substr(generic, 1, index(generic, "/")) "*" substr(generic, RLENGTH + 1)
            if (generic in level) return generic
        }
    }
    return ""
}

# "example" of assignments/example/judges/average.c.
function assignment_of(file,    parts) {
    if (file !~ /^(assignments|solutions|skeleton)\//) return ""
    split(file, parts, "/")
    return parts[2]
}

# Notes that `file` uses `other`, which is in the way of `how`.
function check_arrow(file, other, how,    from, to, mine, theirs) {
    from = room_of(file); to = room_of(other)
    if (from == "") { complain(file ": its folder is not in tools/levels.txt"); return }
    if (to == "") { complain(file " " how ": the folder of " other " is not in tools/levels.txt"); return }
    mine = assignment_of(file); theirs = assignment_of(other)
    if (theirs != "" && mine == "")
        complain(file " " how ": only assignments know assignments, by registering themselves")
    else if (theirs != "" && mine != theirs && !((mine, theirs) in used))
        complain(file " " how ": it is another assignment's, and the rubric of " mine " has no uses = ( \"" theirs "\" )")
    if (from != to && to in private)
        complain(file " " how ": nobody may use " to)
    else if (from != to && level[to] >= level[from])
        complain(file " " how ": " to " (level " level[to] ") is not below " from " (level " level[from] ")")
    if (from != to) arrow[from, to] = 1
}

function begins_right(name, room,    count, begins, i) {
    count = split(names[room], begins, " ")
    for (i = 1; i <= count; i++)
        if (begins[i] == "*" || index(name, begins[i]) == 1) return 1
    return name == "main"
}

$1 == "table" && $2 ~ /^[0-9]+$/ {
    level[$3] = $2
    order[++rooms] = $3
    for (i = 4; i <= NF; i++) {
        names[$3] = names[$3] " " $i
        if ($i == "nobody") private[$3] = 1
        else if ($i != "*" && ($i in owner))
            complain("tools/levels.txt: names that begin with " $i " belong to " owner[$i] " and to " $3)
        owner[$i] = $3
    }
}
$1 == "uses" { used[$2, $3] = 1 }
$1 == "fault" { sub(/^fault /, ""); complain($0) }
$1 == "word" { sub(/^word /, ""); complain($1 " names \"" $2 "\"," substr($0, length($1 " " $2) + 1)) }
$1 == "include" { check_arrow($2, $3, "includes " $3) }
$1 == "symbol" && $3 == "T" {
    # Two back ends of one interface, and the same functions by students and by the course.
    alternative = $2 ~ /^common\/base\/machines\// || $2 ~ /^solutions\//
    if ($4 in defined && $4 != "main" && !alternative && defined[$4] != $2)
        complain($4 " is defined in " defined[$4] " and in " $2)
    defined[$4] = $2
    if ($4 != "main" && !begins_right($4, room_of($2)))
        complain($2 ": " $4 " does not begin as names of " room_of($2) " do:" names[room_of($2)])
}
$1 == "symbol" && $3 == "U" {
    file[++needs] = $2; needed[needs] = $4
    if ($4 ~ /^MPI_/ && (room_of($2) == "assignments/*" || level[room_of($2)] >= 10))
        complain($2 " needs " $4 ": judges link it, and there is no MPI on their side")
}

END {
    for (i = 1; i <= needs; i++)
        if (needed[i] in defined && defined[needed[i]] !~ /^solutions\//)
            check_arrow(file[i], defined[needed[i]], "needs " needed[i])
    if (mode == "--dot") {
        draw()
        exit 0
    }
    for (i = 1; i <= failures; i++) print complaints[i]
    if (failures > 0) exit 1
    printf "%d folders, %d arrows between them, none upwards\n", rooms, length(arrow)
}

# Only the arrows that no path of others makes: all that matters of an order.
function draw(    i, j, k, pair, from, to) {
    print "digraph levels {"
    print "    rankdir = BT; ranksep = 0.45; nodesep = 0.15;"
    print "    node [shape = box, style = filled, fillcolor = \"#f4f1e8\", fontname = \"sans-serif\", fontsize = 11, height = 0.3];"
    print "    edge [color = \"#555555\", arrowsize = 0.6];"
    for (pair in arrow) { split(pair, ends, SUBSEP); reach[ends[1], ends[2]] = 1 }
    for (k = 1; k <= rooms; k++) for (i = 1; i <= rooms; i++) if ((order[i], order[k]) in reach)
        for (j = 1; j <= rooms; j++) if ((order[k], order[j]) in reach) reach[order[i], order[j]] = 1
    for (i = 1; i <= rooms; i++) printf "    \"%s\";\n", order[i]
    for (i = 1; i <= rooms; i++) for (j = 1; j <= rooms; j++) {
        from = order[i]; to = order[j]
        if (!((from, to) in arrow)) continue
        for (k = 1; k <= rooms; k++)
            if (order[k] != from && order[k] != to && ((from, order[k]) in reach) && ((order[k], to) in reach)) break
        if (k > rooms) printf "    \"%s\" -> \"%s\";\n", from, to
    }
    print "}"
}
