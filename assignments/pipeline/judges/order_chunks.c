/*
 * Signatures of wrong orders over several stages per rank; see
 * order_signatures.h. Which stage is on which rank is not the student's doing:
 * the program places them (placement.h).
 */
#include "assignments/pipeline/judges/order_signatures.h"
#include "assignments/pipeline/placement.h"

/* Which chunk and micro-batch something is about. */
struct turn {
    int chunk;
    int micro_batch; /* -1: not known */
};

/* The turns that a rank took, of forwards or of backwards: an array of struct turn. */
static GArray *turns_of(const struct schedule *schedule, struct schedule_shape shape, int rank,
                        bool backwards)
{
    GArray *turns = g_array_new(FALSE, FALSE, sizeof(struct turn));
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        struct turn turn = {placement_chunk(operation->stage, shape.ranks), operation->micro_batch};
        if (backwards ? order_is_backward(operation) : order_is_forward(operation))
            g_array_append_val(turns, turn);
    }
    return turns;
}

/* Turn number k where something is so. */
typedef struct turn turn_rule(struct schedule_shape shape, int k);

/* Groups of p micro-batches, in each of them chunk after chunk: right. */
static struct turn in_groups(struct schedule_shape shape, int k)
{
    int p = shape.ranks, v = shape.chunks;
    return (struct turn){k / p % v, k / (p * v) * p + k % p};
}

static struct turn in_groups_backwards(struct schedule_shape shape, int k)
{
    struct turn turn = in_groups(shape, k);
    return (struct turn){shape.chunks - 1 - turn.chunk, turn.micro_batch};
}

static struct turn micro_batch_by_micro_batch(struct schedule_shape shape, int k)
{
    return (struct turn){k % shape.chunks, k / shape.chunks};
}

static struct turn chunk_by_chunk(struct schedule_shape shape, int k)
{
    return (struct turn){k / shape.micro_batches, k % shape.micro_batches};
}

/* Does a rank keep to a rule as far as it came, in its chunks, and `micro_batches`: in those, too? A
 * rank of a whole order must have come to its end. */
static bool keeps_to(const GArray *turns, struct schedule_shape shape, bool whole, turn_rule *rule,
                     bool micro_batches)
{
    if (whole && (int)turns->len != order_all(shape))
        return false;
    for (guint k = 0; k < turns->len; k++) {
        struct turn found = g_array_index(turns, struct turn, k), wanted = rule(shape, (int)k);
        if (found.chunk != wanted.chunk ||
            (micro_batches && found.micro_batch >= 0 && found.micro_batch != wanted.micro_batch))
            return false;
    }
    return true;
}

static bool is_interleaved(const struct schedule_kind *kind, struct schedule_shape shape)
{
    return kind->facts->chunked && shape.chunks > 1 && shape.ranks > 1;
}

/* Of forwards (or backwards) on all ranks; and some rank, as far as it came, does not keep to the
 * right rule. */
static bool all_keep_to(const struct schedule_kind *kind, const struct schedule *schedule,
                        struct schedule_shape shape, bool whole, bool backwards, turn_rule *rule,
                        bool micro_batches)
{
    bool wrong = false;
    for (int rank = 0; is_interleaved(kind, shape) && rank < shape.ranks; rank++) {
        g_autoptr(GArray) turns = turns_of(schedule, shape, rank, backwards);
        if (!keeps_to(turns, shape, whole, rule, micro_batches))
            return false;
        wrong = wrong || !keeps_to(turns, shape, false, backwards ? in_groups_backwards : in_groups,
                                   micro_batches);
    }
    return wrong;
}

/* No rank begins with its first chunk: that is nobody's way to count, so only the first is asked. */
bool order_first_forward_of_another_chunk(const struct schedule_kind *kind,
                                          const struct schedule *schedule,
                                          struct schedule_shape shape, bool whole)
{
    (void)whole;
    bool seen = false;
    for (int rank = 0; is_interleaved(kind, shape) && rank < shape.ranks; rank++) {
        g_autoptr(GArray) turns = turns_of(schedule, shape, rank, false);
        if (turns->len > 0 && g_array_index(turns, struct turn, 0).chunk == 0)
            return false;
        seen = seen || turns->len > 0;
    }
    return seen;
}

bool order_chunk_after_chunk_per_micro_batch(const struct schedule_kind *kind,
                                             const struct schedule *schedule,
                                             struct schedule_shape shape, bool whole)
{
    return all_keep_to(kind, schedule, shape, whole, false, micro_batch_by_micro_batch, true);
}

bool order_whole_batch_per_chunk(const struct schedule_kind *kind, const struct schedule *schedule,
                                 struct schedule_shape shape, bool whole)
{
    return all_keep_to(kind, schedule, shape, whole, false, chunk_by_chunk, true);
}

/* Forwards are right, and backwards take the chunks as forwards do. */
bool order_chunks_not_reversed(const struct schedule_kind *kind, const struct schedule *schedule,
                               struct schedule_shape shape, bool whole)
{
    for (int rank = 0; is_interleaved(kind, shape) && rank < shape.ranks; rank++) {
        g_autoptr(GArray) turns = turns_of(schedule, shape, rank, false);
        if (!keeps_to(turns, shape, whole, in_groups, false))
            return false;
    }
    return all_keep_to(kind, schedule, shape, whole, true, in_groups, false);
}

/* The chunks are right, and each rank's backward number k is of another micro-batch than its forward
 * of the same place in the same group. (How micro-batches are numbered is free.) */
bool order_backwards_of_other_micro_batches(const struct schedule_kind *kind,
                                            const struct schedule *schedule,
                                            struct schedule_shape shape, bool whole)
{
    bool other = false;
    for (int rank = 0; is_interleaved(kind, shape) && rank < shape.ranks; rank++) {
        g_autoptr(GArray) forwards = turns_of(schedule, shape, rank, false);
        g_autoptr(GArray) backwards = turns_of(schedule, shape, rank, true);
        if (!keeps_to(forwards, shape, whole, in_groups, false) ||
            !keeps_to(backwards, shape, whole, in_groups_backwards, false))
            return false;
        for (guint k = 0; k < MIN(forwards->len, backwards->len); k++) {
            struct turn ahead = g_array_index(forwards, struct turn, k);
            struct turn back = g_array_index(backwards, struct turn, k);
            other = other || (back.micro_batch >= 0 && back.micro_batch != ahead.micro_batch);
        }
    }
    return other;
}
