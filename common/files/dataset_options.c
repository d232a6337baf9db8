/*
 * Options behind a data set's name, all of them whole numbers (dataset_parts.h).
 */
#include "common/files/dataset_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "channels, height and width" */
static void list_names(const struct dataset_option *known, size_t count, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t k = 0; k < count; k++) {
        const size_t length = strlen(text);
        const char *before = k == 0 ? "" : k + 1 < count ? ", " : " and ";
        snprintf(text + length, size - length, "%s%s", before, known[k].name);
    }
}

/* Reads one "name=number" of `length` characters. */
static bool read_one(const char *set, const struct dataset_option *known, size_t count,
                     const char *text, size_t length, void *options, char error[DATASET_ERROR_SIZE])
{
    for (size_t k = 0; k < count; k++) {
        size_t name_length = strlen(known[k].name);
        if (length <= name_length || text[name_length] != '=' ||
            strncmp(text, known[k].name, name_length) != 0)
            continue;
        const char *digits = text + name_length + 1;
        char *end;
        errno = 0;
        long number = strtol(digits, &end, 10);
        bool is_number = digits[0] >= '0' && digits[0] <= '9' && end == text + length;
        if (!is_number || errno != 0 || number < known[k].least || number > known[k].most)
            return dataset_error(error, "data set %s: \"%.*s\": %s is a number from %d to %d", set,
                                 (int)length, text, known[k].name, known[k].least, known[k].most);
        *(int *)((char *)options + known[k].offset) = (int)number;
        return true;
    }
    char names[128];
    list_names(known, count, names, sizeof names);
    return dataset_error(error, "data set %s: \"%.*s\" is no option; there %s %s, as in %s:%s=%d",
                         set, (int)length, text, count == 1 ? "is" : "are", names, set,
                         known[0].name, known[0].least);
}

bool dataset_options_read(const char *set, const struct dataset_option *known, size_t count,
                          const char *text, void *options, char error[DATASET_ERROR_SIZE])
{
    if (text[0] == '\0')
        return true;
    do {
        text++; /* the colon, then each comma */
        size_t length = strcspn(text, ",");
        if (!read_one(set, known, count, text, length, options, error))
            return false;
        text += length;
    } while (text[0] == ',');
    return true;
}
