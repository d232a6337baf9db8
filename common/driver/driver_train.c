/*
 * Training: builds what one training step needs and takes the steps, from the
 * first to the last.
 */
#include "common/driver/driver.h"

#include "common/base/callers.h"
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"
#include "common/driver/driver_checkpoint.h"
#include "common/driver/driver_parts.h"
#include "common/files/curve.h"
#include "common/log/log_fields.h"
#include "common/training/model.h"
#include "common/training/share.h"
#include "common/training/stage.h"
#include "common/training/transfer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- building ----------------------------------------------------------------------------------- */

/* The data set's shapes are the model's: options_read() has seen to it. */
static struct batch *build_batch(const struct run *run, bool shared)
{
    const struct options *options = run->options;
    const int micro_batches = run->micro_batches;
    if (!shared && options->batch_size % micro_batches != 0)
        fatal("a batch of %d samples can't be cut into %d micro-batches of the same size; "
              "the check of the arguments should have refused that",
              options->batch_size, micro_batches);
    return batch_new(&(struct batch_options){
        .dataset = options->dataset,
        .batch_size = run->most_samples,
        .micro_batches = micro_batches,
        .shared = shared,
        .loss = options->loss,
        .device = options->device,
        .seed = options->seed,
        .data = model_data(run->model),
    });
}

void driver_add_stage(struct run *run, struct stage_options options)
{
    options.micro_batch_size = share_size(run->most_samples, run->micro_batches, 0);
    options.micro_batches = run->micro_batches;
    options.seed = run->options->seed;
    options.device = run->options->device;
    options.sums_tied_gradients = run->sums_tied_gradients;
    struct trained_stage *more =
        realloc(run->trained, ((size_t)run->stages + 1) * sizeof *run->trained);
    if (more == NULL)
        fatal("no memory left for %d stages", run->stages + 1);
    struct stage *stage = stage_new(run->model, &options);
    struct optimizer *optimizer =
        run->own_optimizers ? NULL : optimizer_new(&run->options->optimizer, stage);
    more[run->stages++] = (struct trained_stage){.stage = stage, .optimizer = optimizer};
    run->trained = more;
}

const struct sharing *driver_sharing(const struct program *program, const struct run *run)
{
    const bool shares = program->shares == NULL || program->shares(run);
    return shares ? program->sharing : NULL;
}

void driver_share(struct run *run, int step, const int *sample, struct share share)
{
    run->share = share;
    batch_load_samples(run->batch, step, sample, share.samples, share.first);
    for (int i = 0; i < run->stages; i++)
        stage_set_samples(run->trained[i].stage, share.first, share.samples,
                          batch_micro_batches(run->batch));
}

static void build(struct run *run, const struct program *program)
{
    const struct sharing *sharing = driver_sharing(program, run);
    run->most_samples = sharing != NULL ? sharing->most_samples(run) : run->options->batch_size;
    run->batch = build_batch(run, sharing != NULL);
    run->samples = (struct samples){0};
    run->own_optimizers = false;
    run->share = (struct share){0};
    program->build(run);
}

static void take_down(struct run *run)
{
    for (int i = 0; i < run->stages; i++) {
        optimizer_free(run->trained[i].optimizer);
        stage_free(run->trained[i].stage);
    }
    free(run->trained);
    run->trained = NULL;
    run->stages = 0;
    batch_free(run->batch);
    run->batch = NULL;
}

/* ---- training --------------------------------------------------------------------------------- */

struct epoch_size {
    int steps; /* at least one */
    long
        missing; /* samples, by which the last batch is smaller than the others; where ranks share batches */
};

struct training {
    int first; /* step to take: 0, or where a checkpoint goes on */
    int steps;
    struct epoch_size epoch;
    int tokens;                    /* per sample */
    const struct sharing *sharing; /* the program's; NULL: ranks do not share a batch */
    struct curve_writer *curve;    /* NULL: not on this rank, or not wanted */
    bool reports;                  /* the last rank has the loss, so it writes curve and progress */
    struct progress progress;
    struct usage usage;
};

/* A model whose first layer makes (tokens, width) of a sample has that many tokens; others one. */
static int tokens_per_sample(const struct model *model)
{
    const struct shape first = model->layer[0].output;
    return first.dimensions == 2 ? first.size[0] : 1;
}

/* How many samples there are to train with; fatal where nobody knows. */
static int samples_of_data(const struct options *options)
{
    char error[DATASET_ERROR_SIZE];
    if (options->device == DEVICE_META)
        return options->batch_size;
    const int samples = dataset_count(options->dataset, DATASET_TRAIN, error);
    if (samples < 0)
        fatal("--data %s: %s", options->dataset, error);
    return samples;
}

/* Fatal where there is not even one batch. */
static struct epoch_size epoch_size_of(const struct run *run, const struct sharing *sharing)
{
    const struct options *options = run->options;
    struct epoch_size size = {.steps = sharing == NULL ? batch_steps_per_epoch(run->batch) : 0};
    if (size.steps > 0)
        return size;
    const int samples = samples_of_data(options);
    if (sharing != NULL)
        size.steps = sharing->steps_per_epoch(run, samples);
    if (size.steps < 1)
        fatal("--batch %d: the training data of %s has only %d samples", options->batch_size,
              options->dataset, samples);
    const long missing = (long)size.steps * options->batch_size - samples;
    size.missing = missing > 0 ? missing : 0;
    return size;
}

static int steps_of_all_epochs(const struct options *options, int per_epoch)
{
    int steps;
    if (__builtin_mul_overflow(options->epochs, per_epoch, &steps))
        fatal("--epochs %d: with %d steps in each that makes more than %d steps", options->epochs,
              per_epoch, INT_MAX);
    return steps;
}

static struct training training_begin(const struct run *run, const struct sharing *sharing,
                                      const char *curve)
{
    const struct options *options = run->options;
    const struct checkpoint *from = &run->checkpoints->from;
    struct training training = {.first = from->step,
                                .tokens = tokens_per_sample(run->model),
                                .sharing = sharing,
                                .reports = run->rank == run->ranks - 1};
    training.epoch = epoch_size_of(run, sharing);
    training.steps =
        options->steps > 0 ? options->steps : steps_of_all_epochs(options, training.epoch.steps);
    if (training.reports && curve[0] != '\0')
        training.curve =
            training.first > 0 ? curve_continue(curve, training.first) : curve_create(curve);
    training.progress = driver_progress_begin(options, training.steps, training.reports);
    driver_progress_goes_on(&training.progress, training.first, from->seconds);
    training.usage = driver_usage_begin(run);
    return training;
}

struct result {
    double loss, accuracy;
};

/* Does each rank tell of some samples of a batch alone? */
static bool tells_a_part(const struct run *run, bool shared)
{
    return shared || run->samples.count > 0;
}

/* Of this rank's own samples, of which there are `samples`; 0 where it has computed no losses. */
static struct result result_of_own(const struct run *run, bool shared, double *samples)
{
    const struct batch *batch = run->batch;
    int first = 0, micro_batches = batch_micro_batches(batch);
    *samples = batch_samples(batch);
    if (!shared) {
        const int size = run->options->batch_size / run->micro_batches;
        first = run->samples.first / size;
        micro_batches = run->samples.count / size;
        *samples = run->samples.count;
    }
    if (micro_batches == 0 || isnan(batch_mean_loss_of(batch, first, micro_batches)))
        *samples = 0;
    return (struct result){batch_mean_loss_of(batch, first, micro_batches),
                           batch_accuracy_of(batch, first, micro_batches)};
}

/* Of the whole batch. Where ranks have parts of it all of them call this, unless nobody wants to know: each has its
 * own samples to tell of, and those that have no losses have none. */
static struct result result_of(const struct run *run, bool shared, bool together)
{
    const struct batch *batch = run->batch;
    if (!together)
        return (struct result){batch_mean_loss(batch), batch_accuracy(batch)};
    double samples;
    const struct result own = result_of_own(run, shared, &samples);
    double sum[3] = {samples, samples > 0 ? samples * own.loss : 0,
                     samples > 0 ? samples * own.accuracy : 0};
    mpi_check(PMPI_Allreduce(MPI_IN_PLACE, sum, 3, MPI_DOUBLE, MPI_SUM, run->comm));
    return (struct result){sum[1] / sum[0], sum[2] / sum[0]};
}

/* After a step, on the rank that has the loss: a line of the curve, and the progress. */
static void report(struct training *training, const struct run *run, struct result result, int step,
                   double seconds)
{
    const bool ends_epoch = (step + 1) % training->epoch.steps == 0;
    const long epochs_done = (step + 1) / training->epoch.steps;
    const long batch_size = run->options->batch_size - (ends_epoch ? training->epoch.missing : 0);
    const struct curve_point point = {
        .step = step,
        .epoch = step / training->epoch.steps,
        .samples =
            (long)(step + 1) * run->options->batch_size - epochs_done * training->epoch.missing,
        .loss = result.loss,
        .accuracy = result.accuracy,
        .seconds = driver_seconds() - training->progress.began,
        .samples_per_second = (double)batch_size / seconds,
        .tokens_per_second = (double)training->tokens * (double)batch_size / seconds,
    };
    if (training->curve != NULL)
        curve_append(training->curve, &point);
    driver_progress_step(&training->progress, &point);
}

/* Of all kinds of memory, the host's too: who looks for tensors that were never freed looks there. */
static uint64_t live_bytes(void)
{
    uint64_t bytes = 0;
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        bytes += memory_live((enum memory_kind)kind);
    return bytes;
}

static void take_step(struct training *training, struct run *run, int number)
{
    driver_evidence_before_step(run, number);
    const double began = driver_seconds();
    if (training->sharing != NULL)
        training->sharing->load(run, number);
    else
        batch_load(run->batch, number);
    for (int i = 0; i < run->stages; i++)
        stage_set_step(run->trained[i].stage, number);
    driver_memory_step();
    log_append(log_record_of_step(LOG_STEP_BEGIN, number));
    /* A step that ends the program must not do so before every rank has opened its data. */
    if (number == training->first)
        mpi_check(PMPI_Barrier(run->comm));
    driver_usage_before_step(&training->usage);
    callers_begin(__builtin_frame_address(0));
    run->step->take(run);
    driver_usage_after_step(&training->usage);
    driver_evidence_held();
    driver_memory_step();
    log_append(log_record_of_step_end(number, live_bytes()));
    const double seconds = driver_seconds() - began;
    const bool shared = training->sharing != NULL;
    const bool wanted = run->options->curve[0] != '\0' || !run->options->quiet;
    const bool together = wanted && tells_a_part(run, shared);
    if (training->reports || together) {
        const struct result result = result_of(run, shared, together);
        if (training->reports)
            report(training, run, result, number, seconds);
    }
    driver_evidence_after_step(run, number);
}

static void compare(struct run *run, const struct program *program)
{
    callers_begin(__builtin_frame_address(0));
    const bool agreed = program->compare(run);
    fprintf(stderr, "rank %d: the first step %s the baseline\n", run->rank,
            agreed ? "agrees with" : "DIFFERS from");
    log_append(log_record_of_agreement(LOG_PROBE, agreed));
}

/* After a step, where --checkpoint asks for it. The curve's lines up to there are on the disk first. */
static void store(const struct training *training, const struct run *run, int steps_done)
{
    const int every = run->options->checkpoint;
    if (every == 0 || (steps_done % every != 0 && steps_done != training->steps))
        return;
    if (training->curve != NULL)
        curve_keep(training->curve);
    driver_checkpoint_write(run, steps_done, driver_seconds() - training->progress.began);
}

struct usage driver_train(struct run *run, const struct program *program, const char *curve)
{
    callers_begin(__builtin_frame_address(0));
    build(run, program);
    program->begin(run);
    driver_checkpoint_check_stages(run);
    driver_resume(run);

    struct training training = training_begin(run, driver_sharing(program, run), curve);
    driver_evidence_before_training();
    for (int number = training.first; number < training.steps; number++) {
        take_step(&training, run, number);
        if (number == 0 && run->options->compare)
            compare(run, program);
        store(&training, run, number + 1);
    }
    driver_evidence_before_step(run, training.steps);
    if (training.curve != NULL)
        curve_finish(training.curve);
    driver_progress_end(&training.progress);

    if (program->end != NULL)
        program->end(run);
    transfers_must_be_over();
    driver_device_wait(); /* what fails on the GPU fails in this run */
    driver_evidence_memory();
    driver_usage_end(&training.usage);
    take_down(run);
    return training.usage;
}
