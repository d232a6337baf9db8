/*
 * Judge "shards".
 *
 * Run:       the probe that asks `shard` about many sizes, and calls reduce_scatter_gradients and all_gather_parameters in
 *            all dtypes, in place and not, on all ranks and on every other one (shard_cases.h).
 * Must hold: each number is one rank's, and no rank has more than its part, rounded up; each rank gets the sum over the
 *            group of its shard, and every rank the shards of all, in their places; nothing beside them changes.
 * A failure: who is missing in a sum, or twice in it, and where a number comes from, its bits say: so the known mistake.
 */
#include "assignments/memory/judges/zero/shards_calls.h"
#include "assignments/memory/judges/zero/zero.h"
#include "grader/evidence/communication.h"

#include <math.h>

/* ---- who has what --------------------------------------------------------------------------------- */

static const struct mistake remainder_lost = {"the numbers that are left over are nobody's",
                                              "Where the ranks do not divide the number of "
                                              "numbers, those behind the last whole part are in no "
                                              "rank's shard: they are never updated.",
                                              "the rounding of count / ranks: up, not down"};
static const struct mistake remainder_on_one = {"all that is left over is one rank's",
                                                "One rank has its part and all that the division "
                                                "left over: more than the others, and more than "
                                                "was promised.",
                                                "the rounding of count / ranks: up, not down"};
static const struct mistake beyond = {
    "a shard goes beyond the end",
    "Rounded up, the parts of all ranks together are more than there is: the last ones must end "
    "where "
    "the numbers do.",
    "what *begin and *end are where rank * part is more than count"};
static const struct mistake off_by_one = {
    "shards are off by one",
    "A shard does not begin where the one before it ends, but one number beside.",
    "*end is one past the last: the next shard's *begin"};

struct shards_asked {
    int count, ranks;
    const struct shards_range *of;
};

static void tell_asked(const struct shards_asked *one, int rank, const char *what,
                       const struct mistake *mistake, struct verdict *verdict)
{
    evidence_fail(verdict, "of %d numbers for %d ranks, rank %d is given %d to %d: %s", one->count,
                  one->ranks, rank, one->of[rank].begin, one->of[rank].end, what);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

/* Whose number `at` is; -1: nobody's, -2: two ranks'. */
static int owner_of(const struct shards_asked *one, int at)
{
    int owner = -1;
    for (int rank = 0; rank < one->ranks; rank++)
        if (one->of[rank].begin <= at && at < one->of[rank].end)
            owner = owner == -1 ? rank : -2;
    return owner;
}

/* Is it the one number between two shards, or in both? */
static bool is_between(const struct shards_asked *one, int at)
{
    bool ends = false, begins = false;
    for (int rank = 0; rank < one->ranks; rank++) {
        ends = ends || one->of[rank].end == at || one->of[rank].end == at + 1;
        begins = begins || one->of[rank].begin == at || one->of[rank].begin == at + 1;
    }
    return ends && begins;
}

static bool is_shared_out(const struct shards_asked *one, struct verdict *verdict)
{
    const int most = (one->count + one->ranks - 1) / one->ranks;
    const int part = one->count / one->ranks;
    for (int rank = 0; rank < one->ranks; rank++) {
        const struct shards_range own = one->of[rank];
        if (own.begin < 0 || own.begin > own.end || own.end > one->count) {
            tell_asked(one, rank, "that is no part of them",
                       own.begin >= 0 && own.end > one->count ? &beyond : NULL, verdict);
            return false;
        }
        if (own.end - own.begin > most) {
            tell_asked(one, rank, "more than its part, rounded up",
                       own.end - own.begin == part + one->count % one->ranks ? &remainder_on_one
                                                                             : NULL,
                       verdict);
            return false;
        }
    }
    for (int at = 0; at < one->count; at++) {
        const int owner = owner_of(one, at);
        if (owner >= 0)
            continue;
        evidence_fail(verdict, "of %d numbers for %d ranks, number %d is %s", one->count,
                      one->ranks, at, owner == -1 ? "nobody's" : "in two ranks' shards");
        if (owner == -1 && at == part * one->ranks)
            verdict_name_mistake(verdict, &remainder_lost);
        else if (is_between(one, at))
            verdict_name_mistake(verdict, &off_by_one);
        return false;
    }
    return true;
}

/* ---- sums and wholes ------------------------------------------------------------------------------------ */

static const struct mistake not_added = {
    "the gradients are not added up",
    "A rank has its own numbers for its shard: those of the others are not in the sum.",
    "what MPI_Reduce_scatter is given, where it puts the sums, and whether they are taken from "
    "there"};
static const struct mistake divided = {"sums are divided by the number of ranks",
                                       "What comes out is the mean of the ranks' numbers. They are "
                                       "divided by the number of all samples "
                                       "already: their sum is due.",
                                       "divisions behind the reduction"};
static const struct mistake of_another_place = {
    "a rank gets the sums of another place",
    "The sums are right, and of other numbers than the rank's shard: that of another rank, or of "
    "the "
    "begin of the unit. In place, MPI puts a rank's sums at the begin of the whole buffer.",
    "where MPI_Reduce_scatter puts the sums, and where `own` is"};
static const struct mistake not_taken = {
    "the sums are not where they belong",
    "Behind the call the rank's own numbers are what they were before it.",
    "where MPI puts the sums of this rank's shard, and how they get to `own`"};
static const struct mistake other_order = {
    "shards come together in another order",
    "The whole has the shards of all ranks, and not in their places.",
    "unit->count and unit->first: each rank's own, in the order of ranks"};
static const struct mistake not_there = {
    "the others' shards do not arrive",
    "Outside of the rank's own shard the whole is what it was before the call.",
    "what MPI_Allgatherv receives into, and how much"};

static void tell_call(const struct shards_call *call, int member, const char *what, int at,
                      double found, double due, struct verdict *verdict)
{
    evidence_fail(
        verdict, "call %d, %d %s numbers %s on %d ranks: on rank %d number %d %s is %.9g, not %.9g",
        call->is.number + 1, (int)call->is.count, dtype_name(call->is.dtype),
        call->is.in_place ? "in place" : "not in place", call->members, member, at, what, found,
        due);
}

/* Is it the sum of another number of the unit? */
static bool is_of_another(const struct shards_call *call, double found, double times)
{
    for (size_t i = 0; i < call->is.count; i++)
        if (found == times * shard_factor(call->is.dtype, i))
            return true;
    return false;
}

/* What all wrong sums of a call show together. */
static const struct mistake *mistake_of_sums(const struct shards_call *call)
{
    const double times = ldexp(1, call->members) - 1;
    bool own = false, mean = false, another = false, untouched = false;
    for (int member = 0; member < call->members; member++) {
        const struct shards_range range = call->of[member].range;
        for (int at = range.begin; at < range.end; at++) {
            const double factor = shard_factor(call->is.dtype, (size_t)at), due = times * factor;
            const double found = call->of[member].reduced[at - range.begin];
            if (found == due)
                continue;
            own = own || found == ldexp(factor, member);
            mean = mean || fabs(found * call->members - due) <= 0.01 * fabs(due);
            another = another || is_of_another(call, found, times);
            untouched = untouched || found == -0.5;
        }
    }
    return another     ? &of_another_place
           : mean      ? &divided
           : untouched ? &not_taken
           : own       ? &not_added
                       : NULL;
}

static bool sums_are_right(const struct shards_call *call, int member, struct verdict *verdict)
{
    const struct shards_part *own = &call->of[member];
    const double times = ldexp(1, call->members) - 1;
    for (int i = 0; i < own->range.end - own->range.begin; i++) {
        const int at = own->range.begin + i;
        const double factor = shard_factor(call->is.dtype, (size_t)at), found = own->reduced[i];
        if (found == times * factor)
            continue;
        tell_call(call, member, "of the sums", at, found, times * factor, verdict);
        const struct mistake *mistake = mistake_of_sums(call);
        if (mistake)
            verdict_name_mistake(verdict, mistake);
        return false;
    }
    return true;
}

static int member_with(const struct shards_call *call, int at)
{
    int member = 0;
    while (member < call->members &&
           (at < call->of[member].range.begin || at >= call->of[member].range.end))
        member++;
    return member;
}

static bool whole_is_right(const struct shards_call *call, int member, struct verdict *verdict)
{
    for (int at = 0; at < (int)call->is.count; at++) {
        const int owner = member_with(call, at);
        const double due = ldexp(shard_factor(call->is.dtype, (size_t)at), owner);
        const double found = call->of[member].gathered[at];
        if (found == due)
            continue;
        bool elsewhere = false;
        for (int other = 0; other < call->members; other++)
            elsewhere = elsewhere || is_of_another(call, found, ldexp(1, other));
        tell_call(call, member, "of the whole", at, found, due, verdict);
        if (isnan(found) && owner != member)
            verdict_name_mistake(verdict, &not_there);
        else if (elsewhere)
            verdict_name_mistake(verdict, &other_order);
        return false;
    }
    return true;
}

static bool call_is_right(const struct shards_call *call, struct verdict *verdict)
{
    for (int member = 0; member < call->members; member++)
        if (!sums_are_right(call, member, verdict))
            return false;
    for (int member = 0; member < call->members; member++)
        if (!whole_is_right(call, member, verdict))
            return false;
    for (int member = 0; member < call->members; member++)
        if (call->of[member].changed > 0) {
            evidence_fail(
                verdict,
                "call %d: rank %d changed %d numbers beside those that are its own to write",
                call->is.number + 1, member, call->of[member].changed);
            return false;
        }
    return true;
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static bool judge_asked(const struct outcome *run, struct verdict *verdict)
{
    struct shards_range *of = memory_zero_read_asked(run, verdict);
    bool right = of != NULL;
    for (int ranks = 1; right && ranks <= SHARD_MOST_RANKS; ranks++)
        for (int i = 0; right && i < SHARD_COUNTS; i++) {
            const struct shards_asked one = {(int)shard_counts[i], ranks,
                                             of + ((ranks - 1) * SHARD_COUNTS + i) *
                                                      SHARD_MOST_RANKS};
            right = is_shared_out(&one, verdict);
        }
    g_free(of);
    return right;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict) || !judge_asked(run, verdict))
        return;
    GPtrArray *calls = memory_zero_read_calls(run, verdict);
    for (guint i = 0; calls && i < calls->len; i++)
        if (!call_is_right(g_ptr_array_index(calls, i), verdict))
            break;
    if (calls)
        g_ptr_array_unref(calls);
    if (verdict->kind == VERDICT_PASS)
        evidence_communication_is_sound(run, verdict);
}

void memory_judge_shards(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "each number is one rank's, sums arrive there, and wholes everywhere");
}
