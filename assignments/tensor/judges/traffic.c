/*
 * Judge "traffic".
 *
 * Run:       training steps of a model of linear layers, in pairs but for one, or of any other.
 * Must hold: in each forward and backward no more bytes move between the ranks than its rounds take
 *            (rounds.h), and no less: counted in bytes, whatever calls move them. Parts may be made as long as the
 *            longest, and sizes told to each other.
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
    double sums, gathers; /* in those rounds that are needed */
    double useless;       /* in those that may be there */
    GArray *padding;      /* besides, where parts are made equally long: tensor_round_add_padding */
    double all_padding;
    int rounds, gathering; /* of these so many put something together */
};

static double volume_of(const struct need *need)
{
    return need->sums + need->gathers;
}

/* The caller frees with need_clear. */
static struct need need_of(const struct traffic_case *c, bool backward)
{
    struct need need = {.padding = g_array_new(FALSE, FALSE, sizeof(double))};
    for (guint i = 0; i < c->rounds->len; i++) {
        const struct round *round = &g_array_index(c->rounds, struct round, i);
        const double volume = tensor_round_volume(round, c->run->ranks, c->samples);
        if (round->backward != backward)
            continue;
        tensor_round_add_padding(c->places, round, c->run->ranks, c->samples, need.padding);
        need.all_padding += tensor_round_padding(c->places, round, c->run->ranks, c->samples);
        if (!round->needed) {
            need.useless += volume;
            continue;
        }
        const bool sum = round->kind == ROUND_SUM;
        *(sum ? &need.sums : &need.gathers) += volume;
        need.rounds++;
        need.gathering += !sum;
    }
    return need;
}

static void need_clear(struct need *need)
{
    g_array_unref(need->padding);
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
        need->rounds == 1 ? "" : "s", need->rounds == 1 ? "s" : "", volume_of(need), rounds->str);
    verdict->basis = BASIS_AMOUNT;
    for (int rank = 0; rank < c->run->ranks && found->len == 0; rank++) {
        tensor_moved_describe(c->run, moved, rank, found);
        if (found->len > 0)
            verdict_explain(verdict, "\nRank %d handed in, in this %s:\n\n%s", rank, word,
                            found->str);
    }
    if (moved->volume > volume_of(need))
        verdict_look(verdict, "which of these messages nobody needs: what is whole on each rank "
                              "already, or belongs to one rank alone");
    else
        verdict_look(verdict, "how what the other ranks have comes to this one without a message");
}

/* What may be sizes that the ranks tell each other, in each round. */
static double counts_of(const struct traffic_case *c, const struct moved *moved,
                        const struct need *need)
{
    return fmin(moved->counts, MOVED_SMALL_BYTES * c->run->ranks * MAX(1, need->rounds));
}

/* The most that moves where of these bytes so many are added up on the way: a sum that is not is made of all
 * ranks' terms on each rank; and of what is put together, parts are added up beside zeros, or go through one rank. */
static double most_of(const struct traffic_case *c, const struct need *need, double added_up,
                      double through_one)
{
    const double of_gathers = fmin(added_up, 2 * need->gathers), of_sums = added_up - of_gathers;
    const double terms = fmax(1.0, c->run->ranks / 2.0);
    return of_sums + terms * (need->sums - of_sums) + of_gathers +
           through_one * (need->gathers - of_gathers / 2);
}

/* More bytes than have to move, but in as many sums and gathers as there are rounds; and none that adds up more
 * than there is to add up. */
static bool is_all_to_all(const struct traffic_case *c, const struct moved *moved,
                          const struct need *need)
{
    int through_one = 0; /* gathers at a rank, which hands on what it has got */
    for (guint i = 0; i < moved->lines->len; i++) {
        const struct moved_line *line = &g_array_index(moved->lines, struct moved_line, i);
        const bool gather = line->operation == LOG_GATHER || line->operation == LOG_GATHERV;
        through_one += line->rank == 0 && gather ? line->times : 0;
    }
    const double more = moved->messages > 0 ? 2 : 1 + (through_one > 0 ? 1.0 / c->run->ranks : 0);
    const double most = most_of(c, need, moved->added_up, more);
    return moved->volume >= volume_of(need) &&
           moved->volume <= most + need->all_padding + counts_of(c, moved, need) &&
           moved->collectives <= need->rounds + MIN(need->gathering, through_one) &&
           moved->messages <= need->rounds * (c->run->ranks - 1);
}

/* So many bytes, and what may be there besides. */
static bool is_enough(const struct traffic_case *c, const struct moved *moved,
                      const struct need *need, double volume)
{
    return volume >= LEAST * volume_of(need) - 1 &&
           tensor_round_is_padding(need->padding, volume - volume_of(need),
                                   counts_of(c, moved, need));
}

static bool is_frugal(const struct traffic_case *c, const struct moved *moved, bool *remarked,
                      struct verdict *verdict)
{
    struct need need = need_of(c, moved->backward);
    const bool enough = is_enough(c, moved, &need, moved->volume);
    /* Exactly: a sum of something else may take about as much. */
    const bool useless =
        !enough && need.useless > 0 && is_enough(c, moved, &need, moved->volume - need.useless);
    const bool all_to_all = !enough && !useless && is_all_to_all(c, moved, &need);
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
    const bool right = enough || useless || all_to_all;
    if (!right)
        fail(c, moved, &need, verdict);
    need_clear(&need);
    return right;
}

/* The same, of who may move more than that. */
static bool is_no_less(const struct traffic_case *c, const struct moved *moved, bool *remarked,
                       struct verdict *verdict)
{
    (void)remarked;
    struct need need = need_of(c, moved->backward);
    const bool right = moved->volume >= LEAST * volume_of(&need) - 1;
    if (!right)
        fail(c, moved, &need, verdict);
    need_clear(&need);
    return right;
}

/* How many bytes there are too many or too few, in all, by this choice of forms. */
static double distance(const struct traffic_case *c, const GArray *moved)
{
    double distance = 0;
    for (guint i = 0; i < moved->len; i++) {
        const struct moved *one = &g_array_index(moved, struct moved, i);
        struct need need = need_of(c, one->backward);
        distance += fabs(one->volume - volume_of(&need));
        need_clear(&need);
    }
    return distance;
}

static GArray *rounds_of_choice(const struct tensor_places *places, const struct outcome *run,
                                int choice)
{
    g_autofree enum form *form = tensor_places_forms(places, &run->options, choice);
    return tensor_rounds_of(places, form);
}

/* What is asked of each forward and backward. */
typedef bool question(const struct traffic_case *c, const struct moved *moved, bool *remarked,
                      struct verdict *verdict);

static bool all_are(question *is_right, const struct traffic_case *c, const GArray *moved,
                    struct verdict *verdict)
{
    bool right = true, remarked = false;
    for (guint i = 0; i < moved->len && right; i++)
        right = is_right(c, &g_array_index(moved, struct moved, i), &remarked, verdict);
    return right;
}

/* By any of the choices of forms; if it is right by none, what is wrong by the nearest is told. */
static bool is_right_by_a_choice(question *is_right, struct traffic_case *c, const GArray *moved,
                                 struct verdict *verdict)
{
    const int choices = tensor_places_choices(c->places, &c->run->options);
    double nearest = INFINITY;
    int best = 0;
    bool right = false;
    for (int choice = 0; choice < choices && !right; choice++) {
        struct verdict *unheard = verdict_new();
        c->rounds = rounds_of_choice(c->places, c->run, choice);
        right = all_are(is_right, c, moved, unheard);
        const double far = right ? 0 : distance(c, moved);
        best = far < nearest ? choice : best;
        nearest = fmin(nearest, far);
        g_array_unref(c->rounds);
        verdict_free(unheard);
    }
    c->rounds = rounds_of_choice(c->places, c->run, best);
    all_are(is_right, c, moved, verdict);
    g_array_unref(c->rounds);
    return right;
}

static bool answer(question *is_right, const struct outcome *run, struct verdict *verdict)
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
    const bool right = is_right_by_a_choice(is_right, &c, moved, verdict);
    tensor_moved_free(moved);
    tensor_places_free(places);
    return right;
}

bool tensor_traffic_is_frugal(const struct outcome *run, struct verdict *verdict)
{
    return answer(is_frugal, run, verdict);
}

bool tensor_traffic_is_no_less(const struct outcome *run, struct verdict *verdict)
{
    return answer(is_no_less, run, verdict);
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
