/*
 * The options of a model's name, "mlp:depth=8,width=64" (model.h).
 */
#include "common/training/model_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_option(const char *text, size_t length, struct size_option *options, int count,
                        char error[MODEL_ERROR_SIZE])
{
    const char *equals = memchr(text, '=', length);
    for (int i = 0; i < count && equals != NULL; i++) {
        size_t name_length = (size_t)(equals - text);
        if (strlen(options[i].name) != name_length ||
            memcmp(options[i].name, text, name_length) != 0)
            continue;
        char *end;
        long value = strtol(equals + 1, &end, 10);
        if (end != text + length || equals[1] < '0' || equals[1] > '9' || value < 1 ||
            value > options[i].most) {
            snprintf(error, MODEL_ERROR_SIZE, "'%.*s': %s is a whole number from 1 to %d",
                     (int)length, text, options[i].name, options[i].most);
            return false;
        }
        options[i].value = (int)value;
        return true;
    }
    int used =
        snprintf(error, MODEL_ERROR_SIZE, "'%.*s' is no option of this model", (int)length, text);
    for (int i = 0; i < count && used < MODEL_ERROR_SIZE; i++)
        used += snprintf(error + used, MODEL_ERROR_SIZE - (size_t)used, "%s %s=NUMBER",
                         i == 0 ? "; it has" : ",", options[i].name);
    return false;
}

bool model_read_options(const char *text, struct size_option *options, int count,
                        char error[MODEL_ERROR_SIZE])
{
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        if (!read_option(text, length, options, count, error))
            return false;
        text += length;
        if (*text == ',')
            text++;
    }
    return true;
}
