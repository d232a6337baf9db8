# A published run (docs/published-run.csv) as a Markdown table, with what follows from its figures: how many times
# as fast as one rank an epoch is, and how many tokens an epoch has if they came at the rate that is told.
BEGIN { FS = "," }
function thousands(s,   t) { for (; length(s) > 3; s = substr(s, 1, length(s) - 3)) t = "," substr(s, length(s) - 2) t; return s t }
NR == 1 {
    print "| run | ranks | batch | epoch, s | tokens/s of this rank | epoch, times one rank's | seconds × tokens/s |"
    print "| --- | --- | --- | --- | --- | --- | --- |"
    next
}
NR == 2 { one = $4 }
{
    printf "| %s | %d | %d | %.2f ± %.2f | %s ± %s | %.2f | %s |\n", $1, $2, $3, $4, $5, thousands(sprintf("%d", $6)),
           $7 < 1000 ? $7 : thousands(sprintf("%d", $7)), one / $4, thousands(sprintf("%.0f", $4 * $6))
}
