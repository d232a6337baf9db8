/* One piece after the other; the first that fails tells why. See judged.h. */
#include "tests/parallel/judged.h"

#include "grader/diagnosis/diagnose.h"
#include "grader/evidence/communication.h"
#include "grader/evidence/traffic.h"
#include "grader/evidence/wholes.h"
#include "grader/trace/collective_calls.h"
#include "tests/parallel/known.h"
#include "tests/parallel/truth.h"
#include "tests/support/hung.h"

#include <string.h>

/* ---- what the ranks say to each other ------------------------------------------------------------- */

static bool came_to_its_end(const struct outcome *run, struct verdict *verdict)
{
    bool complete = run->end == RUN_FINISHED;
    for (int rank = 0; rank < run->ranks; rank++)
        complete &= run->log[rank].complete;
    if (complete)
        return evidence_logs(run, verdict);
    g_autoptr(GString) headline = g_string_new(NULL);
    diagnosis_tell(run, headline, NULL);
    evidence_fail(verdict, "%s", headline->len > 0 ? headline->str : "nothing explains its end");
    return false;
}

/* ---- what they hold ------------------------------------------------------------------------------- */

/* All elements of it are there, and copies agree. */
static bool is_whole(struct wholes *wholes, const struct truth *truth, struct verdict *verdict)
{
    const struct tolerance tolerance = tolerance_gradient();
    g_autoptr(GString) why = g_string_new(NULL);
    if (!wholes_assemble(wholes, truth->name, DTYPE_FLOAT32, &truth->tensor->shape,
                         (struct wholes_rules){.copies = 0, .closeness = &tolerance}, why))
        evidence_fail(verdict, "%s", why->str);
    return verdict->kind == VERDICT_PASS;
}

static bool is_true(const struct wholes *wholes, const struct truth *truth, struct verdict *verdict)
{
    const struct closeness closeness =
        closeness_of(wholes_tensor(wholes, truth->name), truth->tensor, tolerance_gradient());
    if (!closeness.close)
        evidence_fail(verdict, "%s: %d of %d elements are not what one process computes",
                      truth->name, closeness.mismatched, closeness.count);
    return closeness.close;
}

static bool holds_the_truth(const struct outcome *run, const struct parallel_form *form,
                            struct verdict *verdict)
{
    struct wholes *wholes = wholes_read(run, "after", 0, verdict);
    if (!wholes)
        return false;
    GArray *truths = truth_of(form->program, run->ranks);
    bool right = true;
    for (guint i = 0; i < truths->len && right; i++)
        right = is_whole(wholes, &g_array_index(truths, struct truth, i), verdict);
    for (guint i = 0; i < truths->len && right; i++)
        right = is_true(wholes, &g_array_index(truths, struct truth, i), verdict);
    if (!right)
        known_mistake(wholes, form->program, run->ranks, verdict);
    g_array_unref(truths);
    wholes_free(wholes);
    return right;
}

/* ---- how they spend their time and messages ---------------------------------------------------------- */

/* A program that starts sums in its backward means them to go on beside it. */
static bool overlaps(const struct outcome *run, struct verdict *verdict)
{
    struct collectives *collectives = collectives_new(run->log, run->ranks);
    struct collective_calls *calls = collective_calls_new(run->log, run->ranks, collectives, 0);
    int sums = 0, hidden = 0;
    for (int i = 0; i < calls->count; i++) {
        if (log_blocking_form(calls->call[i].operation) != LOG_ALLREDUCE)
            continue;
        sums++;
        hidden += calls->call[i].hidden > 0;
    }
    collective_calls_free(calls);
    collectives_free(collectives);
    if (hidden == 0)
        evidence_fail(verdict, "none of %d sums is under way while anything is computed", sums);
    return hidden > 0;
}

/* A sharded optimizer needs each sum on one rank: a reduce-scatter and an all-gather of n bytes, which
 * is (p-1)·n each. */
static bool is_frugal(const struct outcome *run, double bytes, int steps, struct verdict *verdict)
{
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    double volume = 0;
    for (guint i = 0; i < traffic->entries->len; i++)
        volume += g_array_index(traffic->entries, struct traffic_entry, i).volume;
    traffic_free(traffic);
    const double needed = 2.0 * steps * (run->ranks - 1) * bytes;
    if (volume > 1.01 * needed)
        evidence_fail(verdict, "%.3g times as many bytes move between ranks as have to",
                      volume / needed);
    return volume <= 1.01 * needed;
}

static bool is_efficient(const struct outcome *run, const struct parallel_form *form,
                         struct verdict *verdict)
{
    if (strcmp(form->program, "data_parallel") == 0)
        return overlaps(run, verdict);
    if (strcmp(form->program, "sharded_optimizer") == 0)
        return is_frugal(run, 103 * sizeof(float), 2, verdict);
    return true;
}

struct verdict *parallel_judge(const struct parallel_form *form, bool simulated)
{
    struct hung hung;
    g_autofree char *program = g_strdup_printf("tests/parallel/programs/%s", form->program);
    hung_run(&hung, program, form->form, form->ranks, simulated, false, NULL);
    struct outcome *run = &hung.outcome;
    run->options.seed = 11; /* that the programs state */
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "right");
    if (came_to_its_end(run, verdict) && evidence_communication_is_sound(run, verdict) &&
        holds_the_truth(run, form, verdict))
        is_efficient(run, form, verdict);
    hung_clear(&hung);
    return verdict;
}
