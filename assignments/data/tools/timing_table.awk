# The timing table. Its input has a line for each run, separated by tabs:
#
#     way, ranks, samples of a batch, is there a core for each rank (yes or no),
#     the nine figures of epochs.awk of the real run, and the nine of the simulated one ("-": there was none)
#
# The first line is the run that all others are compared with: one process. Speed-up is samples per second over
# those of the first; efficiency is that, over the number of ranks.
#
# -v form=csv or markdown; -v unit=samples or tokens; -v cores=N; -v platform=NAME
BEGIN { FS = OFS = "\t" }

function rounded(x, digits) { return x == "-" ? "-" : sprintf("%." digits "f", x) }
function significant(x) { return x == "-" ? "-" : x >= 1000 ? thousands(sprintf("%.0f", x)) : sprintf("%.4g", x) }
function thousands(s,   t) { for (; length(s) > 3; s = substr(s, 1, length(s) - 3)) t = "," substr(s, length(s) - 2) t; return s t }
function with_deviation(x, d, digits) { return x == "-" ? "–" : rounded(x, digits) (d == "-" ? "" : " ± " rounded(d, digits)) }
function rate_with(x, d) { return x == "-" ? "–" : significant(x) (d == "-" ? "" : " ± " significant(d)) }
function over(x, y) { return x == "-" || y == "-" ? "-" : x / y }
function times(x, y) { return x == "-" ? "-" : x * y }
function plain(x) { return x == "-" ? "" : sprintf("%.9g", x) }
function dash(x, digits) { return x == "-" ? "–" : sprintf("%." digits "f", x) }

{
    way = $1; ranks = $2; batch = $3; mark = $4 == "no" ? "*" : ""
    per_sample = unit == "tokens" ? ($8 == "-" ? $17 : $8) : 1
    # Real figures from field 5 on, simulated ones from field 14 on.
    seconds = $9; seconds_deviation = $10; rate = $11; rate_deviation = $12; outside = $13
    simulated_seconds = $18; simulated_rate = $20
    if (NR == 1) { base = rate; simulated_base = simulated_rate }
    faster = over(rate, base); simulated_faster = over(simulated_rate, simulated_base)
    all = times(rate, per_sample); all_deviation = times(rate_deviation, per_sample)
    simulated_all = times(simulated_rate, per_sample)
    if (mark) taking_turns = 1
}

form == "csv" && NR == 1 {
    print "way,ranks,batch,a_core_for_each_rank,unit,epoch_seconds,epoch_seconds_deviation,per_second,per_second_deviation," \
          "per_second_of_a_rank,per_second_of_a_rank_deviation,speed_up,efficiency,outside_of_steps," \
          "simulated_epoch_seconds,simulated_per_second,simulated_per_second_of_a_rank,simulated_speed_up,simulated_efficiency"
}
form == "csv" {
    printf "\"%s\",%d,%d,%s,%s", way, ranks, batch, $4, unit
    printf ",%s,%s,%s,%s,%s,%s,%s,%s,%s", plain(seconds), plain(seconds_deviation), plain(all), plain(all_deviation),
           plain(over(all, ranks)), plain(over(all_deviation, ranks)), plain(faster), plain(over(faster, ranks)), plain(outside)
    printf ",%s,%s,%s,%s,%s\n", plain(simulated_seconds), plain(simulated_all), plain(over(simulated_all, ranks)),
           plain(simulated_faster), plain(over(simulated_faster, ranks))
}

form == "markdown" && NR == 1 {
    printf "| ranks | batch | way | epoch, s | %s/s | of a rank | speed-up | efficiency | outside of steps |", unit
    printf " epoch, s, simulated | %s/s | of a rank | speed-up | efficiency |\n", unit
    print "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
}
form == "markdown" {
    printf "| %d%s | %d | %s | %s | %s | %s | %s | %s | %s |", ranks, mark, batch, way,
           with_deviation(seconds, seconds_deviation, 3), rate_with(all, all_deviation),
           rate_with(over(all, ranks), over(all_deviation, ranks)), dash(faster, 2), dash(over(faster, ranks), 2),
           outside == "-" ? "–" : sprintf("%.0f%%", 100 * outside)
    printf " %s | %s | %s | %s | %s |\n", dash(simulated_seconds, 4), rate_with(simulated_all, "-"),
           rate_with(over(simulated_all, ranks), "-"), dash(simulated_faster, 2), dash(over(simulated_faster, ranks), 2)
}
END {
    if (form == "markdown" && taking_turns)
        printf "\n\\* more ranks than the %d cores of this computer: they take turns, so nothing can be gained by them here.\n", cores
}
