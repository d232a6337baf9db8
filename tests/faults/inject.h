/*
 * What the library (inject.c) and whoever starts the grader with it share: a file that all processes map.
 */
#ifndef TESTS_FAULTS_INJECT_H
#define TESTS_FAULTS_INJECT_H

#include <stdatomic.h>
#include <stdint.h>

#define INJECT_PLACES 96

struct inject_counter {
    atomic_int calls; /* of the function */
    /* Where it was called from: the first call from each place, counted from 1. Only where nothing fails. */
    atomic_int places;
    struct {
        uint64_t chain; /* of the callers */
        int call;
    } place[INJECT_PLACES];
};

#endif
