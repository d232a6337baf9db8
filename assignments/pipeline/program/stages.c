/*
 * Where the stages of a run are, and the student's pipelines that go with them.
 */
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/pipelines.h"
#include "assignments/pipeline/program/parts.h"

/* ---- the run's schedule ------------------------------------------------------------------------- */

const struct schedule_facts *pipeline_run_schedule(const struct run *run)
{
    return schedule_named(run->step->name);
}

int pipeline_run_chunks(const struct run *run)
{
    return pipeline_chunks_of(run->options, pipeline_run_schedule(run));
}

/* ---- stages and pipelines ------------------------------------------------------------------------ */

static struct pipeline_members members_of(const struct run *run)
{
    return (struct pipeline_members){.comm = run->comm,
                                     .rank = run->rank,
                                     .ranks = run->ranks,
                                     .chunks = pipeline_run_chunks(run)};
}

void pipeline_build(struct run *run)
{
    const struct pipeline_members members = members_of(run);
    if (pipeline_run_schedule(run)->one_process)
        driver_add_stage(run, (struct stage_options){.stages = 1, .layers = run->model->layers});
    else
        pipelines_add_stages(run, &members, pipeline_run_schedule(run)->asynchronous);
}

void pipeline_begin(struct run *run)
{
    const struct pipeline_members members = members_of(run);
    if (pipeline_run_schedule(run)->one_process) {
        batch_open_inputs(run->batch);
        batch_open_labels(run->batch);
    } else {
        run->own = pipelines_new(run, &members);
    }
}

void pipeline_end(struct run *run)
{
    pipelines_free(run->own, pipeline_run_chunks(run));
    run->own = NULL;
}
