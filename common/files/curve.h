/*
 * The learning curve: a CSV file with a line per step,
 *
 *     step,epoch,samples,loss,accuracy,seconds,samples_per_second,tokens_per_second
 *
 * (samples: seen so far, this step included; seconds: since training began;
 * tokens: a model without tokens counts one per sample). Each line is written
 * whole, so a run that is stopped leaves a readable file.
 */
#ifndef COMMON_FILES_CURVE_H
#define COMMON_FILES_CURVE_H

#include <stdbool.h>
#include <stdio.h>

struct curve_point {
    int step; /* from 0 */
    int epoch;
    long samples;
    double loss;
    double accuracy; /* of the batch, 0 … 1 */
    double seconds;
    double samples_per_second;
    double tokens_per_second;
};

#define CURVE_ERROR_SIZE 512

struct curve {
    int count;
    struct curve_point *point;
};

/* The writer: fatal, naming the file, when it can't be written. */
FILE *curve_create(const char *path);
/* The same for a run that goes on with this step: what the file says of later ones, and a line that breaks
 * off, is dropped. Without such a file it begins there. Fatal, too, when it is another kind of file. */
FILE *curve_continue(const char *path, int step);
/* Brings what was written to the disk. */
void curve_keep(FILE *file);
void curve_append(FILE *file, const struct curve_point *point);
void curve_finish(FILE *file);

/* True on success; else error names file and line. curve_destroy frees the points. */
bool curve_read(const char *path, struct curve *curve, char error[CURVE_ERROR_SIZE]);
void curve_destroy(struct curve *curve);

#endif
