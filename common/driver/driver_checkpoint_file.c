/* The files of a checkpoint on the disk: see driver_checkpoint.h. */
#include "common/driver/driver_checkpoint.h"
#include "common/files/tensor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

bool driver_checkpoint_keep(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    /* Of folders some file systems can't say it. */
    const bool kept = fsync(file) == 0 || errno == EINVAL;
    const int cause = errno;
    close(file);
    errno = cause;
    return kept;
}

bool driver_checkpoint_measure(const char *path, struct checkpoint_file *file)
{
    unsigned char some[1 << 16];
    FILE *from = fopen(path, "re");
    *file = (struct checkpoint_file){.checksum = crc32(0, NULL, 0)};
    if (from == NULL)
        return false;
    for (size_t count; (count = fread(some, 1, sizeof some, from)) > 0;) {
        file->bytes += count;
        file->checksum = crc32(file->checksum, some, (uInt)count);
    }
    const bool good = !ferror(from);
    const int cause = errno;
    fclose(from); /* only read from: nothing can be lost */
    errno = cause;
    return good;
}

/* ---- is it the one? ----------------------------------------------------------------------------------- */

void driver_checkpoint_add_remedy(const struct checkpoint *checkpoint, const char *folder,
                                  char reason[REASON_SIZE])
{
    const size_t used = strlen(reason);
    char *rest = reason + used;
    if (checkpoint->earlier > 0)
        snprintf(rest, REASON_SIZE - used,
                 ": remove %.200s/step-%d to go on from the checkpoint before it, of step %d",
                 folder, checkpoint->step, checkpoint->earlier);
    else
        snprintf(rest, REASON_SIZE - used,
                 ": no other checkpoint is there: remove %.200s/step-%d and begin from the start, "
                 "without --resume",
                 folder, checkpoint->step);
}

/* Does the file say that it is rank `rank`'s of this checkpoint? If not, false and a text. */
static bool belongs(const struct checkpoint *checkpoint, const struct tensor_file *file,
                    const char *path, int rank, char text[REASON_SIZE])
{
    const char *id = tensor_file_metadata(file, "checkpoint");
    const char *step = tensor_file_metadata(file, "step");
    const char *owner = tensor_file_metadata(file, "rank");
    char own[16];
    snprintf(own, sizeof own, "%d", rank);
    if (id == NULL || step == NULL || owner == NULL)
        snprintf(text, REASON_SIZE, "%.300s: is no file of a checkpoint", path);
    else if (strcmp(id, checkpoint->id) != 0)
        snprintf(text, REASON_SIZE,
                 "%.300s: is of another checkpoint (step %.10s, id %.16s) than its index (step %d, "
                 "id %s)",
                 path, step, id, checkpoint->step, checkpoint->id);
    else if (strcmp(owner, own) != 0)
        snprintf(text, REASON_SIZE, "%.300s: is the file of rank %.10s", path, owner);
    else
        return true;
    return false;
}

/* Has it the bytes that were written? `unreadable`: what is wrong with it as a tensor file, or empty. */
static bool is_as_written(const struct checkpoint_file *written, const char *path,
                          const char *unreadable, char text[REASON_SIZE])
{
    struct checkpoint_file found;
    if (!driver_checkpoint_measure(path, &found))
        snprintf(text, REASON_SIZE, "%.300s: can't be read: %s", path, strerror(errno));
    else if (found.bytes != written->bytes)
        snprintf(text, REASON_SIZE, "%.300s: %s: %" PRIu64 " bytes, where %" PRIu64 " were written",
                 path, found.bytes < written->bytes ? "is cut off" : "is too long", found.bytes,
                 written->bytes);
    else if (found.checksum != written->checksum)
        snprintf(text, REASON_SIZE,
                 "%.300s: is damaged: its checksum is %08" PRIx64 ", and was %08" PRIx64
                 " when it was written",
                 path, found.checksum, written->checksum);
    else if (unreadable[0] != '\0')
        snprintf(text, REASON_SIZE, "%.600s", unreadable);
    else
        return true;
    return false;
}

/* A file of another checkpoint is called that, rather than one of another size. */
static bool is_good(const struct checkpoint *checkpoint, const char *path, int rank,
                    char text[REASON_SIZE])
{
    char unreadable[TENSOR_FILE_ERROR_SIZE] = "";
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, unreadable);
    const bool good =
        (file == NULL || belongs(checkpoint, file, path, rank, text)) &&
        is_as_written(&checkpoint->file[rank], path, file == NULL ? unreadable : "", text);
    tensor_file_free(file);
    return good;
}

bool driver_checkpoint_file_is_good(const struct checkpoint *checkpoint, const char *folder,
                                    int rank, char reason[REASON_SIZE])
{
    char path[CHECKPOINT_PATH_SIZE];
    driver_checkpoint_rank_path(path, folder, checkpoint->step, rank);
    if (is_good(checkpoint, path, rank, reason))
        return true;
    driver_checkpoint_add_remedy(checkpoint, folder, reason);
    return false;
}
