/*
 * Reading a log without trusting it.
 */
#include "common/log/log_reader.h"

#include "common/base/unreadable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define MAX_RANKS 65536
#define MAX_BYTES ((off_t)1 << 30)

/* Reads up to `bytes` bytes; a file that shrinks meanwhile gives fewer. -1: error. */
static ssize_t read_fully(int file, void *to, size_t bytes)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t got = read(file, (char *)to + done, bytes - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* Returns NULL, or what is wrong with the header. */
static const char *header_fault(const struct log_header *header)
{
    if (header->magic != LOG_MAGIC)
        return "it does not begin with a log's magic number";
    if (header->version != LOG_VERSION)
        return "it is of another version";
    if (header->record_size != sizeof(struct log_record))
        return "its records have another size";
    if (header->ranks < 1 || header->ranks > MAX_RANKS)
        return "its number of ranks is impossible";
    if (header->rank < 0 || header->rank >= header->ranks)
        return "its rank is impossible";
    return NULL;
}

/* Returns NULL, or what is wrong with a record, given the one before it (NULL: the first). */
static const char *record_fault(const struct log_record *record, const struct log_record *before)
{
    struct log_record copy = *record;
    copy.check = 0;
    if (record->check != (uint32_t)XXH3_64bits(&copy, sizeof copy))
        return "its checksum is wrong";
    if (record->sequence != (before == NULL ? 1 : before->sequence + 1))
        return "its sequence number is not the next one";
    if (record->operation == LOG_NONE ||
        strcmp(log_operation_name(record->operation), "unknown") == 0)
        return "its operation does not exist";
    if (record->phase < LOG_BEGIN || record->phase > LOG_INSTANT)
        return "its phase does not exist";
    if (before != NULL && (record->clock < before->clock || record->flops < before->flops))
        return "its clock or its FLOPs run backwards";
    /* Where a record has data, they stand in the place of stage and micro-batch. */
    const bool has_place = record->operation != LOG_DATA && record->operation != LOG_SAMPLES;
    if (record->peer < LOG_PEER_NULL ||
        (has_place && (record->stage < -1 || record->micro_batch < -1)))
        return "its peer, stage or micro-batch is impossible";
    return NULL;
}

/* Is everything from here to the end of the room zero? Then the file was just not closed. */
static bool all_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* Decides how many of the bytes are records that hold. */
static void verify(struct log_file *log, size_t bytes)
{
    size_t whole = bytes / sizeof(struct log_record);
    while (log->count < whole) {
        const struct log_record *record = &log->record[log->count];
        size_t left = bytes - log->count * sizeof *record;
        if (record->sequence == 0 && all_zero((const unsigned char *)record, left))
            break;
        const char *fault = record_fault(record, log->count == 0 ? NULL : record - 1);
        if (fault != NULL) {
            snprintf(log->damage, sizeof log->damage, "record %zu, at byte %zu: %s", log->count + 1,
                     sizeof(struct log_header) + log->count * sizeof *record, fault);
            break;
        }
        log->count++;
    }
    size_t tail = bytes % sizeof(struct log_record);
    if (log->count == whole && tail != 0 &&
        !all_zero((const unsigned char *)(log->record + whole), tail))
        snprintf(log->damage, sizeof log->damage, "the file ends inside record %zu", whole + 1);
    log->complete = log->count > 0 && log->record[log->count - 1].operation == LOG_FINAL;
}

/* number: errno, if the system refused something; else 0. */
static bool read_open_file(int file, struct log_file *log, const char **cause, int *number)
{
    struct stat status;
    struct log_header header;
    *cause = "it can't be read";
    *number = 0;
    if (fstat(file, &status) != 0) {
        *number = errno;
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        *cause = "it is not a regular file";
        return false;
    }
    if (status.st_size > MAX_BYTES) {
        *cause = "it is larger than 1 GiB";
        return false;
    }
    /* What it was when asked, whatever it may have grown to since: the sizes below rest on it. */
    if (status.st_size < (off_t)sizeof header) {
        *cause = status.st_size == 0 ? "it is empty" : "it ends inside the header";
        return false;
    }
    ssize_t got = read_fully(file, &header, sizeof header);
    if (got < 0) {
        *number = errno;
        return false;
    }
    if ((size_t)got < sizeof header) {
        *cause = "it became shorter while it was read";
        return false;
    }
    if ((*cause = header_fault(&header)) != NULL)
        return false;
    log->rank = header.rank;
    log->ranks = header.ranks;
    log->seed = header.seed;
    log->pid = header.pid;
    log->polls = header.polls;

    size_t bytes = (size_t)status.st_size - sizeof header;
    log->record = malloc(bytes + sizeof(struct log_record));
    *cause = "there is not enough memory to read it";
    if (log->record == NULL) {
        *number = ENOMEM;
        return false;
    }
    *cause = "it can't be read";
    got = read_fully(file, log->record, bytes);
    if (got < 0) {
        *number = errno;
        return false;
    }
    verify(log, (size_t)got);
    return true;
}

bool log_read(const char *path, struct log_file *log, char error[LOG_ERROR_SIZE])
{
    memset(log, 0, sizeof *log);
    log->rank = -1;
    /* A link or a named pipe in the evidence folder must not lead or stop the reader. */
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        unreadable_note(path, errno);
        snprintf(error, LOG_ERROR_SIZE, "%s: %s", path,
                 errno == ELOOP ? "it is a symbolic link" : strerror(errno));
        return false;
    }
    const char *cause;
    int number;
    bool fine = read_open_file(file, log, &cause, &number);
    close(file);
    if (!fine) {
        unreadable_note(path, number);
        log_destroy(log);
        snprintf(error, LOG_ERROR_SIZE, "%s: %s", path, cause);
    }
    return fine;
}

void log_destroy(struct log_file *log)
{
    free(log->record);
    memset(log, 0, sizeof *log);
}

size_t log_end_of(const struct log_file *log, size_t begin)
{
    if (begin >= log->count)
        return log->count;
    uint16_t operation = log->record[begin].operation;
    size_t depth = 1;
    for (size_t i = begin + 1; i < log->count; i++) {
        if (log->record[i].operation != operation)
            continue;
        if (log->record[i].phase == LOG_BEGIN)
            depth++;
        else if (log->record[i].phase == LOG_END && --depth == 0)
            return i;
    }
    return log->count;
}

bool log_find_step(const struct log_file *log, int step, size_t *first, size_t *last)
{
    *first = *last = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STEP_BEGIN && log_step(record) == step) {
            *first = i + 1;
            *last = log->count;
        } else if (record->operation == LOG_STEP_END && *first > 0) {
            *last = i;
            return true;
        }
    }
    return false;
}

bool log_find_memory(const struct log_file *log, int kind, struct log_memory *memory)
{
    for (size_t i = log->count; i > 0; i--) {
        *memory = log_memory(&log->record[i - 1]);
        if (log->record[i - 1].operation == LOG_MEMORY && memory->kind == kind)
            return true;
    }
    return false;
}
