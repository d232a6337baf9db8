/* The samples of a run's ranks, put together, and one process with all of them; see results.h. */
#include "assignments/data/judges/results.h"

#include "assignments/data/options.h"

/* Of so many samples a batch norm takes its statistics together; 0: of all, or they are not alike. */
static int samples_together(const struct outcome *run)
{
    const struct data_options own = data_options(&run->options);
    const int parts =
        data_replicas(&run->options, run->ranks) * options_micro_batches(&run->options);
    if (own.synchronises || parts < 1 || run->options.batch_size % parts != 0)
        return 0;
    return run->options.batch_size / parts;
}

/* Where the run was told how many steps to take. */
static bool steps_are_there(const struct outcome *run, const struct shares *shares,
                            struct verdict *verdict)
{
    const int steps = shares_steps(shares), asked = run->options.steps;
    if (asked == 0 || steps == asked)
        return true;
    evidence_fail(verdict, "the logs have %d steps, and the run was to take %d", steps, asked);
    return false;
}

/* Puts every step's batch together. */
static bool batches_are_whole(struct shares *shares, struct verdict *verdict)
{
    g_autoptr(GString) why = g_string_new(NULL);
    for (int step = 0, count; step < shares_steps(shares); step++) {
        const bool whole = shares_assemble(shares, step, &count, why) != NULL;
        if (whole && count > 0)
            continue;
        if (whole)
            g_string_append_printf(why, "in step %d no rank has a sample", step);
        evidence_fail(verdict, "%s", why->str);
        return false;
    }
    return true;
}

bool data_shares_of(const struct outcome *run, struct shares **shares, struct reference **reference,
                    struct verdict *verdict)
{
    *reference = NULL;
    *shares = shares_read(run, verdict);
    if (*shares &&
        (!steps_are_there(run, *shares, verdict) || !batches_are_whole(*shares, verdict))) {
        shares_free(*shares);
        *shares = NULL;
    }
    if (*shares)
        *reference = reference_of_shares(run, *shares, samples_together(run), verdict);
    if (*shares && !*reference) {
        shares_free(*shares);
        *shares = NULL;
    }
    return *reference != NULL;
}

int data_replica_of(const struct shares *shares, int rank)
{
    const int place = shares_of(shares, 0, rank)->place;
    int replica = 0, last = -1;
    /* So many different places come before it. */
    for (int found = 0; found >= 0;) {
        found = -1;
        for (int other = 0; other < shares_ranks(shares); other++) {
            const int its = shares_of(shares, 0, other)->place;
            if (its > last && its < place && (found < 0 || its < found))
                found = its;
        }
        replica += found >= 0;
        last = found;
    }
    return replica;
}
