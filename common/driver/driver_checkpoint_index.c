/* The index of a checkpoint: see driver_checkpoint.h. */
#include "common/base/fatal.h"
#include "common/driver/driver_checkpoint.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 256 << 20 }; /* of an index of very many ranks */

#define KIND    "checkpoint of a training run"
#define VERSION 2

/* ---- writing ---------------------------------------------------------------------------------------- */

static json_t *describe_files(const struct checkpoint *checkpoint)
{
    json_t *files = json_array();
    for (int rank = 0; rank < checkpoint->ranks; rank++)
        json_array_append_new(files, json_pack("{s:I, s:I}", "bytes",
                                               (json_int_t)checkpoint->file[rank].bytes, "checksum",
                                               (json_int_t)checkpoint->file[rank].checksum));
    return files;
}

static bool write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool good = fputs(text, file) != EOF && fputc('\n', file) != EOF && fflush(file) == 0 &&
                fsync(fileno(file)) == 0;
    const int cause = errno;
    if (fclose(file) != 0 && good)
        return false;
    errno = cause;
    return good;
}

bool driver_checkpoint_write_index(const struct checkpoint *checkpoint, const char *folder,
                                   json_t *options)
{
    char path[CHECKPOINT_PATH_SIZE], new_path[CHECKPOINT_PATH_SIZE];
    driver_checkpoint_path(path, folder, checkpoint->step, "index.json");
    driver_checkpoint_path(new_path, folder, checkpoint->step, "index.json.tmp");
    json_t *index =
        json_pack("{s:s, s:i, s:s, s:i, s:i, s:i, s:f, s:O, s:o}", "kind", KIND, "version", VERSION,
                  "id", checkpoint->id, "step", checkpoint->step, "optimizer_steps",
                  checkpoint->optimizer_steps, "ranks", checkpoint->ranks, "seconds",
                  checkpoint->seconds, "options", options, "files", describe_files(checkpoint));
    char *text = index != NULL ? json_dumps(index, JSON_INDENT(1)) : NULL;
    json_decref(index);
    if (text == NULL)
        fatal("no memory left for the index of a checkpoint");
    const bool good = write_text(new_path, text) && rename(new_path, path) == 0;
    free(text);
    return good;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool read_whole_number(const json_t *index, const char *name, int lowest, int highest,
                              int *number)
{
    const json_t *value = json_object_get(index, name);
    const json_int_t found = json_integer_value(value);
    *number = (int)found;
    return json_is_integer(value) && found >= lowest && found <= highest;
}

static bool read_files(const json_t *index, struct checkpoint *checkpoint)
{
    const json_t *files = json_object_get(index, "files");
    if (json_array_size(files) != (size_t)checkpoint->ranks)
        return false;
    checkpoint->file = calloc((size_t)checkpoint->ranks, sizeof *checkpoint->file);
    if (checkpoint->file == NULL)
        fatal("no memory left for a checkpoint of %d ranks", checkpoint->ranks);
    for (int rank = 0; rank < checkpoint->ranks; rank++) {
        const json_t *file = json_array_get(files, (size_t)rank);
        const json_t *bytes = json_object_get(file, "bytes");
        const json_t *checksum = json_object_get(file, "checksum");
        if (!json_is_integer(bytes) || !json_is_integer(checksum))
            return false;
        checkpoint->file[rank] = (struct checkpoint_file){(uint64_t)json_integer_value(bytes),
                                                          (uint64_t)json_integer_value(checksum)};
    }
    return true;
}

static bool read_facts(const json_t *index, struct checkpoint *checkpoint)
{
    const char *kind = json_string_value(json_object_get(index, "kind"));
    const char *id = json_string_value(json_object_get(index, "id"));
    const json_t *seconds = json_object_get(index, "seconds");
    int version;
    if (kind == NULL || strcmp(kind, KIND) != 0 || id == NULL ||
        strlen(id) != sizeof checkpoint->id - 1 || !json_is_real(seconds) ||
        !json_is_object(json_object_get(index, "options")) ||
        !read_whole_number(index, "version", VERSION, VERSION, &version) ||
        !read_whole_number(index, "step", 1, INT_MAX, &checkpoint->step) ||
        !read_whole_number(index, "ranks", 1, CHECKPOINT_MOST_RANKS, &checkpoint->ranks) ||
        !read_whole_number(index, "optimizer_steps", 0, INT_MAX, &checkpoint->optimizer_steps))
        return false;
    memcpy(checkpoint->id, id, sizeof checkpoint->id);
    checkpoint->seconds = json_real_value(seconds);
    return read_files(index, checkpoint);
}

/* A new reference, or NULL after saying why. */
static json_t *load(const char *path, char reason[REASON_SIZE])
{
    struct stat status;
    json_error_t problem;
    if (stat(path, &status) != 0 || access(path, R_OK) != 0)
        snprintf(reason, REASON_SIZE, "%.300s: can't be read: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode) || status.st_size > MOST_BYTES)
        snprintf(reason, REASON_SIZE, "%.300s: is no index of a checkpoint", path);
    else {
        json_t *index = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
        if (index != NULL)
            return index;
        snprintf(reason, REASON_SIZE, "%.300s: is cut off or damaged: line %d: %.160s", path,
                 problem.line, problem.text);
    }
    return NULL;
}

static bool is_the_same_run(const json_t *there, const json_t *here, const char *folder, int step,
                            char reason[REASON_SIZE])
{
    char differences[REASON_SIZE - 384] = "";
    if (driver_checkpoint_same_options(there, here, differences, sizeof differences))
        return true;
    snprintf(reason, REASON_SIZE,
             "--resume: %.200s/step-%d is of another run: %s: give the same options, or begin "
             "another run in another --checkpoint-folder",
             folder, step, differences);
    return false;
}

bool driver_checkpoint_read_index(struct checkpoint *checkpoint, const char *folder, int step,
                                  const json_t *options, char reason[REASON_SIZE])
{
    char path[CHECKPOINT_PATH_SIZE];
    const int earlier = driver_checkpoint_find(folder, step);
    driver_checkpoint_path(path, folder, step, "index.json");
    *checkpoint = (struct checkpoint){0};
    json_t *index = load(path, reason);
    bool good = index != NULL, same = true;
    if (good && !read_facts(index, checkpoint)) {
        good = false;
        snprintf(reason, REASON_SIZE,
                 "%.300s: is no index of a checkpoint, or of another version of the kit", path);
    } else if (good && checkpoint->step != step) {
        good = false;
        snprintf(reason, REASON_SIZE, "%.300s: says that it is of step %d", path, checkpoint->step);
    }
    checkpoint->step = step;
    checkpoint->earlier = earlier > 0 ? earlier : 0;
    if (good)
        same = is_the_same_run(json_object_get(index, "options"), options, folder, step, reason);
    else
        driver_checkpoint_add_remedy(checkpoint, folder, reason);
    json_decref(index);
    if (good && same)
        return true;
    free(checkpoint->file);
    checkpoint->file = NULL;
    return false;
}
