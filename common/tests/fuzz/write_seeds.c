/*
 * Writes what the fuzzer starts from, good files of every kind, into a folder:
 *
 *     write_seeds FOLDER
 *
 * Each begins with the byte that fuzz_loaders.c chooses the reader by.
 */
#include "common/base/fatal.h"
#include "common/files/curve.h"
#include "common/files/dataset_parts.h"
#include "common/files/tensor_parts.h"
#include "common/log/log_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char *folder;

static void write_seed(const char *name, uint8_t reader, const void *bytes, size_t size)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fputc(reader, file) == EOF || fwrite(bytes, 1, size, file) != size ||
        fclose(file) != 0)
        fatal("%s can't be written", path);
}

/* The same bytes once more as a gzip file. */
static void write_packed(const char *name, uint8_t reader, uint8_t *bytes, size_t size)
{
    uint8_t packed[8192];
    z_stream stream = {
        .next_in = bytes, .avail_in = (uInt)size, .next_out = packed, .avail_out = sizeof packed};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&stream, Z_FINISH) != Z_STREAM_END || deflateEnd(&stream) != Z_OK)
        fatal("zlib can't pack %s", name);
    write_seed(name, reader, packed, stream.total_out);
}

/* A file that the kit wrote itself. */
static void copy_seed(const char *name, uint8_t reader, const char *path)
{
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fatal("%s can't be read", path);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    write_seed(name, reader, bytes, size);
}

static void data_sets(void)
{
    static uint8_t images[16 + 2 * 784] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2};
    uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 5, 1, 9, 0, 4, 4};
    static uint8_t records[2 * 3073] = {9, 255, 3};
    write_seed("images", 0, images, sizeof images);
    write_packed("images.gz", 0, images, sizeof images);
    write_seed("labels", 1, labels, sizeof labels);
    write_packed("labels.gz", 1, labels, sizeof labels);
    write_seed("cifar", 2, records, sizeof records);
    static const char text[] =
        "one, two, three: \u00e9\u4e2d\U0001f600 and once more: \u00e9\u4e2d";
    write_seed("text", 6, text, sizeof text - 1);
}

static void tensors(const char *path)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    struct tensor_file *file = tensor_file_new();
    struct tensor *weight = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(2, 3));
    struct tensor *labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(5));
    struct tensor *half = tensor_new(MEMORY_WORKSPACE, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(1, 2));
    tensor_zero(weight);
    tensor_zero(labels);
    tensor_zero(half);
    tensor_file_add(file, "layers.0.weight", weight);
    tensor_file_add(file, "labels", labels);
    tensor_file_add(file, "half", half);
    const struct slice rows = slice_along(SHAPE(4, 3), 0, 2, 4);
    struct arena *arena = arena_new();
    arena_add(arena, "layers.1.weight", &rows);
    tensor_file_add_slice(file, "rows", weight, "layers.1.weight", &rows);
    tensor_file_set_arena(file, "stage", arena);
    tensor_file_add_range(file, "range", labels, "stage", ".state", 1);
    arena_free(arena);
    tensor_file_set_metadata(file, "steps_done", "3");
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_free(weight);
    tensor_free(labels);
    tensor_free(half);
    tensor_file_free(file);
    copy_seed("tensors", 3, path);
    unlink(path);
}

static void curve(const char *path)
{
    struct curve_writer *file = curve_create(path);
    for (int step = 0; step < 3; step++)
        curve_append(file, &(struct curve_point){.step = step, .samples = 8, .loss = 2.3});
    curve_finish(file);
    copy_seed("curve", 4, path);
    unlink(path);
}

static void logs(const char *path)
{
    log_open(folder, 0, 4, 7);
    log_append(log_record_of_step(LOG_STEP_BEGIN, 0));
    log_compute(LOG_FORWARD, LOG_BEGIN, 0, 0);
    log_compute(LOG_FORWARD, LOG_END, 0, 0);
    struct log_record send = log_record_new(LOG_ISEND, LOG_BEGIN);
    send.peer = 1;
    send.tag = 3;
    send.bytes = 4096;
    send.own_number = 1;
    log_append(send);
    send.phase = LOG_END;
    log_append(send);
    log_compute(LOG_BACKWARD, LOG_BEGIN, 0, 0);
    log_compute(LOG_BACKWARD, LOG_END, 0, 0);
    log_fact(LOG_FINAL);
    log_close();
    /* As it is, and with the checksums, and the numbers, put right after each change. */
    copy_seed("log", 5, path);
    copy_seed("log.check", 5 + 16, path);
    copy_seed("log.sequence", 5 + 48, path);
    unlink(path);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        fatal("usage: write_seeds FOLDER");
    folder = argv[1];
    char path[4000];
    data_sets();
    snprintf(path, sizeof path, "%s/seed.safetensors", folder);
    tensors(path);
    snprintf(path, sizeof path, "%s/seed.csv", folder);
    curve(path);
    snprintf(path, sizeof path, "%s/rank-0.log", folder);
    logs(path);
    return EXIT_SUCCESS;
}
