/*
 * What the driver's files share: driver.c (the main loop), driver_evidence.c
 * (tensor files and facts) and driver_progress.c (the progress line).
 */
#ifndef COMMON_DRIVER_PARTS_H
#define COMMON_DRIVER_PARTS_H

#include "common/curve.h"
#include "common/driver.h"

/* ---- driver_evidence.c: nothing is written where the options ask for nothing ------------------- */

/* Makes the folder of --evidence if it is not there. */
void evidence_make_folder(const struct options *options);
/* Writes rank-R.before-K.safetensors if --snapshots names this step. */
void evidence_before_step(const struct run *run, int step);
/* Writes rank-R.after-K.safetensors if --dump-gradients names this step. */
void evidence_after_step(const struct run *run, int step);
/* Records live and peak bytes of every kind of memory. */
void evidence_memory(void);

/* ---- driver_progress.c ------------------------------------------------------------------------- */

struct progress {
    bool shown;
    bool terminal; /* one line, written again and again; otherwise a line now and then */
    int steps;     /* of the whole run */
    int batch_size;
    double began; /* seconds_now() at the start of training */
    double told;  /* when the line was last written */
    int told_step;
};

double seconds_now(void); /* of a clock that only goes forward */

/* shown: is this the rank that reports? */
struct progress progress_begin(const struct options *options, int steps, bool shown);
void progress_step(struct progress *progress, const struct curve_point *point);
void progress_end(struct progress *progress);

#endif
