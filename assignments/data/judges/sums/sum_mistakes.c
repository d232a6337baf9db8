/*
 * Known mistakes of an all-reduce of one's own, by the digits of the wrong sums: they say how often each member is in
 * an element (sum_cases.h).
 */
#include "assignments/data/judges/sums/sum_mistakes.h"

#include <math.h>
#include <string.h>

/* ---- one element -------------------------------------------------------------------------------------- */

/* How often each member is in a sum; false: it is none of the members' numbers. */
static bool digits_of(const struct sum_case *one, int i, float found, int digit[SUM_MOST_RANKS])
{
    const double times = (double)found / sum_factor(one, i);
    if (!(times >= 0 && times < (double)(1 << 2 * one->group.ranks)) || times != floor(times))
        return false;
    const int sum = (int)times;
    for (int member = 0; member < one->group.ranks; member++)
        digit[member] = sum >> 2 * member & 3;
    return true;
}

/* What all wrong elements have in common: a bit for each thing that is true of an element. */
enum {
    IS_OWN = 1 << 0,     /* the rank's own number */
    IS_AVERAGE = 1 << 1, /* the sum by the number of ranks */
    IS_TWICE = 1 << 2,   /* twice the sum, or times the number of ranks */
    LACKS_ONE = 1 << 3,  /* one member is missing, the others are there once */
    HAS_MORE = 1 << 4,   /* none is missing, some are there more than once */
    IN_TAIL = 1 << 5,    /* behind what p chunks of count / p numbers hold */
    ELSEWHERE = 1 << 6,  /* it is right on another rank */
    LACKS_SOME = 1 << 7, /* some are missing, nobody is there twice */
    EVERYTHING = (1 << 8) - 1
};

static int of_digits(const struct sum_result *result, const int *digit)
{
    const struct sum_group *group = &result->one.group;
    int missing = 0, more = 0;
    for (int member = 0; member < group->ranks; member++) {
        missing += digit[member] == 0;
        more += digit[member] > 1;
    }
    const bool own = digit[group->rank] == 1 && missing == group->ranks - 1;
    return (own ? IS_OWN : 0) | (missing == 1 && more == 0 ? LACKS_ONE : 0) |
           (missing == 0 && more > 0 ? HAS_MORE : 0) | (missing > 0 && more == 0 ? LACKS_SOME : 0);
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fabs(b);
}

static int facts_of(const struct sum_results *all, const struct sum_result *result, int i,
                    double due)
{
    int digit[SUM_MOST_RANKS], facts = 0;
    const int p = result->one.group.ranks;
    const float found = result->found[i];
    if (digits_of(&result->one, i, found, digit))
        facts |= of_digits(result, digit);
    facts |= near((double)found * p, due) ? IS_AVERAGE : 0;
    facts |= near(found, 2 * due) || near(found, p * due) ? IS_TWICE : 0;
    facts |= i >= result->one.count / p * p ? IN_TAIL : 0;
    for (int member = 0; member < p; member++)
        if (data_sum_result_at(all, result, member)->found[i] == (float)due)
            facts |= ELSEWHERE;
    return facts;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

/* Of all elements of calls with whole numbers that more than one rank made. */
struct found {
    int common;                  /* facts that are true of every wrong element */
    long elements;               /* … */
    long wrong;                  /* of these */
    long longest_wrong, longest; /* the same of calls whose chunks have several numbers */
    int right_members;           /* so many places in a group have everything right, in all calls */
};

static struct found look(const struct sum_results *all)
{
    struct found found = {.common = EVERYTHING};
    bool is_there[SUM_MOST_RANKS] = {false}, member_wrong[SUM_MOST_RANKS] = {false};
    for (int rank = 0; rank < all->ranks; rank++)
        for (int call = 0; call < SUM_CALLS; call++) {
            const struct sum_result *result = data_sum_result_of(all, rank, call);
            const int p = result->one.group.ranks, count = result->one.count;
            if (!result->done || !result->one.whole || p == 1)
                continue;
            const int member = result->one.group.rank;
            is_there[member] = true;
            g_autofree double *due = g_new(double, count + 1), *room = g_new(double, count + 1);
            data_sum_expected(&result->one, due, room);
            for (int i = 0; i < count; i++) {
                const bool wrong = (double)result->found[i] != due[i];
                found.elements++;
                found.wrong += wrong;
                found.longest += count >= 16 * p;
                found.longest_wrong += wrong && count >= 16 * p;
                member_wrong[member] = member_wrong[member] || wrong;
                if (wrong)
                    found.common &= facts_of(all, result, i, due[i]);
            }
        }
    for (int member = 0; member < SUM_MOST_RANKS; member++)
        found.right_members += is_there[member] && !member_wrong[member];
    return found;
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static const struct mistake not_summed = {
    "not summed", "Every rank has its own numbers still: what the others have did not reach it.",
    "where what is received is added, and whether it is"};
static const struct mistake tail_left_out = {
    "the tail is left out",
    "The numbers that are left when they are cut into p chunks of count / p belong to no chunk: "
    "they are never added up. With fewer numbers than ranks that is all of them.",
    "where each chunk begins and ends: the last one ends with the last number"};
static const struct mistake averaged = {
    "averaged instead of summed",
    "Everything is divided by the number of ranks. The mean is made by who calls the sum, and with "
    "shares of different sizes it is not this one.",
    "what is divided by the number of ranks"};
static const struct mistake summed_twice = {
    "summed twice",
    "Everything is too large by the same factor: what was the sum already was added up once more.",
    "what is added in the second half, in which complete chunks only go round"};
static const struct mistake only_one_rank = {
    "only one rank has it", "One rank has the sum, and the others don't.",
    "how the sum comes from the rank that has it to all others"};
static const struct mistake not_gathered = {
    "only the own chunk is complete",
    "Each chunk is complete on one rank, and the others never get it: the second half, in which "
    "the complete chunks go to all ranks, is missing or sends others.",
    "which chunk is complete on which rank after the first half, and what is sent then"};
static const struct mistake chunk_lacking = {
    "a chunk does not come to all ranks",
    "Each chunk is complete on some ranks, and on another one it still is what that rank had: the "
    "second half ends too early, or sends a chunk that is not the complete one.",
    "how many steps the second half has, and which chunk each of them sends"};
static const struct mistake one_missing = {"a contribution is missing",
                                           "In some chunks the numbers of one rank are missing: "
                                           "they go round one step less than they must.",
                                           "how many steps the first half has: p - 1"};
static const struct mistake some_double = {
    "a contribution is there twice",
    "In some chunks the numbers of a rank are more than once: they go round one step more than "
    "they may, or what is complete is added again.",
    "how many steps the first half has, p - 1, and what the second half does with what it "
    "receives"};

/* ---- in words -------------------------------------------------------------------------------------------- */

char *data_sum_digits_text(const struct sum_case *one, int i, float found,
                           const struct mistake *mistake)
{
    int digit[SUM_MOST_RANKS];
    g_autoptr(GString) text = g_string_new(NULL);
    const bool multiplied = mistake == &averaged || mistake == &summed_twice;
    if (!one->whole || multiplied || !digits_of(one, i, found, digit))
        return NULL;
    for (int member = 0; member < one->group.ranks; member++) {
        const int rank = sum_member(&one->group, member);
        if (digit[member] == 1)
            continue;
        g_string_append(text, text->len > 0 ? ", " : "");
        if (digit[member] == 0)
            g_string_append_printf(text, "rank %d's number is missing in it", rank);
        else
            g_string_append_printf(text, "rank %d's is in it %d times", rank, digit[member]);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

const struct mistake *data_sum_mistake(const struct sum_results *all)
{
    const struct found found = look(all);
    const int common = found.common;
    if (found.wrong == 0)
        return NULL;
    if ((common & IS_OWN) && found.wrong == found.elements)
        return &not_summed;
    if ((common & IN_TAIL) && (common & (IS_OWN | LACKS_SOME)))
        return &tail_left_out;
    if ((common & IS_AVERAGE) && found.wrong == found.elements)
        return &averaged;
    if ((common & IS_TWICE) && found.wrong == found.elements)
        return &summed_twice;
    if (common & HAS_MORE)
        return &some_double;
    if (found.right_members == 1 && (common & ELSEWHERE) && (common & LACKS_SOME))
        return &only_one_rank;
    if ((common & ELSEWHERE) && (common & LACKS_SOME))
        return 2 * found.longest_wrong >= found.longest ? &not_gathered : &chunk_lacking;
    if (common & LACKS_ONE)
        return &one_missing;
    return NULL;
}
