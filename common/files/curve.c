/*
 * Reading a learning curve (curve.h); curve_writer.c writes it. Numbers are read in the C locale,
 * whatever the user's is.
 */
#include "common/files/curve.h"
#include "common/base/fatal.h"
#include "common/files/curve_private.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COLUMNS   8
#define UNTIMED   5          /* columns of a curve that is kept for comparison: no times */
#define MAX_BYTES (64 << 20) /* a curve that is longer was not written by this kit */

static const char *const column_names[COLUMNS] = {"step",
                                                  "epoch",
                                                  "samples",
                                                  "loss",
                                                  "accuracy",
                                                  "seconds",
                                                  "samples_per_second",
                                                  "tokens_per_second"};

locale_t curve_c_locale(void)
{
    static locale_t locale;
    if (locale == (locale_t)0)
        locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0)
        fatal("the C locale can't be had: %s", strerror(errno));
    return locale;
}

/* What is being read, for messages. */
struct reader {
    const char *path;
    int line;
    int columns; /* as the first line has them */
    char *error;
};

static bool read_error(const struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool read_error(const struct reader *reader, const char *format, ...)
{
    int used =
        reader->line > 0
            ? snprintf(reader->error, CURVE_ERROR_SIZE, "%.300s:%d: ", reader->path, reader->line)
            : snprintf(reader->error, CURVE_ERROR_SIZE, "%.300s: ", reader->path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->error + used, CURVE_ERROR_SIZE - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

/* Reads the number of one column, which ends at `end`. Whole numbers may be as large as `most`. */
static bool read_number(const struct reader *reader, int column, const char *text, const char *end,
                        double most, double *number)
{
    char *stop;
    bool empty = text == end || text[0] == ' ' || text[0] == '\t';
    *number = empty ? 0 : strtod_l(text, &stop, curve_c_locale());
    if (empty || stop != end)
        return read_error(reader, "column %s: \"%.*s\" is no number", column_names[column],
                          (int)(end - text > 40 ? 40 : end - text), text);
    if (column < 3 && !(*number >= 0 && *number <= most && *number == floor(*number)))
        return read_error(reader, "column %s: \"%.*s\", expected a whole number from 0 to %.0f",
                          column_names[column], (int)(end - text > 40 ? 40 : end - text), text,
                          most);
    return true;
}

/* Reads one line, without its newline, into a point. */
static bool read_point(const struct reader *reader, const char *line, struct curve_point *point)
{
    static const double most[COLUMNS] = {INT_MAX, INT_MAX, 0x1p53, 0, 0, 0, 0, 0};
    double number[COLUMNS] = {[UNTIMED] = NAN, NAN, NAN};
    const char *text = line;
    for (int column = 0; column < reader->columns; column++) {
        const char *end = strchrnul(text, ',');
        bool last = column == reader->columns - 1;
        if ((*end == '\0') != last)
            return read_error(reader, "%s than %d columns", last ? "more" : "fewer",
                              reader->columns);
        if (!read_number(reader, column, text, end, most[column], &number[column]))
            return false;
        text = end + 1;
    }
    *point = (struct curve_point){.step = (int)number[0],
                                  .epoch = (int)number[1],
                                  .samples = (long)number[2],
                                  .loss = number[3],
                                  .accuracy = number[4],
                                  .seconds = number[5],
                                  .samples_per_second = number[6],
                                  .tokens_per_second = number[7]};
    if (point->accuracy < 0 || point->accuracy > 1)
        return read_error(reader, "column accuracy: %g, expected 0 to 1", point->accuracy);
    return true;
}

static bool append_point(const struct reader *reader, struct curve *curve, int *room,
                         const struct curve_point *point)
{
    if (curve->count > 0 && point->step <= curve->point[curve->count - 1].step)
        return read_error(reader, "step %d follows step %d", point->step,
                          curve->point[curve->count - 1].step);
    if (curve->count == *room) {
        int more = *room == 0 ? 256 : 2 * *room;
        struct curve_point *grown = realloc(curve->point, (size_t)more * sizeof *grown);
        if (grown == NULL)
            return read_error(reader, "no memory left");
        curve->point = grown;
        *room = more;
    }
    curve->point[curve->count++] = *point;
    return true;
}

/* How many columns a first line names; 0: it is not that of a curve. */
static int columns_of(const char *line)
{
    const size_t untimed = strlen(CURVE_UNTIMED_HEADER);
    if (strncmp(line, CURVE_UNTIMED_HEADER, untimed) != 0)
        return 0;
    if (line[untimed] == '\0')
        return UNTIMED;
    return strcmp(line, CURVE_HEADER) == 0 ? COLUMNS : 0;
}

/* Reads line after line of an open file. */
static bool read_lines(struct reader *reader, FILE *file, struct curve *curve)
{
    char *line = NULL;
    size_t line_room = 0;
    int room = 0;
    bool good = true;
    ssize_t length;
    while (good && (length = getline(&line, &line_room, file)) >= 0) {
        reader->line++;
        struct curve_point point;
        if (line[length - 1] != '\n')
            good = read_error(reader, "the line breaks off");
        else if (strlen(line) != (size_t)length)
            good = read_error(reader, "a byte 0 in a text file");
        line[length - 1] = '\0';
        if (good && reader->line == 1) {
            reader->columns = columns_of(line);
            if (reader->columns == 0)
                good = read_error(reader, "expected the column names \"%s\"", CURVE_HEADER);
            continue;
        }
        good =
            good && read_point(reader, line, &point) && append_point(reader, curve, &room, &point);
    }
    if (good && ferror(file))
        good = read_error(reader, "can't be read: %s", strerror(errno));
    free(line);
    reader->line = 0;
    if (good && curve->count == 0)
        good = read_error(reader, "holds no step of a learning curve");
    return good;
}

bool curve_read_what_can_be(const char *path, struct curve *curve, char error[CURVE_ERROR_SIZE])
{
    struct reader reader = {.path = path, .error = error};
    *curve = (struct curve){0};
    struct stat status; /* before opening: to open a named pipe would wait */
    if (stat(path, &status) != 0)
        return read_error(&reader, "can't be read: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return read_error(&reader, "is not a regular file");
    if (status.st_size > MAX_BYTES)
        return read_error(&reader, "%lld bytes, more than the %d of any learning curve",
                          (long long)status.st_size, MAX_BYTES);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return read_error(&reader, "can't be read: %s", strerror(errno));
    bool good = read_lines(&reader, file, curve);
    fclose(file); /* only read from: nothing can be lost */
    return good;
}

bool curve_read(const char *path, struct curve *curve, char error[CURVE_ERROR_SIZE])
{
    const bool good = curve_read_what_can_be(path, curve, error);
    if (!good)
        curve_destroy(curve);
    return good;
}

void curve_destroy(struct curve *curve)
{
    free(curve->point);
    *curve = (struct curve){0};
}
