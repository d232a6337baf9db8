# What the chapters' pictures of tensors and ranks are made of, for the draw_pictures of assignments: SVG of boxes, words
# and arrows. -v folder=FOLDER: where they go. A unit is 20 points.

function begin(name, width, height) {
    file = folder "/" name ".svg"
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" " \
           "font-family=\"sans-serif\" font-size=\"13\">\n", width * 20, height * 20, width * 20, height * 20 > file
    printf "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", width * 20, height * 20 > file
}
function end() { print "</svg>" > file; close(file) }

# rank: 0 to 3, or "whole".
function fill(rank) { return rank == "whole" ? "#e5e5e5" : rank == 0 ? "#9ccbe8" : rank == 1 ? "#f6c667" : rank == 2 ? "#b5dcae" : "#e6bcd9" }

function escaped(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); return s }
# "W_0" has its 0 below the line, and "W_0^T" is turned as well.
function label(s,   result) {
    s = escaped(s)
    result = ""
    while (match(s, /[_^][0-9rT]/)) {
        result = result substr(s, 1, RSTART - 1)
        if (substr(s, RSTART, 1) == "_")
            result = result "<tspan font-size=\"10\" dy=\"4\">" substr(s, RSTART + 1, 1) "</tspan><tspan dy=\"-4\">&#8203;</tspan>"
        else
            result = result "<tspan font-size=\"10\" dy=\"-5\">" substr(s, RSTART + 1, 1) "</tspan><tspan dy=\"5\">&#8203;</tspan>"
        s = substr(s, RSTART + 2)
    }
    return result s
}
function words(x, y, s, anchor) {
    printf "<text x=\"%g\" y=\"%g\" text-anchor=\"%s\">%s</text>\n", x * 20, y * 20 + 4.5,
           anchor == "" ? "middle" : anchor, label(s) > file
}
function box(x, y, width, height, rank, s) {
    printf "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"%s\" stroke=\"#1a1a1a\"/>\n",
           x * 20, y * 20, width * 20, height * 20, fill(rank) > file
    if (s != "") words(x + width / 2, y + height / 2, s)
}
function arrow(x, y, to_x, to_y,   length_, dx, dy) {
    length_ = sqrt((to_x - x) ^ 2 + (to_y - y) ^ 2); dx = (to_x - x) / length_; dy = (to_y - y) / length_
    printf "<path d=\"M%g,%g L%g,%g\" stroke=\"#1a1a1a\" fill=\"none\"/>\n",
           x * 20, y * 20, (to_x - 0.2 * dx) * 20, (to_y - 0.2 * dy) * 20 > file
    printf "<path d=\"M%g,%g l%g,%g l%g,%g z\" fill=\"#1a1a1a\"/>\n", to_x * 20, to_y * 20,
           -8 * dx - 4 * dy, -8 * dy + 4 * dx, 8 * dy, -8 * dx > file
}
