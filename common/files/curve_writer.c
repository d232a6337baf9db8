/*
 * Writing a learning curve (curve.h). A new curve is begun beside the file and takes its place with its
 * first step: a run that fails before that leaves an older curve as it was. Numbers are written in the C
 * locale, whatever the user's is.
 */
#include "common/base/fatal.h"
#include "common/files/curve.h"
#include "common/files/curve_private.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct curve_writer {
    char *path;
    FILE *file;    /* NULL: not before the first step */
    off_t end;     /* of what stays of a file that a run goes on with, its header included */
    bool cuts_off; /* what is behind that, before the first step is appended */
};

static _Noreturn void fail_to_write(const struct curve_writer *writer, int cause)
{
    fatal("the learning curve %s can't be written: %s", writer->path, strerror(cause));
}

static _Noreturn void fail_to_create(const char *path, int cause)
{
    fatal("the learning curve %s can't be created: %s", path, strerror(cause));
}

static void *not_null(void *memory)
{
    if (memory == NULL)
        fatal("no memory left for a learning curve");
    return memory;
}

/* Where the curve is until it has a step; the caller's. */
static char *path_of_new(const char *path)
{
    char *new_path;
    if (asprintf(&new_path, "%s.new", path) < 0)
        fatal("no memory left for a learning curve");
    return new_path;
}

static struct curve_writer *writer_new(const char *path)
{
    struct curve_writer *writer = not_null(calloc(1, sizeof *writer));
    /* A link is followed: what it names is replaced. */
    char *real = realpath(path, NULL);
    writer->path = real != NULL ? real : not_null(strdup(path));
    return writer;
}

/* Is there something that can't be replaced: a pipe, a device, a folder? */
static bool is_special(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static void write_header(const struct curve_writer *writer)
{
    if (fprintf(writer->file, "%s\n", CURVE_HEADER) < 0 || fflush(writer->file) != 0)
        fail_to_write(writer, errno);
}

struct curve_writer *curve_create(const char *path)
{
    struct curve_writer *writer = writer_new(path);
    if (is_special(path)) {
        writer->file = fopen(path, "we");
        if (writer->file == NULL)
            fail_to_create(path, errno);
        write_header(writer);
        return writer;
    }
    /* That there will be no file is said before hours of training, not after. */
    char *new_path = path_of_new(writer->path);
    FILE *tried = fopen(new_path, "we");
    if (tried == NULL || fclose(tried) != 0 || unlink(new_path) != 0)
        fail_to_create(path, errno);
    free(new_path);
    return writer;
}

/* Is this a whole line of a step after `*last` and before `step`? */
static bool belongs(const char *line, ssize_t length, int step, long *last)
{
    char *end;
    const long found = strtol(line, &end, 10);
    if (line[length - 1] != '\n' || end == line || *end != ',' || found <= *last || found >= step)
        return false;
    *last = found;
    return true;
}

/* How many bytes of the file belong to steps before `step`; 0: it is empty. */
static off_t find_end(FILE *file, const char *path, int step)
{
    char *line = NULL;
    size_t room = 0;
    off_t end = 0;
    long last = -1;
    ssize_t length = getline(&line, &room, file);
    if (length > 0 && strcmp(line, CURVE_HEADER "\n") != 0)
        fatal("%s is no learning curve that a run could go on with: name another file, or remove "
              "it",
              path);
    while (length > 0) {
        end += length;
        length = getline(&line, &room, file);
        if (length > 0 && !belongs(line, length, step, &last))
            break;
    }
    free(line);
    return end;
}

struct curve_writer *curve_continue(const char *path, int step)
{
    FILE *file = fopen(path, "r+e");
    if (file == NULL && errno == ENOENT)
        return curve_create(path);
    if (file == NULL)
        fatal("the learning curve %s can't be opened: %s", path, strerror(errno));
    struct curve_writer *writer = writer_new(path);
    writer->file = file;
    writer->end = find_end(file, path, step);
    writer->cuts_off = true;
    return writer;
}

void curve_keep(struct curve_writer *writer)
{
    if (writer->file != NULL && fsync(fileno(writer->file)) != 0 && errno != EINVAL)
        fail_to_write(writer, errno);
}

static void write_point(const struct curve_writer *writer, const struct curve_point *point)
{
    /* One flush per line: what the file holds always ends with a whole line. */
    locale_t before = uselocale(curve_c_locale());
    int written = fprintf(writer->file, "%d,%d,%ld,%.9g,%.9g,%.6f,%.6g,%.6g\n", point->step,
                          point->epoch, point->samples, point->loss, point->accuracy,
                          point->seconds, point->samples_per_second, point->tokens_per_second);
    uselocale(before);
    if (written < 0 || fflush(writer->file) != 0)
        fail_to_write(writer, errno);
}

/* The first step, with which the new file takes the old one's place. */
static void begin_new(struct curve_writer *writer, const struct curve_point *point)
{
    char *new_path = path_of_new(writer->path);
    writer->file = fopen(new_path, "we");
    if (writer->file == NULL)
        fail_to_write(writer, errno);
    write_header(writer);
    write_point(writer, point);
    if (rename(new_path, writer->path) != 0)
        fail_to_write(writer, errno);
    free(new_path);
}

/* Drops what is to be replaced of a file that the run goes on with. */
static void cut_off(struct curve_writer *writer)
{
    writer->cuts_off = false;
    if (fseeko(writer->file, writer->end, SEEK_SET) != 0 ||
        ftruncate(fileno(writer->file), writer->end) != 0)
        fail_to_write(writer, errno);
    if (writer->end == 0)
        write_header(writer);
}

void curve_append(struct curve_writer *writer, const struct curve_point *point)
{
    if (writer->file == NULL) {
        begin_new(writer, point);
        return;
    }
    if (writer->cuts_off)
        cut_off(writer);
    write_point(writer, point);
}

void curve_finish(struct curve_writer *writer)
{
    if (writer->file != NULL && fclose(writer->file) != 0)
        fatal("the learning curve %s can't be finished: %s", writer->path, strerror(errno));
    free(writer->path);
    free(writer);
}
