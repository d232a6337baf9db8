/* Before training: may checkpoints be made, and is there one to go on from? See driver_checkpoint.h. */
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
#include <unistd.h>

static void tell(const struct run *run, void *what, size_t bytes)
{
    mpi_check(PMPI_Bcast(what, (int)bytes, MPI_BYTE, 0, run->comm));
}

void driver_checkpoint_agree(const struct run *run, bool good, const char *reason)
{
    const int own = good ? run->ranks : run->rank;
    int first;
    mpi_check(PMPI_Allreduce(&own, &first, 1, MPI_INT, MPI_MIN, run->comm));
    if (first == run->rank)
        fatal("%s", reason);
    if (first < run->ranks)
        mpi_check(PMPI_Barrier(run->comm)); /* until it has ended all */
}

/* ---- before training ---------------------------------------------------------------------------------- */

/* Without --resume: nobody's checkpoints are written over. */
static bool is_free(const char *folder, int last, char reason[REASON_SIZE])
{
    if (last <= 0)
        return true;
    snprintf(reason, REASON_SIZE,
             "--checkpoint-folder %.300s: holds a checkpoint of step %d already: --resume goes on "
             "from it; to begin from the start remove the folder, or choose another",
             folder, last);
    return false;
}

static bool may_go_on(const struct options *options, struct checkpoint *from, int last,
                      const json_t *own, char reason[REASON_SIZE])
{
    const char *folder = options->checkpoint_folder;
    if (last < 0)
        snprintf(reason, REASON_SIZE, "--resume: %.300s: can't be read: %s", folder,
                 strerror(errno));
    else if (last == 0)
        snprintf(reason, REASON_SIZE,
                 "--resume: there is no complete checkpoint in %.300s: leave --resume out, and "
                 "the run begins from the start",
                 folder);
    else if (!driver_checkpoint_read_index(from, folder, last, own, reason))
        return false;
    else if (options->steps > 0 && from->step > options->steps)
        snprintf(reason, REASON_SIZE,
                 "--steps %d: the checkpoint %.300s/step-%d is beyond it: use --steps %d or more",
                 options->steps, folder, from->step, from->step);
    else
        return true;
    return false;
}

/* Rank 0 looks, for all. */
static bool look(const struct run *run, struct checkpoints *checkpoints, char reason[REASON_SIZE])
{
    const struct options *options = run->options;
    const char *folder = options->checkpoint_folder;
    if (options->checkpoint > 0 && !driver_checkpoint_take(folder, &checkpoints->lock, reason))
        return false;
    errno = 0;
    const int last = driver_checkpoint_find(folder, INT_MAX);
    checkpoints->last = last > 0 ? last : 0;
    if (!options->resume)
        return is_free(folder, last, reason);
    return may_go_on(options, &checkpoints->from, last, checkpoints->options, reason);
}

/* Rank 0 has read the index; the others get to know it. */
static void tell_index(const struct run *run, struct checkpoint *from)
{
    struct checkpoint_file *file = from->file;
    tell(run, from, sizeof *from);
    const size_t bytes = (size_t)from->ranks * sizeof *file;
    from->file = run->rank == 0 ? file : malloc(bytes);
    if (from->file == NULL)
        fatal("no memory left for a checkpoint of %d ranks", from->ranks);
    tell(run, from->file, bytes);
}

/* What tells a folder from one of the same name on another computer. */
struct seen {
    struct checkpoint_file file;
    char host[128];
};

/* Ranks that have each a folder of their own would write checkpoints that nobody can put together: does this
 * one see what rank 0 sees there? */
static bool folder_is_shared(const struct run *run, const struct checkpoints *checkpoints,
                             char reason[REASON_SIZE])
{
    const struct options *options = run->options;
    const char *folder = options->checkpoint_folder;
    char path[CHECKPOINT_PATH_SIZE];
    struct seen own = {0}, first;
    if (options->checkpoint > 0)
        snprintf(path, sizeof path, "%s/lock", folder);
    else
        driver_checkpoint_path(path, folder, checkpoints->from.step, "index.json");
    if (!driver_checkpoint_measure(path, &own.file))
        own.file = (struct checkpoint_file){0};
    if (gethostname(own.host, sizeof own.host - 1) != 0)
        own.host[0] = '\0';
    first = own;
    tell(run, &first, sizeof first);
    if (own.file.bytes == first.file.bytes && own.file.checksum == first.file.checksum)
        return true;
    snprintf(reason, REASON_SIZE,
             "--checkpoint-folder %.300s: rank %d, on %s, does not find there what rank 0, on %s, "
             "has there: all computers of a run need the same folder: share it, or choose one "
             "that is shared",
             folder, run->rank, own.host, first.host);
    return false;
}

bool driver_checkpoint_begin(struct run *run, const struct program *program,
                             struct checkpoints *checkpoints, char reason[REASON_SIZE])
{
    const struct options *options = run->options;
    *checkpoints = (struct checkpoints){.lock = -1};
    run->checkpoints = checkpoints;
    if (options->checkpoint == 0 && !options->resume)
        return true;
    if (run->rank == 0)
        checkpoints->options = driver_checkpoint_options(run, program);
    bool good = run->rank > 0 || look(run, checkpoints, reason), all_good = good;
    tell(run, &all_good, sizeof all_good);
    if (!all_good)
        return good;
    if (options->resume)
        tell_index(run, &checkpoints->from);
    good = folder_is_shared(run, checkpoints, reason);
    for (int rank = run->rank; good && rank < checkpoints->from.ranks; rank += run->ranks)
        good = driver_checkpoint_file_is_good(&checkpoints->from, options->checkpoint_folder, rank,
                                              reason);
    return good;
}

void driver_checkpoint_end(struct checkpoints *checkpoints)
{
    free(checkpoints->from.file);
    json_decref(checkpoints->options);
    if (checkpoints->lock >= 0)
        close(checkpoints->lock);
    *checkpoints = (struct checkpoints){.lock = -1};
}

/* ---- what can be stored --------------------------------------------------------------------------------- */

/* Keeps a program what it trains where the driver doesn't find it? */
static bool is_elsewhere(const struct trained_stage *one)
{
    return one->restored == NULL &&
           (one->parameters.extent == HOLDS_NOTHING || one->state.extent == HOLDS_NOTHING);
}

void driver_checkpoint_check_stages(const struct run *run)
{
    char reason[REASON_SIZE] = "";
    bool good = true;
    if (run->options->checkpoint == 0 && !run->options->resume)
        return;
    for (int i = 0; i < run->stages && good; i++) {
        const struct trained_stage *one = &run->trained[i];
        good = !is_elsewhere(one) && (run->stages == 1 || !driver_state_is_in_ranges(one));
        if (!good)
            snprintf(reason, sizeof reason,
                     "--checkpoint and --resume: %s keeps parameters or optimizer state of stage "
                     "%d where they can't be stored: leave these options out",
                     run->step->name, stage_index(one->stage));
    }
    driver_checkpoint_agree(run, good, reason);
}
