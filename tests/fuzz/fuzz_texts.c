/*
 * The fuzzer's target: every reader of text that comes from outside, and what looks at what programs and tools
 * print.
 *
 * The first byte chooses the reader, the rest is the text. The reader must return, with a result or with an error.
 * It is started in the kit's folder.
 */
#include "common/base/fatal.h"
#include "common/base/last_words.h"
#include "grader/answers/answers.h"
#include "grader/builder/builder.h"
#include "grader/diagnosis/diagnose.h"
#include "grader/grade/worker.h"
#include "grader/platform/platform.h"
#include "grader/rubric/rubric.h"
#include "grader/rubric/rubric_calls.h"
#include "grader/run/outcome.h"
#include "grader/text/text.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***words);

enum reader {
    ANSWERS,
    RUBRIC,
    CALLS,
    PLATFORM,
    LAST_WORDS,
    TEXT,
    LINKER,
    OUTPUT,
    WORKER,
    MUTANT,
    READERS
};

static char *kit; /* a folder with what a rubric needs beside it */
static char *rubric_path, *calls_path, *file_path, *mutants_path, *good_rubric;

static void expect(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_texts: %s\n", what);
        abort();
    }
}

static void write_file(const char *path, const char *text, size_t size)
{
    expect(g_file_set_contents_full(path, text, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0644, NULL),
           "no file to fuzz with");
}

static void remove_kit(void)
{
    g_autofree char *command = g_strdup_printf("/bin/rm -rf '%s'", kit);
    expect(system(command) == 0, "the folder can't be removed");
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count, (void)words;
    g_autofree char *top = g_get_current_dir();
    kit = g_dir_make_tmp("fuzz-texts-XXXXXX", NULL);
    expect(kit != NULL, "no folder to fuzz in");
    atexit(remove_kit);
    g_autofree char *command = g_strdup_printf("mkdir -p '%s/assignments/example/mutants' && ln -s "
                                               "'%s/common' '%s/grader' '%s/solutions' '%s'",
                                               kit, top, top, top, kit);
    expect(system(command) == 0, "no kit to fuzz with");
    rubric_path = g_build_filename(kit, "assignments/example/rubric.cfg", NULL);
    calls_path = g_build_filename(kit, "assignments/example/calls.cfg", NULL);
    mutants_path = g_build_filename(kit, "assignments/example/mutants", NULL);
    file_path = g_build_filename(kit, "file", NULL);
    expect(g_file_get_contents("assignments/example/rubric.cfg", &good_rubric, NULL, NULL),
           "the kit's folder is the one to start in");
    setenv("PATH", "", 1); /* nothing is looked up */
    return 0;
}

/* ---- one function per reader ----------------------------------------------------------------------- */

static void fuzz_answers(const char *text, size_t size)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autoptr(GPtrArray) questions = g_ptr_array_new();
    g_ptr_array_add(questions, (char *)"Q1");
    g_ptr_array_add(questions, (char *)"Q2");
    struct answers *answers = answers_parse(text, size, questions, error);
    expect(answers || error->len > 0, "answers were refused without an error");
    int headings = 0;
    if (answers)
        answers_headings(answers, &headings);
    for (int i = 0; i < headings; i++)
        g_free(answers_source(answers, i));
    for (guint i = 0; answers && i < questions->len; i++) {
        g_free(answers_text(answers, questions->pdata[i]));
        g_free(answers_line(answers, questions->pdata[i], "Answer:"));
        GPtrArray *table = answers_table(answers, questions->pdata[i]);
        if (table)
            g_ptr_array_unref(table);
    }
    answers_free(answers);
}

static void fuzz_rubric(const char *text, size_t size, enum reader reader)
{
    g_autoptr(GString) errors = g_string_new(NULL), table = g_string_new(NULL);
    const bool is_rubric = reader == RUBRIC;
    write_file(rubric_path, is_rubric ? text : good_rubric, is_rubric ? size : strlen(good_rubric));
    if (reader == CALLS)
        write_file(calls_path, text, size);
    else
        g_unlink(calls_path);
    struct rubric *rubric = rubric_load(rubric_path, errors);
    expect(rubric || errors->len > 0, "a rubric was refused without an error");
    if (rubric && reader == MUTANT) {
        g_autofree char *mutant = g_build_filename(mutants_path, "a.cfg", NULL),
                        *patch = g_build_filename(mutants_path, "a.patch", NULL);
        write_file(mutant, text, size);
        write_file(patch, "", 0);
        rubric_lint_mutants(rubric, mutants_path, errors);
        rubric_is_covered(rubric, rubric_path, mutants_path, errors);
    }
    if (rubric) {
        char *why = NULL;
        rubric_calls_look_up(rubric, "MPI_Send", &why);
        g_free(why);
        rubric_append_table(rubric, table);
        g_ptr_array_unref(rubric_questions(rubric));
        rubric_free(rubric);
    }
}

static void fuzz_platform(const char *text, size_t size)
{
    g_autoptr(GString) error = g_string_new(NULL);
    write_file(file_path, text, size);
    struct platform *platform = platform_read(kit, file_path, error);
    expect(platform || error->len > 0, "a platform was refused without an error");
    if (platform && platform_knows_collectives(platform, 4)) {
        platform_all_reduce_seconds(platform, 4, 1000);
        platform_all_gather_seconds(platform, 4, 1000);
        platform_reduce_scatter_seconds(platform, 4, 1000);
    }
    g_free(platform);
}

static void fuzz_last_words(const char *text, size_t size)
{
    struct last_words words;
    write_file(file_path, text, size);
    last_words_read(file_path, &words);
    expect(words.calls.count >= 0 && words.calls.count <= LAST_WORDS_PLACES, "too many calls");
    expect(memchr(words.text, '\0', sizeof words.text) != NULL, "words without an end");
}

static void fuzz_text(const char *text, size_t size)
{
    g_autofree char *clean = text_clean(text, size, 300), *quiet = outcome_quieten(text);
    g_autoptr(GString) markdown = g_string_new(NULL), wrapped = g_string_new(NULL);
    expect(g_utf8_validate(clean, -1, NULL), "clean text that is no UTF-8");
    text_todo_line(text);
    text_append_plain(markdown, clean);
    text_append_code(markdown, clean);
    text_append_code_block(markdown, clean);
    text_append_wrapped(wrapped, markdown->str, "  ", 60);
}

static void fuzz_linker(const char *text)
{
    struct rubric rubric = {.assignment = (char *)"example"};
    struct rubric_file one = {.name = (char *)"average.c"}, two = {.name = (char *)"another.c"};
    struct collected_file first = {.file = &one, .assignment = "example"},
                          second = {.file = &two, .assignment = "example"};
    struct built_file files[] = {{.collected = &first, .compiles = true, .links = true},
                                 {.collected = &second, .compiles = true, .links = true}};
    struct build build = {.files = g_array_new(FALSE, FALSE, sizeof *files)};
    struct builder builder = {.build = &build, .rubric = &rubric};
    g_array_append_vals(build.files, files, 2);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 50);
    for (char **line = lines; *line; line++) {
        struct built_file *file = builder_blamed_file(&builder, *line);
        g_free(builder_undefined_symbol(*line));
        if (!file || file->fault)
            continue;
        if (builder_tell_fault(&builder, file, *line))
            expect(file->fault != NULL, "a fault without words");
        g_clear_pointer(&file->fault, g_free);
    }
    g_array_free(build.files, TRUE);
}

static void fuzz_output(const char *text, size_t size)
{
    struct log_record record = log_record_new(LOG_ALLREDUCE, LOG_BEGIN);
    struct log_file logs[2] = {{.rank = 0, .ranks = 2, .count = 1, .record = &record},
                               {.rank = 1, .ranks = 2, .count = 1, .record = &record}};
    g_autofree char *clean = text_clean(text, size, 1 << 16);
    struct last_words words[2] = {{.kind = LAST_WORDS_NONE}, {.kind = LAST_WORDS_MESSAGE}};
    g_strlcpy(words[1].text, clean, sizeof words[1].text);
    for (int way = 0; way < 6; way++) {
        struct outcome outcome = {.ranks = 2,
                                  .end = way % 3 == 0   ? RUN_CRASHED
                                         : way % 3 == 1 ? RUN_FAILED
                                                        : RUN_HUNG,
                                  .simulated = way >= 3,
                                  .log = logs,
                                  .words = words,
                                  .program = (char *)"",
                                  .output = clean,
                                  .fault = way == 5 ? clean : NULL,
                                  .fault_rank = -1};
        g_autoptr(GString) headline = g_string_new(NULL), markdown = g_string_new(NULL);
        diagnosis_tell(&outcome, headline, markdown);
        expect(g_utf8_validate(headline->str, -1, NULL), "a headline that is no UTF-8");
    }
}

static void fuzz_worker(const char *text, size_t size)
{
    int ends[2];
    struct worker worker = {.pending = g_string_new(NULL)};
    struct check_result result = {.verdict = verdict_new(), .runs = grade_runs_new()};
    expect(pipe2(ends, O_NONBLOCK) == 0, "no pipe to fuzz with");
    const ssize_t written = write(ends[1], text, size);
    expect(written >= 0 || size > 60000, "the pipe is full");
    close(ends[1]);
    worker.pipe = ends[0];
    worker_read(&worker, &result);
    close(ends[0]);
    g_string_free(worker.pending, TRUE);
    verdict_free(result.verdict);
    g_free(result.large_tag_call);
    g_array_free(result.runs, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1); /* with an end */
    switch ((enum reader)(data[0] % READERS)) {
    case ANSWERS:
        fuzz_answers(text, size - 1);
        break;
    case RUBRIC:
    case CALLS:
    case MUTANT:
        fuzz_rubric(text, size - 1, (enum reader)(data[0] % READERS));
        break;
    case PLATFORM:
        fuzz_platform(text, size - 1);
        break;
    case LAST_WORDS:
        fuzz_last_words(text, size - 1);
        break;
    case TEXT:
        fuzz_text(text, size - 1);
        break;
    case LINKER:
        fuzz_linker(text);
        break;
    case OUTPUT:
        fuzz_output(text, size - 1);
        break;
    case WORKER:
        fuzz_worker(text, size - 1);
        break;
    case READERS:
        break;
    }
    return 0;
}
