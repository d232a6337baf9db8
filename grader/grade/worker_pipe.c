/* The grader's side of a worker: starting, reading, ending it. */
#include "grader/grade/worker.h"

#include "grader/grade/worker_work.h"
#include "grader/text/text.h"
#include "grader/workplace/workplace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST_MESSAGE (1 << 20)

static _Noreturn void be_the_worker(const struct grade *grade, const struct check_result *result,
                                    int slot, int pipe, int words)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* an interrupt from the keyboard is the grader's to handle */
    FILE *to = fdopen(pipe, "w");
    if (!to || dup2(words, STDERR_FILENO) < 0 || dup2(words, STDOUT_FILENO) < 0) {
        dprintf(words, "a process of the grader's can't be set up: %s\n", strerror(errno));
        _exit(1);
    }
    worker_work(grade, result, slot, to);
    fclose(to);
    _exit(0);
}

bool worker_start(struct worker *worker, const struct grade *grade,
                  const struct check_result *result, int slot)
{
    int ends[2];
    *worker = (struct worker){.slot = slot, .began = g_get_monotonic_time()};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    worker->words = memfd_create("words", MFD_CLOEXEC);
    fflush(NULL);
    worker->pid = worker->words >= 0 ? fork() : -1;
    if (worker->pid == 0)
        be_the_worker(grade, result, slot, ends[1], worker->words);
    const int number = errno;
    close(ends[1]);
    worker->pipe = ends[0];
    if (worker->pid < 0) {
        close(ends[0]);
        if (worker->words >= 0)
            close(worker->words);
        errno = number;
        return false;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    worker->pending = g_string_new(NULL);
    return true;
}

/* ---- messages ------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void take_run(const json_t *ran, struct check_result *result)
{
    const char *trouble = json_string_value(json_object_get(ran, "trouble"));
    struct run_summary run = {
        .ranks = (int)json_integer_value(json_object_get(ran, "ranks")),
        .end = (enum run_end)json_integer_value(json_object_get(ran, "end")),
        .seconds = json_real_value(json_object_get(ran, "seconds")),
        .seed = (uint64_t)json_integer_value(json_object_get(ran, "seed")),
        .command = g_strdup(text_of(ran, "command")),
        .trouble = g_strdup(trouble),
        .output = g_strdup(text_of(ran, "output")),
        .luck_is_settled = json_is_true(json_object_get(ran, "luck is settled")),
    };
    g_array_append_val(result->runs, run);
}

/* [file, what it shows] */
static void show_picture(struct verdict *verdict, const json_t *picture)
{
    const char *file = json_string_value(json_array_get(picture, 0));
    if (file)
        verdict_show_picture(verdict, file, json_string_value(json_array_get(picture, 1)));
}

static void take_verdict(const json_t *message, struct verdict *verdict)
{
    verdict->kind = (enum verdict_kind)json_integer_value(json_object_get(message, "kind"));
    verdict->culprit = (enum culprit)json_integer_value(json_object_get(message, "culprit"));
    verdict->basis = (enum verdict_basis)json_integer_value(json_object_get(message, "basis"));
    verdict->spoils = json_is_true(json_object_get(message, "spoils"));
    g_string_assign(verdict->headline, text_of(message, "headline"));
    g_string_assign(verdict->explanation, text_of(message, "explanation"));
    g_string_assign(verdict->mistake, text_of(message, "mistake"));
    g_string_assign(verdict->look, text_of(message, "look"));
    g_string_assign(verdict->remark, text_of(message, "remark"));
    const json_t *pictures = json_object_get(message, "pictures");
    for (size_t i = 0; i < json_array_size(pictures); i++)
        show_picture(verdict, json_array_get(pictures, i));
}

static void take_message(struct worker *worker, struct check_result *result, const char *line)
{
    json_t *message = json_loads(line, 0, NULL);
    const json_t *part;
    if ((part = json_object_get(message, "run")))
        worker->run = (int)json_integer_value(part);
    else if ((part = json_object_get(message, "ran")))
        take_run(part, result);
    else if ((part = json_object_get(message, "large tag"))) {
        result->large_tag = (int)json_integer_value(json_object_get(part, "tag"));
        g_free(result->large_tag_call);
        result->large_tag_call = g_strdup(text_of(part, "call"));
    } else if (json_object_get(message, "judging"))
        worker->judging = true;
    else if ((part = json_object_get(message, "verdict"))) {
        take_verdict(part, result->verdict);
        worker->has_verdict = true;
    }
    json_decref(message);
}

void worker_read(struct worker *worker, struct check_result *result)
{
    char buffer[16384];
    ssize_t size;
    while ((size = read(worker->pipe, buffer, sizeof buffer)) > 0) {
        g_string_append_len(worker->pending, buffer, size);
        for (char *end; (end = memchr(worker->pending->str, '\n', worker->pending->len));) {
            *end = '\0';
            take_message(worker, result, worker->pending->str);
            g_string_erase(worker->pending, 0, end + 1 - worker->pending->str);
        }
        if (worker->pending->len > LONGEST_MESSAGE)
            g_string_truncate(worker->pending, 0);
    }
}

/* ---- the end ---------------------------------------------------------------------------- */

bool worker_has_ended(const struct worker *worker)
{
    siginfo_t about = {0};
    return waitid(P_PID, (id_t)worker->pid, &about, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           about.si_pid == worker->pid;
}

/* The last words of a worker that ended without a verdict: a new string, empty if there are none. */
static char *last_words(const struct worker *worker)
{
    char buffer[4096];
    off_t size = lseek(worker->words, 0, SEEK_END);
    off_t from = size > (off_t)sizeof buffer ? size - (off_t)sizeof buffer : 0;
    ssize_t length = size > 0 ? pread(worker->words, buffer, sizeof buffer, from) : 0;
    return length > 0 ? text_clean(buffer, (gsize)length, sizeof buffer) : g_strdup("");
}

/* ": LINE", the last line that says something; or "". A new string. */
static char *last_line(const char *words)
{
    g_auto(GStrv) lines = g_strsplit(words, "\n", -1);
    const char *last = "";
    for (char **line = lines; *line; line++)
        if (*g_strstrip(*line))
            last = *line;
    return g_strconcat(*last ? ": " : "", last, NULL);
}

/* Memory that is not there, a disk that is full: the grader says it, and ends. Nobody but the machine
 * (or whoever uses it) sends SIGKILL. */
static bool is_the_machines(int status, const char *words)
{
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || workplace_is_suspicious(words);
}

static void say_why_not_judged(const struct worker *worker, struct check_result *result, int status,
                               bool too_slow)
{
    struct verdict *verdict = result->verdict;
    const char *doing = worker->judging ? "judging" : "running";
    g_autofree char *words = last_words(worker), *line = last_line(words);
    const bool machine = !too_slow && is_the_machines(status, words);
    const enum culprit culprit = machine ? CULPRIT_MACHINE : CULPRIT_KIT;
    if (too_slow)
        verdict_not_judged(verdict, CULPRIT_UNKNOWN, "the grader took too long at %s", doing);
    else if (WIFSIGNALED(status))
        verdict_not_judged(verdict, culprit, "the grader %s at %s (signal %d, %s)%s",
                           machine ? "was ended" : "crashed", doing, WTERMSIG(status),
                           strsignal(WTERMSIG(status)), line);
    else
        verdict_not_judged(verdict, culprit, "the grader broke off at %s%s", doing, line);
    g_string_assign(verdict->mistake, "");
    g_string_assign(verdict->look, "");
    g_string_assign(verdict->explanation,
                    machine
                        ? "This machine did not let the grader do its work; it costs no "
                          "points. Mend that, and grade again.\n\n"
                        : "This is a fault of the grader, perhaps brought about by odd evidence; "
                          "it costs no points that could not be given later. Please tell your "
                          "instructor.\n\n");
    if (*words)
        text_append_code_block(verdict->explanation, words);
}

void worker_finish(struct worker *worker, struct check_result *result, bool too_slow)
{
    int status = 0;
    if (too_slow)
        kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    worker_read(worker, result);
    if (!worker->has_verdict)
        say_why_not_judged(worker, result, status, too_slow);
    result->done = true;
    result->seconds = (double)(g_get_monotonic_time() - worker->began) * 1e-6;
    close(worker->pipe);
    close(worker->words);
    g_string_free(worker->pending, TRUE);
    *worker = (struct worker){0};
}
