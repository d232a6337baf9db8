/*
 * The main loop: see driver.h.
 */
#include "common/driver/driver.h"

#include "common/base/callers.h"
#include "common/base/fatal.h"
#include "common/base/last_words.h"
#include "common/base/memory.h"
#include "common/base/mpi_check.h"
#include "common/base/processor.h"
#include "common/driver/driver_checkpoint.h"
#include "common/driver/driver_parts.h"
#include "common/files/curve.h"
#include "common/log/log_fields.h"
#include "common/mpi/data.h"
#include "common/mpi/ranks.h"
#include "common/training/model.h"
#include "common/training/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_REFUSED = 2 };

/* Ends all ranks: a fatal error on one of them would leave the others waiting forever. */
static void abort_all_ranks(void)
{
    fflush(NULL);
    last_words_let_others_speak();
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

static struct model *build_model(const struct options *options)
{
    struct data_shape data;
    char error[DATASET_ERROR_SIZE];
    if (!dataset_describe(options->dataset, &data, error))
        fatal("--data %s: %s", options->dataset, error);
    char model_error[MODEL_ERROR_SIZE];
    struct model *model = model_new(options->model, data.input, data.classes, model_error);
    if (model == NULL)
        fatal("--model %s: %s", options->model, model_error);
    return model;
}

/* ---- the training step ------------------------------------------------------------------------ */

/* The named training step, and into how many micro-batches it cuts a batch. */
static void choose_step(struct run *run, const struct program *program, const char *name)
{
    struct options as_named = *run->options;
    snprintf(as_named.step, sizeof as_named.step, "%s", name);
    run->step = driver_find_step(program, name);
    run->micro_batches = options_micro_batches(&as_named);
}

static bool step_is_possible(struct run *run, const struct program *program, const char *name,
                             char *reason)
{
    choose_step(run, program, name);
    return (program->check == NULL || program->check(run, reason, REASON_SIZE)) &&
           (driver_sharing(program, run) != NULL || driver_samples_suffice(run, reason));
}

/* May the program's steps be taken with these options? If not, `reason` says why not. */
static bool steps_are_possible(struct run *run, const struct program *program, char *reason)
{
    const char *against = run->options->against;
    return (against[0] == '\0' || step_is_possible(run, program, against, reason)) &&
           step_is_possible(run, program, run->options->step, reason);
}

/* ---- before there are ranks ------------------------------------------------------------------- */

#define ASKED_FOR_RANKS "ASKED_FOR_RANKS" /* tools/launch --ask-first */

static void refuse_by_fatal(void)
{
    _Exit(STATUS_REFUSED);
}

/* Where the environment names a number of ranks, only says whether a run on so many would be refused, by
 * the exit status and a sentence: to start them may take a minute. This process is alone and without MPI, so
 * layers of students stay out of the model, and their check_arguments() may do whatever it does. */
static void answer_who_asks_first(const struct options *options, const struct program *program)
{
    const char *asked = getenv(ASKED_FOR_RANKS);
    char reason[REASON_SIZE] = "";
    if (asked == NULL)
        return;
    struct run run = {.options = options,
                      .comm = MPI_COMM_NULL,
                      .ranks = (int)strtol(asked, NULL, 10),
                      .sums_tied_gradients = program->sums_tied_gradients};
    fatal_set_hook(refuse_by_fatal);
    struct model *model = build_model(options);
    fatal_set_hook(NULL);
    run.model = model;
    bool possible = driver_options_fit(program, &run, reason);
    if (possible && options->probe[0] == '\0')
        possible = steps_are_possible(&run, program, reason);
    model_free(model);
    reason[sizeof reason - 1] = '\0';
    if (!possible)
        fprintf(stderr, "%s: refused: %s\n", program_invocation_short_name, reason);
    exit(possible ? STATUS_DONE : STATUS_REFUSED);
}

/* ---- the program ------------------------------------------------------------------------------ */

/* The communicator whose ranks the run's are. One that is not MPI_COMM_WORLD is never freed: it
 * lasts as long as the run. */
static MPI_Comm make_communicator(const struct options *options)
{
    int world_rank, ranks;
    MPI_Comm comm = MPI_COMM_WORLD;
    if (!options->reverse_ranks)
        return comm;
    mpi_check(PMPI_Comm_rank(MPI_COMM_WORLD, &world_rank));
    mpi_check(PMPI_Comm_size(MPI_COMM_WORLD, &ranks));
    mpi_check(PMPI_Comm_split(MPI_COMM_WORLD, 0,
                              options_rank_of_process(options, world_rank, ranks), &comm));
    mpi_check_install(comm);
    log_mpi_ranks_are_of(comm);
    return comm;
}

/* The whole run between the begin and the end of MPI; returns the exit status. */
static int carry_out(struct run *run, const struct program *program)
{
    const struct options *options = run->options;
    char reason[REASON_SIZE] = "";
    bool agreed = driver_options_fit(program, run, reason);
    if (agreed && options->probe[0] == '\0')
        agreed = steps_are_possible(run, program, reason);
    reason[sizeof reason - 1] = '\0';
    if (!all_agree(run, agreed, reason))
        return STATUS_REFUSED;
    if (options->probe[0] != '\0') {
        callers_begin(__builtin_frame_address(0));
        driver_find_probe(program, options->probe)->run(run);
        return STATUS_DONE;
    }
    if (!driver_data_is_the_same(run))
        return STATUS_FAILED;
    struct checkpoints checkpoints;
    agreed = driver_checkpoint_begin(run, program, &checkpoints, reason);
    if (!all_agree(run, agreed, reason))
        return STATUS_REFUSED;
    const struct usage own = driver_train(run, program, options->curve);
    const bool trained = checkpoints.from.step == 0 || own.steps > 0;
    if (options->against[0] != '\0') {
        choose_step(run, program, options->against);
        const struct usage other = driver_train(run, program, "");
        driver_usage_compare(run, &own, &other);
    } else if (options->report && trained) {
        driver_usage_report(run, &own);
    }
    driver_checkpoint_end(&checkpoints);
    return STATUS_DONE;
}

static void finalize(int status)
{
    /* Recorded, unlike the driver's other calls: see driver.h. */
    if (MPI_Finalize() != MPI_SUCCESS)
        fatal("MPI_Finalize failed");
    log_append(log_record_of_end(status));
    log_close();
    last_words_close();
}

/* Lists that an assignment has left out are empty ones. */
static struct program with_all_lists(const struct program *program)
{
    static const struct step no_steps[1];
    static const struct probe no_probes[1];
    struct program complete = *program;
    if (complete.steps == NULL)
        complete.steps = no_steps;
    if (complete.probes == NULL)
        complete.probes = no_probes;
    return complete;
}

int driver_main(int argc, char **argv, const struct program *given)
{
    const struct program complete = with_all_lists(given), *program = &complete;
    struct options options;
    callers_begin(__builtin_frame_address(0));
    processor_must_fit();
    options_parse(&options, program->options, driver_describe(program), argc, argv);
    answer_who_asks_first(&options, program);

    /* OpenBLAS brings threads of its own; MPI is called by this one alone. */
    int provided;
    mpi_check(PMPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided));
    fatal_set_hook(abort_all_ranks);
    mpi_check_install(MPI_COMM_WORLD);
    mpi_check_install(MPI_COMM_SELF);
    driver_ranks_must_reach_each_other();
    struct run run = {.options = &options, .comm = make_communicator(&options)};
    mpi_check(PMPI_Comm_rank(run.comm, &run.rank));
    mpi_check(PMPI_Comm_size(run.comm, &run.ranks));
    fatal_set_rank(run.rank);
    driver_device_open(&options);
    if (options.evidence[0] != '\0') {
        driver_evidence_folder(&options);
        memory_spoil(true);
        log_open(options.evidence, run.rank, run.ranks, options.seed);
        driver_memory_begin(&options);
        log_mpi_sees_all_communicators(); /* a submission that calls PMPI is refused when it is linked */
        log_mpi_write_data_up_to((uint64_t)options.log_data);
        last_words_open(options.evidence, run.rank);
    }
    if (program->layers != NULL)
        program->layers(&run);
    struct model *model = build_model(&options);
    run.model = model;
    run.sums_tied_gradients = program->sums_tied_gradients;
    const int status = carry_out(&run, program);
    model_free(model);
    finalize(status);
    return status;
}
