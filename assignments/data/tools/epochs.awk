# Epochs of a learning curve (common/files/curve.h), as one line of figures, separated by tabs:
#
#     steps of an epoch, epochs, samples of an epoch, tokens of a sample,
#     seconds of an epoch: mean, deviation,
#     samples per second: mean, deviation,
#     share of the time that was outside of training steps
#
# The deviation is that of a sample (over n - 1), and "-" where there is one epoch. -v batch=N: samples of a step.
# -v warm=N: the first N epochs are not counted. -v exact=1: the curve is of a simulated run, in which all steps behind the
# first take the same time; then an epoch of -v steps=N of them takes N times that, and the deviations are "-".
#
# Exit status 1, and a line on standard error, where the curve does not have that.
BEGIN { FS = ","; OFS = "\t" }

function complain(what) { print "the learning curve: " what > "/dev/stderr"; failed = 1; exit 1 }
function deviation(squares, n) { return n < 2 ? "-" : sqrt(squares / (n - 1)) }

FNR == 1 {
    for (i = 1; i <= NF; i++)
        column[$i] = i
    if (!("epoch" in column && "seconds" in column && "samples_per_second" in column && "tokens_per_second" in column))
        complain("it has not the columns of one")
    next
}
{
    epoch = $column["epoch"]
    if (!(epoch in last))
        epochs++
    steps_of[epoch]++
    last[epoch] = $column["seconds"]
    step[++taken] = $column["seconds"] - before
    before = $column["seconds"]
    inside[epoch] += batch / $column["samples_per_second"]
    tokens = $column["tokens_per_second"] / $column["samples_per_second"]
}

function simulated(   i) {
    if (taken < 3)
        complain("a simulated run needs three steps, and has " taken)
    # Seconds stand in the curve with six digits behind the point.
    for (i = 3; i <= taken; i++)
        if (step[i] - step[2] > 2e-6 || step[2] - step[i] > 2e-6)
            complain("step " i " took " step[i] " s, and step 2 " step[2] " s: they should be the same")
    one = (before - step[1]) / (taken - 1)
    print steps, 1, steps * batch, sprintf("%.0f", tokens), steps * one, "-", batch / one, "-", "-"
}

function real(   e, n, seconds, rate, sum, rates, squares, rate_squares, within, began, counted) {
    for (e = 0; e < epochs; e++)
        if (steps_of[e] != steps_of[0])
            complain("epoch " e " has " steps_of[e] " steps, and epoch 0 " steps_of[0])
    if (epochs <= warm)
        complain("it has no epoch behind the first " warm)
    began = warm > 0 ? last[warm - 1] : 0
    for (e = warm + 0; e < epochs; e++) {
        seconds[e] = last[e] - began
        began = last[e]
        rate[e] = steps_of[e] * batch / seconds[e]
        sum += seconds[e]
        rates += rate[e]
        within += inside[e]
    }
    counted = epochs - warm
    for (e = warm + 0; e < epochs; e++) {
        squares += (seconds[e] - sum / counted) ^ 2
        rate_squares += (rate[e] - rates / counted) ^ 2
    }
    print steps_of[0], counted, steps_of[0] * batch, sprintf("%.0f", tokens), sum / counted, deviation(squares, counted),
          rates / counted, deviation(rate_squares, counted), (sum > within ? 1 - within / sum : 0)
}

END {
    if (failed)
        exit 1
    if (taken == 0)
        complain("it has no step")
    if (exact)
        simulated()
    else
        real()
}
