/*
 * The learning curve: a CSV file with a line per step,
 *
 *     step,epoch,samples,loss,accuracy,seconds,samples_per_second,tokens_per_second
 *
 * (samples: seen so far, this step included; seconds: since training began;
 * tokens: a model without tokens counts one per sample). A curve that is kept for others to compare
 * with has the first five columns alone: times differ from run to run.
 *
 * Each line is written whole, so a run that is stopped leaves a readable file; and an older file
 * stays as it is until there is a step to replace it with.
 */
#ifndef COMMON_FILES_CURVE_H
#define COMMON_FILES_CURVE_H

#include <stdbool.h>

#define CURVE_UNTIMED_HEADER "step,epoch,samples,loss,accuracy"
#define CURVE_HEADER         CURVE_UNTIMED_HEADER ",seconds,samples_per_second,tokens_per_second"

struct curve_point {
    int step; /* from 0 */
    int epoch;
    long samples;
    double loss;
    double accuracy; /* of the batch, 0 … 1 */
    double seconds;  /* this and what follows: NaN where the file has no times */
    double samples_per_second;
    double tokens_per_second;
};

#define CURVE_ERROR_SIZE 512

struct curve {
    int count;
    struct curve_point *point;
};

/* The writer: each function is fatal, naming the file, when it can't be written. Nothing is there, and an older
 * file stays, until the first step is appended. curve_finish frees the writer. */
struct curve_writer;
struct curve_writer *curve_create(const char *path);
/* The same for a run that goes on with this step: what the file says of later ones, and a line that breaks
 * off, is dropped with the first step that is appended. Without such a file it begins there. Fatal, too, when it
 * is another kind of file. */
struct curve_writer *curve_continue(const char *path, int step);
/* Brings what was written to the disk. */
void curve_keep(struct curve_writer *writer);
void curve_append(struct curve_writer *writer, const struct curve_point *point);
void curve_finish(struct curve_writer *writer);

/* True on success; else error names file and line. curve_destroy frees the points. */
bool curve_read(const char *path, struct curve *curve, char error[CURVE_ERROR_SIZE]);
/* The same, but where it is false the curve has the steps before what is wrong, of which there may be none. */
bool curve_read_what_can_be(const char *path, struct curve *curve, char error[CURVE_ERROR_SIZE]);
void curve_destroy(struct curve *curve);

#endif
