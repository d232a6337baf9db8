/*
 * Judge "operators".
 *
 * Run:       the probe that calls copy, reduce, scatter and gather, forwards and backwards, with many tensors,
 *            first on all ranks and then on the even and the odd ones by themselves.
 * Must hold: every rank returns what is due by the numbers that went in, and by the parts that the student's
 *            own split gives; the ranks call the same collectives, wait for what they started and leave alone
 *            what is on its way; nothing is left behind or written to that somebody else looks at.
 * A failure: names the first call that went wrong, and the known mistake if it explains all calls of that
 *            operator on all ranks.
 */
#include "assignments/tensor/judges/operators/operators.h"
#include "assignments/tensor/judges/operators/operator_mistakes.h"
#include "grader/evidence/communication.h"

/* Tensors that a rank leaves behind in all calls of an operator; some may be kept for the next call. */
#define LEAKS_THAT_GROW 3

/* "gather_forward of (9, 7), along dimension 1, on 3 ranks" */
static char *call_text(const struct operator_result *result)
{
    const struct operator_case *one = &result->one;
    char shape[SHAPE_TEXT_SIZE];
    g_autoptr(GString) text = g_string_new(operator_table[one->which].name);
    g_string_append_printf(text, " of %s", shape_text(one->whole, shape));
    if (operator_table[one->which].takes == EXTENT_PART ||
        operator_table[one->which].gives == EXTENT_PART)
        g_string_append_printf(text, ", along dimension %d", one->dimension);
    g_string_append_printf(text, ", on %d rank%s", one->group.ranks,
                           one->group.ranks == 1 ? "" : "s");
    if (one->group.stride > 1)
        g_string_append_printf(text, " (rank %d and every other one)", one->group.first);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What is wrong with what was returned; NULL: nothing. */
static char *what_is_wrong(const struct operator_result *result)
{
    const struct tensor *found = result->returned;
    struct tensor *due = operator_expected(result);
    g_autoptr(GString) text = g_string_new(NULL);
    if (!shape_equal(found->shape, due->shape)) {
        char found_shape[SHAPE_TEXT_SIZE], due_shape[SHAPE_TEXT_SIZE];
        g_string_append_printf(text, "returns a tensor of %s where %s is due",
                               shape_text(found->shape, found_shape),
                               shape_text(due->shape, due_shape));
    } else {
        const int at = operator_first_difference(found, due);
        if (at >= 0) {
            char place[SHAPE_TEXT_SIZE];
            g_string_append_printf(text, "returns %.8g where %.8g is due, at %s",
                                   (double)tensor_floats(found)[at], (double)tensor_floats(due)[at],
                                   shape_place_text(due->shape, at, place));
        }
    }
    tensor_free(due);
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* Of one operator: are all calls right? The first that is not is told, in the headline if there is none yet. */
static bool judge_numbers(const struct operator_results *all, enum tensor_operator which,
                          struct verdict *verdict)
{
    int calls = 0, wrong = 0;
    g_autofree char *first = NULL;
    for (int call = 0; call < OPERATOR_ALL_CALLS; call++)
        for (int rank = 0; rank < all->ranks; rank++) {
            const struct operator_result *result = operator_result_of(all, rank, call);
            if (result->one.which != which)
                continue;
            g_autofree char *what = what_is_wrong(result);
            calls++;
            wrong += what != NULL;
            if (!what || first)
                continue;
            g_autofree char *text = call_text(result);
            first = g_strdup_printf("%s: rank %d %s", text, rank, what);
        }
    if (!first)
        return true;
    const struct mistake *mistake = operator_mistake(all, which);
    const bool is_first = verdict->kind == VERDICT_PASS;
    if (is_first)
        evidence_fail(verdict, "%s", first);
    verdict_explain(verdict, "\n- %s: wrong in %d of %d calls%s%s; the first: %s\n",
                    operator_table[which].name, wrong, calls, mistake ? ": " : "",
                    mistake ? mistake->name : "", first);
    if (is_first && mistake)
        verdict_name_mistake(verdict, mistake);
    return false;
}

/* ---- what was left behind -------------------------------------------------------------------------------- */

static const struct mistake leak = {
    "a tensor that nobody frees",
    "An operator takes over its tensor: it must be freed, unless it is what is returned. And so "
    "must whatever the operator makes for itself.",
    "tensor_free, for what was given and for what was made on the way"};
static const struct mistake written_into = {
    "wrote into a tensor that others look at",
    "Who takes over a tensor may still not be the only one that looks at it: tensor_is_shared() "
    "says so.",
    "where the result is written to: a tensor of its own (compute_new)"};

static bool judge_leftovers(const struct operator_results *all, enum tensor_operator which,
                            struct verdict *verdict)
{
    for (int rank = 0; rank < all->ranks; rank++) {
        const struct operator_result *last = NULL, *touched = NULL;
        gint64 leaked = 0;
        for (int call = 0; call < OPERATOR_ALL_CALLS; call++) {
            const struct operator_result *result = operator_result_of(all, rank, call);
            if (result->one.which != which)
                continue;
            leaked += result->leaked;
            last = result->leaked > 0 ? result : last;
            touched = result->changed > 0 && !touched ? result : touched;
        }
        const struct operator_result *told = touched ? touched : last;
        if (!touched && leaked < LEAKS_THAT_GROW)
            continue;
        g_autofree char *text = told ? call_text(told) : g_strdup(operator_table[which].name);
        if (touched)
            evidence_fail(verdict, "%s: rank %d changed %d numbers of its input, or around it",
                          text, rank, touched->changed);
        else
            evidence_fail(verdict, "%s: rank %d leaves tensors behind, %d in %d calls", text, rank,
                          (int)MIN(leaked, INT_MAX), OPERATOR_ROUNDS * OPERATOR_KINDS);
        verdict_name_mistake(verdict, touched ? &written_into : &leak);
        return false;
    }
    return true;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict))
        return;
    struct operator_results *all = operator_results_read(run, verdict);
    bool right = all != NULL;
    for (enum tensor_operator which = 0; all && which < OPERATORS; which++)
        right = judge_numbers(all, which, verdict) && right;
    for (enum tensor_operator which = 0; right && which < OPERATORS; which++)
        right = judge_leftovers(all, which, verdict);
    operator_results_free(all);
}

void tensor_judge_operators(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "every rank gets what is due, forwards and backwards");
}
