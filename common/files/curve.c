/*
 * The learning curve as a CSV file (curve.h). Numbers are written and read in
 * the C locale, whatever the user's is.
 */
#include "common/files/curve.h"
#include "common/base/fatal.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER    "step,epoch,samples,loss,accuracy,seconds,samples_per_second,tokens_per_second"
#define COLUMNS   8
#define MAX_BYTES (64 << 20) /* a curve that is longer was not written by this kit */

static const char *const column_names[COLUMNS] = {"step",
                                                  "epoch",
                                                  "samples",
                                                  "loss",
                                                  "accuracy",
                                                  "seconds",
                                                  "samples_per_second",
                                                  "tokens_per_second"};

static locale_t c_locale(void)
{
    static locale_t locale;
    if (locale == (locale_t)0)
        locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0)
        fatal("the C locale can't be had: %s", strerror(errno));
    return locale;
}

/* --- writing ---------------------------------------------------------------- */

/* Ends the program with the name of the file that could not be written. */
static _Noreturn void fail_to_write(FILE *file, int cause)
{
    char link[64], name[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fileno(file));
    ssize_t length = readlink(link, name, sizeof name - 1);
    name[length < 0 ? 0 : length] = '\0';
    fatal("the learning curve %s can't be written: %s", name, strerror(cause));
}

FILE *curve_create(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        fatal("the learning curve %s can't be created: %s", path, strerror(errno));
    if (fprintf(file, "%s\n", HEADER) < 0 || fflush(file) != 0)
        fail_to_write(file, errno);
    return file;
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
    if (length > 0 && strcmp(line, HEADER "\n") != 0)
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

FILE *curve_continue(const char *path, int step)
{
    FILE *file = fopen(path, "r+e");
    if (file == NULL && errno == ENOENT)
        return curve_create(path);
    if (file == NULL)
        fatal("the learning curve %s can't be opened: %s", path, strerror(errno));
    const off_t end = find_end(file, path, step);
    if (fseeko(file, end, SEEK_SET) != 0 || ftruncate(fileno(file), end) != 0 ||
        (end == 0 && (fprintf(file, "%s\n", HEADER) < 0 || fflush(file) != 0)))
        fail_to_write(file, errno);
    return file;
}

void curve_keep(FILE *file)
{
    if (fsync(fileno(file)) != 0 && errno != EINVAL)
        fail_to_write(file, errno);
}

void curve_append(FILE *file, const struct curve_point *point)
{
    /* One flush per line: what the file holds always ends with a whole line. */
    locale_t before = uselocale(c_locale());
    int written = fprintf(file, "%d,%d,%ld,%.9g,%.9g,%.6f,%.6g,%.6g\n", point->step, point->epoch,
                          point->samples, point->loss, point->accuracy, point->seconds,
                          point->samples_per_second, point->tokens_per_second);
    uselocale(before);
    if (written < 0 || fflush(file) != 0)
        fail_to_write(file, errno);
}

void curve_finish(FILE *file)
{
    if (fclose(file) != 0)
        fatal("the learning curve can't be finished: %s", strerror(errno));
}

/* --- reading ---------------------------------------------------------------- */

/* What is being read, for messages. */
struct reader {
    const char *path;
    int line;
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
    *number = empty ? 0 : strtod_l(text, &stop, c_locale());
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
    double number[COLUMNS];
    const char *text = line;
    for (int column = 0; column < COLUMNS; column++) {
        const char *end = strchrnul(text, ',');
        bool last = column == COLUMNS - 1;
        if ((*end == '\0') != last)
            return read_error(reader, "%s than %d columns", last ? "more" : "fewer", COLUMNS);
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
            if (strcmp(line, HEADER) != 0)
                good = read_error(reader, "expected the column names \"%s\"", HEADER);
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

bool curve_read(const char *path, struct curve *curve, char error[CURVE_ERROR_SIZE])
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
    if (!good)
        curve_destroy(curve);
    return good;
}

void curve_destroy(struct curve *curve)
{
    free(curve->point);
    *curve = (struct curve){0};
}
