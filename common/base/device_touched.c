/*
 * Who touches the GPU's memory from the processor (device_touched.h).
 */
#include "common/base/device_touched.h"

#include "common/base/callers.h"
#include "common/base/device.h"
#include "common/base/fatal.h"
#include "common/base/last_words.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static struct sigaction former_fault, former_bus;
static const void *given_to; /* a function of the library that is given such addresses */
static const char *advice;

static const char *what_it_does(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (context->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "writes to" : "reads";
#else
    (void)context;
    return "reads or writes";
#endif
}

/* Is it the device's library that was at work, for a kernel or a copy? */
static bool is_of_the_device(void)
{
    void *address[64];
    Dl_info library, info;
    if (!device_is_open() || dladdr(device_kernels(), &library) == 0)
        return false;
    const int frames = backtrace(address, 64);
    for (int i = 0; i < frames; i++)
        if (dladdr(address[i], &info) != 0 && info.dli_fbase == library.dli_fbase)
            return true;
    return false;
}

/* Is it that library, called by the program, and not out of it again? */
static bool is_of_who_is_given_it(const void *instruction)
{
    void *address[64];
    Dl_info library, program, info;
    if (given_to == NULL || dladdr(given_to, &library) == 0 ||
        dladdr((const void *)(uintptr_t)device_touched_watch, &program) == 0)
        return false;
    const int frames = backtrace(address, 64);
    int i = 0;
    while (i < frames && address[i] != instruction) /* the frames of this handler */
        i++;
    for (; i < frames; i++) {
        if (dladdr(address[i], &info) == 0)
            continue;
        if (info.dli_fbase == program.dli_fbase)
            return false;
        if (info.dli_fbase == library.dli_fbase)
            return true;
    }
    return false;
}

/* It ends the program within a handler of a signal: what it calls was not interrupted, but by the faulty access. */
static _Noreturn void tell(const ucontext_t *context)
{
    static const char *const about = "the memory of the GPU on the processor: data of a tensor on "
                                     "the GPU is for kernels and for messages. "
                                     "tensor_on_host gives a copy that the processor may read, "
                                     "tensor_get and tensor_put move numbers";
    struct callers callers;
    if (is_of_the_device())
        fatal_at("the GPU",
                 "a kernel, or a copy, %s memory that is no tensor's: a count or an "
                 "offset goes beyond the end. It was asked for here, or some calls before",
                 what_it_does(context));
    if (is_of_who_is_given_it(last_words_instruction(context)))
        fatal_at("MPI", "it %s the memory of the GPU on the processor: %s", what_it_does(context),
                 advice);
    if (!callers_find(last_words_instruction(context), &callers))
        fatal_at("the processor", "the program %s %s", what_it_does(context), about);
    /* The line that does it, in whichever file: to the outermost one it is only a call. */
    char from[CALLERS_LINE + 32] = "";
    if (callers.through[0] != '\0')
        snprintf(from, sizeof from, " (it was called from %s)", callers.place);
    char *colon = strrchr(callers.innermost, ':');
    const int line = colon == NULL ? 0 : atoi(colon + 1);
    if (colon != NULL)
        *colon = '\0';
    fatal_at("the processor", "%s:%d %s %s%s", callers.innermost, line, what_it_does(context),
             about, from);
}

bool device_touched_tells(int number, const siginfo_t *information)
{
    return (number == SIGSEGV || number == SIGBUS) && information->si_code > 0 &&
           (device_owns(information->si_addr) || is_of_the_device());
}

static void note_fault(int number, siginfo_t *information, void *context)
{
    if (device_touched_tells(number, information))
        tell(context);
    const struct sigaction *former = number == SIGSEGV ? &former_fault : &former_bus;
    if (former->sa_flags & SA_SIGINFO)
        former->sa_sigaction(number, information, context);
    else if (former->sa_handler != SIG_DFL && former->sa_handler != SIG_IGN)
        former->sa_handler(number);
    signal(number, SIG_DFL);
    raise(number);
}

void device_touched_by(const void *function, const char *what_to_do)
{
    given_to = function;
    advice = what_to_do;
}

void device_touched_watch(void)
{
    struct sigaction ours = {.sa_sigaction = note_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (sigaction(SIGSEGV, &ours, &former_fault) != 0 || sigaction(SIGBUS, &ours, &former_bus) != 0)
        fatal("no handler for faults: %s", strerror(errno));
}
