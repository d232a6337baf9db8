/*
 * Judge "traffic".
 *
 * Run:       training steps of a model of linear layers, in pairs but for one, or of any other.
 * Must hold: in each forward and backward no more bytes move between the ranks than its rounds take
 *            (rounds.h), and no less: counted in bytes, whatever calls move them.
 * A failure: messages that nobody needs, or a tensor that is put together without messages.
 * Remarked:  the sum of the first layer's dx, which nobody uses; sums to which each rank hands in all of
 *            its terms to all others, and gathers that are a sum beside zeros, or go through one rank: they take
 *            more bytes than they have to.
 *
 * Of an odd number of layers in a row a program chooses which one is by itself; any choice that its
 * bytes fit is right; else it is told by the one that they come nearest to.
 */
#include "assignments/tensor/judges/traffic.h"
#include "assignments/tensor/judges/facts/moved.h"
#include "assignments/tensor/judges/facts/rounds.h"
#include "assignments/tensor/judges/judges.h"

#include <math.h>

/* Counts, say, are told to each other besides; of each rank. */
#define SMALL_BYTES 64
#define LEAST       0.99
#define ROUNDS_TOLD 6

struct traffic_case {
    const struct outcome *run;
    const struct tensor_places *places;
    GArray *rounds;
    double samples;
};

/* Bytes that have to move in a forward or backward. */
struct need {
    double volume;  /* in those rounds that are needed */
    double useless; /* in those that may be there */
    double most;    /* if each rank hands all it has to all others */
    double padding; /* besides, where parts are made equally long, and for what is small */
    int rounds, gathers;
};

static struct need need_of(const struct traffic_case *c, bool backward)
{
    struct need need = {.padding = SMALL_BYTES * c->run->ranks};
    for (guint i = 0; i < c->rounds->len; i++) {
        const struct round *round = &g_array_index(c->rounds, struct round, i);
        const double volume = tensor_round_volume(round, c->run->ranks, c->samples);
        if (round->backward != backward)
            continue;
        need.padding += tensor_round_padding(c->places, round, c->run->ranks, c->samples);
        if (!round->needed) {
            need.useless += volume;
            continue;
        }
        need.rounds++;
        need.volume += volume;
        const bool sum = round->kind == ROUND_SUM;
        need.gathers += !sum;
        need.most += (sum ? MAX(1.0, c->run->ranks / 2.0) : 2.0) * volume;
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
        if (told++ >= ROUNDS_TOLD)
            continue;
        g_autofree char *name = tensor_round_name(c->places, round, c->samples);
        g_string_append_printf(text, "%s%s", told > 1 ? ", " : "", name);
    }
    if (told == 0)
        g_string_append(text, "none");
    else if (told > ROUNDS_TOLD)
        g_string_append_printf(text, ", and %u more", told - ROUNDS_TOLD);
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
    verdict->basis = BASIS_AMOUNT;
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

/* More bytes than have to move, but in as many sums and gathers as there are rounds. */
static bool is_all_to_all(const struct traffic_case *c, const struct moved *moved,
                          const struct need *need)
{
    int through_one = 0; /* gathers at a rank, which hands on what it has got */
    for (guint i = 0; i < moved->lines->len; i++) {
        const struct moved_line *line = &g_array_index(moved->lines, struct moved_line, i);
        const bool gather = line->operation == LOG_GATHER || line->operation == LOG_GATHERV;
        through_one += line->rank == 0 && gather ? line->times : 0;
    }
    return moved->volume >= need->volume && moved->volume <= need->most + need->padding &&
           moved->collectives <= need->rounds + MIN(need->gathers, through_one) &&
           moved->messages <= need->rounds * (c->run->ranks - 1);
}

static bool is_frugal(const struct traffic_case *c, const struct moved *moved, bool *remarked,
                      struct verdict *verdict)
{
    const struct need need = need_of(c, moved->backward);
    const double beside = moved->volume - need.useless;
    const double least = LEAST * need.volume - 1, enough = need.volume + need.padding;
    if (moved->volume >= least && moved->volume <= enough)
        return true;
    /* Exactly: a sum of something else may take about as much. */
    const bool useless = need.useless > 0 && beside >= least && beside <= enough;
    const bool all_to_all = !useless && is_all_to_all(c, moved, &need);
    if (useless && !*remarked)
        g_string_append(
            verdict->remark,
            "The gradient for the input of the first layer is summed over the ranks, and "
            "nobody uses it: backward_input is told so (`want_dx`).\n");
    if (all_to_all && !*remarked)
        g_string_append(verdict->remark,
                        "More bytes move than a sum or a gather takes: a ring, or MPI_Allreduce, "
                        "adds up on the way, and of a gather each rank hands in its own part.\n");
    *remarked = *remarked || useless || all_to_all;
    if (!useless && !all_to_all)
        fail(c, moved, &need, verdict);
    return useless || all_to_all;
}

/* How many bytes there are too many or too few, in all, by this choice of forms. */
static double distance(const struct traffic_case *c, const GArray *moved)
{
    double distance = 0;
    for (guint i = 0; i < moved->len; i++) {
        const struct moved *one = &g_array_index(moved, struct moved, i);
        distance += fabs(one->volume - need_of(c, one->backward).volume);
    }
    return distance;
}

static GArray *rounds_of_choice(const struct tensor_places *places, const struct outcome *run,
                                int choice)
{
    g_autofree enum form *form = tensor_places_forms(places, &run->options, choice);
    return tensor_rounds_of(places, form);
}

static bool all_are_frugal(const struct traffic_case *c, const GArray *moved,
                           struct verdict *verdict)
{
    bool right = true, remarked = false;
    for (guint i = 0; i < moved->len && right; i++)
        right = is_frugal(c, &g_array_index(moved, struct moved, i), &remarked, verdict);
    return right;
}

/* By any of the choices of forms; if it is right by none, what is wrong by the nearest is told. */
static bool is_right_by_a_choice(struct traffic_case *c, const GArray *moved,
                                 struct verdict *verdict)
{
    const int choices = tensor_places_choices(c->places, &c->run->options);
    double nearest = INFINITY;
    int best = 0;
    bool right = false;
    for (int choice = 0; choice < choices && !right; choice++) {
        struct verdict *unheard = verdict_new();
        c->rounds = rounds_of_choice(c->places, c->run, choice);
        right = all_are_frugal(c, moved, unheard);
        const double far = right ? 0 : distance(c, moved);
        best = far < nearest ? choice : best;
        nearest = fmin(nearest, far);
        g_array_unref(c->rounds);
        verdict_free(unheard);
    }
    c->rounds = rounds_of_choice(c->places, c->run, best);
    all_are_frugal(c, moved, verdict);
    g_array_unref(c->rounds);
    return right;
}

bool tensor_traffic_is_frugal(const struct outcome *run, struct verdict *verdict)
{
    struct tensor_places *places =
        evidence_logs(run, verdict) ? tensor_places_new(run, verdict) : NULL;
    if (!places)
        return false;
    struct traffic_case c = {
        .run = run,
        .places = places,
        .samples = run->options.batch_size / (double)options_micro_batches(&run->options),
    };
    GArray *moved = tensor_moved_of(run);
    const bool right = is_right_by_a_choice(&c, moved, verdict);
    tensor_moved_free(moved);
    tensor_places_free(places);
    return right;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    tensor_traffic_is_frugal(run, verdict);
}

void tensor_judge_traffic(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "as many bytes as the rounds of messages take, and no more");
}
