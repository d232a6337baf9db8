/*
 * Going on from a checkpoint: see driver_checkpoint.h.
 *
 * Each rank puts together the wholes that its stages have parts of, from the files of the ranks that
 * were: where they are as many as now, from its own first, which then is enough. So a run may go on on
 * another number of ranks, wherever the files hold all that these need. Copies of a parameter have to
 * be the same; of running averages, which each rank may have its own of, the first is taken.
 */
#include "common/driver/driver_checkpoint.h"

#include "common/base/fatal.h"
#include "common/files/tensor_parts.h"
#include "common/training/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole of which this rank has a part. */
struct needed {
    char name[TENSOR_PARTS_NAME_SIZE];
    struct tensor *whole; /* as far as it was found */
    int *from;            /* of each element the rank whose file had it; -1: none yet */
    bool average;
    struct tensor *part; /* to be filled; a view */
    struct slice slice;  /* of the whole, that it is */
};

struct restoring {
    const struct checkpoint *from;
    struct needed *needed;
    int count, room;
    bool averages; /* what is added now */
    int rank;      /* whose file is read now */
    char *reason;
};

/* ---- what is needed ------------------------------------------------------------------------------------ */

static void need(const char *whole, struct tensor *part, const struct slice *slice, void *user)
{
    struct restoring *restoring = user;
    if (restoring->count == restoring->room) {
        restoring->room = 2 * restoring->room + 16;
        restoring->needed =
            realloc(restoring->needed, (size_t)restoring->room * sizeof *restoring->needed);
        if (restoring->needed == NULL)
            fatal("no memory left for the names of %d tensors", restoring->room);
    }
    struct needed *one = &restoring->needed[restoring->count++];
    *one = (struct needed){.average = restoring->averages, .slice = *slice};
    snprintf(one->name, sizeof one->name, "%s", whole);
    one->part = tensor_view(part, 0, part->shape);
    one->whole = tensor_new(MEMORY_WORKSPACE, part->dtype, DEVICE_CPU, slice->whole);
    one->from = malloc((one->whole->elements + 1) * sizeof *one->from);
    if (one->from == NULL)
        fatal("no memory left to put \"%s\" together", whole);
    for (size_t i = 0; i < one->whole->elements; i++)
        one->from[i] = -1;
}

static void need_all(struct restoring *restoring, const struct run *run)
{
    for (int i = 0; i < run->stages; i++) {
        const struct trained_stage *one = &run->trained[i];
        restoring->averages = false;
        driver_state_for_each(one->stage, stage_parameters(one->stage), "", need, restoring);
        for (int k = 0; k < optimizer_states(one->optimizer); k++) {
            char ending[64];
            driver_state_for_each(one->stage, optimizer_state(one->optimizer, k),
                                  driver_state_ending(one, k, ending), need, restoring);
        }
        restoring->averages = true;
        driver_state_for_each_average(one->stage, need, restoring);
    }
}

static void forget(struct restoring *restoring)
{
    for (int i = 0; i < restoring->count; i++) {
        tensor_free(restoring->needed[i].whole);
        tensor_free(restoring->needed[i].part);
        free(restoring->needed[i].from);
    }
    free(restoring->needed);
}

/* ---- what the files have --------------------------------------------------------------------------------- */

struct taking {
    struct needed *needed;
    const float *values;
    size_t shift; /* from an element of the part to one of the values */
    int rank;
    int other; /* the rank whose copy is another; -1: none */
};

static void take_run(size_t in_part, size_t in_whole, size_t length, void *user)
{
    struct taking *taking = user;
    struct needed *needed = taking->needed;
    float *whole = tensor_floats(needed->whole);
    const float *values = taking->values + (in_part - taking->shift);
    for (size_t i = 0; i < length; i++) {
        int *from = &needed->from[in_whole + i];
        if (*from < 0) {
            whole[in_whole + i] = values[i];
            *from = taking->rank;
        } else if (!needed->average && memcmp(&whole[in_whole + i], &values[i], sizeof *values)) {
            taking->other = *from;
        }
    }
}

static bool take_part(struct restoring *restoring, struct needed *needed,
                      const struct tensor *tensor, const struct tensor_part *part)
{
    char here[SHAPE_TEXT_SIZE], there[SHAPE_TEXT_SIZE];
    if (!shape_equal(part->slice.whole, needed->slice.whole) || tensor->dtype != DTYPE_FLOAT32) {
        snprintf(restoring->reason, REASON_SIZE,
                 "--resume: \"%.100s\" is %s in this model, and %s in the file of rank %d of the "
                 "checkpoint of step %d",
                 needed->name, shape_text(needed->slice.whole, here),
                 shape_text(part->slice.whole, there), restoring->rank, restoring->from->step);
        return false;
    }
    struct taking taking = {.needed = needed,
                            .values = (const float *)tensor->data + part->in_tensor,
                            .shift = part->first,
                            .rank = restoring->rank,
                            .other = -1};
    slice_walk(&part->slice, part->first, part->count, take_run, &taking);
    if (taking.other < 0)
        return true;
    snprintf(restoring->reason, REASON_SIZE,
             "--resume: the copies of \"%.100s\" on ranks %d and %d are not the same in the "
             "checkpoint of step %d: go on on %d ranks, as many as it was written by",
             needed->name, taking.other, restoring->rank, restoring->from->step,
             restoring->from->ranks);
    return false;
}

static bool take_tensor(struct restoring *restoring, const struct tensor_file *file, int index)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    int parts;
    bool good = true;
    struct tensor_part *part = tensor_file_parts(file, index, &parts, error);
    if (part == NULL) {
        snprintf(restoring->reason, REASON_SIZE,
                 "--resume: the file of rank %d of the checkpoint of step %d: %.400s",
                 restoring->rank, restoring->from->step, error);
        return false;
    }
    for (int i = 0; i < parts; i++)
        for (int k = 0; k < restoring->count && good; k++)
            if (strcmp(part[i].whole, restoring->needed[k].name) == 0)
                good = take_part(restoring, &restoring->needed[k], tensor_file_at(file, index),
                                 &part[i]);
    free(part);
    return good;
}

static bool take_file(struct restoring *restoring, const char *folder, int rank)
{
    char path[CHECKPOINT_PATH_SIZE], error[TENSOR_FILE_ERROR_SIZE];
    bool good = true;
    driver_checkpoint_rank_path(path, folder, restoring->from->step, rank);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    if (file == NULL) {
        snprintf(restoring->reason, REASON_SIZE, "--resume: %.500s", error);
        return false;
    }
    restoring->rank = rank;
    for (int i = 0; i < tensor_file_count(file) && good; i++)
        good = take_tensor(restoring, file, i);
    tensor_file_free(file);
    return good;
}

/* ---- putting together --------------------------------------------------------------------------------------- */

static void find_missing(size_t in_part, size_t in_whole, size_t length, void *user)
{
    struct taking *missing = user;
    (void)in_part;
    for (size_t i = 0; i < length; i++)
        if (missing->needed->from[in_whole + i] < 0)
            missing->other = 0;
}

/* Of which this rank's part is not all there; NULL: it is, of all. */
static struct needed *first_missing(const struct restoring *restoring)
{
    for (int k = 0; k < restoring->count; k++) {
        struct needed *needed = &restoring->needed[k];
        struct taking missing = {.needed = needed, .other = -1};
        slice_walk(&needed->slice, 0, needed->part->elements, find_missing, &missing);
        if (missing.other >= 0)
            return needed;
    }
    return NULL;
}

static bool assemble(struct restoring *restoring, const struct run *run)
{
    const char *folder = run->options->checkpoint_folder;
    const int ranks = restoring->from->ranks, own = ranks == run->ranks ? run->rank : -1;
    if (own >= 0 && !take_file(restoring, folder, own))
        return false;
    if (own >= 0 && first_missing(restoring) == NULL)
        return true;
    for (int rank = 0; rank < ranks; rank++)
        if (rank != own && !take_file(restoring, folder, rank))
            return false;
    const struct needed *missing = first_missing(restoring);
    if (missing != NULL)
        snprintf(
            restoring->reason, REASON_SIZE,
            "--resume: \"%.100s\", or a part of it, is in no file of the checkpoint of step %d: "
            "go on on %d ranks, as many as it was written by",
            missing->name, restoring->from->step, ranks);
    return missing == NULL;
}

static void put_back(const struct restoring *restoring)
{
    for (int k = 0; k < restoring->count; k++)
        slice_copy_out(&restoring->needed[k].slice, restoring->needed[k].whole,
                       restoring->needed[k].part);
}

void driver_resume(struct run *run)
{
    char reason[REASON_SIZE] = "";
    struct restoring restoring = {.from = &run->checkpoints->from, .reason = reason};
    if (restoring.from->step == 0)
        return;
    need_all(&restoring, run);
    driver_checkpoint_agree(run, assemble(&restoring, run), reason);
    put_back(&restoring);
    forget(&restoring);
    for (int i = 0; i < run->stages; i++) {
        struct trained_stage *one = &run->trained[i];
        optimizer_set_steps_done(one->optimizer, restoring.from->optimizer_steps);
        if (one->restored != NULL)
            one->restored(run, one);
    }
}
