/*
 * Judge "sums".
 *
 * Run:       the probe that calls the student's own all-reduce, with many counts, first on all ranks and then on the
 *            even and the odd ones (sum_cases.h).
 * Must hold: every rank gets the sum of all, to the last bit where it is of whole numbers, and in any case the same
 *            bits as the others; nothing beside the numbers changes; the function sends no more bytes than the
 *            algorithm does, to its neighbours, by messages between two ranks, all of which are received and waited
 *            for. Halving and doubling does all powers of two, and says why not where it does not others.
 * A failure: names the first call that went wrong; and the known mistake, if it explains all calls on all ranks.
 */
#include "assignments/data/judges/sums/sums.h"
#include "assignments/data/judges/sums/sum_mistakes.h"
#include "assignments/data/judges/sums/sum_traffic.h"
#include "grader/evidence/communication.h"
#include "grader/evidence/probe_file.h"

#include <math.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* The first number that is wrong; -1: none. */
static int first_wrong(const struct sum_result *result, const double *due, const double *room)
{
    for (int i = 0; i < result->one.count; i++)
        if (!(fabs(result->found[i] - due[i]) <= room[i]))
            return i;
    return -1;
}

static bool judge_call(const struct sum_results *all, const struct sum_result *result, int rank,
                       struct verdict *verdict)
{
    const struct sum_case *one = &result->one;
    g_autofree double *due = g_new(double, one->count + 1), *room = g_new(double, one->count + 1);
    data_sum_expected(one, due, room);
    const int at = first_wrong(result, due, room);
    if (at < 0)
        return true;
    g_autofree char *text = data_sum_text(all, one);
    const struct mistake *mistake = data_sum_mistake(all);
    g_autofree char *digits = data_sum_digits_text(one, at, result->found[at], mistake);
    evidence_fail(verdict, "%s: rank %d has %.9g in element %d, and the sum is %.9g%s%s", text,
                  rank, (double)result->found[at], at, due[at], digits ? ": " : "",
                  digits ? digits : "");
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    else
        verdict->basis = BASIS_SYMPTOM;
    return false;
}

static bool judge_numbers(const struct sum_results *all, struct verdict *verdict)
{
    for (int call = 0; call < SUM_CALLS; call++)
        for (int rank = 0; rank < all->ranks; rank++) {
            const struct sum_result *result = data_sum_result_of(all, rank, call);
            if (result->done && !judge_call(all, result, rank, verdict))
                return false;
        }
    return true;
}

/* ---- bits ------------------------------------------------------------------------------------------------ */

static const struct mistake other_order = {
    "each rank adds up in an order of its own",
    "The sums are right, and differ in the last bits from rank to rank. Floating-point addition is "
    "not associative: each number must be added up once, by one rank, and then be copied. Replicas "
    "that do not take the very same step go apart, slowly.",
    "who adds up each chunk, and that what the others get of it is a copy"};

static bool judge_bits(const struct sum_results *all, struct verdict *verdict)
{
    for (int call = 0; call < SUM_CALLS; call++)
        for (int rank = 0; rank < all->ranks; rank++) {
            const struct sum_result *result = data_sum_result_of(all, rank, call);
            const struct sum_result *first = data_sum_result_at(all, result, 0);
            const size_t bytes = (size_t)result->one.count * sizeof(float);
            if (!result->done || memcmp(result->found, first->found, bytes) == 0)
                continue;
            g_autofree char *text = data_sum_text(all, &result->one);
            evidence_fail(verdict, "%s: ranks %d and %d do not have the same bits", text,
                          sum_member(&result->one.group, 0), rank);
            verdict_name_mistake(verdict, &other_order);
            return false;
        }
    return true;
}

static bool judge_surroundings(const struct sum_results *all, struct verdict *verdict)
{
    for (int call = 0; call < SUM_CALLS; call++)
        for (int rank = 0; rank < all->ranks; rank++) {
            const struct sum_result *result = data_sum_result_of(all, rank, call);
            if (!result->done || result->changed == 0)
                continue;
            g_autofree char *text = data_sum_text(all, &result->one);
            evidence_fail(
                verdict,
                "%s: rank %d changes %d numbers in front of the first one or behind the last", text,
                rank, result->changed);
            verdict_look(verdict, "where each chunk begins and ends");
            return false;
        }
    return true;
}

/* ---- which numbers of ranks ---------------------------------------------------------------------------- */

static bool judge_answer(const json_t *entry, int expected, struct verdict *verdict)
{
    int ranks;
    bool accepted, overrun;
    const char *reason = json_string_value(json_object_get(entry, "reason"));
    if (!probe_file_int(entry, "ranks", &ranks) || ranks != expected ||
        !probe_file_bool(entry, "accepted", &accepted) ||
        !probe_file_bool(entry, "overrun", &overrun) || !reason) {
        evidence_fail(verdict, "probe-halving.json lacks what was said of %d ranks", expected);
        return false;
    }
    if (overrun)
        evidence_fail(verdict,
                      "can_halve_and_double of %d ranks writes behind the end of reason: it has "
                      "room for reason_size bytes",
                      ranks);
    else if (!accepted && (ranks & (ranks - 1)) == 0)
        evidence_fail(verdict, "can_halve_and_double refuses %d ranks, which are a power of two",
                      ranks);
    else if (!accepted && reason[0] == '\0')
        evidence_fail(verdict, "can_halve_and_double refuses %d ranks, and does not say why",
                      ranks);
    else
        return true;
    verdict_look(verdict, "halving_doubling.c: can_halve_and_double");
    return false;
}

static bool judge_answers(const struct outcome *run, struct verdict *verdict)
{
    json_t *root = probe_file_read(run, "probe-halving.json", SUM_ASKED, verdict);
    bool right = root != NULL;
    for (int ranks = 1; right && ranks <= SUM_ASKED; ranks++)
        right = judge_answer(json_array_get(root, (size_t)ranks - 1), ranks, verdict);
    json_decref(root);
    return right;
}

/* Where it is done, or refused, is for can_halve_and_double to say. */
static bool judge_done(const struct sum_results *all, struct verdict *verdict)
{
    for (int rank = 0; rank < all->ranks; rank++)
        for (int call = 0; call < SUM_CALLS; call++) {
            const struct sum_result *result = data_sum_result_of(all, rank, call);
            const int p = result->one.group.ranks;
            if (result->done || (all->sum == SUM_HALVING_DOUBLING && (p & (p - 1)) != 0))
                continue;
            evidence_fail(verdict, "%s was not called on %d ranks", data_sum_function(all->sum), p);
            return false;
        }
    return true;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    struct sum_results *all = data_sum_results_read(run, verdict);
    if (all && (all->sum != SUM_HALVING_DOUBLING || judge_answers(run, verdict)) &&
        judge_done(all, verdict) && data_sum_communicators(run, verdict) &&
        evidence_communication_is_sound(run, verdict) && judge_numbers(all, verdict) &&
        judge_surroundings(all, verdict) && judge_bits(all, verdict))
        data_sum_traffic(run, all, verdict);
    data_sum_results_free(all);
}

void data_judge_sums(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "every rank gets the same sum, by messages to its neighbours, and no more of "
                      "them than there must be");
}
