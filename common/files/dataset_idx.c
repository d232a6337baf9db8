/*
 * IDX files, the format of MNIST and Fashion-MNIST (http://yann.lecun.com/exdb/mnist/):
 * a magic number, 0x08 for bytes and the number of dimensions, then the sizes,
 * all big-endian 32-bit, then the bytes. Read as they are or packed by gzip.
 */
#include "common/files/dataset_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define IDX_MAGIC_LABELS 0x00000801u
#define IDX_MAGIC_IMAGES 0x00000803u
#define GET_AGAIN        "get it again with datasets/get fashion-mnist"

/* Deflate packs at most 258 bytes into 2 bits. */
#define DEFLATE_MAX_RATIO 1032

/* An IDX file whose header has been read. */
struct idx {
    const char *path;
    struct mapped_file file;
    bool packed;
    z_stream stream; /* of a packed file: stands behind the header */
    int dimensions;
    uint32_t size[3];
    size_t header_bytes;
    size_t payload_bytes; /* that the header promises */
};

static void idx_close(struct idx *idx)
{
    if (idx->packed)
        inflateEnd(&idx->stream);
    file_unmap(&idx->file);
}

/* Unpacks exactly `bytes` bytes. */
static bool idx_inflate(struct idx *idx, void *out, size_t bytes, char error[DATASET_ERROR_SIZE])
{
    idx->stream.next_out = out;
    idx->stream.avail_out = (uInt)bytes;
    int status = Z_OK;
    while (idx->stream.avail_out > 0 && status == Z_OK)
        status = inflate(&idx->stream, Z_NO_FLUSH);
    if (idx->stream.avail_out == 0)
        return true;
    size_t missing = idx->stream.avail_out;
    if (status == Z_BUF_ERROR)
        return dataset_error(error,
                             "%s: the gzip file breaks off at byte %zu, with %zu bytes of content "
                             "still to come; " GET_AGAIN,
                             idx->path, idx->file.size, missing);
    if (status == Z_STREAM_END)
        return dataset_error(
            error, "%s: its content ends after %lu bytes, %zu bytes too early; " GET_AGAIN,
            idx->path, idx->stream.total_out, missing);
    return dataset_error(error, "%s: the gzip file is damaged before byte %lu (%s); " GET_AGAIN,
                         idx->path, idx->stream.total_in,
                         idx->stream.msg != NULL ? idx->stream.msg : zError(status));
}

/* After the payload: the gzip file's own checksum must hold, and nothing may follow. */
static bool idx_finish(struct idx *idx, char error[DATASET_ERROR_SIZE])
{
    uint8_t more;
    idx->stream.next_out = &more;
    idx->stream.avail_out = 1;
    int status = inflate(&idx->stream, Z_FINISH);
    if (idx->stream.avail_out == 0)
        return dataset_error(error,
                             "%s: its content is longer than the %zu bytes expected; " GET_AGAIN,
                             idx->path, idx->header_bytes + idx->payload_bytes);
    if (status != Z_STREAM_END)
        return dataset_error(error,
                             "%s: the gzip file's end is missing or its checksum is wrong (%s, "
                             "byte %lu); " GET_AGAIN,
                             idx->path, idx->stream.msg != NULL ? idx->stream.msg : "breaks off",
                             idx->stream.total_in);
    if (idx->stream.avail_in > 0)
        return dataset_error(error,
                             "%s: %u bytes follow the end of the gzip file at byte %lu; " GET_AGAIN,
                             idx->path, idx->stream.avail_in, idx->stream.total_in);
    return true;
}

/* Starts unpacking if the file is gzip (it begins 1f 8b). */
static bool idx_begin(struct idx *idx, char error[DATASET_ERROR_SIZE])
{
    const struct mapped_file *file = &idx->file;
    if (file->size < 2 || file->byte[0] != 0x1f || file->byte[1] != 0x8b)
        return true;
    if (file->size > UINT_MAX)
        return dataset_error(error, "%s: %zu bytes are too many for a packed IDX file", idx->path,
                             file->size);
    idx->stream.next_in = (Bytef *)file->byte;
    idx->stream.avail_in = (uInt)file->size;
    if (inflateInit2(&idx->stream, 16 + MAX_WBITS) != Z_OK)
        return dataset_error(error, "%s: zlib could not be started", idx->path);
    idx->packed = true;
    return true;
}

/* Checks magic number and number of samples, and computes the payload's size. */
static bool idx_check_header(struct idx *idx, const uint8_t *header, char error[DATASET_ERROR_SIZE])
{
    uint32_t word[4] = {0};
    for (size_t i = 0; i < idx->header_bytes; i++)
        word[i / 4] = word[i / 4] << 8 | header[i];
    uint32_t magic = idx->dimensions == 3 ? IDX_MAGIC_IMAGES : IDX_MAGIC_LABELS;
    if (word[0] != magic) {
        const char *hint = word[0] == IDX_MAGIC_LABELS   ? " (this is a file of labels)"
                           : word[0] == IDX_MAGIC_IMAGES ? " (this is a file of images)"
                                                         : "";
        return dataset_error(
            error, "%s: byte 0: magic number is 0x%08x%s, expected 0x%08x for %s; " GET_AGAIN,
            idx->path, word[0], hint, magic, idx->dimensions == 3 ? "images" : "labels");
    }
    memcpy(idx->size, word + 1, sizeof idx->size);
    if (idx->size[0] < 1 || idx->size[0] > DATASET_MAX_SAMPLES)
        return dataset_error(error, "%s: byte 4: %u samples, expected 1 to %d; " GET_AGAIN,
                             idx->path, idx->size[0], DATASET_MAX_SAMPLES);
    return true;
}

/* Opens a file and reads its header. With false, nothing is open. */
static bool idx_open(struct idx *idx, const char *path, int dimensions,
                     char error[DATASET_ERROR_SIZE])
{
    *idx = (struct idx){
        .path = path, .dimensions = dimensions, .header_bytes = 4 + 4 * (size_t)dimensions};
    if (!file_map(path, GET_AGAIN, &idx->file, error))
        return false;
    uint8_t unpacked[16];
    const uint8_t *header = idx->file.byte;
    bool good = idx_begin(idx, error);
    if (good && idx->packed) {
        good = idx_inflate(idx, unpacked, idx->header_bytes, error);
        header = unpacked;
    } else if (good && idx->file.size < idx->header_bytes) {
        good = dataset_error(error, "%s: %zu bytes, too short for its header of %zu; " GET_AGAIN,
                             path, idx->file.size, idx->header_bytes);
    }
    good = good && idx_check_header(idx, header, error);
    if (!good)
        idx_close(idx);
    return good;
}

/* Checks the promised payload against the file's size, before any memory is asked for. */
static bool idx_check_size(struct idx *idx, size_t sample_bytes, char error[DATASET_ERROR_SIZE])
{
    idx->payload_bytes = idx->size[0] * sample_bytes;
    size_t expected = idx->header_bytes + idx->payload_bytes;
    if (!idx->packed && idx->file.size != expected)
        return dataset_error(
            error, "%s: %zu bytes, expected %zu for the %u samples of its header; " GET_AGAIN,
            idx->path, idx->file.size, expected, idx->size[0]);
    if (idx->packed && expected > idx->file.size * DEFLATE_MAX_RATIO)
        return dataset_error(error,
                             "%s: byte 4: %u samples can't be packed into a gzip file of %zu "
                             "bytes; " GET_AGAIN,
                             idx->path, idx->size[0], idx->file.size);
    return true;
}

static bool idx_check_image_size(const struct idx *idx, int height, int width,
                                 char error[DATASET_ERROR_SIZE])
{
    if (idx->size[1] != (uint32_t)height || idx->size[2] != (uint32_t)width)
        return dataset_error(error, "%s: byte 8: images of %u×%u, expected %d×%d; " GET_AGAIN,
                             idx->path, idx->size[1], idx->size[2], height, width);
    return true;
}

/* Reads the payload of a packed file, or copies that of another. */
static bool idx_read_payload(struct idx *idx, uint8_t *out, char error[DATASET_ERROR_SIZE])
{
    if (idx->packed)
        return idx_inflate(idx, out, idx->payload_bytes, error) && idx_finish(idx, error);
    memcpy(out, idx->file.byte + idx->header_bytes, idx->payload_bytes);
    return true;
}

bool idx_open_images(const char *path, int height, int width, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE])
{
    struct idx idx;
    size_t image_bytes = (size_t)height * (size_t)width;
    if (!idx_open(&idx, path, 3, error))
        return false;
    bool good = idx_check_image_size(&idx, height, width, error) &&
                idx_check_size(&idx, image_bytes, error);
    const uint8_t *first = idx.file.byte + idx.header_bytes;
    if (good && idx.packed) {
        dataset->unpacked_bytes = idx.payload_bytes;
        dataset->unpacked = memory_allocate(MEMORY_WORKSPACE, idx.payload_bytes);
        first = dataset->unpacked;
        good = idx_read_payload(&idx, dataset->unpacked, error);
    } else if (good) {
        file_watch(path, &idx.file);
        dataset->file[dataset->files++] = idx.file;
        idx.file = (struct mapped_file){0}; /* the data set's from now on */
    }
    idx_close(&idx);
    if (good) {
        dataset->samples = (int)idx.size[0];
        dataset->run[dataset->runs++] =
            (struct image_run){.first = first, .stride = image_bytes, .samples = dataset->samples};
    }
    return good;
}

bool idx_open_labels(const char *path, int classes, struct dataset *dataset,
                     char error[DATASET_ERROR_SIZE])
{
    struct idx idx;
    if (!idx_open(&idx, path, 1, error))
        return false;
    bool good = idx_check_size(&idx, 1, error);
    if (good) {
        dataset->label_bytes = idx.payload_bytes;
        dataset->label = memory_allocate(MEMORY_WORKSPACE, idx.payload_bytes);
        good = idx_read_payload(&idx, dataset->label, error);
    }
    idx_close(&idx);
    for (size_t i = 0; good && i < idx.payload_bytes; i++)
        if (dataset->label[i] >= classes)
            good = dataset_error(error, "%s: byte %zu%s: label %d, expected 0 to %d; " GET_AGAIN,
                                 path, idx.header_bytes + i, idx.packed ? " of its content" : "",
                                 dataset->label[i], classes - 1);
    if (good)
        dataset->samples = (int)idx.size[0];
    return good;
}

/* Goes on with a checksum over the next bytes of the content, `from` bytes behind the header. */
static bool idx_add_to_sum(struct idx *idx, size_t from, size_t bytes, uint32_t *sum,
                           char error[DATASET_ERROR_SIZE])
{
    uint8_t part[4096];
    if (!idx->packed) {
        *sum = (uint32_t)crc32(*sum, idx->file.byte + idx->header_bytes + from, (uInt)bytes);
        return true;
    }
    while (bytes > 0) {
        const size_t now = bytes < sizeof part ? bytes : sizeof part;
        if (!idx_inflate(idx, part, now, error))
            return false;
        *sum = (uint32_t)crc32(*sum, part, (uInt)now);
        bytes -= now;
    }
    return true;
}

/* Of an open file: of its first samples, and of so many bytes of all. */
static bool idx_sum(struct idx *idx, size_t sample_bytes, bool whole, struct idx_sums *sums,
                    char error[DATASET_ERROR_SIZE])
{
    const uint32_t samples = idx->size[0], first = samples < IDX_FIRST ? samples : IDX_FIRST;
    const size_t begin = first * sample_bytes, rest = idx->payload_bytes - begin;
    *sums = (struct idx_sums){.samples = (int)samples};
    if (!idx_add_to_sum(idx, 0, begin, &sums->first, error))
        return false;
    sums->all = sums->first;
    return !whole || idx_add_to_sum(idx, begin, rest, &sums->all, error);
}

bool idx_sum_images(const char *path, int height, int width, struct idx_sums *sums,
                    char error[DATASET_ERROR_SIZE])
{
    struct idx idx;
    const size_t image_bytes = (size_t)height * (size_t)width;
    if (!idx_open(&idx, path, 3, error))
        return false;
    const bool good = idx_check_image_size(&idx, height, width, error) &&
                      idx_check_size(&idx, image_bytes, error) &&
                      idx_sum(&idx, image_bytes, false, sums, error);
    idx_close(&idx);
    return good;
}

bool idx_sum_labels(const char *path, struct idx_sums *sums, char error[DATASET_ERROR_SIZE])
{
    struct idx idx;
    if (!idx_open(&idx, path, 1, error))
        return false;
    const bool good = idx_check_size(&idx, 1, error) && idx_sum(&idx, 1, true, sums, error);
    idx_close(&idx);
    return good;
}
