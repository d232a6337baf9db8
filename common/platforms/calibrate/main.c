/*
 * calibrate SECONDS FILE: measures this computer for about so long and writes its platform
 * (calibrate.h). Started by `make calibrate`, one process for each core.
 */
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"
#include "common/base/processor.h"
#include "common/base/units.h"
#include "common/platforms/calibrate/calibrate.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static void abort_all_ranks(void)
{
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

/* ---- what was found ----------------------------------------------------------------------------- */

static void print_kind(enum work_kind kind)
{
    double slowest = 0, fastest = 0, slower = 0;
    int sizes = 0;
    for (int i = 0; i < work_sizes(); i++) {
        const struct work_measured size = work_size(i);
        if (size.work.kind != kind || size.times == 0)
            continue;
        const double alone = fmax(size.seconds.alone, CALIBRATE_LEAST_SECONDS);
        const double rate = size.work.operations / alone;
        slowest = sizes == 0 || rate < slowest ? rate : slowest;
        fastest = sizes == 0 || rate > fastest ? rate : fastest;
        slower += fmax(size.seconds.together, CALIBRATE_LEAST_SECONDS) / alone;
        sizes++;
    }
    if (sizes > 0)
        printf("  %-28s %5d   %9.3g … %-9.3g  %5.2f\n", work_name(kind), sizes, 1e-9 * slowest,
               1e-9 * fastest, slower / sizes);
}

static void print(const char *path, int cores, const struct calibrate_messages *messages)
{
    char text[UNITS_TEXT_SIZE], more[UNITS_TEXT_SIZE];
    printf("%s, %d cores\n\n", calibrate_processor(), cores);
    printf("  %-28s %5s   %-21s  %s\n", "work", "sizes", "operations per ns",
           "slower while all cores compute");
    for (int kind = 0; kind < WORK_KINDS_COUNT; kind++)
        print_kind((enum work_kind)kind);
    printf("\n  A message takes");
    for (int i = 0; i < CALIBRATE_SIZES; i += 3)
        printf("%s %s (%s)", i == 0 ? "" : ",", units_seconds(messages->seconds[i], text),
               units_bytes(messages->bytes[i], more));
    printf(";\n  from %s on its send waits for the receive.\n",
           units_bytes(messages->rendezvous, text));
    printf("\nplatform: %s (make simulate PLATFORM=this, make plan PLATFORM=this)\n", path);
}

/* Kinds that no step has met. A run that met them would end. */
static void complain_about_missing_kinds(void)
{
    for (int kind = 0; kind < WORK_KINDS_COUNT; kind++) {
        bool met = false;
        for (int i = 0; i < work_sizes() && !met; i++)
            met = work_size(i).work.kind == (enum work_kind)kind;
        if (!met)
            printf("  (no rate of %s: no model that was trained does it)\n",
                   work_name((enum work_kind)kind));
    }
}

int main(int count, char **argument)
{
    processor_must_fit();
    int provided, rank, cores;
    mpi_check(PMPI_Init_thread(&count, &argument, MPI_THREAD_FUNNELED, &provided));
    fatal_set_hook(abort_all_ranks);
    mpi_check_install(MPI_COMM_WORLD);
    mpi_check(PMPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(PMPI_Comm_size(MPI_COMM_WORLD, &cores));
    fatal_set_rank(rank);
    if (cores < 2)
        fatal(
            "this computer has one core: what a message between two takes can't be measured, so it "
            "can't be a platform; use one of common/platforms");
    const double seconds = count == 3 ? strtod(argument[1], NULL) : 0;
    if (!(seconds > 0 && seconds <= 3600))
        fatal("usage: calibrate SECONDS FILE, with at most 3600 seconds");

    const struct calibrate_messages messages = calibrate_exchange(rank);
    struct calibrate_speed speed = calibrate_train(0.95 * seconds);
    calibrate_others(0.05 * seconds, &speed);
    if (rank == 0) {
        calibrate_write(argument[2], cores, speed, &messages);
        print(argument[2], cores, &messages);
        complain_about_missing_kinds();
    }
    mpi_check(PMPI_Finalize());
    return EXIT_SUCCESS;
}
