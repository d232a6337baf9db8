/*
 * Seeds: fresh for every submission, check and run, the same when graded again,
 * and not to be foreseen by those who do not know the instructor's secret.
 */
#ifndef GRADER_SUBMISSION_SEEDS_H
#define GRADER_SUBMISSION_SEEDS_H

#include "grader/submission/collect.h"
#include "grader/submission/secret.h"

#include <stdint.h>

struct seeds {
    struct secret secret;
    char *submission; /* SHA-256 of the collected files */
    uint64_t fixed;   /* not 0: the seed of every run */
};

/* secret_path, year: as for secret_read. False, and an error, if that can't be had. */
bool seeds_init(struct seeds *seeds, const struct collection *collection, const char *secret_path,
                int year, uint64_t fixed, GString *error);
void seeds_clear(struct seeds *seeds);

/* 1 … 2^31 - 1, of HMAC-SHA256(secret, submission, check, run). */
uint64_t seeds_draw(const struct seeds *seeds, const char *check, int run);

#endif
