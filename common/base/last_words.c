/*
 * Writing last words (last_words.h). Signal handlers do it, too: nothing here
 * allocates, and each event is one write().
 */
#include "common/base/last_words.h"

#include "common/base/callers.h"
#include "common/base/device_touched.h"
#include "common/base/fatal.h"
#include "common/base/machine.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define EVENT_SIZE   4096
#define STACK_MARGIN ((size_t)256 << 10) /* what lies above driver_main, and a frame or two */

static const int ends[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGTERM};
#define ENDS (sizeof ends / sizeof ends[0])

static char the_folder[PATH_MAX - 64]; /* empty: nothing is written */
static int the_rank;
static struct sigaction former[ENDS]; /* who handled them before */

/* ---- an event --------------------------------------------------------------------------------- */

/* Appends to text[EVENT_SIZE], as far as there is room. */
__attribute__((format(printf, 3, 4))) static void add(char *text, size_t *used, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text + *used, EVENT_SIZE - *used, format, arguments);
    va_end(arguments);
    if (length > 0 && *used + (size_t)length < EVENT_SIZE)
        *used += (size_t)length;
    text[*used] = '\0';
}

/* The calls that lead here or, from a signal handler, to the instruction at which the signal came. */
static void add_calls(char *text, size_t *used, const void *instruction)
{
    void *frame[LAST_WORDS_PLACES];
    const int frames = backtrace(frame, LAST_WORDS_PLACES);
    int first = 0;
    for (int i = 0; i < frames; i++)
        if (instruction != NULL && frame[i] == instruction)
            first = i;
    for (int i = first; i < frames; i++) {
        uint64_t place;
        /* A return address is behind its call, an instruction that was not finished is itself meant. */
        if (callers_place(frame[i], &place))
            add(text, used, "at %" PRIx64 "\n", place + (frame[i] == instruction ? 1 : 0));
    }
}

/* Several ranks may be in one process, and then any of their handlers is called for all of them. */
static void write_event(const char *text, size_t length)
{
    char path[PATH_MAX];
    const int rank = machine_rank_running(the_rank);
    if (the_folder[0] == '\0' || rank < 0)
        return;
    snprintf(path, sizeof path, "%s/rank-%d.end", the_folder, rank);
    const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0)
        return;
    /* Where it can't be written, less is known: no reason to do anything else here. */
    const ssize_t written = write(file, text, length);
    (void)written;
    close(file);
}

void last_words_message(const char *message)
{
    char text[EVENT_SIZE];
    size_t used = 0;
    if (the_folder[0] == '\0')
        return;
    add(text, &used, "message %" PRIu64 " %.*s", machine_clock(), LAST_WORDS_TEXT - 1, message);
    for (char *letter = text; *letter != '\0'; letter++)
        if (*letter == '\n')
            *letter = ' ';
    add(text, &used, "\n");
    add_calls(text, &used, NULL);
    write_event(text, used);
}

static void note_exit(int status, void *unused)
{
    char text[EVENT_SIZE];
    size_t used = 0;
    (void)unused;
    if (the_folder[0] == '\0' || machine_rank_running(the_rank) != the_rank)
        return;
    add(text, &used, "exit %" PRIu64 " %d\n", machine_clock(), status);
    add_calls(text, &used, NULL);
    write_event(text, used);
    last_words_let_others_speak();
}

void last_words_let_others_speak(void)
{
    static bool waited; /* MPI_Abort calls exit() */
    struct timespec left = {.tv_nsec = (long)(LAST_WORDS_TOGETHER * 1e9)};
    if (waited || the_folder[0] == '\0' || machine_rank_running(-1) >= 0)
        return;
    waited = true;
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* ---- signals ------------------------------------------------------------------------------------ */

static uintptr_t stack_top; /* about where the program's stack begins; 0: not known … */
static size_t stack_size;   /* … and how large it may become; 0: as large as it likes */

static void find_stack(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        stack_size = (size_t)limit.rlim_cur;
    stack_top = (uintptr_t)__builtin_frame_address(0);
}

/* Where a signal came, the stack pointer is at, or beyond, the end of what the stack may be. */
static bool stack_is_full(const ucontext_t *context)
{
    uintptr_t pointer = stack_top;
#if defined(__x86_64__)
    pointer = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    pointer = (uintptr_t)context->uc_mcontext.sp;
#endif
    return stack_size > STACK_MARGIN && pointer < stack_top &&
           stack_top - pointer > stack_size - STACK_MARGIN;
}

const void *last_words_instruction(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (const void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (const void *)context->uc_mcontext.pc;
#else
    (void)context;
    return NULL;
#endif
}

static void note_signal(int number, siginfo_t *information, void *context)
{
    char text[EVENT_SIZE];
    size_t used = 0;
    /* Who handles this says more, in a message (device_touched.h). */
    const bool told = device_touched_tells(number, information);
    add(text, &used, "signal %" PRIu64 " %d %d %ld %d\n", machine_clock(), number,
        information->si_code, information->si_code <= 0 ? (long)information->si_pid : 0,
        stack_is_full(context));
    add_calls(text, &used, last_words_instruction(context));
    if (!told)
        write_event(text, used);
    if (number != SIGTERM && !told)
        last_words_let_others_speak();
    for (size_t i = 0; i < ENDS; i++) {
        if (ends[i] != number)
            continue;
        if (former[i].sa_flags & SA_SIGINFO)
            former[i].sa_sigaction(number, information, context);
        else if (former[i].sa_handler != SIG_DFL && former[i].sa_handler != SIG_IGN)
            former[i].sa_handler(number);
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void note_sample(int number, siginfo_t *information, void *context)
{
    char text[EVENT_SIZE];
    size_t used = 0;
    (void)number, (void)information;
    add(text, &used, "sample %" PRIu64 "\n", machine_clock());
    add_calls(text, &used, last_words_instruction(context));
    write_event(text, used);
    /* It would wake from a sleep, and go on to do what it would not have done. */
    for (;;)
        pause();
}

/* Signals get a stack of their own: the program's may be full. */
static void make_stack(void)
{
    static char memory[1 << 18];
    const stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    stack_t other;
    if (sigaltstack(NULL, &other) == 0 && (other.ss_flags & SS_DISABLE) == 0)
        return;
    if (sigaltstack(&stack, NULL) != 0)
        fatal("no stack for signals: %s", strerror(errno));
}

void last_words_open(const char *folder, int rank)
{
    void *frame[1];
    struct sigaction ask = {.sa_sigaction = note_sample, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction end = {.sa_sigaction = note_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    const bool one_for_all = machine_rank_running(-1) >= 0;
    /* Too long a name is the log's trouble. */
    snprintf(the_folder, sizeof the_folder, "%s", folder);
    the_rank = rank;
    if (on_exit(note_exit, NULL) != 0)
        fatal("no handler for exit()");
    if (one_for_all && rank != 0)
        return;       /* the process has its handlers */
    if (!one_for_all) /* simulated ranks have stacks of their own */
        find_stack();
    make_stack();
    backtrace(frame, 1); /* loads what it needs, which a handler must not */
    if (sigaction(LAST_WORDS_ASK, &ask, NULL) != 0)
        fatal("no handler for signal %d: %s", LAST_WORDS_ASK, strerror(errno));
    for (size_t i = 0; i < ENDS; i++)
        if (sigaction(ends[i], &end, &former[i]) != 0)
            fatal("no handler for signal %d: %s", ends[i], strerror(errno));
}

void last_words_close(void)
{
    the_folder[0] = '\0';
}
