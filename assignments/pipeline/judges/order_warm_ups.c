/*
 * Signatures of orders whose warm-up, or what follows from it, is wrong; see
 * order_signatures.h.
 *
 * All but the first are about a rank that runs w forwards, then forwards and
 * backwards in turn, then the backwards that are left: only w is not the right
 * one. An order that does anything else is none of them.
 */
#include "assignments/pipeline/judges/order_signatures.h"

/* Forwards before the first backward. -1: there is none. */
static int forwards_before(const struct schedule *schedule, int rank)
{
    int forwards = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        if (order_is_backward(&schedule->operation[rank][i]))
            return forwards;
        forwards += order_is_forward(&schedule->operation[rank][i]);
    }
    return -1;
}

static int forwards_of(const struct schedule *schedule, int rank)
{
    int forwards = 0;
    for (int i = 0; i < schedule->count[rank]; i++)
        forwards += order_is_forward(&schedule->operation[rank][i]);
    return forwards;
}

bool order_all_forwards_first(const struct schedule_kind *kind, const struct schedule *schedule,
                              struct schedule_shape shape, bool whole)
{
    (void)whole;
    bool too_many = false; /* with few micro-batches the two orders are the same */
    for (int rank = 0; rank < shape.ranks; rank++) {
        if (forwards_before(schedule, rank) != order_all(shape) ||
            !order_has_all_forwards(schedule, shape, rank))
            return false;
        too_many = too_many || order_all(shape) > kind->in_flight(shape, rank);
    }
    return too_many;
}

/* ---- forwards and backwards in turn ------------------------------------------------------------- */

/* `first` forwards, then backwards and forwards in turn while there are forwards, then backwards;
 * it may end anywhere. */
static bool alternates_from(const struct schedule *schedule, struct schedule_shape shape, int rank,
                            int first)
{
    int forwards = 0, backwards = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        if (!order_is_forward(operation) && !order_is_backward(operation))
            continue;
        bool forward_due = forwards < order_all(shape) && forwards - first < backwards;
        if (order_is_forward(operation) != forward_due)
            return false;
        forwards += forward_due;
        backwards += !forward_due;
    }
    return true;
}

/* Forwards before the first backward where the warm-up has this mistake. */
typedef int warm_up_rule(const struct schedule_kind *kind, struct schedule_shape shape, int rank);

static int right(const struct schedule_kind *kind, struct schedule_shape shape, int rank)
{
    return MIN(kind->warm_up(shape, rank) + 1, order_all(shape));
}

static int one_more(const struct schedule_kind *kind, struct schedule_shape shape, int rank)
{
    return MIN(kind->warm_up(shape, rank) + 2, order_all(shape));
}

static int from_the_wrong_end(const struct schedule_kind *kind, struct schedule_shape shape,
                              int rank)
{
    return right(kind, shape, shape.ranks - 1 - rank);
}

static int everything(const struct schedule_kind *kind, struct schedule_shape shape, int rank)
{
    (void)kind, (void)rank;
    return order_all(shape);
}

/* May it be that every rank keeps to the rule, or that none goes beyond it? A rank that has begun no
 * backward, if the order is cut off, may still do what it has not done. */
static bool is_possible(const struct schedule_kind *kind, const struct schedule *schedule,
                        struct schedule_shape shape, bool whole, warm_up_rule *rule, bool or_fewer)
{
    for (int rank = 0; rank < shape.ranks; rank++) {
        int found = forwards_before(schedule, rank), wanted = rule(kind, shape, rank);
        if (found < 0 ? whole || forwards_of(schedule, rank) > wanted
                      : found > wanted || (found < wanted && !or_fewer))
            return false;
        if (found == 0 || (found > 0 && !alternates_from(schedule, shape, rank, found)))
            return false;
        if (whole && (!order_has_all_forwards(schedule, shape, rank) ||
                      !order_has_all_backwards(schedule, shape, rank)))
            return false;
    }
    return true;
}

enum warm_up { WRONG_END, ONE_TOO_MANY, TOO_SHORT, EVERYTHING, WARM_UPS };

/* Of these mistakes the order has this one, and it can be none of the others, nor right. (Where a whole
 * order runs all forwards first and that is one too many, both is true.) */
static bool warm_up_is(enum warm_up wanted, const struct schedule_kind *kind,
                       const struct schedule *schedule, struct schedule_shape shape, bool whole)
{
    if (!kind->warm_up || is_possible(kind, schedule, shape, whole, right, false))
        return false;
    const bool possible[WARM_UPS] = {
        [WRONG_END] = is_possible(kind, schedule, shape, whole, from_the_wrong_end, false),
        [ONE_TOO_MANY] = is_possible(kind, schedule, shape, whole, one_more, false),
        [TOO_SHORT] = is_possible(kind, schedule, shape, whole, right, true),
        [EVERYTHING] = !whole && is_possible(kind, schedule, shape, whole, everything, false)};
    for (int other = 0; other < WARM_UPS; other++)
        if (possible[other] != (other == (int)wanted))
            return false;
    return true;
}

bool order_warm_up_from_the_wrong_end(const struct schedule_kind *kind,
                                      const struct schedule *schedule, struct schedule_shape shape,
                                      bool whole)
{
    return warm_up_is(WRONG_END, kind, schedule, shape, whole);
}

bool order_warm_up_one_too_many(const struct schedule_kind *kind, const struct schedule *schedule,
                                struct schedule_shape shape, bool whole)
{
    return warm_up_is(ONE_TOO_MANY, kind, schedule, shape, whole);
}

bool order_warm_up_too_short(const struct schedule_kind *kind, const struct schedule *schedule,
                             struct schedule_shape shape, bool whole)
{
    return warm_up_is(TOO_SHORT, kind, schedule, shape, whole);
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* The right order up to its last forward and the backward behind it, and nothing more. */
bool order_no_cool_down(const struct schedule_kind *kind, const struct schedule *schedule,
                        struct schedule_shape shape, bool whole)
{
    bool missing = false;
    if (!kind->warm_up || !whole)
        return false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        int warm_up = kind->warm_up(shape, rank), backwards = 0;
        for (int i = 0; i < schedule->count[rank]; i++)
            backwards += order_is_backward(&schedule->operation[rank][i]);
        if (!order_has_all_forwards(schedule, shape, rank) ||
            backwards != order_all(shape) - warm_up ||
            !alternates_from(schedule, shape, rank, right(kind, shape, rank)))
            return false;
        missing = missing || warm_up > 0;
    }
    return missing;
}
