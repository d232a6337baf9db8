/*
 * Reading last words (last_words.h), with distrust.
 */
#include "common/base/last_words.h"

#include "common/base/unreadable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINES 256

/* A message told again replaces the first one's text, not its time. */
static struct last_words_calls *begin_message(struct last_words *words, uint64_t clock,
                                              const char *text)
{
    if (words->kind != LAST_WORDS_NONE && words->kind != LAST_WORDS_MESSAGE)
        return NULL;
    const bool again = words->kind == LAST_WORDS_MESSAGE;
    words->kind = LAST_WORDS_MESSAGE;
    snprintf(words->text, sizeof words->text, "%s", text);
    if (again)
        return NULL;
    words->clock = clock;
    return &words->calls;
}

/* Returns where the calls of this event go; NULL: it does not count, or is none. */
static struct last_words_calls *begin_event(struct last_words *words, const char *line)
{
    uint64_t clock;
    int read = 0, number, code, full;
    int64_t sender;
    if (sscanf(line, "message %" SCNu64 "%n", &clock, &read) == 1 && line[read] == ' ')
        return begin_message(words, clock, line + read + 1);
    if (sscanf(line, "sample %" SCNu64, &clock) == 1 && words->sampled == 0) {
        words->sampled = clock;
        return &words->sample;
    }
    if (words->kind != LAST_WORDS_NONE)
        return NULL;
    if (sscanf(line, "signal %" SCNu64 " %d %d %" SCNd64 " %d", &clock, &number, &code, &sender,
               &full) == 5) {
        words->kind = LAST_WORDS_SIGNAL;
        words->code = code;
        words->sender = sender;
        words->full_stack = full != 0;
    } else if (sscanf(line, "exit %" SCNu64 " %d", &clock, &number) == 2) {
        words->kind = LAST_WORDS_EXIT;
    } else {
        return NULL;
    }
    words->clock = clock;
    words->number = number;
    return &words->calls;
}

void last_words_read(const char *path, struct last_words *words)
{
    memset(words, 0, sizeof *words);
    const int number = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    FILE *file = number < 0 ? NULL : fdopen(number, "r");
    if (file == NULL || fstat(number, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (file == NULL)
            unreadable_note(path, errno);
        if (file != NULL)
            fclose(file);
        else if (number >= 0)
            close(number);
        return;
    }
    struct last_words_calls *calls = NULL;
    char line[LAST_WORDS_TEXT + 64];
    uint64_t place;
    for (int i = 0; i < MOST_LINES && fgets(line, sizeof line, file) != NULL; i++) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "at %" SCNx64, &place) != 1)
            calls = begin_event(words, line);
        else if (calls != NULL && calls->count < LAST_WORDS_PLACES)
            calls->place[calls->count++] = place;
    }
    fclose(file);
}
