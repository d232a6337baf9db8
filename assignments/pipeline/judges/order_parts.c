/*
 * Signatures of orders in which something is missing, or there twice, or half of a
 * backward stands in the wrong place; see order_signatures.h.
 */
#include "assignments/pipeline/judges/order_signatures.h"
#include "assignments/pipeline/placement.h"

/* ---- counting --------------------------------------------------------------------------------------- */

int order_count(const struct schedule *schedule, int rank, enum log_operation operation, int stage,
                int micro_batch)
{
    int count = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *one = &schedule->operation[rank][i];
        count += one->operation == operation && one->micro_batch == micro_batch &&
                 (stage < 0 || one->stage == stage);
    }
    return count;
}

/* How often each (chunk, micro-batch) of a rank had which operation. */
struct counts {
    int *count[LOG_BACKWARD_WEIGHT + 1];   /* [chunk * micro_batches + micro_batch] */
    bool strange[LOG_BACKWARD_WEIGHT + 1]; /* some that the rank can't have */
};

static struct counts counts_of(const struct schedule *schedule, struct schedule_shape shape,
                               int rank)
{
    struct counts counts = {.strange = {false}};
    for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
        counts.count[k] = g_new0(int, order_all(shape));
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *one = &schedule->operation[rank][i];
        int chunk = placement_chunk(one->stage, shape.ranks);
        if (one->operation > LOG_BACKWARD_WEIGHT)
            continue;
        if (one->stage < 0 || chunk >= shape.chunks ||
            placement_rank(one->stage, shape.ranks) != rank || one->micro_batch < 0 ||
            one->micro_batch >= shape.micro_batches)
            counts.strange[one->operation] = true;
        else
            counts.count[one->operation][chunk * shape.micro_batches + one->micro_batch]++;
    }
    return counts;
}

static void counts_free(struct counts *counts)
{
    for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
        g_free(counts->count[k]);
}

static bool backward_is_once(const struct counts *counts, int place)
{
    int whole = counts->count[LOG_BACKWARD][place];
    int input = counts->count[LOG_BACKWARD_INPUT][place];
    int weight = counts->count[LOG_BACKWARD_WEIGHT][place];
    return whole + input == 1 && weight == input;
}

bool order_has_all_forwards(const struct schedule *schedule, struct schedule_shape shape, int rank)
{
    struct counts counts = counts_of(schedule, shape, rank);
    bool all = !counts.strange[LOG_FORWARD];
    for (int place = 0; place < order_all(shape); place++)
        all = all && counts.count[LOG_FORWARD][place] == 1;
    counts_free(&counts);
    return all;
}

bool order_has_all_backwards(const struct schedule *schedule, struct schedule_shape shape, int rank)
{
    struct counts counts = counts_of(schedule, shape, rank);
    bool all = !counts.strange[LOG_BACKWARD] && !counts.strange[LOG_BACKWARD_INPUT] &&
               !counts.strange[LOG_BACKWARD_WEIGHT];
    for (int place = 0; place < order_all(shape); place++)
        all = all && backward_is_once(&counts, place);
    counts_free(&counts);
    return all;
}

/* ---- never, and twice -------------------------------------------------------------------------------- */

/* How far a micro-batch came on a rank. */
enum extent { NOTHING, FORWARDS, EVERYTHING, SOMETHING_ELSE };

static enum extent extent_of(const struct counts *counts, struct schedule_shape shape, int i)
{
    int forwards = 0, complete = 0, all = 0;
    for (int chunk = 0; chunk < shape.chunks; chunk++) {
        int place = chunk * shape.micro_batches + i;
        bool forward = counts->count[LOG_FORWARD][place] == 1;
        forwards += forward;
        complete += forward && backward_is_once(counts, place);
        for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
            all += counts->count[k][place];
    }
    return all == 0                                          ? NOTHING
           : complete == shape.chunks                        ? EVERYTHING
           : all == shape.chunks && forwards == shape.chunks ? FORWARDS
                                                             : SOMETHING_ELSE;
}

/* The micro-batches that came so far on every rank, and no further, while every other one is complete
 * on all of them. Empty where it is not so. A new string. */
static char *those_of_extent(const struct schedule *schedule, struct schedule_shape shape,
                             enum extent wanted)
{
    g_autofree bool *those = g_new0(bool, shape.micro_batches);
    g_autoptr(GString) text = g_string_new(NULL);
    bool clear = true, others = false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        struct counts counts = counts_of(schedule, shape, rank);
        for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
            clear = clear && !counts.strange[k];
        for (int i = 0; i < shape.micro_batches; i++) {
            enum extent found = extent_of(&counts, shape, i);
            clear = clear && (found == wanted || found == EVERYTHING) &&
                    (rank == 0 || those[i] == (found == wanted));
            those[i] = found == wanted;
            others = others || found == EVERYTHING;
        }
        counts_free(&counts);
    }
    if (clear && others)
        schedule_append_numbers(text, those, shape.micro_batches);
    return g_strdup(text->str);
}

char *order_never_run(const struct schedule *schedule, struct schedule_shape shape)
{
    return those_of_extent(schedule, shape, NOTHING);
}

bool order_micro_batches_never_run(const struct schedule_kind *kind,
                                   const struct schedule *schedule, struct schedule_shape shape,
                                   bool whole)
{
    (void)kind;
    g_autofree char *which = order_never_run(schedule, shape);
    return whole && which[0] != '\0';
}

bool order_backwards_never_run(const struct schedule_kind *kind, const struct schedule *schedule,
                               struct schedule_shape shape, bool whole)
{
    (void)kind;
    g_autofree char *which = those_of_extent(schedule, shape, FORWARDS);
    return whole && which[0] != '\0';
}

/* Some rank ran one of these operations again of the same stage and micro-batch. */
static bool is_twice(const struct schedule *schedule, struct schedule_shape shape,
                     enum log_operation operation)
{
    bool twice = false;
    for (int rank = 0; rank < shape.ranks && !twice; rank++) {
        struct counts counts = counts_of(schedule, shape, rank);
        for (int place = 0; place < order_all(shape); place++)
            twice = twice || counts.count[operation][place] > 1;
        counts_free(&counts);
    }
    return twice;
}

bool order_weights_twice(const struct schedule_kind *kind, const struct schedule *schedule,
                         struct schedule_shape shape, bool whole)
{
    (void)whole;
    return kind->facts->halves && is_twice(schedule, shape, LOG_BACKWARD_WEIGHT) &&
           !order_micro_batch_twice(kind, schedule, shape, whole);
}

bool order_micro_batch_twice(const struct schedule_kind *kind, const struct schedule *schedule,
                             struct schedule_shape shape, bool whole)
{
    (void)kind, (void)whole;
    return is_twice(schedule, shape, LOG_FORWARD) || is_twice(schedule, shape, LOG_BACKWARD) ||
           is_twice(schedule, shape, LOG_BACKWARD_INPUT);
}

/* ---- the halves of backwards --------------------------------------------------------------------------- */

/* The micro-batches of a rank's W in order, and behind how many I each stands; false unless all
 * forwards and all I are there once, in halves only. */
static bool read_weights(const struct schedule *schedule, struct schedule_shape shape, int rank,
                         GArray *micro_batch, GArray *inputs_before, GArray *inputs)
{
    if (!order_has_all_forwards(schedule, shape, rank))
        return false;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *one = &schedule->operation[rank][i];
        int before = (int)inputs->len;
        if (one->operation == LOG_BACKWARD)
            return false;
        if (one->operation == LOG_BACKWARD_INPUT) {
            if (order_count(schedule, rank, LOG_BACKWARD_INPUT, -1, one->micro_batch) != 1)
                return false;
            g_array_append_val(inputs, one->micro_batch);
        } else if (one->operation == LOG_BACKWARD_WEIGHT) {
            g_array_append_val(micro_batch, one->micro_batch);
            g_array_append_val(inputs_before, before);
        }
    }
    return (int)inputs->len == shape.micro_batches;
}

/* By how many input gradients each W is behind its own I; -1: not all by the same number. *all: is every W
 * there? Weight gradients come in the order of the input gradients, as many as there are. */
static int held_back_by(const struct schedule *schedule, struct schedule_shape shape, int rank,
                        int *weights)
{
    g_autoptr(GArray) micro_batch = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GArray) before = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GArray) inputs = g_array_new(FALSE, FALSE, sizeof(int));
    int m = shape.micro_batches;
    if (!read_weights(schedule, shape, rank, micro_batch, before, inputs) ||
        (int)micro_batch->len > m)
        return -1;
    *weights = (int)micro_batch->len;
    int by = *weights > 0 ? g_array_index(before, int, 0) - 1 : m;
    for (int k = 0; k < *weights; k++)
        if (g_array_index(micro_batch, int, k) != g_array_index(inputs, int, k) ||
            g_array_index(before, int, k) != MIN(k + 1 + by, m))
            return -1;
    return by;
}

bool order_weights_at_once(const struct schedule_kind *kind, const struct schedule *schedule,
                           struct schedule_shape shape, bool whole)
{
    if (!kind->facts->halves || !whole || shape.ranks < 2 || shape.micro_batches < 2)
        return false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        int weights = 0;
        if (held_back_by(schedule, shape, rank, &weights) != 0 || weights != shape.micro_batches)
            return false;
        for (int i = 1; i < schedule->count[rank]; i++)
            if (schedule->operation[rank][i].operation == LOG_BACKWARD_WEIGHT &&
                schedule->operation[rank][i - 1].operation != LOG_BACKWARD_INPUT)
                return false;
    }
    return true;
}

bool order_held_back_by_the_wrong_number(const struct schedule_kind *kind,
                                         const struct schedule *schedule,
                                         struct schedule_shape shape, bool whole)
{
    bool wrong = false;
    if (!kind->facts->halves || !whole)
        return false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        int weights = 0, by = held_back_by(schedule, shape, rank, &weights);
        if (by < 0 || weights != shape.micro_batches)
            return false;
        wrong = wrong || by != MIN(rank, shape.micro_batches - 1);
    }
    return wrong;
}

/* Rank r holds r back, rightly, and those that are then left never come. */
bool order_last_weights_left_out(const struct schedule_kind *kind, const struct schedule *schedule,
                                 struct schedule_shape shape, bool whole)
{
    bool missing = false;
    if (!kind->facts->halves || !whole)
        return false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        int weights = 0, by = held_back_by(schedule, shape, rank, &weights);
        if (by != MIN(rank, shape.micro_batches) || weights != shape.micro_batches - by)
            return false;
        missing = missing || by > 0;
    }
    return missing;
}

/* Some rank steps once, behind all forwards and input gradients, and runs W behind that; no rank steps
 * otherwise. */
bool order_step_before_the_last_weights(const struct schedule_kind *kind,
                                        const struct schedule *schedule,
                                        struct schedule_shape shape, bool whole)
{
    bool late = false;
    for (int rank = 0; kind->facts->halves && !kind->facts->asynchronous && rank < shape.ranks;
         rank++) {
        int steps = 0;
        if (whole && (!order_has_all_forwards(schedule, shape, rank) ||
                      !order_has_all_backwards(schedule, shape, rank)))
            return false;
        for (int i = 0; i < schedule->count[rank]; i++) {
            const struct schedule_operation *one = &schedule->operation[rank][i];
            if (steps > 0 && one->operation != LOG_BACKWARD_WEIGHT)
                return false;
            late = late || steps > 0;
            steps += one->operation == LOG_OPTIMIZER_STEP;
        }
    }
    return late;
}
