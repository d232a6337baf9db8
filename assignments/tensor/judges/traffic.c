/*
 * Judge "traffic".
 *
 * Run:       training steps of a model in which linear layers stand in pairs.
 * Must hold: in each forward and backward no more bytes move between the ranks than its rounds take
 *            (rounds.h), and no less: counted in bytes, whatever calls move them.
 * A failure: messages that nobody needs, or a tensor that is put together without messages.
 * Remarked:  the sum of the first layer's dx, which nobody uses; sums to which each rank hands in all of
 *            its terms, which take more bytes than they have to.
 */
#include "assignments/tensor/judges/traffic.h"
#include "assignments/tensor/judges/facts/moved.h"
#include "assignments/tensor/judges/facts/rounds.h"
#include "assignments/tensor/judges/judges.h"

#include <math.h>

/* Slices can be padded to one size, and losses and counts be added up besides. */
#define SLACK       1.1
#define SMALL_BYTES 64
#define LEAST       0.99

struct traffic_case {
    const struct outcome *run;
    const struct tensor_places *places;
    GArray *rounds;
    double samples;
    bool padded_gathers; /* a sum over zeros beside the own slice counts as a gather */
};

/* Bytes that have to move in a forward or backward. */
struct need {
    double volume;  /* in those rounds that are needed */
    double useless; /* in those that may be there */
    double most;    /* if each rank hands all its terms to all others */
    int rounds;
};

static struct need need_of(const struct traffic_case *c, bool backward)
{
    struct need need = {0};
    for (guint i = 0; i < c->rounds->len; i++) {
        const struct round *round = &g_array_index(c->rounds, struct round, i);
        const double volume = tensor_round_volume(round, c->run->ranks, c->samples);
        if (round->backward != backward)
            continue;
        if (!round->needed) {
            need.useless += volume;
            continue;
        }
        need.rounds++;
        need.volume += volume;
        const bool sum = round->kind == ROUND_SUM;
        const double factor = sum ? MAX(1.0, c->run->ranks / 2.0) : c->padded_gathers ? 2.0 : 1.0;
        need.most += factor * volume;
    }
    return need;
}

static void tell_rounds(const struct traffic_case *c, bool backward, GString *text)
{
    guint told = 0;
    for (guint i = 0; i < c->rounds->len; i++) {
        const struct round *round = &g_array_index(c->rounds, struct round, i);
        if (round->backward != backward || !round->needed)
            continue;
        g_autofree char *name = tensor_round_name(c->places, round, c->samples);
        g_string_append_printf(text, "%s%s", told++ > 0 ? ", " : "", name);
    }
    if (told == 0)
        g_string_append(text, "none");
}

static void fail(const struct traffic_case *c, const struct moved *moved, const struct need *need,
                 struct verdict *verdict)
{
    const char *word = moved->backward ? "backward" : "forward";
    g_autoptr(GString) rounds = g_string_new(NULL), found = g_string_new(NULL);
    tell_rounds(c, moved->backward, rounds);
    evidence_fail(
        verdict,
        "step %d, the %s of micro-batch %d: %.0f bytes move between the %d ranks, and its "
        "%d round%s of messages take%s %.0f: %s",
        moved->step, word, moved->micro_batch, moved->volume, c->run->ranks, need->rounds,
        need->rounds == 1 ? "" : "s", need->rounds == 1 ? "s" : "", need->volume, rounds->str);
    for (int rank = 0; rank < c->run->ranks && found->len == 0; rank++) {
        tensor_moved_describe(c->run, moved, rank, found);
        if (found->len > 0)
            verdict_explain(verdict, "\nRank %d handed in, in this %s:\n\n%s", rank, word,
                            found->str);
    }
    if (moved->volume > need->volume)
        verdict_look(verdict, "which of these messages nobody needs: what is whole on each rank "
                              "already, or belongs to one rank alone");
    else
        verdict_look(verdict, "how what the other ranks have comes to this one without a message");
}

static bool is_frugal(const struct traffic_case *c, const struct moved *moved, bool *remarked,
                      struct verdict *verdict)
{
    const struct need need = need_of(c, moved->backward);
    const double small = SMALL_BYTES * c->run->ranks;
    const double beside = moved->volume - need.useless;
    /* Exactly: a sum of something else may take about as much. */
    const bool useless = need.useless > 0 && fabs(beside - need.volume) <= 0.02 * moved->volume;
    if (moved->volume >= LEAST * need.volume - 1 && moved->volume <= SLACK * need.volume + small)
        return true;
    if (useless && !*remarked)
        g_string_append(
            verdict->remark,
            "The gradient for the input of the first layer is summed over the ranks, and "
            "nobody uses it: backward_input is told so (`want_dx`).\n");
    const bool all_terms = moved->volume >= need.volume && moved->calls <= need.rounds &&
                           moved->volume <= SLACK * need.most + small;
    if (all_terms && !*remarked)
        g_string_append(verdict->remark,
                        "More bytes move than a sum takes: a ring, or MPI_Allreduce, "
                        "adds up on the way.\n");
    *remarked = *remarked || useless || all_terms;
    if (!useless && !all_terms)
        fail(c, moved, &need, verdict);
    return useless || all_terms;
}

bool tensor_traffic_is_frugal(const struct outcome *run, bool padded_gathers,
                              struct verdict *verdict)
{
    struct tensor_places *places =
        evidence_logs(run, verdict) ? tensor_places_new(run, verdict) : NULL;
    if (!places)
        return false;
    g_autofree enum form *form = tensor_places_forms(places, &run->options);
    const struct traffic_case c = {
        .run = run,
        .places = places,
        .rounds = tensor_rounds_of(places, form),
        .samples = run->options.batch_size / (double)options_micro_batches(&run->options),
        .padded_gathers = padded_gathers,
    };
    GArray *moved = tensor_moved_of(run);
    bool right = true, remarked = false;
    for (guint i = 0; i < moved->len && right; i++)
        right = is_frugal(&c, &g_array_index(moved, struct moved, i), &remarked, verdict);
    tensor_moved_free(moved);
    g_array_unref(c.rounds);
    tensor_places_free(places);
    return right;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    tensor_traffic_is_frugal(run, false, verdict);
}

void tensor_judge_traffic(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "as many bytes as the rounds of messages take, and no more");
}
