/*
 * A pipeline among the ranks of a communicator, for programs that have one, or several side by side: its stages,
 * where the student's distribute_layers puts them, and the student's struct pipeline, for the student's
 * schedules.
 */
#ifndef ASSIGNMENTS_PIPELINE_PIPELINES_H
#define ASSIGNMENTS_PIPELINE_PIPELINES_H

#include "assignments/pipeline/pipeline.h"
#include "assignments/pipeline/schedule_table.h"
#include "common/driver/driver.h"

/* Who is in it, and how many stages each rank has. */
struct pipeline_members {
    MPI_Comm comm;
    int rank, ranks; /* in comm */
    int chunks;
    /* Asked for each stage before it is made: it may add what the stage has between itself and its neighbours
     * (before, behind, borders_own). NULL: nothing. */
    void (*put_borders)(const struct run *run, struct stage_options *stage);
};

/* For struct program.build: adds this rank's stages to the run. Fatal, in the name of distribute_layers, if
 * that gives a stage no layers, or a layer no stage. */
void pipelines_add_stages(struct run *run, const struct pipeline_members *members,
                          bool log_parameters);
/* For struct program.begin: the pipelines of this rank's chunks, one behind the other, with their data open. The
 * caller frees them with pipelines_free. */
struct pipeline *pipelines_new(struct run *run, const struct pipeline_members *members);
void pipelines_free(struct pipeline *first, int chunks);

/* One training step by the student's function for a schedule, which is no SCHEDULE_BASELINE. */
void pipelines_take(enum schedule_id schedule, struct pipeline *first, int chunks);

#endif
