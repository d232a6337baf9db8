/*
 * The values of options: see options_parts.h.
 */
#include "common/driver/options_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

error_t parsing_refuse(struct parsing *parsing, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (parsing->error[0] == '\0')
        vsnprintf(parsing->error, OPTIONS_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return EINVAL;
}

error_t parsing_int(struct parsing *parsing, const char *option, const char *text, int lowest,
                    int highest, int *value)
{
    char *end;
    errno = 0;
    const long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < lowest || number > highest)
        return parsing_refuse(parsing, "%s %.60s: must be a whole number from %d to %d", option,
                              text, lowest, highest);
    *value = (int)number;
    return 0;
}

error_t parsing_seed(struct parsing *parsing, const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        return parsing_refuse(parsing, "--seed %.60s: must be a whole number from 0 to %llu", text,
                              (unsigned long long)UINT64_MAX);
    *value = number;
    return 0;
}

error_t parsing_real(struct parsing *parsing, const char *option, const char *text, double lowest,
                     double highest, double *value)
{
    char *end;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= lowest && number <= highest))
        return parsing_refuse(parsing, "%s %.60s: must be a number from %g to %g", option, text,
                              lowest, highest);
    *value = number;
    return 0;
}

error_t parsing_text(struct parsing *parsing, const char *option, const char *text, char *value,
                     size_t size)
{
    const size_t length = strlen(text);
    if (length == 0 || length >= size)
        return parsing_refuse(parsing, "%s %.60s%s: must have 1 to %zu characters", option, text,
                              length > 60 ? "…" : "", size - 1);
    memcpy(value, text, length + 1);
    return 0;
}

/* "0,100,200": different steps, at most OPTIONS_MAX_STEPS. */
error_t parsing_steps(struct parsing *parsing, const char *option, const char *text, int *count,
                      int step[OPTIONS_MAX_STEPS])
{
    int found = 0;
    const char *place = text;
    for (;;) {
        char *end;
        errno = 0;
        const long number = strtol(place, &end, 10);
        if (end == place || errno != 0 || number < 0 || number > INT_MAX ||
            (*end != ',' && *end != '\0') || found == OPTIONS_MAX_STEPS)
            return parsing_refuse(parsing,
                                  "%s %.60s: must be up to %d step numbers from 0, as in 0,100",
                                  option, text, OPTIONS_MAX_STEPS);
        step[found++] = (int)number;
        if (*end == '\0')
            break;
        place = end + 1;
    }
    *count = found;
    return 0;
}
