/*
 * Writing the log. One process writes one file through a shared mapping, so
 * that the kernel keeps every record whatever happens to the process.
 *
 * The file grows in steps. A record is complete once its check is right; a
 * reader stops at the first that is not.
 */
#include "common/log/log.h"

#include "common/base/callers.h"
#include "common/base/device.h"
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

/* Steps in which the file grows: it doubles, between these. Small at first, for runs of many ranks. */
#define LEAST_GROWTH ((size_t)64 << 10)
#define MOST_GROWTH  ((size_t)1 << 20)

_Static_assert(sizeof(struct log_record) == 120, "the log's format");
_Static_assert(sizeof(struct log_header) == 120, "the log's format");

static struct {
    int file;
    char path[PATH_MAX];
    unsigned char *memory; /* NULL: no log is open */
    size_t size;           /* of the file and of the mapping */
    uint64_t sequence;     /* of the last record */
} the_log;

/* Makes the file and the mapping one step larger. */
static void grow(void)
{
    size_t growth = the_log.size;
    if (growth < LEAST_GROWTH)
        growth = LEAST_GROWTH;
    if (growth > MOST_GROWTH)
        growth = MOST_GROWTH;
    /* Beyond a limit on file sizes the kernel would kill instead of reporting an error. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    if (sigaction(SIGXFSZ, &ignore, &before) != 0)
        fatal("can't ignore SIGXFSZ: %s", strerror(errno));
    int error = posix_fallocate(the_log.file, (off_t)the_log.size, (off_t)growth);
    if (sigaction(SIGXFSZ, &before, NULL) != 0)
        fatal("can't restore SIGXFSZ: %s", strerror(errno));
    if (error == EFBIG)
        fatal("the log %s is full: %" PRIu64
              " records in %zu MiB, and files may not be larger here. That is "
              "the kit's limit, and no mistake by itself; but does the program mean to call MPI so "
              "often?",
              the_log.path, the_log.sequence, the_log.size >> 20);
    if (error != 0)
        fatal("can't make room for the log %s beyond %zu bytes: %s", the_log.path, the_log.size,
              strerror(error));

    size_t size = the_log.size + growth;
    void *memory = the_log.memory == NULL
                       ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, the_log.file, 0)
                       : mremap(the_log.memory, the_log.size, size, MREMAP_MAYMOVE);
    if (memory == MAP_FAILED)
        fatal("can't map the log %s (%zu bytes): %s", the_log.path, size, strerror(errno));
    the_log.memory = memory;
    the_log.size = size;
}

void log_open(const char *folder, int rank, int ranks, uint64_t seed)
{
    if (the_log.memory != NULL)
        fatal("the log %s is already open", the_log.path);
    int length = snprintf(the_log.path, sizeof the_log.path, "%s/rank-%d.log", folder, rank);
    if (length < 0 || (size_t)length >= sizeof the_log.path)
        fatal("the folder's name is too long: %s", folder);
    the_log.file = open(the_log.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (the_log.file < 0)
        fatal("can't create the log %s: %s", the_log.path, strerror(errno));
    the_log.size = 0;
    the_log.sequence = 0;
    grow();

    struct log_header header = {.magic = LOG_MAGIC,
                                .version = LOG_VERSION,
                                .record_size = sizeof(struct log_record),
                                .rank = rank,
                                .ranks = ranks,
                                .seed = seed,
                                .pid = (uint64_t)getpid()};
    memcpy(the_log.memory, &header, sizeof header);
}

bool log_is_open(void)
{
    return the_log.memory != NULL;
}

uint64_t log_sequence(void)
{
    return the_log.memory == NULL ? 0 : the_log.sequence;
}

static size_t bytes_used(void)
{
    return sizeof(struct log_header) + the_log.sequence * sizeof(struct log_record);
}

void log_close(void)
{
    if (the_log.memory == NULL)
        return;
    if (munmap(the_log.memory, the_log.size) != 0)
        fatal("can't unmap the log %s: %s", the_log.path, strerror(errno));
    the_log.memory = NULL;
    if (ftruncate(the_log.file, (off_t)bytes_used()) != 0 || close(the_log.file) != 0)
        fatal("can't finish the log %s: %s", the_log.path, strerror(errno));
}

struct log_record log_record_new(enum log_operation operation, enum log_phase phase)
{
    return (struct log_record){.operation = (uint16_t)operation,
                               .phase = (uint8_t)phase,
                               .peer = LOG_NO_PEER,
                               .tag = LOG_ANY_TAG,
                               .stage = -1,
                               .micro_batch = -1};
}

/* Who led here: what a student's function called is told better than what that called in its turn. */
static void add_calls(struct log_record *record)
{
    void *address[32];
    const int frames = callers_walk(address, sizeof address / sizeof *address);
    for (int i = 0; i < LOG_CALLS && i < frames; i++)
        record->calls[i] = (uint32_t)callers_offset(address[frames - 1 - i]);
}

void log_append(struct log_record record)
{
    if (the_log.memory == NULL)
        return;
    size_t end = bytes_used();
    if (end + sizeof record > the_log.size)
        grow();
    record.sequence = the_log.sequence + 1;
    record.clock = machine_clock();
    record.flops = flops_charged();
    add_calls(&record);
    record.check = 0;
    record.check = (uint32_t)XXH3_64bits(&record, sizeof record);
    memcpy(the_log.memory + end, &record, sizeof record);
    the_log.sequence = record.sequence;
    ((struct log_header *)(void *)the_log.memory)->polls = 0;
}

void log_count_poll(void)
{
    if (the_log.memory != NULL)
        ((struct log_header *)(void *)the_log.memory)->polls++;
}

/* Computations do not contain one another. */
static uint64_t busy, computing_since;
static uint64_t called, calling_since; /* of that, in calls of MPI */

uint64_t log_busy(void)
{
    return busy;
}

void log_call(enum log_phase phase)
{
    if (phase == LOG_BEGIN)
        calling_since = machine_clock();
    else
        called += machine_clock() - calling_since;
}

static bool timed; /* log_time_computations */

void log_time_computations(bool wanted)
{
    timed = wanted;
}

void log_compute_with(enum log_operation operation, enum log_phase phase, int stage,
                      int micro_batch, uint64_t parameters, uint64_t tensor)
{
    flops_spend(); /* at the begin, what does not belong to this computation */
    if (device_is_open() && (timed || the_log.memory != NULL))
        device_wait(); /* without it the time would be that of asking the GPU */
    if (phase == LOG_BEGIN) {
        computing_since = machine_clock();
        called = 0;
    } else if (phase == LOG_END) {
        busy += machine_clock() - computing_since - called;
    }
    if (the_log.memory == NULL)
        return;
    struct log_record record = log_record_new(operation, phase);
    record.stage = stage;
    record.micro_batch = micro_batch;
    record.fingerprint = parameters;
    record.own_number = tensor;
    log_append(record);
}

void log_compute(enum log_operation operation, enum log_phase phase, int stage, int micro_batch)
{
    log_compute_with(operation, phase, stage, micro_batch, 0, 0);
}

void log_fact(enum log_operation operation)
{
    log_append(log_record_new(operation, LOG_INSTANT));
}

/* Of data in the GPU's memory, by a copy. */
static uint64_t fingerprint_of_device(const void *data, size_t bytes)
{
    void *copy = memory_block_new(bytes);
    device_copy_out(copy, data, bytes);
    const uint64_t fingerprint = XXH3_64bits(copy, bytes);
    memory_block_free(copy, bytes);
    return fingerprint;
}

uint64_t log_fingerprint(const void *data, size_t bytes)
{
    return device_owns(data) ? fingerprint_of_device(data, bytes) : XXH3_64bits(data, bytes);
}
