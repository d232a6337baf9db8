# Cuts C and Markdown into statements: what stands between ; { } | and the ends of comments and sentences, without
# blanks, so that neither line breaks nor blanks hide anything. Those with fewer than 20 characters say nothing, nor does
# what is included.
#
#     awk -f statements.awk -v task=list FILE…              prints each
#     awk -f statements.awk -v task=find KNOWN=FILE FILE…   prints FILE:LINE and those that FILE (of KNOWN) has, too
#
# In a patch (.patch) the lines that are added count.
BEGIN { LEAST = 20; SEPARATOR = sprintf("%c", 1) }
FNR == 1 {
    if (part != "") end_statement()
    is_known = task == "find" && known == ""
    if (is_known) known = FILENAME
    is_patch = FILENAME ~ /\.patch$/
}
is_known { if ($0 != "") is_a_trace[$0]; next }
is_patch && !/^\+[^+]/ { next }
{
    line = $0
    if (is_patch) line = substr(line, 2)
    sub(/^[ \t]*(\*|\/\/\|?|>)[ \t]/, "", line)
    if (line !~ /[^ \t\r]/ || line ~ /^[ \t]*#[ \t]*include/) { end_statement(); next }
    gsub(/[.] +|[.]\r?$|[;{}|]|\/\*|\*\//, SEPARATOR, line)
    gsub(/[ \t\r]+/, "", line)
    count = split(line, parts, SEPARATOR)
    for (i = 1; i <= count; i++) {
        if (i > 1) end_statement()
        if (part == "" && parts[i] != "") { began = FNR; file = FILENAME }
        part = part parts[i]
    }
}
END { if (part != "") end_statement() }

function end_statement() {
    if (length(part) >= LEAST) {
        if (task == "list") print part
        else if (part in is_a_trace) printf "%s\t%d\t%s\n", file, began, part
    }
    part = ""
}
