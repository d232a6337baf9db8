/* Making a checkpoint, all ranks together: see driver_checkpoint.h. */
#include "common/driver/driver_checkpoint.h"

#include "common/base/fatal.h"
#include "common/base/mpi_check.h"
#include "common/files/tensor_file.h"
#include "common/training/stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Between two steps nothing may be under way that a file does not hold. */
static bool is_at_rest(const struct run *run, int step, char reason[REASON_SIZE])
{
    for (int i = 0; i < run->stages; i++) {
        const int in_flight = stage_in_flight(run->trained[i].stage);
        if (in_flight == 0)
            continue;
        snprintf(reason, REASON_SIZE,
                 "--checkpoint: stage %d has %d micro-batches in flight when step %d ends, and "
                 "what they saved can't be stored: a step has to end with all its backwards",
                 stage_index(run->trained[i].stage), in_flight, step - 1);
        return false;
    }
    return true;
}

/* So many steps have all optimizers done; where they differ, all end. */
static int optimizer_steps(const struct run *run)
{
    int bounds[2] = {0, INT_MIN}; /* the most, and less than nothing by the least */
    for (int i = 0; i < run->stages; i++) {
        const int done = optimizer_steps_done(run->trained[i].optimizer);
        bounds[0] = done > bounds[0] ? done : bounds[0];
        bounds[1] = -done > bounds[1] ? -done : bounds[1];
    }
    mpi_check(PMPI_Allreduce(MPI_IN_PLACE, bounds, 2, MPI_INT, MPI_MAX, run->comm));
    driver_checkpoint_agree(run, bounds[0] == -bounds[1],
                            "--checkpoint: the optimizers of the stages have not taken the same "
                            "number of steps, so one number can't be stored for all");
    return bounds[0];
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static void fail_to_write(const struct run *run, const char *path, const char *cause,
                          char reason[REASON_SIZE])
{
    const int last = run->checkpoints->last;
    const int used = snprintf(reason, REASON_SIZE, "--checkpoint: %.300s%s%.400s", path,
                              path[0] ? ": can't be written: " : "", cause);
    if (last > 0 && used < REASON_SIZE)
        snprintf(reason + used, REASON_SIZE - (size_t)used,
                 ": that of step %d is complete, and --resume goes on from it", last);
}

void driver_checkpoint_make_id(char id[CHECKPOINT_ID_SIZE])
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        fatal("no random number can be had: %s", strerror(errno));
    snprintf(id, CHECKPOINT_ID_SIZE, "%016" PRIx64, number);
}

static struct tensor_file *make_file(const struct run *run, const struct checkpoint *checkpoint)
{
    struct tensor_file *file = tensor_file_new();
    char text[16];
    for (int i = 0; i < run->stages; i++) {
        const struct trained_stage *one = &run->trained[i];
        if (driver_state_is_in_ranges(one))
            driver_state_describe(file, one);
        driver_state_add(file, one);
        if (driver_state_is_in_ranges(one) && one->store != NULL)
            one->store(run, one, false, file);
    }
    snprintf(text, sizeof text, "%d", checkpoint->step);
    tensor_file_set_metadata(file, "step", text);
    snprintf(text, sizeof text, "%d", run->rank);
    tensor_file_set_metadata(file, "rank", text);
    tensor_file_set_metadata(file, "checkpoint", checkpoint->id);
    return file;
}

/* This rank's file, on the disk. */
static bool write_own(const struct run *run, const struct checkpoint *checkpoint,
                      struct checkpoint_file *own, char reason[REASON_SIZE])
{
    char path[CHECKPOINT_PATH_SIZE], error[TENSOR_FILE_ERROR_SIZE];
    driver_checkpoint_rank_path(path, run->options->checkpoint_folder, checkpoint->step, run->rank);
    struct tensor_file *file = make_file(run, checkpoint);
    const bool written = tensor_file_write(file, path, error);
    tensor_file_free(file);
    if (!written)
        fail_to_write(run, "", error, reason);
    else if (driver_checkpoint_keep(path) && driver_checkpoint_measure(path, own))
        return true;
    else
        fail_to_write(run, path, strerror(errno), reason);
    return false;
}

/* Makes the checkpoint complete, and only then gives up the one before the last. */
static bool complete(const struct run *run, const struct checkpoint *checkpoint,
                     char reason[REASON_SIZE])
{
    const char *folder = run->options->checkpoint_folder;
    char path[CHECKPOINT_PATH_SIZE];
    driver_checkpoint_path(path, folder, checkpoint->step, "");
    const bool good =
        driver_checkpoint_keep(path) &&
        driver_checkpoint_write_index(checkpoint, folder, run->checkpoints->options) &&
        driver_checkpoint_keep(path) && driver_checkpoint_keep(folder);
    if (!good)
        fail_to_write(run, path, strerror(errno), reason);
    else
        driver_checkpoint_remove_before(folder, driver_checkpoint_find(folder, checkpoint->step));
    return good;
}

/* What each rank wrote, at rank 0. */
static void gather_files(const struct run *run, struct checkpoint *checkpoint,
                         const struct checkpoint_file *own)
{
    if (run->rank == 0 &&
        (checkpoint->file = calloc((size_t)run->ranks, sizeof *checkpoint->file)) == NULL)
        fatal("no memory left for a checkpoint of %d ranks", run->ranks);
    mpi_check(PMPI_Gather(own, sizeof *own, MPI_BYTE, checkpoint->file, sizeof *own, MPI_BYTE, 0,
                          run->comm));
}

void driver_checkpoint_write(const struct run *run, int step, double seconds)
{
    const char *folder = run->options->checkpoint_folder;
    char reason[REASON_SIZE] = "", path[CHECKPOINT_PATH_SIZE];
    struct checkpoint_file own = {0};
    struct checkpoint checkpoint = {.step = step, .ranks = run->ranks, .seconds = seconds};
    driver_checkpoint_agree(run, is_at_rest(run, step, reason), reason);
    checkpoint.optimizer_steps = optimizer_steps(run);

    bool good = true;
    if (run->rank == 0) {
        driver_checkpoint_make_id(checkpoint.id);
        good = driver_checkpoint_make_folder(folder, step);
        driver_checkpoint_path(path, folder, step, "");
        if (!good)
            fail_to_write(run, path, strerror(errno), reason);
    }
    driver_checkpoint_agree(run, good, reason);
    mpi_check(PMPI_Bcast(checkpoint.id, sizeof checkpoint.id, MPI_BYTE, 0, run->comm));
    driver_checkpoint_agree(run, write_own(run, &checkpoint, &own, reason), reason);
    gather_files(run, &checkpoint, &own);
    good = run->rank > 0 || complete(run, &checkpoint, reason);
    driver_checkpoint_agree(run, good, reason);
    free(checkpoint.file);
    run->checkpoints->last = step;
}
