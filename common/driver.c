/*
 * The main loop: see driver.h.
 */
#include "common/driver.h"

#include "common/curve.h"
#include "common/driver_parts.h"
#include "common/fatal.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/model.h"
#include "common/mpi_check.h"
#include "common/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_REFUSED = 2 };

/* Ends all ranks: a fatal error on one of them would leave the others waiting forever. */
static void abort_all_ranks(void)
{
    fflush(NULL);
    PMPI_Abort(MPI_COMM_WORLD, STATUS_FAILED);
    _Exit(STATUS_FAILED);
}

/* ---- may it run? ------------------------------------------------------------------------------ */

/* May the run be? All ranks get the same answer; the first rank that refuses says why. */
static bool all_agree(const struct run *run, bool agreed, const char *reason)
{
    const int refuser = agreed ? run->ranks : run->rank;
    int first;
    mpi_check(PMPI_Allreduce(&refuser, &first, 1, MPI_INT, MPI_MIN, run->comm));
    if (first == run->rank)
        fprintf(stderr, "%s: refused: %s\n", program_invocation_short_name, reason);
    return first == run->ranks;
}

/* ---- building --------------------------------------------------------------------------------- */

static struct model *build_model(const struct options *options)
{
    struct shape sample;
    int classes;
    char error[DATASET_ERROR_SIZE];
    if (!dataset_describe(options->dataset, &sample, &classes, error))
        fatal("--data %s: %s", options->dataset, error);
    char model_error[MODEL_ERROR_SIZE];
    struct model *model = model_new(options->model, sample, classes, model_error);
    if (model == NULL)
        fatal("--model %s: %s", options->model, model_error);
    return model;
}

/* The data set's shapes are the model's: options_read() has seen to it. */
static struct batch *build_batch(const struct run *run)
{
    const struct options *options = run->options;
    const int micro_batches = run->micro_batches;
    if (options->batch_size % micro_batches != 0)
        fatal("a batch of %d samples can't be cut into %d micro-batches of the same size; "
              "the check of the arguments should have refused that",
              options->batch_size, micro_batches);
    return batch_new(&(struct batch_options){
        .dataset = options->dataset,
        .batch_size = options->batch_size,
        .micro_batches = micro_batches,
        .loss = options->loss,
        .device = options->device,
        .seed = options->seed,
        .sample = run->model->input,
        .classes = run->model->outputs,
    });
}

static struct chunk build_chunk(struct run *run, const struct assignment *assignment, int chunk)
{
    struct stage_options options = {
        .index = chunk * run->ranks + run->rank,
        .stages = run->chunks * run->ranks,
        .micro_batch_size = run->options->batch_size / run->micro_batches,
        .micro_batches = run->micro_batches,
        .seed = run->options->seed,
        .device = run->options->device,
        .log_parameters = run->step->asynchronous,
    };
    assignment->place(run, &options);
    struct stage *stage = stage_new(run->model, &options);
    return (struct chunk){stage, optimizer_new(&run->options->optimizer, stage)};
}

static void build(struct run *run, const struct assignment *assignment)
{
    run->batch = build_batch(run);
    run->chunk = calloc((size_t)run->chunks, sizeof *run->chunk);
    if (run->chunk == NULL)
        fatal("no memory left for %d stages", run->chunks);
    for (int c = 0; c < run->chunks; c++)
        run->chunk[c] = build_chunk(run, assignment, c);
}

static void take_down(struct run *run)
{
    for (int c = 0; c < run->chunks; c++) {
        optimizer_free(run->chunk[c].optimizer);
        stage_free(run->chunk[c].stage);
    }
    free(run->chunk);
    run->chunk = NULL;
    batch_free(run->batch);
    run->batch = NULL;
}

/* ---- training --------------------------------------------------------------------------------- */

struct training {
    int steps;
    int steps_per_epoch;
    int tokens;   /* per sample */
    FILE *curve;  /* NULL: not on this rank, or not wanted */
    bool reports; /* the last rank has the loss, so it writes curve and progress */
    struct progress progress;
    struct usage usage;
};

/* A model whose first layer makes (tokens, width) of a sample has that many tokens; others one. */
static int tokens_per_sample(const struct model *model)
{
    const struct shape first = model->layer[0].output;
    return first.dimensions == 2 ? first.size[0] : 1;
}

/* How many batches an epoch has, at least one; fatal where there is not even that. */
static int steps_per_epoch(const struct run *run)
{
    const struct options *options = run->options;
    const int steps = batch_steps_per_epoch(run->batch);
    if (steps > 0)
        return steps;
    char error[DATASET_ERROR_SIZE];
    const int samples = dataset_count(options->dataset, DATASET_TRAIN, error);
    if (samples < 0)
        fatal("--data %s: %s", options->dataset, error);
    fatal("--batch %d: the training data of %s has only %d samples", options->batch_size,
          options->dataset, samples);
}

static int steps_of_all_epochs(const struct options *options, int per_epoch)
{
    int steps;
    if (__builtin_mul_overflow(options->epochs, per_epoch, &steps))
        fatal("--epochs %d: with %d steps in each that makes more than %d steps", options->epochs,
              per_epoch, INT_MAX);
    return steps;
}

static struct training training_begin(const struct run *run, const char *curve)
{
    const struct options *options = run->options;
    struct training training = {.tokens = tokens_per_sample(run->model),
                                .reports = run->rank == run->ranks - 1};
    training.steps_per_epoch = steps_per_epoch(run);
    training.steps = options->steps > 0 ? options->steps
                                        : steps_of_all_epochs(options, training.steps_per_epoch);
    if (training.reports && curve[0] != '\0')
        training.curve = curve_create(curve);
    training.progress = progress_begin(options, training.steps, training.reports);
    training.usage = usage_begin(run);
    return training;
}

/* After a step, on the rank that has the loss: a line of the curve, and the progress. */
static void report(struct training *training, const struct run *run, int step, double seconds)
{
    const int batch_size = run->options->batch_size;
    const struct curve_point point = {
        .step = step,
        .epoch = step / training->steps_per_epoch,
        .samples = (long)(step + 1) * batch_size,
        .loss = batch_mean_loss(run->batch),
        .accuracy = batch_accuracy(run->batch),
        .seconds = seconds_now() - training->progress.began,
        .samples_per_second = batch_size / seconds,
        .tokens_per_second = (double)training->tokens * batch_size / seconds,
    };
    if (training->curve != NULL)
        curve_append(training->curve, &point);
    progress_step(&training->progress, &point);
}

static void take_step(struct training *training, struct run *run, int number)
{
    evidence_before_step(run, number);
    const double began = seconds_now();
    batch_load(run->batch, number);
    log_fact(LOG_STEP_BEGIN, (uint64_t)number, 0.0);
    /* A step that ends the program must not do so before every rank has opened its data. */
    if (number == 0)
        mpi_check(PMPI_Barrier(run->comm));
    usage_before_step(&training->usage);
    run->step->take(run);
    usage_after_step(&training->usage);
    log_fact(LOG_STEP_END, (uint64_t)number, 0.0);
    if (training->reports)
        report(training, run, number, seconds_now() - began);
    evidence_after_step(run, number);
}

static void compare(struct run *run, const struct assignment *assignment)
{
    const bool agreed = assignment->compare(run);
    fprintf(stderr, "rank %d: the first step %s the baseline\n", run->rank,
            agreed ? "agrees with" : "DIFFERS from");
    log_fact(LOG_PROBE, 0, agreed ? 1.0 : 0.0);
}

/* Trains from the beginning with one schedule. curve: the file for it; empty: none. */
static struct usage train(struct run *run, const struct assignment *assignment, const char *curve)
{
    build(run, assignment);
    assignment->begin(run);

    struct training training = training_begin(run, curve);
    evidence_before_training();
    for (int number = 0; number < training.steps; number++) {
        take_step(&training, run, number);
        if (number == 0 && run->options->compare)
            compare(run, assignment);
    }
    evidence_before_step(run, training.steps);
    if (training.curve != NULL)
        curve_finish(training.curve);
    progress_end(&training.progress);

    assignment->end(run);
    evidence_memory();
    usage_end(&training.usage);
    take_down(run);
    return training.usage;
}

/* The sizes that follow from the schedule. */
static void choose_step(struct run *run, const struct step *step)
{
    run->step = step;
    run->micro_batches = step->whole_batch ? 1 : run->options->micro_batches;
    run->chunks = !step->chunked ? 1 : run->options->chunks > 0 ? run->options->chunks : 2;
}

/* ---- the program ------------------------------------------------------------------------------ */

/* May the assignment's steps be taken with these options? If not, `reason` says why not. */
static bool steps_are_possible(struct run *run, const struct assignment *assignment, char *reason)
{
    const char *const names[] = {run->options->against, run->options->schedule};
    for (int i = 0; i < 2; i++)
        if (names[i][0] != '\0') {
            choose_step(run, driver_find_step(assignment, names[i]));
            if (!assignment->check(run, reason, REASON_SIZE))
                return false;
        }
    return true;
}

/* The whole run between the begin and the end of MPI; returns the exit status. */
static int carry_out(struct run *run, const struct assignment *assignment)
{
    const struct options *options = run->options;
    char reason[REASON_SIZE] = "";
    bool agreed = driver_options_fit(assignment, run, reason);
    if (agreed && options->probe[0] == '\0')
        agreed = steps_are_possible(run, assignment, reason);
    reason[sizeof reason - 1] = '\0';
    if (!all_agree(run, agreed, reason))
        return STATUS_REFUSED;
    if (options->probe[0] != '\0') {
        driver_find_probe(assignment, options->probe)->run(run);
        return STATUS_DONE;
    }
    const struct usage own = train(run, assignment, options->curve);
    if (options->against[0] != '\0') {
        choose_step(run, driver_find_step(assignment, options->against));
        const struct usage other = train(run, assignment, "");
        usage_compare(run, &own, &other);
    } else if (options->report) {
        usage_report(run, &own);
    }
    return STATUS_DONE;
}

static void finalize(int status)
{
    /* Recorded, unlike the driver's other calls: see driver.h. */
    if (MPI_Finalize() != MPI_SUCCESS)
        fatal("MPI_Finalize failed");
    log_fact(LOG_FINAL, 0, status);
    log_close();
}

int driver_main(int argc, char **argv, const struct assignment *assignment)
{
    struct options options;
    options_describe(driver_describe(assignment));
    options_parse(&options, argc, argv);
    if (options.schedule[0] == '\0')
        snprintf(options.schedule, sizeof options.schedule, "%s", assignment->steps[0].name);

    /* OpenBLAS brings threads of its own; MPI is called by this one alone. */
    int provided;
    mpi_check(PMPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided));
    fatal_set_hook(abort_all_ranks);
    mpi_check_install(MPI_COMM_WORLD);
    mpi_check_install(MPI_COMM_SELF);
    struct run run = {.options = &options, .comm = MPI_COMM_WORLD};
    mpi_check(PMPI_Comm_rank(run.comm, &run.rank));
    mpi_check(PMPI_Comm_size(run.comm, &run.ranks));
    fatal_set_rank(run.rank);
    if (options.evidence[0] != '\0') {
        evidence_make_folder(&options);
        memory_spoil(true);
        log_open(options.evidence, run.rank, run.ranks, options.seed);
    }
    struct model *model = build_model(&options);
    run.model = model;
    const int status = carry_out(&run, assignment);
    model_free(model);
    finalize(status);
    return status;
}
