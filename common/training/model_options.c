/*
 * The options of a model's name, "mlp:depth=8,norm=batch" (model.h).
 */
#include "common/training/model_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SIZE 32 /* letters of a number, and the end */

/* What follows the equals sign, as a text of its own; false where it is too long for any value. */
static bool copy_value(const char *text, size_t length, char value[VALUE_SIZE])
{
    if (length == 0 || length >= VALUE_SIZE)
        return false;
    memcpy(value, text, length);
    value[length] = '\0';
    return true;
}

static bool read_whole(const char *text, struct model_option *option)
{
    char *end;
    const long value = strtol(text, &end, 10);
    if (*end != '\0' || *text < '0' || *text > '9' || value < 1 || value > option->most)
        return false;
    option->value = (int)value;
    return true;
}

static bool read_word(const char *text, struct model_option *option)
{
    for (int i = 0; option->words[i] != NULL; i++)
        if (strcmp(option->words[i], text) == 0) {
            option->value = i;
            return true;
        }
    return false;
}

/* Digits and a point, and no more: strtof would take "nan" and "0x1p-3" as well. The layers work with
 * floats, and what is below 1 must still be so as one of them. */
static bool read_real(const char *text, struct model_option *option)
{
    char *end;
    const double number = (double)strtof(text, &end);
    if (*end != '\0' || strspn(text, "0123456789.") != strlen(text) || !isfinite(number) ||
        number < option->least || number >= option->below)
        return false;
    option->number = number;
    return true;
}

/* A text that is put together piece by piece, and cut where its room ends. */
struct message {
    char *text;
    size_t room, used;
};

__attribute__((format(printf, 2, 3))) static void say(struct message *message, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length =
        vsnprintf(message->text + message->used, message->room - message->used, format, arguments);
    va_end(arguments);
    message->used += (size_t)length;
    if (message->used >= message->room)
        message->used = message->room - 1;
}

/* "none, layer or batch" */
static void say_words(struct message *message, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++)
        say(message, "%s%s", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
}

static void explain_value(const char *text, size_t length, const struct model_option *option,
                          char error[MODEL_ERROR_SIZE])
{
    struct message message = {.text = error, .room = MODEL_ERROR_SIZE};
    say(&message, "'%.*s': %s is ", (int)length, text, option->name);
    if (option->is_real)
        say(&message, "a number from %g to less than %g", option->least, option->below);
    else if (option->words != NULL)
        say_words(&message, option->words);
    else
        say(&message, "a whole number from 1 to %d", option->most);
}

static void explain_name(const char *text, size_t length, const struct model_option *options,
                         int count, char error[MODEL_ERROR_SIZE])
{
    struct message message = {.text = error, .room = MODEL_ERROR_SIZE};
    say(&message, "'%.*s' is no option of this model", (int)length, text);
    for (int i = 0; i < count; i++) {
        say(&message, "%s %s=", i == 0 ? "; it has" : ",", options[i].name);
        if (options[i].words == NULL)
            say(&message, "NUMBER");
        for (int w = 0; options[i].words != NULL && options[i].words[w] != NULL; w++)
            say(&message, "%s%s", w == 0 ? "" : "|", options[i].words[w]);
    }
}

static bool read_option(const char *text, size_t length, struct model_option *options, int count,
                        char error[MODEL_ERROR_SIZE])
{
    const char *equals = memchr(text, '=', length);
    for (int i = 0; i < count && equals != NULL; i++) {
        struct model_option *option = &options[i];
        const size_t name_length = (size_t)(equals - text);
        if (strlen(option->name) != name_length || memcmp(option->name, text, name_length) != 0)
            continue;
        char value[VALUE_SIZE];
        if (copy_value(equals + 1, length - name_length - 1, value) &&
            (option->is_real         ? read_real(value, option)
             : option->words != NULL ? read_word(value, option)
                                     : read_whole(value, option)))
            return true;
        explain_value(text, length, option, error);
        return false;
    }
    explain_name(text, length, options, count, error);
    return false;
}

bool model_read_options(const char *text, struct model_option *options, int count,
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

void model_note_options(struct model *model, const struct model_option *options, int count)
{
    struct message message = {.text = model->options, .room = sizeof model->options};
    for (int i = 0; i < count; i++) {
        const struct model_option *option = &options[i];
        say(&message, "%s%s=", i == 0 ? "" : ",", option->name);
        if (option->is_real)
            say(&message, "%.9g", option->number); /* a float, so that none is another's */
        else if (option->words != NULL)
            say(&message, "%s", option->words[option->value]);
        else
            say(&message, "%d", option->value);
    }
}
