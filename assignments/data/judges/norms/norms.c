/*
 * Judge "norms".
 *
 * Run:       the probe that tries the student's synchronised batch norm alone, on all ranks and then on the even and the
 *            odd ones (norm_cases.h).
 * Must hold: y, running averages, dx and gradients are those of the formulas, over the samples of all members, who
 *            have different numbers of them; a repeated forward gives the same y, and an evaluation that of the
 *            running averages, without a message; all collectives fit, over the communicator that the function was given.
 * A failure: names the first thing that is wrong, from y to the gradients, and the mistake that explains it in all
 *            trials on all ranks.
 */
#include "assignments/data/judges/norms/norms.h"
#include "assignments/data/judges/norms/norm_truth.h"
#include "common/files/tensor_file.h"
#include "grader/diagnosis/scene.h"
#include "grader/evidence/communication.h"
#include "grader/trace/call_place.h"

#include <math.h>
#include <string.h>

struct norm_results {
    const struct outcome *run;
    struct tensor_file **file; /* [rank] */
};

/* ---- numbers -------------------------------------------------------------------------------------------- */

static struct norm_case case_of(const struct norm_results *all, int rank, int trial)
{
    return norm_case_of(all->run->options.seed, all->run->ranks, rank, trial);
}

/* Is it stored of this rank? */
static bool is_due(const struct norm_case *one, enum norm_thing thing)
{
    return thing != NORM_EVALUATED || one->group.rank == 0;
}

/* NULL: it is not there. */
static const struct tensor *found_of(const struct norm_results *all, int rank, int trial,
                                     enum norm_thing thing, int part)
{
    g_autofree char *name = norm_facts[thing].parts > 1
                                ? g_strdup_printf("%d.%s.%d", trial, norm_facts[thing].name, part)
                                : g_strdup_printf("%d.%s", trial, norm_facts[thing].name);
    return tensor_file_get(all->file[rank], name);
}

/* The first number that is not what this way gives: *due; -1: none; -2: the tensor is not there. */
static int first_wrong(const struct norm_results *all, int rank, int trial, enum norm_thing thing,
                       int part, int way, double *expected)
{
    const struct norm_case one = case_of(all, rank, trial);
    const struct tensor *found = found_of(all, rank, trial, thing, part);
    int count;
    g_autofree double *due = norm_due(&one, thing, part, way, &count);
    if (!found || found->dtype != DTYPE_FLOAT32 || found->count != count)
        return -2;
    const double room = norm_facts[thing].parts > 1
                            ? norm_room(&one, part)
                            : fmax(norm_room(&one, 0), norm_room(&one, NORM_MICRO_BATCHES - 1));
    for (int i = 0; i < count; i++) {
        *expected = due[i];
        if (!(fabs(tensor_floats(found)[i] - due[i]) <=
              room * (norm_facts[thing].room + 1e-5 * fabs(due[i]))))
            return i;
    }
    return -1;
}

/* Does this way give what all ranks have in all trials? */
static bool explains(const struct norm_results *all, enum norm_thing thing, int way)
{
    double due;
    for (int rank = 0; rank < all->run->ranks; rank++)
        for (int trial = 0; trial < NORM_TRIALS; trial++) {
            const struct norm_case one = case_of(all, rank, trial);
            for (int part = 0; part < norm_facts[thing].parts && is_due(&one, thing); part++)
                if (first_wrong(all, rank, trial, thing, part, way, &due) != -1)
                    return false;
        }
    return true;
}

static void fail(const struct norm_results *all, int rank, int trial, enum norm_thing thing,
                 int part, int at, double due, struct verdict *verdict)
{
    char shape[SHAPE_TEXT_SIZE];
    const struct norm_case one = case_of(all, rank, trial);
    const struct tensor *found = found_of(all, rank, trial, thing, part);
    if (at == -2) {
        evidence_fail(verdict, "rank %d's evidence lacks the %s of trial %d", rank,
                      norm_facts[thing].what, trial + 1);
        return;
    }
    evidence_fail(verdict,
                  "%s on rank %d is wrong: %.6g in element %d, where %.6g is due (samples of %s, "
                  "%d of them here, %d ranks)",
                  norm_facts[thing].what, rank, (double)tensor_floats(found)[at], at, due,
                  shape_text(one.sample, shape), norm_samples(&one, one.group.rank, part),
                  one.group.ranks);
    verdict->basis = BASIS_SYMPTOM;
    for (int way = 1; norm_mistake(thing, way); way++)
        if (explains(all, thing, way)) {
            verdict_name_mistake(verdict, norm_mistake(thing, way));
            return;
        }
}

static bool judge_thing(const struct norm_results *all, enum norm_thing thing,
                        struct verdict *verdict)
{
    double due = 0;
    for (int trial = 0; trial < NORM_TRIALS; trial++)
        for (int rank = 0; rank < all->run->ranks; rank++) {
            const struct norm_case one = case_of(all, rank, trial);
            for (int part = 0; part < norm_facts[thing].parts && is_due(&one, thing); part++) {
                const int at = first_wrong(all, rank, trial, thing, part, 0, &due);
                if (at == -1)
                    continue;
                fail(all, rank, trial, thing, part, at, due, verdict);
                return false;
            }
        }
    return true;
}

/* ---- messages --------------------------------------------------------------------------------------------- */

static const struct mistake through_world = {
    "MPI_COMM_WORLD in place of the communicator",
    "The sums go over MPI_COMM_WORLD. The samples that have their statistics in common are those "
    "of the ranks of comm, which may be only some of all, or number them otherwise.",
    "the communicator: own->comm"};
static const struct mistake evaluates_together = {
    "statistics are synchronised in evaluation, too",
    "In evaluation the running averages stand in place of mean and variance, and not all ranks "
    "need evaluate: who adds up something over the ranks then waits for ever.",
    "call->pass->evaluating"};

/* The first record of a rank's log that it should not have, and the mistake; NO_RECORD. */
static size_t wrong_call(const struct outcome *run, int rank, const struct mistake **mistake)
{
    const struct log_file *log = &run->log[rank];
    int step = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &step);
        if (step < 0 || record->phase != LOG_BEGIN || !log_is_collective(record->operation))
            continue;
        const bool other = step >= NORM_PHASES * NORM_SHAPES || run->options.reverse_ranks;
        *mistake = step % NORM_PHASES == NORM_EVALUATES ? &evaluates_together : &through_world;
        if (*mistake == &evaluates_together || (other && record->communicator == LOG_WORLD))
            return i;
    }
    return NO_RECORD;
}

static const struct mistake *mistake_of_calls(const struct outcome *run, GString *cause)
{
    const struct mistake *mistake = NULL;
    for (int rank = 0; rank < run->ranks; rank++) {
        const size_t record = wrong_call(run, rank, &mistake);
        if (record == NO_RECORD)
            continue;
        g_string_append_printf(cause, "rank %d calls ", rank);
        call_place_name(run->program, &run->log[rank].record[record], cause);
        g_string_append(cause, mistake == &through_world
                                   ? " over MPI_COMM_WORLD, which is not the layer's communicator"
                                   : " while it alone evaluates");
        return mistake;
    }
    return NULL;
}

const struct mistake *data_norm_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    const struct outcome *run = diagnosis->scene->outcome;
    const bool unclear =
        diagnosis->kind == DIAGNOSIS_SANITIZED || diagnosis->kind == DIAGNOSIS_CRASHED;
    if (strcmp(run->options.probe, "batch-norm") != 0 || unclear)
        return NULL;
    return mistake_of_calls(run, cause);
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static bool read_files(struct norm_results *all, struct verdict *verdict)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    for (int rank = 0; rank < all->run->ranks; rank++) {
        g_autofree char *path =
            g_strdup_printf("%s/probe-batch-norm-%d.safetensors", all->run->folder, rank);
        all->file[rank] = tensor_file_read(path, MEMORY_WORKSPACE, error);
        if (!all->file[rank]) {
            evidence_fail(verdict, "%s", error);
            return false;
        }
    }
    return true;
}

static bool calls_are_right(const struct outcome *run, struct verdict *verdict)
{
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake = mistake_of_calls(run, cause);
    if (!mistake)
        return true;
    evidence_fail(verdict, "%s", cause->str);
    verdict_name_mistake(verdict, mistake);
    return false;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    if (run->ranks > SUM_MOST_RANKS) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "this run has more than %d ranks", SUM_MOST_RANKS);
        return;
    }
    struct norm_results all = {.run = run, .file = g_new0(struct tensor_file *, run->ranks)};
    bool right = calls_are_right(run, verdict) && evidence_communication_is_sound(run, verdict) &&
                 read_files(&all, verdict);
    for (enum norm_thing thing = 0; right && thing < NORM_THINGS; thing++)
        right = judge_thing(&all, thing, verdict);
    for (int rank = 0; rank < run->ranks; rank++)
        tensor_file_free(all.file[rank]);
    g_free(all.file);
}

void data_judge_norms(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "y, running averages, dx and gradients are those of the samples of all ranks");
}
