/*
 * The real machine: this computer (machine.h).
 */
#include "common/base/machine.h"
#include "common/base/machine_time.h"

#include "common/base/fatal.h"
#include "common/base/machines/folds.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

const char *machine_name(void)
{
    return "real";
}

bool machine_may_have_gpus(void)
{
    return true;
}

uint64_t machine_clock(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
        fatal("can't read the clock: %s", strerror(errno));
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t machine_waiting_clock(void)
{
    return machine_clock();
}

const char *machine_time_name(void)
{
    return "";
}

void machine_compute(double flops)
{
    (void)flops;
}

void machine_compute_for(struct duration duration)
{
    (void)duration;
}

const char *machine_property(const char *name)
{
    (void)name;
    return NULL;
}

double machine_speed(void)
{
    return INFINITY;
}

struct machine_transfer machine_transfer_begin(enum machine_direction direction, size_t bytes)
{
    (void)direction;
    (void)bytes;
    const double now = 1e-9 * (double)machine_clock();
    return (struct machine_transfer){now, now};
}

void machine_wait_until(double seconds)
{
    (void)seconds;
}

void machine_compute_on_host(double flops, double bytes)
{
    (void)flops;
    (void)bytes;
}

int machine_rank_running(int own)
{
    return own;
}

bool machine_is_first_process(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"); /* mpirun's, or PMIx's under srun */
    if (rank == NULL)
        rank = getenv("PMIX_RANK");
    return rank == NULL || strcmp(rank, "0") == 0;
}

void machine_abort(int status)
{
    (void)status;
}

const char *machine_program(void)
{
    static char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    return path;
}

struct resident_memory machine_resident_memory(void)
{
    struct resident_memory memory = {0};
    size_t kilobytes;
    char line[128];
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmHWM: %zu", &kilobytes) == 1)
            memory.peak = kilobytes * 1024;
        if (sscanf(line, "VmRSS: %zu", &kilobytes) == 1)
            memory.now = kilobytes * 1024;
    }
    if (file != NULL)
        fclose(file);
    return memory;
}

/* ---- folded memory ---------------------------------------------------------------------------- */

/* How many bytes are really there: few, but the kernel allows only some 65,000 mappings. */
static size_t fold_size(size_t bytes)
{
    size_t fold = (size_t)2 << 20;
    while (bytes / fold >= 4096)
        fold *= 2;
    return fold;
}

static struct folds given;

bool machine_is_folded(const void *buffer)
{
    return folds_contain(&given, buffer);
}

void *machine_folded_memory(size_t bytes)
{
    void *there = folds_find(&given, bytes);
    if (there != NULL)
        return there;
    const size_t wanted = folds_next(&given, bytes), fold = fold_size(wanted);
    const size_t folds = wanted / fold + 1;
    const int file = memfd_create("folded", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)fold) != 0)
        fatal("there is no memory to fold: %s", strerror(errno));
    unsigned char *memory =
        mmap(NULL, folds * fold, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        fatal("there are no %zu bytes of address space: %s", folds * fold, strerror(errno));
    for (size_t i = 0; i < folds; i++) {
        unsigned char *const place = memory + i * fold;
        const void *mapped =
            mmap(place, fold, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
        if (mapped != place)
            fatal("can't fold %zu bytes: %s", folds * fold, strerror(errno));
    }
    close(file);
    folds_add(&given, memory, folds * fold);
    return memory;
}

/* ---- polling ---------------------------------------------------------------------------------- */

void machine_polled(void)
{
    /* Whoever started the program watches the clock. */
}

void machine_calls(void) {}

void machine_progressed(void) {}
