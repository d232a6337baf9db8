/* Where ranks do not agree about their collectives; see collective_faults.h. */
#include "grader/trace/collective_faults.h"

#include "grader/trace/collective_alignment.h"
#include "grader/trace/collective_search.h"

/* ---- a sequence of collectives ---------------------------------------------------------------------- */

static const struct collective *nth(const struct collectives_search *search, int sequence,
                                    int number)
{
    const GArray *list = search->collectives->sequence[sequence];
    return &search->collectives->collective[g_array_index(list, int, number)];
}

static bool is_between(const struct collectives_search *search, int sequence)
{
    const struct group *group = nth(search, sequence, 0)->group;
    return group && group->sides == 2;
}

/* How many collectives of the sequence a rank called: the first ones. */
static int calls_of(const struct collectives_search *search, int sequence, int rank)
{
    const int length = (int)search->collectives->sequence[sequence]->len;
    int count = 0;
    while (count < length && collective_entered(nth(search, sequence, count), rank) != NO_RECORD)
        count++;
    return count;
}

/* Will the rank call nothing any more? */
static bool has_ended(const struct log_file *log)
{
    return log->complete ||
           (log->count > 0 && log->record[log->count - 1].operation == LOG_FINALIZE);
}

/* A rank's calls from number `first` on; the caller frees the records. */
static struct collectives_calls take_calls(const struct collectives_search *search, int sequence,
                                           int rank, int first)
{
    const int count = MAX(0, calls_of(search, sequence, rank) - first);
    size_t *record = g_new(size_t, (gsize)count + 1);
    for (int i = 0; i < count; i++)
        record[i] = collective_entered(nth(search, sequence, first + i), rank);
    return (struct collectives_calls){&search->logs[rank], record, count,
                                      has_ended(&search->logs[rank])};
}

static enum collectives_fault_kind compare_in(const struct collectives_search *search,
                                              const struct collective *collective, int a, int b)
{
    return collectives_compare_records(&search->logs[a].record[collective_entered(collective, a)],
                                       &search->logs[b].record[collective_entered(collective, b)],
                                       collective->group && collective->group->sides == 2);
}

/* How many ranks call the same as this one. */
static int agreeing_with(const struct collectives_search *search,
                         const struct collective *collective, int rank)
{
    int count = 0;
    for (int slot = 0; slot < collective->slots; slot++)
        count += collective->call[slot] != NO_RECORD &&
                 compare_in(search, collective, rank, collective_rank(collective, slot)) ==
                     COLLECTIVES_SAME;
    return count;
}

/* Two ranks that disagree about a collective: `most`, which more ranks agree with, and `odd`. Everybody is
 * compared with the first that called; who differs from it, only with it. */
static bool find_pair(const struct collectives_search *search, const struct collective *collective,
                      int *most, int *odd)
{
    int first = -1, second = -1;
    for (int slot = 0; slot < collective->slots && second < 0; slot++) {
        const int rank = collective_rank(collective, slot);
        if (collective->call[slot] == NO_RECORD)
            continue;
        if (first < 0)
            first = rank;
        else if (compare_in(search, collective, first, rank) != COLLECTIVES_SAME)
            second = rank;
    }
    if (second < 0)
        return false;
    const bool swap =
        agreeing_with(search, collective, second) > agreeing_with(search, collective, first);
    *most = swap ? second : first;
    *odd = swap ? first : second;
    return true;
}

static void add_fault(const struct collectives_search *search, struct collectives_fault fault)
{
    g_array_append_val(search->faults, fault);
}

static size_t call_at(struct collectives_calls calls, int at)
{
    return at < calls.count ? calls.record[at] : NO_RECORD;
}

/* They disagree about the collective of this number: is that because of one left out before it? */
static void explain(const struct collectives_search *search, int sequence, int number, int most,
                    int odd)
{
    const struct collective *collective = nth(search, sequence, number);
    const bool equal =
        agreeing_with(search, collective, most) == agreeing_with(search, collective, odd);
    struct collectives_calls a = take_calls(search, sequence, most, number);
    struct collectives_calls b = take_calls(search, sequence, odd, number);
    int at, b_at;
    enum collectives_change change = collectives_align(a, b, &at, &b_at);
    struct collectives_fault fault = {.rank = odd, .other = most};
    fault.record = call_at(b, b_at);
    fault.other_record = call_at(a, at);
    if (change == CHANGE_MISSING) {
        fault.kind = COLLECTIVES_SKIPPED;
    } else if (change == CHANGE_SURPLUS && equal) { /* neither has more on its side */
        fault = (struct collectives_fault){.kind = COLLECTIVES_SKIPPED,
                                           .rank = most,
                                           .other = odd,
                                           .record = fault.other_record,
                                           .other_record = fault.record};
    } else if (change == CHANGE_SURPLUS) {
        fault.kind = COLLECTIVES_SURPLUS;
    } else if (change == CHANGE_ORDER) {
        fault.kind = COLLECTIVES_ORDER;
        fault.second = call_at(b, b_at + 1);
        fault.other_second = call_at(a, at + 1);
    } else {
        fault.record = collective_entered(collective, odd);
        fault.other_record = collective_entered(collective, most);
        fault.kind = compare_in(search, collective, most, odd);
    }
    add_fault(search, fault);
    g_free((gpointer)a.record);
    g_free((gpointer)b.record);
}

/* ---- one that is missing though all others are alike ---------------------------------------------------- */

/* The training step of each of these calls; the caller frees. */
static int *steps_of(struct collectives_calls calls)
{
    int *step = g_new(int, calls.count + 1);
    int now = -1, next = 0;
    for (size_t i = 0; i < calls.log->count && next < calls.count; i++) {
        log_follow_step(&calls.log->record[i], &now);
        if (calls.record[next] == i)
            step[next++] = now;
    }
    return step;
}

static int end_of_step(const int *step, int count, int at)
{
    int end = at;
    while (end < count && step[end] == step[at])
        end++;
    return end;
}

/* b makes fewer calls than a, all of them alike: which of a's does it leave out? The first training step
 * in which it makes fewer tells, and in that the lines from which they call. */
static int find_missing(struct collectives_calls a, struct collectives_calls b, int *b_at)
{
    g_autofree int *a_step = steps_of(a), *b_step = steps_of(b);
    int i = 0, j = 0;
    while (i < a.count) {
        const int a_end = end_of_step(a_step, a.count, i), b_end = end_of_step(b_step, b.count, j);
        const bool same = j < b.count && a_step[i] == b_step[j];
        if (!same || b_end - j < a_end - i) {
            const int b_last = same ? b_end : j;
            int at, after;
            while (i + 1 < a_end && j < b_last &&
                   a.log->record[a.record[i]].caller == b.log->record[b.record[j]].caller) {
                i++;
                j++;
            }
            struct collectives_calls left = {a.log, a.record + i, a_end - i, true};
            struct collectives_calls right = {b.log, b.record + j, b_last - j, true};
            collectives_align(left, right, &at, &after);
            *b_at = j + after;
            return MIN(i + at, a.count - 1);
        }
        i = a_end;
        j = b_end;
    }
    *b_at = b.count;
    return MIN(b.count, a.count - 1);
}

static void tell_missing(const struct collectives_search *search, int sequence, int rank, int other,
                         bool is_surplus)
{
    struct collectives_calls fewer = take_calls(search, sequence, rank, 0);
    struct collectives_calls more = take_calls(search, sequence, other, 0);
    int b_at;
    const int at = find_missing(more, fewer, &b_at);
    const size_t missing = more.record[at], instead = call_at(fewer, b_at);
    if (is_surplus)
        add_fault(search, (struct collectives_fault){.kind = COLLECTIVES_SURPLUS,
                                                     .rank = other,
                                                     .record = missing,
                                                     .other = rank,
                                                     .other_record = instead});
    else
        add_fault(search, (struct collectives_fault){.kind = COLLECTIVES_SKIPPED,
                                                     .rank = rank,
                                                     .record = instead,
                                                     .other = other,
                                                     .other_record = missing});
    g_free((gpointer)fewer.record);
    g_free((gpointer)more.record);
}

/* A rank at its end that called fewer than another: it will not call them any more. */
static void find_fewer(const struct collectives_search *search, int sequence)
{
    const int length = (int)search->collectives->sequence[sequence]->len;
    int most = -1, fewer = -1, with_most = 0, with_fewer = 0;
    for (int rank = 0; rank < search->collectives->ranks; rank++) {
        if (!collectives_takes_part(nth(search, sequence, 0), rank))
            continue;
        const bool all = calls_of(search, sequence, rank) == length;
        if (all) {
            most = most < 0 ? rank : most;
            with_most++;
        } else if (has_ended(&search->logs[rank])) {
            fewer = fewer < 0 ? rank : fewer;
            with_fewer++;
        }
    }
    if (most >= 0 && fewer >= 0)
        tell_missing(search, sequence, fewer, most, with_most < with_fewer);
}

static void search_sequence(const struct collectives_search *search, int sequence)
{
    const int length = (int)search->collectives->sequence[sequence]->len;
    for (int number = 0; number < length; number++) {
        int most, odd;
        const struct collective *collective = nth(search, sequence, number);
        if (find_pair(search, collective, &most, &odd)) {
            explain(search, sequence, number, most, odd);
            return;
        }
        if (!is_between(search, sequence) && collectives_find_part(search, collective))
            return;
    }
    find_fewer(search, sequence);
}

/* ---- all ------------------------------------------------------------------------------------------------------ */

/* The clock of the call that everybody makes: where a rank leaves one out, it has none of its own. */
static uint64_t time_of(const struct collectives_search *search,
                        const struct collectives_fault *fault)
{
    return fault->other_record != NO_RECORD
               ? search->logs[fault->other].record[fault->other_record].clock
               : search->logs[fault->rank].record[fault->record].clock;
}

static gint compare_times(gconstpointer left, gconstpointer right, gpointer search)
{
    const uint64_t a = time_of(search, left), b = time_of(search, right);
    return a < b ? -1 : a > b;
}

GArray *collectives_find_faults(const struct log_file *logs, const struct collectives *collectives)
{
    struct collectives_search search = {
        logs, collectives, g_array_new(FALSE, FALSE, sizeof(struct collectives_fault))};
    for (int sequence = 0; sequence < collectives->sequences; sequence++)
        search_sequence(&search, sequence);
    g_array_sort_with_data(search.faults, compare_times, &search);
    collectives_find_groups(&search);
    return search.faults;
}
